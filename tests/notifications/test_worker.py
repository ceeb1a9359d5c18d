"""A real Celery worker, in its own process, on the test's database, broker and mail server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.db import connection, transaction

from notifications.broker import wake_worker
from notifications.models import OutboxMessage
from operations.request_ids import request_id
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


@pytest.fixture
def worker(worker_environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "celery", "-A", "scolarite", "worker", "--concurrency=2", "--loglevel=WARNING"]
    process = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"], cwd=REPOSITORY, env=worker_environment
    )
    yield process
    process.terminate()
    process.wait(timeout=120)


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


def owe_changes(owe, keys: range) -> None:
    """Owe messages of a kind that the worker knows."""
    with transaction.atomic():
        for number in keys:
            owe(
                kind="schools.email_changed",
                context={"changed": "jeudi 4 juin"},
                deduplication_key=f"changed:{number}",
                address=f"famille-{number}@example.org",
            )


@really_committing
def test_a_worker_sends_what_a_commit_owes_each_message_once(worker, owe, smtp):
    owe_changes(owe, range(50))
    wait_until(lambda: set(states().values()) == {"sent"})
    assert sorted(smtp.envelopes) == sorted(f"famille-{number}@example.org" for number in range(50))
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {1}


@really_committing
def test_the_scheduler_sends_what_the_broker_forgot(worker_environment, worker, owe, smtp, broker, tmp_path):
    owe_changes(owe, range(1))
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
