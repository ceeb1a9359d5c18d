"""From what a visit costs to the cores of a school, an académie and the country, and what those cost a month.

The assumptions are those of performance.md: 560,000 pupils; 283,500 visits of twenty requests on the last day, of which
224,000 validate (40 % of the families); 12 % of them in the peak hour, and three times that rate in its worst minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.markdown import table
from benchmarks.visitors import REQUESTS

PUPILS = 560_000
VISITS = 283_500
PEAK_HOUR = 0.12
BURST = 3
USE = 0.6
"""Of a core, at which one still answers quickly."""
EUROS = (15, 40)
"""Of a core with 4 GiB a month, from a dedicated server's share to a public cloud's list price: an assumption."""


@dataclass(frozen=True)
class Place:
    name: str
    pupils: int


PLACES = (
    Place("a school of 224 pupils in 2de", 224),
    Place("a school of 600 pupils in 2de", 600),
    Place("an académie, the mean of 30", PUPILS // 30),
    Place("the largest, Versailles, taken as 9.5 % of the pupils", round(PUPILS * 0.095)),
    Place("France", PUPILS),
)


def visits_per_second(pupils: int) -> float:
    """Return how many visits begin per second in the worst minute of the closing evening."""
    return pupils / PUPILS * VISITS * PEAK_HOUR / 3_600 * BURST


def cores(cpu_of_a_visit: float, pupils: int) -> float:
    """Return the cores for that minute; a visit costs so many seconds of CPU."""
    return visits_per_second(pupils) * cpu_of_a_visit / USE


def cores_table(cpu_of_a_visit: Mapping[str, float]) -> str:
    """Lay out the cores by place and component; a visit costs so many seconds of CPU of each."""
    components = list(cpu_of_a_visit)
    head = ["", "pupils", "visits in the peak hour", "requests/s at worst", *components, "cores", "euros a month"]
    return table(head, _rows(cpu_of_a_visit, components))


def _rows(cpu_of_a_visit: Mapping[str, float], components: list[str]) -> Iterator[list[str]]:
    for place in PLACES:
        rate = visits_per_second(place.pupils)
        total = cores(sum(cpu_of_a_visit.values()), place.pupils)
        yield [
            place.name,
            f"{place.pupils:,}",
            f"{rate / BURST * 3_600:,.0f}",
            _short(rate * REQUESTS),
            *(_short(cores(cpu_of_a_visit[each], place.pupils)) for each in components),
            _short(total),
            "–".join(f"{max(total, 1) * euros:,.0f}" for euros in EUROS),
        ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
