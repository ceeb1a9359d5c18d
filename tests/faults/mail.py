"""The worker is killed at each point of its exchange with the mail provider; the provider fails in each way."""

from __future__ import annotations

import time

import psutil  # type: ignore[import-untyped]

from demo.processes import wait_for
from tests.faults.clients import Family
from tests.faults.common import all_accepted, readable, ready
from tests.faults.gate import ANSWER_LOST, NEVER, SLOW, Mode, failing
from tests.faults.ledger import Ledger, Row
from tests.faults.servers import STARTING
from tests.faults.site import Site, pause

LASTING = 30
"""Seconds that the provider's trouble lasts: longer than the first tries again."""


def worker_killed_before(site: Site) -> Row:
    """The worker dies while it claims what it will send."""
    families = ready(site)
    stand_still(site)
    all_accepted(families)
    with site.blocked("notifications_outboxmessage", mode="SHARE"):
        resume(site)
        site.wait_for_waiting(1)
        site.kill("worker")
    return _worker_back(site, families, "worker killed (-9) before the exchange", in_flight=2 * len(families))


def worker_killed_during(site: Site) -> Row:
    """The worker dies when the provider has the request and has not accepted it."""
    families = ready(site)
    site.mail.shut(NEVER)
    all_accepted(families)
    in_flight = _wait_for_held(site)
    site.kill("worker")
    site.mail.open()
    return _worker_back(site, families, "worker killed (-9) during the exchange", in_flight=in_flight)


def worker_killed_after(site: Site) -> Row:
    """The worker dies when the provider has accepted, before it knows: the one window of the protocol."""
    families = ready(site)
    site.mail.shut(ANSWER_LOST)
    all_accepted(families)
    in_flight = _wait_for_held(site)
    site.kill("worker")
    site.mail.open()
    fault = "worker killed (-9) after acceptance, before its answer"
    return _worker_back(site, families, fault, in_flight=in_flight, window=in_flight)


def _wait_for_held(site: Site) -> int:
    """Wait until an exchange stands still; return how many do. Those that are about to come are let come."""
    wait_for(lambda: site.mail.held >= 1, what="worker", seconds=STARTING)
    pause(2)
    return site.mail.held


def _worker_back(site: Site, families: list[Family], fault: str, *, in_flight: int, window: int = 0) -> Row:
    site.start_again("worker")
    recovered = time.monotonic()
    return Ledger(site, families).close(fault, in_flight=in_flight, recovered=recovered, window=window)


def _tree(site: Site) -> list[psutil.Process]:
    worker = psutil.Process(site.process("worker").running.pid)
    return [worker, *worker.children(recursive=True)]


def stand_still(site: Site) -> None:
    """Stop the worker where it is, so that what becomes due waits."""
    for process in _tree(site):
        process.suspend()


def resume(site: Site) -> None:
    for process in _tree(site):
        process.resume()


def answers_429(site: Site) -> Row:
    return _trouble(site, "mail provider answers 429", failing(429))


def answers_401(site: Site) -> Row:
    return _trouble(site, "mail provider answers 401", failing(401))


def answers_500(site: Site) -> Row:
    return _trouble(site, "mail provider answers 500", failing(500))


def answers_slowly(site: Site) -> Row:
    return _trouble(site, "mail provider answers after 4 s", SLOW)


def answers_never(site: Site) -> Row:
    return _trouble(site, "mail provider never answers", NEVER)


def is_unreachable(site: Site) -> Row:
    """Nobody listens at the provider's address."""
    return _trouble(site, "mail provider unreachable", None)


def _trouble(site: Site, fault: str, mode: Mode | None) -> Row:
    families = ready(site)
    if mode:
        site.mail.shut(mode)
    else:
        site.mail.close()
    all_accepted(families)
    pause(LASTING)
    readable(families[:1])
    ledger = Ledger(site, families)
    waiting = len(ledger.owed()) - len(ledger.received())
    site.mail.open()
    return ledger.close(fault, in_flight=waiting, recovered=time.monotonic(), said="all accepted")
