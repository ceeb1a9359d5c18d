"""PostgreSQL dies in the middle of validations and starts again; its disk is full, then is not."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.faults.clients import ask, validating
from tests.faults.common import check_unavailable, ready, said, try_again
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site

DISK = 420
"""MB of the disk that is to be full."""


class CannotMountError(Exception):
    """The disk that is to be full cannot be made here; says why."""


def killed(site: Site) -> Row:
    """PostgreSQL dies with transactions open; pages say so until it is back, and work as soon as it is."""
    families = ready(site)
    with contextlib.suppress(psycopg.OperationalError), site.blocked("notifications_outboxmessage"):
        acts = validating(families)
        site.wait_for_waiting(len(families) // 2)
        in_flight = acts.in_flight
        site.database.kill()
    answers = acts.answers()
    pages = [family.read() for family in families]
    check_unavailable([*answers, *pages])
    assert {page.status for page in pages} == {503}
    assert ask("", "GET", f"{site.site}/assistance/").status == 200, "what needs no database is shown"
    site.database.start()
    recovered = time.monotonic()
    assert {family.read().status for family in families} == {200}, "the very first pages are right again"
    try_again(families)
    fault = "PostgreSQL killed (-9) in mid-validation, started again"
    words = f"{said(answers)}; reading: {said(pages)}"
    return Ledger(site, families).close(fault, in_flight=in_flight, recovered=recovered, said=words)


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a disk of a fixed size in memory. Raises CannotMountError."""
    folder = Path(tempfile.mkdtemp(prefix="scolarite-disk-"))
    if os.geteuid() != 0:
        raise CannotMountError("mounting a disk of a fixed size takes root")
    options = ["-t", "tmpfs", "-o", f"size={DISK}m,mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        raise CannotMountError(f"mounting is refused: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def disk_full() -> Row:
    """The database's disk fills up while families validate; then there is room again. Raises CannotMountError."""
    with small_disk() as place, Site(families=60, place=place) as site:
        families = ready(site, 60)
        _fill(place)
        answers, pages = [], []
        for start in range(0, len(families), 10):
            answers += validating(families[start : start + 10]).answers()
            pages.append(families[0].read())
        check_unavailable([*answers, *pages])
        assert 503 in {answer.status for answer in answers}, "the disk was not full"
        (place / "filler").unlink()
        if not site.database.answers():
            site.database.kill()
        site.database.start()
        recovered = time.monotonic()
        try_again(families)
        fault = "database's disk full, then room again"
        words = f"{said(answers)}; reading: {said(pages)}"
        return Ledger(site, families).close(fault, in_flight=len(families), recovered=recovered, said=words)


def _fill(place: Path) -> None:
    """Leave not a byte; with room for the write-ahead log as it is, and for nothing more."""
    with (place / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))
