"""A real Celery worker, in its own process, on the test's database, broker and mail server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from notifications import kinds
from notifications.broker import SEND_TASK, WAKING, wake_worker
from notifications.kinds import BULK, NORMAL, URGENT
from notifications.models import MessageState, OutboxMessage
from notifications.sending import BATCH_SIZE, LEASE
from notifications.services import Addressee, enqueue_all
from operations.request_ids import request_id
from orientation.mails import SUBMISSION_VALIDATED
from orientation.notices.recipients import Notice
from tests.notifications.conftest import really_committing, states
from tests.notifications.servers import SmtpServer

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def worker_environment(broker, smtp: SmtpServer) -> dict[str, str]:
    database_url = urlsplit(os.environ["DATABASE_URL"])
    path = f"{database_url.path.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return os.environ | {
        # `urlunsplit` would lose the two slashes before the socket's folder
        "DATABASE_URL": f"{database_url.scheme}://{database_url.netloc}{path}",
        "REDIS_URL": current_app.conf.broker_write_url,
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}",
        "DJANGO_SETTINGS_MODULE": "scolarite.settings",
        "LOG_LEVEL": "WARNING",
    }


PROCESSES = 2


@contextmanager
def working(environment: dict[str, str]) -> Iterator[None]:
    """Run a worker, and at the end let it finish what it does."""
    command = [sys.executable, "-m", "celery", "-A", "scolarite", "worker", "--loglevel=WARNING"]
    options = [f"--concurrency={PROCESSES}", "--without-gossip", "--without-mingle"]
    process = subprocess.Popen([*command, *options], cwd=REPOSITORY, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=120)


@pytest.fixture
def worker(worker_environment: dict[str, str]) -> Iterator[None]:
    with working(worker_environment):
        yield


def test_what_a_worker_logs_carries_the_number_of_the_request_that_called_it(
    worker_environment: dict[str, str], broker, db: None, tmp_path: Path
) -> None:
    number = "0123456789abcdef0123456789abcdef"
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "scolarite", "worker", "--concurrency=1"]
    environment = worker_environment | {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=output)
    try:
        wait_until(lambda: " ready." in log.read_text())
        with request_id(number):
            wake_worker()
        wait_until(lambda: number in log.read_text())
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (done,) = [line for line in lines if line["request_id"] == number and line["logger"] == "celery.app.trace"]
    assert "send_due_messages" in done["message"]


def wait_until(condition, *, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, states()
        time.sleep(0.05)


def owe_changes(count: int, *, to: str = "famille", priority: int = NORMAL) -> None:
    """Owe so many messages of a kind that the worker knows, with the priority of another kind."""
    addresses = [f"{to}-{number}@example.org" for number in range(count)]
    addressees = [
        Addressee(recipient="guardian:1", address=address, deduplication_key=f"changed:{address}")
        for address in addresses
    ]
    with transaction.atomic():
        context = {"changed": "jeudi 4 juin"}
        enqueue_all(kind="schools.email_changed", to=addressees, context=context, at=timezone.now())
        OutboxMessage.objects.filter(address__in=addresses).update(priority=priority)


@really_committing
def test_a_worker_sends_what_a_commit_owes_each_message_once(worker, smtp):
    owe_changes(50)
    wait_until(lambda: set(states().values()) == {"sent"})
    assert sorted(smtp.envelopes) == sorted(f"famille-{number}@example.org" for number in range(50))
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {1}


@really_committing
def test_the_scheduler_sends_what_the_broker_forgot(worker_environment, worker, smtp, broker, tmp_path):
    owe_changes(1)
    wait_until(lambda: set(states().values()) == {"sent"})
    OutboxMessage.objects.update(state="sending", due_at="2026-01-01T00:00:00Z")  # an expired lease, and no task
    command = [sys.executable, "-m", "celery", "-A", "scolarite", "beat", "--loglevel=WARNING"]
    scheduler = subprocess.Popen(
        [*command, f"--schedule={tmp_path / 'schedule'}", f"--pidfile={tmp_path / 'pid'}"],
        cwd=REPOSITORY,
        env=worker_environment,
    )
    try:
        wait_until(lambda: len(smtp.received) == 2)
    finally:
        scheduler.terminate()
        scheduler.wait(timeout=120)
    assert len(set(smtp.message_ids)) == 1


@really_committing
def test_a_confirmation_overtakes_the_thousands_of_reminders_that_wait(worker, smtp):
    owe_changes(3_000, to="rappel", priority=BULK)
    wait_until(lambda: len(smtp.envelopes) > 2 * BATCH_SIZE)
    owe_changes(30, to="confirmation", priority=URGENT)
    owed_at = timezone.now()
    wait_until(lambda: sum(each.startswith("confirmation") for each in smtp.envelopes) == 30)
    # `due_at` tells when each was claimed; a process may be in the middle of a claim, its next begins with the urgent
    sent = OutboxMessage.objects.filter(attempts=1)
    claimed = set(sent.filter(address__startswith="confirmation").values_list("due_at", flat=True))
    overtook = sent.filter(address__startswith="rappel", due_at__gt=owed_at + LEASE, due_at__lt=max(claimed))
    assert overtook.exclude(due_at__in=claimed).count() <= PROCESSES * BATCH_SIZE
    assert len(smtp.envelopes) < 3_030


@really_committing
def test_a_worker_that_has_begun_may_be_woken_again(worker_environment, broker):
    wake_worker()
    assert broker.exists(WAKING + SEND_TASK)
    with working(worker_environment):
        wait_until(lambda: not broker.exists(WAKING + SEND_TASK))


@really_committing
def test_workers_together_keep_to_the_providers_rate_and_give_it_to_what_is_urgent(worker_environment, smtp, broker):
    rate, urgent = 30, 25
    owe_changes(40, to="rappel", priority=BULK)
    owe_changes(urgent, to="confirmation", priority=URGENT)
    limited = worker_environment | {"EMAIL_RATE_PER_MINUTE": str(rate)}
    with working(limited), working(limited):
        wait_until(lambda: len(smtp.received) >= rate)
        for _ in range(4):
            wake_worker()
        wait_until(lambda: not broker.llen("mails"))
    sent = [each.sent_at for each in OutboxMessage.objects.filter(state=MessageState.SENT) if each.sent_at]
    assert len(sent) >= rate
    for at in sent:
        assert sum(at - timedelta(minutes=1) < each <= at for each in sent) <= rate
    assert sum(each.startswith("confirmation") for each in smtp.envelopes[:rate]) == urgent


def test_reminders_have_the_lowest_priority_and_confirmations_the_highest() -> None:
    reminders = {"orientation.reminder", *(notice.code for notice in Notice)}
    assert {kinds.get(code).priority for code in reminders} == {BULK}
    assert kinds.get(SUBMISSION_VALIDATED).priority == URGENT
    assert URGENT < NORMAL < BULK
