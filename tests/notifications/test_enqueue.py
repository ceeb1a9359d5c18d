"""Owing an e-mail: in the caller's transaction, once per key, at no risk from the broker."""

from __future__ import annotations

import socket
from datetime import timedelta
from time import monotonic

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from notifications import broker as broker_module
from notifications import kinds
from notifications.models import MessageState, OutboxMessage
from notifications.tasks import send_due_messages
from tests.notifications.conftest import really_committing, states, use_broker


def tasks_in(broker) -> int:
    return broker.llen("mails")


@really_committing
def test_a_commit_leaves_a_row_and_wakes_a_worker_once(owe, broker):
    with transaction.atomic():
        owe()
        owe()
        assert tasks_in(broker) == 0
    assert states() == {"note:1": "queued", "note:2": "queued"}
    assert tasks_in(broker) == 1


@really_committing
def test_a_rollback_leaves_no_row_and_no_task(owe, broker):
    with transaction.atomic():
        owe()
        transaction.set_rollback(True)
    assert states() == {}
    assert tasks_in(broker) == 0


@really_committing
def test_a_wake_up_lost_with_a_savepoint_does_not_take_the_next_one_with_it(owe, broker):
    with transaction.atomic():
        with transaction.atomic():
            owe()
            transaction.set_rollback(True)
        owe()
    assert states() == {"note:2": "queued"}
    assert tasks_in(broker) == 1


@really_committing
def test_a_savepoint_that_is_kept_wakes_too(owe, broker):
    with transaction.atomic():
        with transaction.atomic():
            owe()
        owe()
    assert tasks_in(broker) == 1, "one wake-up stands for both"


@really_committing
def test_one_wake_up_stands_for_all_until_a_worker_begins(owe, broker):
    owe()
    owe()
    assert tasks_in(broker) == 1
    broker_module.note_begun(broker_module.SEND_TASK)
    owe()
    assert tasks_in(broker) == 2


@pytest.mark.django_db
def test_the_same_key_gives_the_first_row_back(owe):
    first = owe(deduplication_key="same", address="premiere@example.org")
    second = owe(deduplication_key="same", address="seconde@example.org")
    assert second == first
    assert second.address == "premiere@example.org"
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_owing_costs_two_statements(owe, django_assert_num_queries):
    with django_assert_num_queries(2):
        owe()


@pytest.mark.django_db
def test_an_unknown_kind_and_a_missing_address_are_refused(owe):
    with pytest.raises(kinds.UnknownKindError):
        owe(kind="tests.nothing")
    with pytest.raises(ValueError, match="address"):
        owe(address="")
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_what_json_cannot_hold_is_refused_at_once(owe):
    with pytest.raises(TypeError):
        owe(context={"who": timezone.now()})


def test_a_code_taken_by_another_kind_is_refused():
    kinds.register(kinds.get("tests.note"))
    with pytest.raises(ValueError, match="already registered"):
        kinds.register(kinds.Kind(code="tests.note", priority=1))


@pytest.fixture
def closed_port(monkeypatch):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        use_broker(monkeypatch, f"redis://127.0.0.1:{held.getsockname()[1]}/0")
        yield


@pytest.fixture
def black_hole(monkeypatch):
    with socket.create_server(("127.0.0.1", 0), backlog=50) as held:  # the kernel accepts, nobody ever answers
        use_broker(monkeypatch, f"redis://127.0.0.1:{held.getsockname()[1]}/0")
        yield


@really_committing
@pytest.mark.parametrize("trouble", ["closed_port", "black_hole"])
def test_a_broker_that_is_down_delays_nobody_and_the_sweep_sends(trouble, request, owe, smtp, caplog):
    limits = broker_module.PUBLISHING
    assert limits["socket_connect_timeout"] + limits["socket_timeout"] <= 1
    request.getfixturevalue(trouble)
    row = owe()
    owe()

    assert caplog.text.count("broker unreachable") == 1, "after a failure it is left alone until the next sweep"
    assert send_due_messages() == 2
    row.refresh_from_db()
    assert row.state == MessageState.SENT
    assert len(smtp.received) == 2


@really_committing
def test_the_broker_is_tried_again_after_its_silence(owe, broker, monkeypatch):
    monkeypatch.setattr(broker_module, "_silent_until", monotonic() + 60)
    owe()
    assert tasks_in(broker) == 0
    monkeypatch.setattr(broker_module, "_silent_until", monotonic() - 1)
    owe()
    assert tasks_in(broker) == 1


@pytest.mark.django_db
def test_what_is_due_is_found_through_the_partial_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        due = OutboxMessage.objects.due(timezone.now()).select_for_update(skip_locked=True)[:20]
        assert "outbox_due" in due.explain()


@pytest.mark.django_db
def test_what_is_owed_now_is_due_now_even_if_our_clock_runs_ahead(owe):
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        row = owe(at=timezone.now())
    assert row.due_at <= timezone.now()
    assert row.created_at > timezone.now()
