"""The worker: its lease, its death at the worst instant, and what others see of it meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import User
from notifications import broker as broker_module
from schools.imports import work as worker_module
from schools.imports.progress import LEASE
from schools.imports.services import cancel_import, confirm_import, start_import
from schools.imports.uploads import take
from schools.imports.work import ATTEMPTS, claim, work
from schools.models import Guardianship, ImportFile, ImportState, School, SiecleImport, Student
from schools.tasks import work_on_imports
from tests.factories import school, staff
from tests.notifications.conftest import broker  # noqa: F401  a fixture
from tests.schools.exports import UAI, YEAR, Pair, large_pair

REPOSITORY = Path(__file__).parents[2]
really_committing = pytest.mark.django_db(
    transaction=True, available_apps=["schools", "accounts", "audit", "notifications"]
)


@pytest.fixture
def november() -> None:
    """The hour is that of the worker's process."""


@pytest.fixture
def wakes() -> None:
    """Workers are really woken."""


@pytest.fixture
def place(db) -> School:
    return school(UAI)


@pytest.fixture
def head(place) -> User:
    return staff(place)


@pytest.fixture
def start(place, head) -> Callable[..., SiecleImport]:
    def run(pair: Pair | None = None) -> SiecleImport:
        given = pair or Pair()
        uploads = [
            take(SimpleUploadedFile("a.xml", given.students())),
            take(SimpleUploadedFile("b.xml", given.guardians())),
        ]
        return start_import(school=place, uploads=uploads, school_year=YEAR, by=head, at=timezone.now())

    return run


@pytest.fixture
def accept(head) -> Callable[[SiecleImport], None]:
    def run(one: SiecleImport) -> None:
        one.refresh_from_db()
        ticks = [caution["code"] for caution in one.summary["cautions"]]
        confirm_import(siecle_import=one, digest=one.digest, accepted=ticks, by=head, at=timezone.now())

    return run


def state_of(one: SiecleImport) -> str:
    return SiecleImport.objects.values_list("state", flat=True).get(pk=one.pk)


def expire_lease() -> None:
    SiecleImport.objects.update(due_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_an_import_is_claimed_once_until_the_lease_ends(start):
    one = start()
    now = timezone.now()
    first = claim(at=now)
    assert first
    assert first == one
    assert (first.state, first.due_at) == (ImportState.CHECKING, now + LEASE)
    assert claim(at=now) is None
    again = claim(at=now + LEASE)
    assert again
    assert again == one
    assert again.claim != first.claim


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["reading", "writing"])
def test_an_import_whose_worker_died_is_taken_up_by_the_sweep(stage, start, accept):
    one = start()
    if stage == "writing":
        work_on_imports()
        accept(one)
    assert claim(at=timezone.now()) == one  # and dies
    work_on_imports()
    assert state_of(one) == (ImportState.CHECKING if stage == "reading" else ImportState.APPLYING)
    expire_lease()
    work_on_imports()
    assert state_of(one) == (ImportState.TO_CONFIRM if stage == "reading" else ImportState.DONE)


@pytest.mark.django_db
def test_an_import_on_which_every_worker_dies_has_failed_and_keeps_no_file(start):
    one = start()
    for _ in range(ATTEMPTS):
        assert claim(at=timezone.now()) == one
        expire_lease()
    assert claim(at=timezone.now()) is None
    one.refresh_from_db()
    assert one.state == ImportState.FAILED
    assert "rien n’a été écrit" in one.reason
    assert not ImportFile.objects.exists()
    assert start().pk != one.pk


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["reading", "writing"])
def test_a_worker_that_lost_its_lease_writes_nothing(stage, start, accept, monkeypatch):
    one = start()
    if stage == "writing":
        work_on_imports()
        accept(one)
    really_read = worker_module.read_pair

    def read_slowly(*args, **values):
        monkeypatch.setattr(worker_module, "read_pair", really_read)
        assert claim(at=timezone.now() + LEASE + timedelta(seconds=1)) == one
        return really_read(*args, **values)

    monkeypatch.setattr(worker_module, "read_pair", read_slowly)
    work(at=timezone.now())
    assert state_of(one) == (ImportState.CHECKING if stage == "reading" else ImportState.APPLYING)
    assert not Student.objects.exists()
    expire_lease()
    work(at=timezone.now())
    assert state_of(one) == (ImportState.TO_CONFIRM if stage == "reading" else ImportState.DONE)


@pytest.mark.django_db
def test_what_is_cancelled_while_it_is_read_stays_cancelled(start, head, monkeypatch):
    one = start()
    really_read = worker_module.read_pair

    def read_meanwhile(*args, **values):
        cancel_import(siecle_import=one, by=head, at=timezone.now())
        return really_read(*args, **values)

    monkeypatch.setattr(worker_module, "read_pair", read_meanwhile)
    work(at=timezone.now())
    one.refresh_from_db()
    assert (one.state, one.summary) == (ImportState.CANCELLED, {})


