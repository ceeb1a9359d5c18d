"""All the faults, in the order of the table, and which of them are quick enough to run with the other tests."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults import broker, clock, concurrency, deploying, mail, openid, postgresql, web
from tests.faults.ledger import Row
from tests.faults.site import Site

Scenario = Callable[[Site], Row]

SCENARIOS: list[Scenario] = [
    web.workers_killed,
    web.all_killed,
    mail.worker_killed_before,
    mail.worker_killed_during,
    mail.worker_killed_after,
    deploying.worker_told_to_stop,
    deploying.web_told_to_stop,
    deploying.previous_release,
    broker.killed_with_data,
    broker.killed_without_data,
    broker.stands_still,
    postgresql.killed,
    mail.answers_401,
    mail.answers_429,
    mail.answers_500,
    mail.answers_slowly,
    mail.answers_never,
    mail.is_unreachable,
    openid.answers_400,
    openid.answers_500,
    openid.answers_slowly,
    openid.answers_never,
    openid.is_unreachable,
    clock.jumps_ahead,
    clock.jumps_back,
    clock.jumps_past_sessions,
    concurrency.fifty_clients,
]
ALONE: list[Callable[[], Row]] = [postgresql.disk_full]
"""Those that need a product of their own."""

QUICK: list[Scenario] = [
    web.workers_killed,
    mail.worker_killed_before,
    broker.killed_without_data,
    postgresql.killed,
    openid.answers_500,
    concurrency.fifty_clients,
]


def name_of(scenario: Callable[..., Row]) -> str:
    """Return the name by which the command line chooses it: `mail.answers_500`."""
    return f"{scenario.__module__.rpartition('.')[2]}.{scenario.__name__}"
