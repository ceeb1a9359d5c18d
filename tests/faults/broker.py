"""Redis dies, comes back with or without what it held, or stands still: sessions and truth are elsewhere."""

from __future__ import annotations

import time

import psutil  # type: ignore[import-untyped]

from tests.faults.common import all_accepted, readable, ready
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site, pause

LASTING = 25
"""Seconds that Redis is away: longer than the sweep's period."""


def killed_with_data(site: Site) -> Row:
    return _away(site, "Redis killed (-9), back with its data", loses_data=False)


def killed_without_data(site: Site) -> Row:
    return _away(site, "Redis killed (-9), back empty", loses_data=True)


def _away(site: Site, fault: str, *, loses_data: bool) -> Row:
    families = ready(site)
    site.redis.kill()
    readable(families)
    all_accepted(families)
    ledger = Ledger(site, families)
    waiting = len(ledger.owed()) - len(ledger.received())
    pause(LASTING)
    readable(families[:1])
    if loses_data:
        site.redis.lose_data()
    site.redis.start()
    return ledger.close(fault, in_flight=waiting, recovered=time.monotonic(), said="all accepted, all readable")


def stands_still(site: Site) -> Row:
    """Redis accepts connections and answers nothing."""
    families = ready(site)
    server = psutil.Process(site.redis.process.running.pid)
    server.suspend()
    try:
        readable(families)
        all_accepted(families)
        ledger = Ledger(site, families)
        waiting = len(ledger.owed()) - len(ledger.received())
        pause(LASTING)
    finally:
        server.resume()
    fault = "Redis stands still, then goes on"
    return ledger.close(fault, in_flight=waiting, recovered=time.monotonic(), said="all accepted, all readable")
