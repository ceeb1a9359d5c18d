"""The addresses that supervisors, the proxy and Prometheus ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from notifications.models import MessageState, OutboxMessage
from operations import metrics, readiness

READY = "/sante/pret/"
METRICS = "/sante/mesures/"


@pytest.fixture
def token(settings) -> str:
    settings.METRICS_TOKEN = "token-of-the-tests"
    return settings.METRICS_TOKEN


def owed(number: int, **values: object) -> OutboxMessage:
    return OutboxMessage.objects.create(
        kind="tests.note", recipient="guardian:1", address="a@b.example", deduplication_key=f"key:{number}", **values
    )


def test_living_asks_nothing_of_anybody(client: Client) -> None:
    assert client.get("/sante/vivant/").json() == {"status": "ok"}  # without the mark `django_db`, asking would raise


def test_readiness_says_how_the_database_the_broker_and_the_outbox_are(client: Client, db: None) -> None:
    owed(1, created_at=timezone.now() - timedelta(minutes=10), due_at=timezone.now() - timedelta(minutes=10))
    owed(2, due_at=timezone.now() + timedelta(hours=1))
    owed(3, state=MessageState.SENT, created_at=timezone.now() - timedelta(days=3))
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(READY)
    assert answer.status_code == 200
    body = answer.json()
    outbox = body.pop("outbox")
    assert body == {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok"}
    assert outbox["owed"] == 2
    assert 600 <= outbox["oldest_seconds"] < 700
    assert len(queries) == 2


def test_a_migration_that_the_database_lacks_makes_it_unready(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'schools' AND name = '0001_initial'")
    answer = client.get(READY)
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "ok", "migrations": "missing"}
    assert readiness.missing_migrations() == ["schools.0001_initial"]


def test_a_newer_schema_is_no_trouble_for_an_older_release(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('schools', '9999_of_the_next_release', now())"
        )
    assert client.get(READY).status_code == 200


def test_a_database_that_does_not_answer_makes_it_unready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr("portal.views.health.missing_migrations", away)
    answer = client.get(READY)
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "database": "unreachable"})


def test_a_broker_that_is_away_is_said_and_leaves_the_site_ready(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["broker"]) == (200, "unreachable")


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer ", "token-of-the-tests"])
def test_the_metrics_are_not_there_for_who_lacks_the_token(client: Client, token: str, header: str) -> None:
    assert client.get(METRICS, headers={"Authorization": header}).status_code == 404


def test_without_a_token_nobody_reads_the_metrics(client: Client) -> None:
    assert client.get(METRICS, headers={"Authorization": "Bearer "}).status_code == 404


def scraped(client: Client, token: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get(METRICS, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_the_metrics_tell_requests_by_view_and_status(client: Client, db: None, token: str) -> None:
    key = ("scolarite_request_seconds_count", (("status", "200"), ("view", "portal:live")))
    before = scraped(client, token).get(key, 0)
    client.get("/sante/vivant/")
    client.get("/nulle-part/un-nom/")
    after = scraped(client, token)
    assert after[key] == before + 1
    assert not any("un-nom" in value for _name, labels in after for _label, value in labels)


def test_the_metrics_tell_how_far_mails_and_imports_are_behind(client: Client, db: None, token: str) -> None:
    owed(1, created_at=timezone.now() - timedelta(minutes=10), due_at=timezone.now() - timedelta(minutes=10))
    owed(2, state=MessageState.FAILED)
    found = scraped(client, token)
    assert found["scolarite_outbox_owed", ()] == 1
    assert found["scolarite_outbox_oldest_seconds", ()] >= 600
    assert found["scolarite_outbox_failed", ()] == 1
    assert found["scolarite_imports_waiting", ()] == 0


def test_the_metrics_that_need_no_table_are_told_while_the_database_is_away(
    client: Client, db: None, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setitem(metrics._gauges, "notifications", away)
    found = scraped(client, token)
    assert ("scolarite_outbox_owed", ()) not in found
    assert ("scolarite_imports_waiting", ()) in found
    assert any(name == "scolarite_request_seconds_count" for name, _labels in found)
