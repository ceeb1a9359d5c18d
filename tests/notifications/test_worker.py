"""A real Celery worker, in its own process, on the test's database, broker and mail server."""

from __future__ import annotations

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

from notifications.models import OutboxMessage
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
    wait_until(lambda: len(smtp.received) == 1)
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
