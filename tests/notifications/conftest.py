"""A kind to send, a mail server, a provider, and a broker of its own for each test process."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.utils import timezone
from redis import Redis

from notifications import broker as broker_module
from notifications import kinds
from notifications.models import OutboxMessage
from notifications.services import enqueue
from tests.notifications.servers import MailgunServer, SmtpServer, serving

TEMPLATES = Path(__file__).parent / "templates"

really_committing = pytest.mark.django_db(transaction=True, available_apps=["notifications"])
"""For tests whose transactions commit: afterwards only this app's table is emptied, not what migrations loaded."""


@pytest.fixture(autouse=True)
def broker(monkeypatch) -> Iterator[Redis]:
    """An empty Redis database, which no other test process uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{1 + int(worker) % 15}").geturl()
    monkeypatch.setattr(broker_module, "_silent_until", 0.0)
    use_broker(monkeypatch, url)
    with Redis.from_url(url) as client:
        client.flushdb()
        yield client


def use_broker(monkeypatch, url: str) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", url)
    monkeypatch.setattr(broker_module, "_connection", cache(broker_module._described))


@pytest.fixture(autouse=True)
def _note_templates(settings) -> None:
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(TEMPLATES)
    settings.TEMPLATES = templates


@pytest.fixture(autouse=True)
def wanted(monkeypatch) -> set[str]:
    """Register the kind "tests.note"; its messages are wanted while their recipient is not in this set."""
    unwanted: set[str] = set()
    kind = kinds.Kind(code="tests.note", still_wanted=lambda message: message.recipient not in unwanted)
    monkeypatch.setitem(kinds._kinds, "tests.note", kind)
    return unwanted


@pytest.fixture
def owe() -> Callable[..., OutboxMessage]:
    """Enqueue a note; each has its own key unless the test gives one."""
    count = 0

    def _owe(**changes: object) -> OutboxMessage:
        nonlocal count
        count += 1
        given: dict[str, object] = {
            "kind": "tests.note",
            "address": f"famille-{count}@example.org",
            "recipient": f"guardian:{count}",
            "context": {"who": "Léa"},
            "deduplication_key": f"note:{count}",
            "at": timezone.now(),
        }
        return enqueue(**(given | changes))  # type: ignore[arg-type]

    return _owe


@pytest.fixture
def smtp(settings) -> Iterator[SmtpServer]:
    server = SmtpServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    with serving(server):
        yield server


@pytest.fixture
def mailgun(settings) -> Iterator[MailgunServer]:
    server = MailgunServer()
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": "key-of-the-tests",
        "MAILGUN_WEBHOOK_SIGNING_KEY": "signing-key-of-the-tests",
        "MAILGUN_SENDER_DOMAIN": "scolarite.example",
        "MAILGUN_API_URL": server.url,
    }
    with serving(server):
        yield server


def states() -> dict[str, str]:
    """State of each message by its deduplication key."""
    return dict(OutboxMessage.objects.order_by("created_at").values_list("deduplication_key", "state"))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
