"""The closing evening replayed: `python -m benchmarks --evening`.

The hour before final choices close, compressed: visits of twenty requests that become more and more frequent until the
closing instant, each beginning with a sign-in by the simulated ÉduConnect; four families in five change and validate
their draft, the fifth reads; heads reload their follow-up page. What comes after the closing must be refused, what
was accepted must be in the database, and its mails must leave. Prints Markdown; writes `var/evening.json`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from statistics import quantiles

from benchmarks.capacity import cores_table
from benchmarks.closing_site import COMPONENTS, ClosingSite
from benchmarks.markdown import origin, table
from benchmarks.visitors import REQUESTS, TOO_LATE, Asked, Refused, Visit
from demo.people import PASSWORD
from tests.deployment.files import BASE

RESULT = BASE / "var" / "evening.json"
READERS = 5
"""One family in so many only reads: 283,500 visits on the last day, of which 224,000 validate (performance.md)."""
VISIT = 1 / 6
"""Of the hour, for one visit: ten minutes."""
LATECOMERS = 0.7
"""Of a visit's length: who begins later than this before the closing does not come in any more, or comes too late."""
RELOAD = 3.0
"""Seconds between two reloads of one head's page: one request in twenty, as if one head in five did so each minute."""
LEAD = 10.0
"""Seconds between preparing and the first visit."""
PATIENCE_WITH_MAILS = 120.0


@dataclass(frozen=True)
class Evening:
    """How long the hour lasts here, in seconds, and how many families come."""

    seconds: float = 300.0
    visits: int = 360
    students: int = 5_600


QUICK = Evening(seconds=40.0, visits=48, students=2_240)


@dataclass
class Replayed:
    """What was seen from outside."""

    asked: list[Asked]
    visits: list[Visit]
    cpu: dict[str, float]
    """Seconds of each component, from the first visit until the last mail."""
    seconds: float
    last_act: float
    mails_after: float | None
    """Seconds from the last accepted validation until the last mail had left; None where some have not."""


def replay(*, is_quick: bool) -> int:
    """Replay it, print what happened, and return 1 when something was lost, 0 otherwise."""
    evening = QUICK if is_quick else Evening()
    with ClosingSite(evening.students) as site:
        site.close_in(evening.seconds + LEAD, evening.visits)
        replayed = asyncio.run(_hour(site, evening))
        _wait_for_mails(site, replayed)
        kept = _kept(site)
        faults = list(_faults(site, replayed, kept))
        _print(site, evening, replayed, kept, faults)
        if faults:
            print(
                *(site.deployment.processes[web].tail() for web in site.deployment.web_ports), sep="\n", file=sys.stderr
            )
    return 1 if faults else 0


# --- the hour ---------------------------------------------------------------------------------------------------------


def arrivals(evening: Evening, draw: Random) -> Iterator[float]:
    """Yield when each visit begins, in seconds: half as many as on average at first, three times as many at the end.

    Their rate grows as 0.5 + 2.5 x⁴, x from 0 to 1; the number begun until x is its integral, 0.5 x + 0.5 x⁵.
    """
    last = evening.seconds * (1 - VISIT * LATECOMERS)
    for number in range(evening.visits):
        share, low, high = (number + draw.random()) / evening.visits, 0.0, 1.0
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if (middle + middle**5) / 2 < share else (low, middle)
        yield low * last


async def _hour(site: ClosingSite, evening: Evening) -> Replayed:
    draw, asked = Random(1), list[Asked]()  # noqa: S311 - an invented evening
    begin = site.closes_at - evening.seconds
    waiting = iter([each for each in site.families if each.has_draft])
    reading = iter([each for each in site.families if not each.has_draft])
    pace = evening.seconds * VISIT / REQUESTS

    async def pause() -> None:
        await asyncio.sleep(pace * draw.uniform(0.5, 1.5))

    await asyncio.sleep(max(0.0, begin - time.time()))
    before, visits, under_way = site.cpu(), list[Visit](), list[asyncio.Task[None]]()
    heads = [asyncio.create_task(_follow_up(site, number, asked)) for number in range(len(site.heads))]
    for number, after in enumerate(arrivals(evening, draw)):
        await asyncio.sleep(max(0.0, begin + after - time.time()))
        family = next(reading if number % READERS == READERS - 1 else waiting)
        visit = Visit(family, site.browser(number, asked), site.provider, PASSWORD, pause, draw)
        visits.append(visit)
        under_way.append(asyncio.create_task(visit.run()))
    await asyncio.gather(*under_way)
    for each in heads:
        each.cancel()
    last_act = max((each.sent_at for each in visits if each.accepted), default=begin)
    return Replayed(asked, visits, before, time.time() - begin, last_act, None)


