"""The clock of the web processes jumps while families validate; the database's and the worker's do not."""

from __future__ import annotations

import os
import time
from pathlib import Path

from demo.stack import BASE
from tests.faults import faketime
from tests.faults.common import all_accepted, ready, said
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site, pause

FAKED = Path(__file__).parent / "faked"


def jumps_ahead(site: Site) -> Row:
    """Twenty minutes ahead: the sessions still hold, and no e-mail waits for the clock that wrote it."""
    return _jump(site, "web's clock jumps 20 minutes ahead, then back", "+20m")


def jumps_back(site: Site) -> Row:
    return _jump(site, "web's clock jumps 20 minutes back, then ahead", "-20m")


def jumps_past_sessions(site: Site) -> Row:
    """Three hours ahead: sessions have ended by that clock; who validates is led to sign in, nothing is half done."""
    families = ready(site)
    with _Clock(site) as clock:
        clock.set("+3h")
        answers = [family.validate() for family in families]
        assert all("/connexion/" in answer.location for answer in answers), said(answers)
        clock.set("+0")
        recovered = time.monotonic()
        # whose browser kept the cookie is still signed in: the session itself was not ended
        all_accepted(families)
        fault = "web's clock jumps 3 hours ahead, then back"
        words = f"led to sign in × {len(answers)}"
        return Ledger(site, families).close(fault, in_flight=len(families), recovered=recovered, said=words)


def _jump(site: Site, fault: str, offset: str) -> Row:
    families = ready(site)
    with _Clock(site) as clock:
        clock.set(offset)
        all_accepted(families)
        clock.set("+0")
        recovered = time.monotonic()
        said = "all accepted"
        return Ledger(site, families).close(fault, in_flight=len(families), recovered=recovered, said=said)


class _Clock:
    """The web started again under libfaketime, its clock set by a file. Raises FaketimeMissingError."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.library = faketime.require()
        self.file = Path(site.folder) / "clock"

    def __enter__(self) -> _Clock:
        self.file.write_text("+0\n")
        self.site.kill("web")
        self.site.start_again(
            "web",
            environment={
                "LD_PRELOAD": str(self.library),
                "PYTHONPATH": f"{BASE}{os.pathsep}{FAKED}",
                "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            },
        )
        return self

    def set(self, offset: str) -> None:
        """Let the clock jump, while the processes run; who reads a file that is half written would stop."""
        written = self.file.with_suffix(".new")
        written.write_text(f"{offset}\n")
        written.replace(self.file)
        pause(1)

    def __exit__(self, *_: object) -> None:
        self.site.kill("web")
        self.site.start_again("web")
