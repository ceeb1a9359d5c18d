"""A release is put in place: worker and web are told to stop in mid-work; the previous one comes back."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import yaml

from demo.processes import wait_for
from demo.stack import BASE
from tests.faults.clients import validating
from tests.faults.common import all_accepted, readable, ready, said
from tests.faults.gate import Mode
from tests.faults.ledger import Ledger, Row
from tests.faults.mail import resume, stand_still
from tests.faults.servers import STARTING
from tests.faults.site import Site, pause
from tests.operations import releases

DELAY = 12
"""Seconds that the provider takes for each e-mail: half of what is owed, a batch, takes longer than a batch may."""

SERVICES = ("web", "worker")

_CLAIMED = "SELECT count(*) FROM notifications_outboxmessage WHERE state = 'sending'"


def worker_told_to_stop(site: Site) -> Row:
    """The worker sends what it has begun, gives back the rest of its batch, and ends within its container's grace."""
    families = ready(site)
    stand_still(site)
    all_accepted(families)
    ledger = Ledger(site, families)
    site.mail.shut(Mode(delay=DELAY))
    resume(site)
    wait_for(lambda: len(ledger.received()) > 0, what="worker", seconds=STARTING)
    in_flight = len(ledger.owed()) - len(ledger.received())
    lasted = _stop(site, "worker", seconds=grace_of("worker"))
    ((claimed,),) = site.database.rows(_CLAIMED)
    assert claimed == 0, f"the worker is gone with {claimed} e-mails that it had claimed"
    left = len(ledger.owed()) - len(ledger.received())
    assert left, "the worker had nothing to give back"
    site.mail.open()
    site.start_again("worker")
    words = f"{in_flight - left} sent in the {lasted} s until it had stopped, {left} given back"
    fault = "worker told to stop (TERM) in mid-batch"
    return ledger.close(fault, in_flight=in_flight, recovered=time.monotonic(), said=words)


def web_told_to_stop(site: Site) -> Row:
    """The web answers all that it has taken before it ends; nobody has to send anything again."""
    families = ready(site)
    with site.blocked("notifications_outboxmessage"):
        acts = validating(families)
        site.wait_for_waiting(len(families) // 2)
        pause(1)
        in_flight = acts.in_flight
        web = site.process("web")
        web.ask_to_stop()
        wait_for(lambda: "Handling signal: term" in web.log.read_text(), what="web", seconds=STARTING)
        assert acts.in_flight == in_flight
    answers = acts.answers()
    assert [answer.number for answer in answers] == [1] * len(families), said(answers)
    _stop(site, "web", seconds=grace_of("web-1"))
    site.start_again("web")
    fault = "web told to stop (TERM) in mid-validation"
    return Ledger(site, families).close(fault, in_flight=in_flight, recovered=time.monotonic(), said=said(answers))


def previous_release(site: Site) -> Row:
    """The previous release takes over with this one's tables, sessions and lists; then this one again.

    Raises NoHistoryError.
    """
    folder = Path(site.folder) / "previous"
    releases.lay_out_previous(folder)
    static = {"STATIC_ROOT": str(folder / "static-files"), "PYTHONPATH": str(folder)}
    collect = ["manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run([sys.executable, *collect], cwd=folder, env=site.environment | static, check=True)
    families = ready(site)
    kept = {name: site.process(name).command for name in SERVICES}
    for name, command in kept.items():
        _stop(site, name, seconds=STARTING)
        there = [str(folder) if word == str(BASE) else word for word in command]
        site.process(name).command = ["env", f"--chdir={folder}", *there]
    try:
        site.start_again(*SERVICES, environment=static)
        assert {psutil.Process(site.process(name).running.pid).cwd() for name in SERVICES} == {str(folder)}
        all_accepted(families)
        readable(families)
        row = Ledger(site, families).close("", in_flight=0, recovered=time.monotonic())
    finally:
        for name, command in kept.items():
            _stop(site, name, seconds=STARTING)
            site.process(name).command = command
        site.start_again(*SERVICES)
    readable(families)
    assert all(family.add().status == 302 for family in families), "this release takes up what that one wrote"
    row.fault = f"previous release ({releases.PREVIOUS['name']}) on this one's tables, then this one"
    row.said = "all accepted, all readable by both"
    return row


def grace_of(service: str) -> int:
    """Return the seconds after which Docker kills a container of this service that was told to stop."""
    compose = yaml.safe_load(Path(BASE / "docker-compose.yml").read_text())
    return int(compose["services"][service]["stop_grace_period"].removesuffix("s"))


def _stop(site: Site, name: str, *, seconds: int) -> int:
    """Tell it to stop and wait until it has; return after how many seconds. Raises DemoFailed when it is killed."""
    process, began = site.process(name), time.monotonic()
    process.ask_to_stop()
    process.finish(seconds)
    return round(time.monotonic() - began)