async def _follow_up(site: ClosingSite, number: int, asked: list[Asked]) -> None:
    """Reload a head's page for ever."""
    head, browser = site.heads[number], site.browser(50_000 + number, asked)
    browser.cookies |= dict(each.split("=", 1) for each in head.cookies.split("; "))
    while True:
        with suppress(Refused):
            await browser.ask("follow-up of a school", f"/admin/etablissements/{head.place}/suivi/")
        await asyncio.sleep(RELOAD)


def _wait_for_mails(site: ClosingSite, replayed: Replayed) -> None:
    """Wait until nothing is owed any more, and note how long the last mail took; CPU is read then."""
    deadline = time.time() + PATIENCE_WITH_MAILS
    waits = True
    while waits and time.time() < deadline:
        time.sleep(0.2)
        waits = any(state not in SETTLED for state in _mails(site))
    if not waits:
        (left,) = site.query("SELECT extract(epoch FROM max(sent_at)) FROM notifications_outboxmessage")[0]
        replayed.mails_after = float(left) - replayed.last_act
    replayed.cpu = {name: used - replayed.cpu[name] for name, used in site.cpu().items()}


SETTLED = ("sent", "dropped")


# --- what is there ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What the database holds of the hour: pupils with a submission, those from after the closing, mails by state."""

    places: set[str]
    too_late: int
    owed: int
    """Mails: one per guardian of these pupils; in the data set all are legal guardians with an address."""
    mails: dict[str, int]


def _kept(site: ClosingSite) -> Kept:
    rows = site.query(
        "SELECT s.public_id::text, d.submitted_at >= p.closes_at, (SELECT count(*) FROM schools_guardianship g "
        "WHERE g.student_id = s.id) FROM orientation_submission d JOIN orientation_phase p ON p.id = d.phase_id "
        "JOIN schools_student s ON s.id = d.student_id WHERE p.id = ANY(%s) AND s.public_id::text = ANY(%s)",
        *_of_the_hour(site),
    )
    return Kept({row[0] for row in rows}, sum(row[1] for row in rows), sum(row[2] for row in rows), _mails(site))


def _mails(site: ClosingSite) -> dict[str, int]:
    """Return how many confirmations of the hour there are, by state."""
    rows = site.query(
        "SELECT m.state, count(*) FROM orientation_submission d JOIN schools_student s ON s.id = d.student_id "
        "JOIN notifications_outboxmessage m ON split_part(m.deduplication_key, ':', 2) = d.public_id::text "
        "WHERE d.phase_id = ANY(%s) AND s.public_id::text = ANY(%s) GROUP BY 1",
        *_of_the_hour(site),
    )
    return dict(rows)


def _of_the_hour(site: ClosingSite) -> tuple[list[int], list[str]]:
    """Return the phases that close, and the pupils who had validated nothing in them before the hour."""
    return site.phases, [each.place for each in site.families if each.has_draft]


def _faults(site: ClosingSite, replayed: Replayed, kept: Kept) -> Iterator[str]:
    """Yield, in words, all that should not have happened."""
    accepted = {each.family.place for each in replayed.visits if each.accepted}
    if lost := accepted - kept.places:
        yield f"{len(lost)} accepted submissions are not in the database"
    if untold := kept.places - accepted:
        yield f"{len(untold)} submissions were kept of which the family was not told"
    if kept.too_late:
        yield f"{kept.too_late} submissions were accepted after the closing"
    if failed := [each for each in replayed.asked if each.status == 0 or each.status >= 500]:
        yield f"{len(failed)} requests failed: {sorted({(each.kind, each.status) for each in failed})}"
    for visit in replayed.visits:
        answer = visit.refusal
        if answer and not (answer.status == 0 or answer.status >= 500) and not _is_right(site, visit):
            yield f"a request was refused by {answer.status} for another reason than the closing"
    if replayed.mails_after is None:
        yield f"mails have not left: {kept.mails}"
    if kept.mails.get("sent", 0) != kept.owed:
        yield f"{kept.owed} mails are owed, and these are there: {kept.mails}"