@pytest.mark.django_db
def test_a_database_that_fails_in_the_middle_is_tried_again(start, monkeypatch):
    one = start()

    def fail(*_args, **_values):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(worker_module, "plan_import", fail)
        work(at=timezone.now())
    assert state_of(one) == ImportState.CHECKING
    expire_lease()
    work(at=timezone.now())
    assert state_of(one) == ImportState.TO_CONFIRM


@really_committing
def test_others_see_how_far_it_is_while_its_transaction_is_open(start, accept, monkeypatch):
    one = start(large_pair(20))
    work(at=timezone.now())
    accept(one)
    monkeypatch.setattr("schools.siecle.write.BATCH", 5)
    monkeypatch.setattr("schools.imports.progress.INTERVAL", 0.0)
    really_tell = worker_module.Progress.__call__
    seen = []

    def tell_and_look(self, step: str, done: int, total: int) -> None:
        really_tell(self, step, done, total)
        # on this connection, in the very transaction: written by another one, and committed
        row = SiecleImport.objects.get(pk=one.pk)
        seen.append((row.step, row.progress_done, row.progress_total))
        assert row.due_at > timezone.now() + LEASE - timedelta(seconds=10)

    monkeypatch.setattr(worker_module.Progress, "__call__", tell_and_look)
    work(at=timezone.now())

    assert state_of(one) == ImportState.DONE
    assert list(dict.fromkeys(seen))[:2] == [("Lecture des fichiers", 0, 0), ("Comparaison avec l’établissement", 0, 0)]
    assert [each for each in seen if each[0] == "Écriture des élèves"] == [
        ("Écriture des élèves", done, 20) for done in (5, 10, 15, 20)
    ]
    assert ("Écriture des liens", 40, 40) in seen


@really_committing
def test_the_lease_lasts_while_a_long_file_is_read(start, monkeypatch):
    one = start(large_pair(500))
    monkeypatch.setattr("schools.imports.progress.INTERVAL", 0.0)
    really_tell = worker_module.Progress.__call__
    ends = []

    def tell_and_look(self, step: str, done: int, total: int) -> None:
        really_tell(self, step, done, total)
        ends.append((step, SiecleImport.objects.get(pk=one.pk).due_at))

    monkeypatch.setattr(worker_module.Progress, "__call__", tell_and_look)
    work(at=timezone.now())
    while_reading = [end for step, end in ends if step == "Lecture des fichiers"]
    assert len(set(while_reading)) >= 10  # a file is read by pieces of 64 KB
    assert while_reading == sorted(while_reading)


def environment(url: str) -> dict[str, str]:
    database = urlsplit(os.environ["DATABASE_URL"])
    path = f"{database.path.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return os.environ | {
        # `urlunsplit` would lose the two slashes before the socket's folder
        "DATABASE_URL": f"{database.scheme}://{database.netloc}{path}",
        "REDIS_URL": url,
        "DJANGO_SETTINGS_MODULE": "scolarite.settings",
        "LOG_LEVEL": "WARNING",
    }


def start_worker() -> subprocess.Popen:
    """A worker in one process: to kill it is to kill what it was doing."""
    command = [sys.executable, "-m", "celery", "-A", "scolarite", "worker", "--pool=solo", "--loglevel=WARNING"]
    return subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"],
        cwd=REPOSITORY,
        env=environment(current_app.conf.broker_write_url),
    )


@pytest.fixture
def worker() -> Iterator[subprocess.Popen]:
    process = start_worker()
    yield process
    process.terminate()
    process.wait(timeout=60)


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, list(SiecleImport.objects.values_list("state", "step", "reason"))
        time.sleep(0.01)


@really_committing
@pytest.mark.usefixtures("broker")
def test_a_real_worker_takes_an_import_from_its_upload_to_its_end(worker, start, accept):
    one = start()
    wait_until(lambda: state_of(one) == ImportState.TO_CONFIRM)
    accept(one)
    wait_until(lambda: state_of(one) == ImportState.DONE)
    assert Student.objects.count() == 1
    assert not ImportFile.objects.exists()


@really_committing
@pytest.mark.usefixtures("broker")
def test_a_worker_killed_while_it_writes_leaves_nothing_and_another_one_ends_the_work(worker, start, accept):
    one = start(large_pair(2_000))
    wait_until(lambda: state_of(one) == ImportState.TO_CONFIRM)
    accept(one)
    wait_until(lambda: SiecleImport.objects.filter(pk=one.pk, step__startswith="Écriture").exists())
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=30)
    assert state_of(one) == ImportState.APPLYING
    assert not Student.objects.exists()
    expire_lease()
    second = start_worker()
    try:
        broker_module.wake_worker("schools.tasks.work_on_imports")
        wait_until(lambda: state_of(one) == ImportState.DONE)
    finally:
        second.terminate()
        second.wait(timeout=60)
    assert (Student.objects.count(), Guardianship.objects.count()) == (2_000, 4_000)
    assert not ImportFile.objects.exists()


def test_the_sweep_finds_the_task_by_its_name():
    entry = settings.CELERY_BEAT_SCHEDULE["work-on-imports"]
    assert entry["task"] == work_on_imports.name == "schools.tasks.work_on_imports"
