"""Any web process answers any request: a family's whole evening, each request to the other process than the last."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

import pytest

from benchmarks.closing_site import ClosingSite
from benchmarks.visitors import REQUESTS, TOO_LATE, Answer, Browser, Refused, Visit
from demo.people import PASSWORD

Done = TypeVar("Done")

pytestmark = pytest.mark.xdist_group("deployment")


@dataclass
class Alternating(Browser):
    """Asks each process in turn, past nginx."""

    ports: tuple[int, ...] = ()
    turns: list[int] = field(default_factory=list)

    async def ask(self, kind: str, path: str, form: dict[str, str] | None = None) -> Answer:
        self.port = self.ports[len(self.turns) % len(self.ports)]
        self.turns.append(self.port)
        return await super().ask(kind, path, form)


@pytest.fixture(scope="module")
def site() -> Iterator[ClosingSite]:
    with ClosingSite(students=32) as site:
        site.close_in(3_600, 2)
        yield site


@pytest.fixture(autouse=True)
def still_open(site: ClosingSite) -> None:
    """Let the phases close in an hour again: a test closes them, and any may come first."""
    site.query(
        "UPDATE orientation_phase SET closes_at = now() + interval '1 hour' WHERE id = ANY(%s) RETURNING id",
        site.phases,
    )


def ran(coroutine: Coroutine[Any, Any, Done]) -> Done:
    """Run a coroutine to its end in a thread of its own: the browser of other tests has its loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def visit_of(site: ClosingSite, number: int) -> Visit:
    waiting = [each for each in site.families if each.has_draft]
    ports = tuple(site.deployment.web_ports.values())
    browser = Alternating(0, site.deployment.site, f"127.0.9.{number + 1}", [], ports=ports)
    return Visit(waiting[number], browser, site.provider, PASSWORD, lambda: asyncio.sleep(0), Random(number))


def test_a_session_that_changes_process_at_each_request_signs_in_changes_and_validates(site: ClosingSite) -> None:
    visit = visit_of(site, 0)
    ran(visit.run())
    assert visit.refusal is None, (visit.browser.last, visit.refusal.body.decode())
    assert visit.accepted
    first, second = site.deployment.web_ports.values()
    assert visit.browser.turns == [first, second] * (REQUESTS // 2)  # type: ignore[attr-defined]
    site.deployment.wait_for(lambda: bool(site.sink.arrivals), "mail of confirmation")


def test_every_process_knows_at_once_that_a_phase_has_closed(site: ClosingSite) -> None:
    visit = visit_of(site, 1)

    async def evening() -> list[Answer]:
        await visit.sign_in()
        version, refused = await visit.version(), []
        site.query("UPDATE orientation_phase SET closes_at = now() WHERE id = ANY(%s) RETURNING id", site.phases)
        for _ in site.deployment.web_ports:
            with pytest.raises(Refused) as refusal:
                await visit.post("validation", "valider/", {}, version)
            refused.append(refusal.value.answer)
        return refused

    for answer in ran(evening()):
        assert answer.status == 409
        assert TOO_LATE in answer.body
    assert site.query(
        "SELECT count(*) FROM orientation_submission d JOIN schools_student s ON s.id = d.student_id "
        "WHERE d.phase_id = ANY(%s) AND s.public_id::text = %s",
        site.phases,
        visit.family.place,
    ) == [(0,)]
