"""A web process is killed while families validate."""

from __future__ import annotations

import time

from tests.faults.clients import validating
from tests.faults.common import ready, said, try_again
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site


def workers_killed(site: Site) -> Row:
    """The web's workers die with transactions open; their master starts others."""
    return _killed(site, "web: workers killed (-9) in mid-validation", all_of_it=False)


def all_killed(site: Site) -> Row:
    """All of the web dies with transactions open; a supervisor starts it again."""
    return _killed(site, "web: all killed (-9) in mid-validation", all_of_it=True)


def _killed(site: Site, fault: str, *, all_of_it: bool) -> Row:
    families = ready(site)
    # the submission is written, its e-mails are not
    with site.blocked("notifications_outboxmessage"):
        acts = validating(families)
        site.wait_for_waiting(len(families) // 2)
        in_flight = acts.in_flight
        if all_of_it:
            site.kill("web")
        else:
            site.kill_children("web")
    if all_of_it:
        site.start_again("web")
    site.wait_for_web()
    recovered = time.monotonic()
    answers = acts.answers()
    try_again(families)
    return Ledger(site, families).close(fault, in_flight=in_flight, recovered=recovered, said=said(answers))
