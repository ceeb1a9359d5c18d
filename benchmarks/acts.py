"""What each act costs, by component: `python -m benchmarks --acts`; and where latency bends: `--knee`.

Acts are asked one after the other, behind nginx, with nobody else there. Prints Markdown; writes `var/acts.json`.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from statistics import median

from benchmarks.arrivals import arrive
from benchmarks.bars import pages_of
from benchmarks.closing_site import ClosingSite
from benchmarks.load import Request
from benchmarks.markdown import origin, table
from benchmarks.visitors import FAMILY, Asked, Visit
from demo.people import PASSWORD
from tests.deployment.files import BASE
from tests.schools.exports import large_pair

RESULT = BASE / "var" / "acts.json"
STUDENTS = 2_240
TIMES, QUICK_TIMES = 100, 40
MAILS, QUICK_MAILS = 1_000, 200
SCHOOL = 1_400
"""Pupils of the school that is imported, each with two guardians."""
HOUR = 3_600.0
RATES = (5, 10, 20, 30, 40, 50, 60, 80, 100, 130, 160, 200)
"""Requests per second, for the table to the knee."""
BENT = 1_000
"""Milliseconds of p95 at which the curve has bent: no higher rate is tried."""

SHOWN = ("nginx", "web", "PostgreSQL", "worker", "Valkey")


@dataclass(frozen=True)
class Act:
    """One act: CPU milliseconds of each component, and the median latency in milliseconds where somebody waits."""

    what: str
    cpu_ms: dict[str, float]
    p50_ms: float | None = None

    @property
    def total(self) -> float:
        return sum(self.cpu_ms.values())

    def row(self) -> list[str]:
        """Return its line of the table."""
        p50 = "" if self.p50_ms is None else f"{self.p50_ms:.0f}"
        return [self.what, *(f"{self.cpu_ms[name]:.1f}" for name in SHOWN), f"{self.total:.1f}", p50]


def measure(*, is_quick: bool) -> int:
    """Measure every act, and print the table."""
    times, mails = (QUICK_TIMES, QUICK_MAILS) if is_quick else (TIMES, MAILS)
    with ClosingSite(STUDENTS) as site:
        site.close_in(HOUR, times + WARMING)
        size, pupils = site.query("SELECT pg_database_size(current_database()), count(*) FROM schools_student")[0]
        with _stopped(site, "beat"):
            acts = [*asyncio.run(_of_people(site, times)), _mail(site, mails), _import(site)]
    command = f"python -m benchmarks --acts{' --quick' if is_quick else ''}"
    print(f"CPU milliseconds of one act ({origin(command)})\n")
    print(table(["act", *SHOWN, "all", "p50 ms"], [each.row() for each in acts]))
    print(f"\nThe database of {pupils:,} pupils, with one year of everything: {size / pupils / 1000:.0f} KB per pupil.")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({each.what: {**each.cpu_ms, "all": each.total} for each in acts}, indent=1))
    return 0


WARMING = 4
"""Visits that are made before anything is read, two for each web process."""


async def _of_people(site: ClosingSite, times: int) -> list[Act]:
    """Measure what families and a head do, with the worker held still: what it sends is measured by itself."""
    asked, draw = list[Asked](), Random(2)  # noqa: S311 - an invented evening

    async def at_once() -> None:
        return

    families = [each for each in site.families if each.has_draft]
    visits = [
        Visit(each, site.browser(number, asked), site.provider, PASSWORD, at_once, draw)
        for number, each in enumerate(families)
    ]
    for each in visits[-WARMING:]:
        await each.run()
    visits = visits[:times]
    head = site.browser(50_000, asked)
    head.cookies |= dict(each.split("=", 1) for each in site.heads[0].cookies.split("; "))
    versions: dict[str, str] = {}

    async def read_version(visit: Visit) -> None:
        versions[visit.family.place] = await visit.version()

    def post(kind: str, path: str, form: dict[str, str]) -> Callable[[Visit], Awaitable[object]]:
        return lambda visit: visit.post(kind, path, form, versions[visit.family.place])

    chosen = {"group": "generale", "note": "", "speciality_1": "svt", "speciality_2": "ses", "speciality_3": "nsi"}
    follow_up = f"/admin/etablissements/{site.heads[0].place}/suivi/"
    steps: list[tuple[str, Callable[[Visit], Awaitable[object]]]] = [
        ("sign-in by ÉduConnect (4 requests)", lambda visit: visit.sign_in()),
        ("*Mes services*", lambda visit: visit.page("/mes-services/")),
        ("home of orientation", lambda visit: visit.page(f"{FAMILY}/{visit.family.place}/")),
        ("choices page, eleven choices", read_version),
        ("dialog of a choice", lambda visit: visit.page(f"{visit.base}generale/modifier/")),
        ("change of a choice (POST)", post("change", "generale/modifier/", chosen)),
        ("choices page again", read_version),
        ("move of a choice (POST)", post("move", "generale/deplacer/", {"rank": "2"})),
        ("choices page, a third time", read_version),
        ("validation of eleven choices (POST)", post("validation", "valider/", {})),
        ("page of the submission", lambda visit: visit.page(f"{visit.base}demande/1/")),
        ("receipt (PDF)", lambda visit: visit.page(f"{visit.base}demande/1/recepisse.pdf")),
        ("follow-up page of a school", lambda visit: head.ask("follow-up", follow_up)),
    ]
    with _stopped(site, "worker"):
        found = [await _step(site, what, act, visits, asked) for what, act in steps]
    return [each for each in found if "again" not in each.what and "third" not in each.what]


async def _step(
    site: ClosingSite, what: str, act: Callable[[Visit], Awaitable[object]], visits: list[Visit], asked: list[Asked]
) -> Act:
    before, first = site.cpu(), len(asked)
    for visit in visits:
        await act(visit)
    cpu = {name: (used - before[name]) * 1000 / len(visits) for name, used in site.cpu().items() if name in SHOWN}
    return Act(what, cpu, median(each.seconds for each in asked[first:]) * 1000)


def _mail(site: ClosingSite, count: int) -> Act:
    """Measure sending one confirmation, from the outbox to the mail server."""
    with _stopped(site, "worker"):
        site.program("-m", "benchmarks.owe", str(count))
        arrived, before = len(site.sink.arrivals), site.cpu()
    site.deployment.wait_for(lambda: len(site.sink.arrivals) >= arrived + count, f"{count} mails", seconds=120)
    cpu = {name: (used - before[name]) * 1000 / count for name, used in site.cpu().items() if name in SHOWN}
    return Act("mail of confirmation", cpu)


def _import(site: ClosingSite) -> Act:
    """Measure the first import of a school by `manage.py import_siecle`, its own start included."""
    folder = site.folder / "exports"
    folder.mkdir()
    files = large_pair(SCHOOL).write(folder)
    before, own = site.cpu(), _of_children()
    site.program("manage.py", "import_siecle", *files, "--create-school")
    cpu = {name: (used - before[name]) * 1000 for name, used in site.cpu().items() if name in SHOWN}
    cpu["worker"] += (_of_children() - own) * 1000
    return Act(f"import of a school of {SCHOOL:,} pupils", cpu)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _stopped(site: ClosingSite, component: str) -> Iterator[None]:
    """Hold a component still, with all its processes."""
    processes = list(site.processes(component))
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


def knee(*, is_quick: bool) -> int:
    """Print the latency of the choices page, behind nginx, as the rate rises until it cannot be kept up with."""
    seconds = 4 if is_quick else 10
    with ClosingSite(STUDENTS) as site:
        site.close_in(HOUR, 20)
        rows = list(_bending(site, pages_of(site.readers, "choix-definitifs/"), seconds))
    command = f"python -m benchmarks --knee{' --quick' if is_quick else ''}"
    print(f"The choices page at a constant rate of arrivals ({origin(command)})\n")
    print(table(["per second", "p50 ms", "p95 ms", "p99 ms", "failed", "cores in use"], rows))
    return 0


def _bending(site: ClosingSite, requests: list[Request], seconds: int) -> Iterator[list[str]]:
    """Yield the lines of the table, until one has bent or failed."""
    for rate in RATES:
        before, began = sum(site.cpu().values()), time.monotonic()
        met = arrive(site.deployment.plain, requests, origin=site.deployment.site, rate=rate, seconds=seconds)
        used = (sum(site.cpu().values()) - before) / (time.monotonic() - began)
        yield [*(f"{each:.0f}" for each in (met.rate, met.p50, met.p95, met.p99, met.failed)), f"{used:.2f}"]
        if met.failed or met.p95 > BENT:
            return
