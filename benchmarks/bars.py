"""The bars of the pages: what each costs against its floors, and against itself on a hundredth of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median

from benchmarks.load import Request
from benchmarks.shared import CSRF, SignedIn
from benchmarks.site import Site, address_of, csrf

MARGIN = 1.10
"""Two shared cores are noisy: a bar is missed beyond a tenth."""
FAMILY = "/mes-services/orientation"
WARMING = 60
"""Validations before those that are measured: PostgreSQL plans a statement when a connection first sends it."""


@dataclass(frozen=True)
class Bar:
    """One line of the table. `values` are the ratios of the rounds, or the one number that was counted."""

    number: str
    what: str
    limit: float
    values: Sequence[float]
    unit: str = "×"
    at_least: bool = False

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def is_met(self) -> bool:
        margin = MARGIN if self.unit == "×" else 1
        return self.value * margin >= self.limit if self.at_least else self.value <= self.limit * margin

    def __str__(self) -> str:
        spread = f"{min(self.values):.2f}–{max(self.values):.2f}" if len(self.values) > 1 else ""
        sign = "≥" if self.at_least else "≤"
        said = f"{self.value:.2f}" if self.unit == "×" else f"{self.value:g}"
        bar = f"{sign} {self.limit:g} {self.unit}"
        return (
            f"{self.number:4} {self.what:62} {said:>8} {bar:>12}  {spread:>13}  {'met' if self.is_met else 'NOT MET'}"
        )


@dataclass(frozen=True)
class Rounds:
    """How often and how long each server is asked, one after the other."""

    count: int = 3
    seconds: int = 4
    posts: int = 250


def pages_of(people: Sequence[SignedIn], suffix: str) -> list[Request]:
    """Return the same page of each of these families."""
    return [
        Request(f"{FAMILY}/{each.place}/{suffix}", each.cookies, address=address_of(number))
        for number, each in enumerate(people)
    ]


def choices_page(site: Site, rounds: Rounds, reads: int) -> list[Bar]:
    """Bar 1: the page with eleven choices."""
    return _against_floors(
        site,
        rounds,
        "1",
        "a family's choices page",
        {"dressed": 1.5, "bare": 1.75},
        {
            "product": pages_of(site.people["validated"], "choix-definitifs/"),
            "dressed": _dressed(site, f"/plancher/{reads}/"),
            "bare": [Request(f"/{number}/", f"sessionid={key}") for number, key in site.bare_sessions],
        },
    )


def dialog(site: Site, rounds: Rounds, reads: int) -> list[Bar]:
    """Bar 2: the dialog of a choice, with its lists."""
    return _against_floors(
        site,
        rounds,
        "2",
        "the dialog that adds a choice, with its lists",
        {"dressed": 1.5},
        {
            "product": pages_of(site.people["validated"], "choix-definitifs/generale/modifier/"),
            "dressed": _dressed(site, f"/plancher/{reads}/dialogue/"),
        },
    )


def validating(site: Site, rounds: Rounds, reads: int) -> list[Bar]:
    """Bar 3: the POST that makes a submission of eleven choices; each family validates once."""
    waiting = iter(enumerate(site.people["with_draft"]))
    warming = [validation(each, number) for number, each in islice(waiting, WARMING)]
    site.measure("product", warming, once=True)
    costs: dict[str, list[float]] = {"product": [], "dressed": [], "bare": []}
    keys = site.bare_sessions
    for _ in range(rounds.count):
        requests = {
            "product": [validation(each, number) for number, each in islice(waiting, rounds.posts)],
            "dressed": _repeated(_dressed(site, f"/plancher/{reads}/ecrire/", "POST"), rounds.posts),
            "bare": _repeated(
                [
                    Request(f"/{number}/ecrire/", f"sessionid={key}; csrftoken={CSRF}", "POST", csrf())
                    for number, key in keys
                ],
                rounds.posts,
            ),
        }
        for server, each in requests.items():
            costs[server].append(site.measure(server, each, once=True).cpu_ms)
    return _ratios("3", "validating eleven choices (POST to 302)", costs, {"dressed": 1.5, "bare": 2.0})


def validation(person: SignedIn, number: int) -> Request:
    """Return the POST by which somebody validates the draft that they wrote."""
    path = f"{FAMILY}/{person.place}/choix-definitifs/valider/"
    return Request(path, person.cookies, "POST", csrf(f"version={person.version}"), address_of(number))


def scale(site: Site, rounds: Rounds) -> list[Bar]:
    """Bar 6: the same pages where there are a hundred times as many pupils."""
    bars = []
    for name, paths in _SCALED.items():
        costs: dict[str, list[float]] = {"product": [], "small": []}
        for _ in range(rounds.count):
            for server, people in (("product", site.people), ("small", site.people_of_small)):
                requests = [
                    Request(path.format(place=each.place), each.cookies, address=address_of(number))
                    for number, each in enumerate(people["heads" if "admin" in paths[0] else "validated"])
                    for path in paths
                ]
                costs[server].append(site.measure(server, requests, seconds=rounds.seconds).cpu_ms)
        ratios = [large / small for large, small in zip(costs["product"], costs["small"], strict=True)]
        bars.append(Bar("6", f"{name}: {site.students:,} pupils against {site.fewer:,}", 1.10, ratios))
    return bars


_SCALED = {
    "choices page": [f"{FAMILY}/{{place}}/choix-definitifs/"],
    "orientation home": [f"{FAMILY}/{{place}}/"],
    "Mes services": ["/mes-services/"],
    "follow-up": ["/admin/etablissements/{place}/suivi/"],
    "list of pupils": ["/admin/schools/student/"],
    "journal": ["/admin/etablissements/{place}/journal/"],
}


def _against_floors(
    site: Site,
    rounds: Rounds,
    number: str,
    what: str,
    limits: dict[str, float],
    requests: dict[str, list[Request]],
) -> list[Bar]:
    costs: dict[str, list[float]] = {server: [] for server in requests}
    for _ in range(rounds.count):
        for server, asked in requests.items():
            costs[server].append(site.measure(server, asked, seconds=rounds.seconds).cpu_ms)
    return _ratios(number, what, costs, limits)


def _ratios(number: str, what: str, costs: dict[str, list[float]], limits: dict[str, float]) -> list[Bar]:
    bars = []
    for floor, limit in limits.items():
        ratios = [ours / theirs for ours, theirs in zip(costs["product"], costs[floor], strict=True)]
        spent = f"{median(costs['product']):.1f} ms, {floor} {median(costs[floor]):.1f} ms"
        bars.append(Bar(number, f"{what} ({spent})", limit, ratios))
    return bars


def _dressed(site: Site, path: str, method: str = "GET") -> list[Request]:
    body = csrf() if method == "POST" else ""
    return [
        Request(path, each.cookies, method, body, address_of(number))
        for number, each in enumerate(site.people["validated"])
    ]


def _repeated(requests: list[Request], count: int) -> list[Request]:
    return list(islice(cycle(requests), count))