def _is_right(site: ClosingSite, visit: Visit) -> bool:
    """Tell whether a refusal is that of the closing: of an act, or of a page that only serves to change something."""
    last = visit.browser.last
    if last is None or visit.refusal is None or last.sent_at + last.seconds < site.closes_at:
        return False
    acts = ("change", "move", "validation")
    return TOO_LATE in visit.refusal.body if last.kind in acts else last.kind == "dialog" and last.status == 403


# --- the report -------------------------------------------------------------------------------------------------------


def _print(site: ClosingSite, evening: Evening, replayed: Replayed, kept: Kept, faults: list[str]) -> None:
    command = f"python -m benchmarks --evening{' --quick' if evening == QUICK else ''}"
    accepted = [each for each in replayed.visits if each.accepted]
    refused = [each for each in replayed.visits if each.refusal]
    used = {name: replayed.cpu[name] / len(replayed.visits) for name in COMPONENTS}
    rate = len(replayed.asked) / replayed.seconds
    mails = "not all" if replayed.mails_after is None else f"the last {replayed.mails_after:.1f} s after the last act"
    print(f"The closing evening, 60 minutes in {evening.seconds:.0f} s ({origin(command)})\n")
    print(table(["", ""], [
        ["visits", len(replayed.visits)],
        ["requests", f"{len(replayed.asked)} ({rate:.0f}/s, {_busiest(replayed.asked)}/s in the busiest second)"],
        ["failed (no answer, 5xx)", sum(each.status == 0 or each.status >= 500 for each in replayed.asked)],
        ["validations accepted / kept", f"{len(accepted)} / {len(kept.places)}"],
        ["refused after the closing, each with its page", len(refused)],
        ["accepted after the closing", kept.too_late],
        ["mails owed / sent", f"{kept.owed} / {kept.mails.get('sent', 0)}, {mails}"],
    ]))  # fmt: skip
    print("\n" + _latencies(replayed.asked))
    head = ["CPU", *COMPONENTS, "all"]
    shown = [f"{each * 1000:.1f}" for each in (*used.values(), sum(used.values()))]
    print("\n" + table(head, [["ms per visit", *shown]]))
    shares = {name: used[name] for name in ("web", "PostgreSQL", "worker")}
    print("\n" + cores_table({**shares, "the rest": sum(used.values()) - sum(shares.values())}))
    print("\n" + ("\n".join(f"FAILED: {each}" for each in faults) or "Nothing was lost."))
    RESULT.parent.mkdir(exist_ok=True)
    result = {
        "command": command,
        "at": time.strftime("%Y-%m-%d"),
        "visits": len(replayed.visits),
        "requests": len(replayed.asked),
        "accepted": len(accepted),
        "kept": len(kept.places),
        "refused": len(refused),
        "mails": {"owed": kept.owed, **kept.mails, "seconds_after": replayed.mails_after},
        "cpu_ms_per_visit": {name: round(each * 1000, 2) for name, each in used.items()},
        "faults": faults,
    }
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False))


def _busiest(asked: list[Asked]) -> int:
    return max(Counter(int(each.sent_at) for each in asked).values())


def _latencies(asked: list[Asked]) -> str:
    """Lay out how long each kind of request took, in milliseconds."""
    by_kind: dict[str, list[float]] = {}
    for each in asked:
        by_kind.setdefault(each.kind, []).append(each.seconds * 1000)
    rows = []
    for kind, took in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        parts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
        rows.append([kind, len(took), *(f"{parts[place]:.0f}" for place in (49, 94, 98))])
    return table(["", "requests", "p50 ms", "p95 ms", "p99 ms"], rows)
