"""Sending what is due over a real SMTP server: once, again when it may pass, never when it cannot."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from notifications import sending
from notifications.models import MessageState, OutboxMessage
from notifications.sending import HORIZON, LEASE, claim, send_batch
from notifications.services import retry_now
from notifications.signals import address_refused
from tests.notifications.conftest import instant, really_committing, states

NOON = instant("2026-06-04T12:00:00+02:00")


@pytest.fixture
def refusals():
    heard = []

    def hear(sender, **arguments):
        heard.append(arguments)

    address_refused.connect(hear)
    yield heard
    address_refused.disconnect(hear)


def send_now() -> int:
    return send_batch(at=timezone.now())


@pytest.mark.django_db
def test_a_message_leaves_in_text_and_html_for_one_person(owe, smtp):
    row = owe(context={"who": "Léa <b>D’Arc</b>"})
    assert send_now() == 1

    [received] = smtp.received
    assert smtp.envelopes == [row.address]
    assert received["To"] == row.address
    assert received["Cc"] is None
    assert received["Bcc"] is None
    assert received["Message-ID"] == f"<{row.pk}@testserver>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Subject"] == "Une note pour Léa <b>D’Arc</b>"
    text = received.get_body(("plain",)).get_content()
    html = received.get_body(("html",)).get_content()
    assert "L’élève Léa <b>D’Arc</b> & sa famille." in text
    assert "Léa &lt;b&gt;D’Arc&lt;/b&gt;" in html
    assert "Scolarité Services" in text
    assert "Scolarité Services" in html
    assert "démonstration" in text
    assert "démonstration" in html
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MessageState.SENT, 1)
    assert row.sent_at is not None


@pytest.mark.django_db
def test_the_state_s_own_deployment_does_not_speak_of_a_demonstration(owe, smtp, settings):
    settings.BRAND = settings.BRAND | {"state": True}
    owe()
    send_now()
    assert "démonstration" not in smtp.received[0].as_string()


@pytest.mark.django_db
def test_a_subject_stays_on_one_line(owe, smtp):
    owe(context={"who": "Léa\r\nBcc: intrus@example.org"})
    send_now()
    assert smtp.received[0]["Subject"] == "Une note pour Léa Bcc: intrus@example.org"
    assert smtp.received[0]["Bcc"] is None


@pytest.mark.django_db
def test_a_batch_keeps_one_connection_and_sends_the_urgent_first(owe, smtp):
    owe()
    urgent = owe()
    OutboxMessage.objects.filter(pk=urgent.pk).update(priority=1)
    send_now()
    assert smtp.envelopes == ["famille-2@example.org", "famille-1@example.org"]
    assert smtp.sessions == 1


@pytest.mark.django_db
def test_what_is_due_later_waits(owe, smtp):
    owe(at=timezone.now() + timedelta(hours=1))
    assert send_now() == 0
    assert send_batch(at=timezone.now() + timedelta(hours=1, seconds=1)) == 1


@pytest.mark.django_db
def test_what_nobody_wants_any_more_is_dropped(owe, smtp, wanted):
    owe()
    wanted.add("guardian:1")
    send_now()
    assert states() == {"note:1": "dropped"}
    assert smtp.received == []


@really_committing
def test_two_senders_at_once_send_each_message_once(owe, smtp, monkeypatch):
    monkeypatch.setattr(sending, "BATCH_SIZE", 2)
    smtp.pause = 0.01
    for _ in range(24):
        owe()
    barrier = threading.Barrier(4)
    counts = []

    def work():
        try:
            barrier.wait()
            sent = 0
            while count := send_now():
                sent += count
            counts.append(sent)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(smtp.message_ids) == sorted(
        f"<{pk}@testserver>" for pk in OutboxMessage.objects.values_list("pk", flat=True)
    )
    assert sum(counts) == 24
    assert set(states().values()) == {"sent"}
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {1}


@really_committing
def test_what_another_sender_is_claiming_is_passed_over_without_waiting(owe):
    owe()
    claimed, done = threading.Event(), threading.Event()

    def claim_slowly():
        try:
            with transaction.atomic():
                claim(at=timezone.now(), limit=20)
                claimed.set()
                done.wait(60)
        finally:
            connection.close()

    other = threading.Thread(target=claim_slowly)
    other.start()
    assert claimed.wait(60)
    assert claim(at=timezone.now(), limit=20) == []
    assert other.is_alive(), "the other's transaction was waited for"
    done.set()
    other.join()


@pytest.mark.django_db
def test_a_worker_that_dies_after_its_claim_is_followed_by_another_when_the_lease_ends(owe, smtp):
    with time_machine.travel(NOON):
        row = owe()
        assert claim(at=timezone.now(), limit=20) == [row]
    with time_machine.travel(NOON + LEASE - timedelta(seconds=5)):
        assert send_now() == 0
    with time_machine.travel(NOON + LEASE + timedelta(seconds=5)):
        assert send_now() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MessageState.SENT, 2)


@pytest.mark.django_db
def test_a_worker_that_dies_between_acceptance_and_commit_sends_again_with_the_same_message_id(owe, smtp, monkeypatch):
    with time_machine.travel(NOON), monkeypatch.context() as dying:
        row = owe()
        dying.setattr(sending, "_accepted", lambda *arguments: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            send_now()
    row.refresh_from_db()
    assert row.state == MessageState.SENDING
    with time_machine.travel(NOON + LEASE + timedelta(seconds=5)):
        send_now()
    assert smtp.message_ids == [f"<{row.pk}@testserver>"] * 2


@pytest.mark.django_db
def test_who_lost_the_lease_does_not_overwrite_what_the_next_one_wrote(owe, smtp):
    with time_machine.travel(NOON):
        owe()
        [late] = claim(at=timezone.now(), limit=20)
    with time_machine.travel(NOON + LEASE + timedelta(seconds=5)):
        [current] = claim(at=timezone.now(), limit=20)
        sending._after_error(late, ConnectionError("too late"))
        current.refresh_from_db()
        assert current.state == MessageState.SENDING


@pytest.mark.django_db
def test_who_lost_the_lease_does_not_give_back_what_the_next_one_is_sending(owe, smtp):
    with time_machine.travel(NOON):
        row = owe()
        late = claim(at=timezone.now(), limit=20)
    with time_machine.travel(NOON + LEASE + timedelta(seconds=5)):
        assert claim(at=timezone.now(), limit=20) == [row]
        sending._release(late, at=timezone.now())
        assert claim(at=timezone.now(), limit=20) == [], "nobody else gets it while its lease runs"
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MessageState.SENDING, 2)


@pytest.mark.django_db
def test_a_message_that_kills_every_worker_is_given_up_after_two_days(owe, smtp):
    with time_machine.travel(NOON):
        owe()
        claim(at=timezone.now(), limit=20)
    with time_machine.travel(NOON + HORIZON + timedelta(minutes=1)):
        assert send_now() == 0
    assert states() == {"note:1": "failed"}


@pytest.mark.django_db
@pytest.mark.parametrize("answers", [{"RCPT": "451 4.7.1 greylisted"}, {"MAIL": "421 busy"}, {"END": "452 4.3.1 full"}])
def test_what_may_pass_is_tried_again_later_and_later(answers, owe, smtp, refusals):
    smtp.answers = answers
    with time_machine.travel(NOON, tick=False):
        row = owe()
        send_now()
        row.refresh_from_db()
        assert (row.state, row.attempts) == (MessageState.RETRYING, 1)
        assert timedelta(seconds=15) <= row.due_at - NOON <= timedelta(seconds=30)
        assert send_now() == 0
    smtp.answers = {}
    with time_machine.travel(NOON + timedelta(seconds=31)):
        assert send_now() == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == (MessageState.SENT, "")
    assert refusals == []


@pytest.mark.django_db
def test_a_server_that_is_down_is_tried_each_minute_then_an_operator_decides(
    owe, settings, smtp, admin_user, monkeypatch
):
    monkeypatch.setattr(sending, "HORIZON", timedelta(hours=1))
    settings.EMAIL_PORT = 1
    now = NOON
    with time_machine.travel(now):
        row = owe()
    for _ in range(200):
        with time_machine.travel(now):
            send_now()
        row.refresh_from_db()
        if row.state != MessageState.RETRYING:
            break
        assert row.due_at - now <= timedelta(minutes=1, seconds=5)
        now = row.due_at + timedelta(seconds=1)
    assert row.state == MessageState.FAILED
    assert timedelta(hours=1) < now - NOON < timedelta(hours=1, minutes=3)
    assert 60 < row.attempts < 125

    settings.EMAIL_PORT = smtp.port
    assert retry_now(messages=OutboxMessage.objects.all(), by=admin_user, at=now) == 1
    assert retry_now(messages=OutboxMessage.objects.all(), by=admin_user, at=now) == 0
    with time_machine.travel(now):
        send_now()
    row.refresh_from_db()
    assert row.state == MessageState.SENT


@pytest.mark.django_db
def test_what_one_address_is_told_to_wait_for_waits_for_up_to_an_hour(owe, smtp):
    smtp.answers = {"RCPT": "451 4.7.1 greylisted"}
    now = NOON
    with time_machine.travel(now):
        row = owe()
    for _ in range(8):
        with time_machine.travel(now):
            send_now()
        row.refresh_from_db()
        now = row.due_at + timedelta(seconds=1)
    with time_machine.travel(now, tick=False):
        send_now()
    row.refresh_from_db()
    assert timedelta(minutes=30) <= row.due_at - now <= timedelta(hours=1)


@pytest.mark.django_db
def test_a_provider_that_takes_nothing_is_not_asked_for_each_message_of_a_batch(owe, smtp):
    smtp.answers = {"MAIL": "421 busy"}
    for _ in range(5):
        owe()
    with time_machine.travel(timezone.now(), tick=False):
        send_now()
        waiting = OutboxMessage.objects.filter(state=MessageState.QUEUED)
        assert (smtp.sessions, waiting.count()) == (2, 3)
        assert all(each.attempts == 0 and each.due_at > timezone.now() for each in waiting)
    smtp.answers = {}
    send_batch(at=timezone.now() + timedelta(seconds=31))
    assert set(states().values()) == {"sent"}


@pytest.mark.django_db
def test_the_trouble_of_single_messages_holds_up_no_other(owe, smtp):
    smtp.answers = {"END": "452 4.3.1 full"}
    for _ in range(5):
        owe()
    send_now()
    assert set(states().values()) == {"retrying"}
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {1}


@really_committing
def test_a_claim_lasts_as_long_as_its_sending(owe, smtp, monkeypatch):
    monkeypatch.setattr(sending, "RENEWAL", 0.05)
    row = owe()
    ends = []

    def watch(**arguments):
        row.refresh_from_db()
        first = row.due_at
        while row.due_at == first:
            time.sleep(0.05)
            row.refresh_from_db()
        ends.extend([first, row.due_at])
        return original(**arguments)

    original = sending.get_connection
    monkeypatch.setattr(sending, "get_connection", watch)
    send_now()
    row.refresh_from_db()
    assert ends[0] < ends[1]
    assert (row.state, row.attempts) == (MessageState.SENT, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answers",
    [
        {"RCPT": "550 5.1.1 no such user"},
        {"RCPT": "550 no such user"},
        {"RCPT": "550 5.2.1 mailbox disabled"},
        {"END": "550 5.1.1 no such user"},
    ],
)
def test_an_address_that_the_server_refuses_is_told_once(answers, owe, smtp, refusals):
    smtp.answers = answers
    row = owe()
    send_now()
    send_now()
    row.refresh_from_db()
    assert row.state == MessageState.BOUNCED
    [refusal] = refusals
    assert (refusal["recipient"], refusal["address"], refusal["message"]) == (row.recipient, row.address, row)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"RCPT": "550 5.7.1 relaying denied"}, MessageState.RETRYING),
        ({"RCPT": "552 5.2.2 mailbox full"}, MessageState.RETRYING),
        ({"RCPT": "530 5.7.0 authenticate first"}, MessageState.RETRYING),
        ({"MAIL": "550 5.1.8 bad sender"}, MessageState.RETRYING),
        ({"END": "554 5.6.0 unreadable"}, MessageState.FAILED),
        ({"END": "550 looks like spam"}, MessageState.FAILED),
    ],
)
def test_a_refusal_that_is_not_about_the_address_blames_no_address(answers, state, owe, smtp, refusals):
    smtp.answers = answers
    row = owe()
    send_now()
    row.refresh_from_db()
    assert row.state == state
    assert refusals == []


@pytest.mark.django_db
def test_what_is_no_address_at_all_is_refused_without_the_server(owe, smtp, refusals):
    row = owe(address="claire.martin à example.org")
    send_now()
    row.refresh_from_db()
    assert row.state == MessageState.BOUNCED
    assert smtp.sessions == 0
    assert len(refusals) == 1


@pytest.mark.django_db
def test_one_message_s_trouble_does_not_stop_the_others(owe, smtp, monkeypatch):
    owe(context={})
    owe()
    monkeypatch.delitem(sending.kinds._kinds, "tests.note")
    assert send_now() == 2
    assert set(states().values()) == {"retrying"}
    monkeypatch.undo()
    monkeypatch.setitem(sending.kinds._kinds, "tests.note", sending.kinds.Kind(code="tests.note"))
    OutboxMessage.objects.update(due_at=timezone.now())
    send_now()
    assert states() == {"note:1": "retrying", "note:2": "sent"}


@pytest.mark.django_db
def test_a_connection_that_breaks_in_a_batch_costs_one_message_a_retry(owe, smtp):
    for _ in range(3):
        owe()
    smtp.answers = {"MAIL": "421 closing"}
    claimed = claim(at=timezone.now(), limit=20)
    with sending._mail_server() as server:
        sending.deliver(claimed[0], server)
        smtp.answers = {}
        sending.deliver(claimed[1], server)
        sending.deliver(claimed[2], server)
    assert sorted(states().values()) == ["retrying", "sent", "sent"]
    assert smtp.sessions == 2


@pytest.mark.django_db
def test_a_slow_batch_gives_back_what_it_has_not_begun(owe, smtp, monkeypatch):
    for _ in range(3):
        owe()
    monkeypatch.setattr(sending, "monotonic", lambda: (sending.BATCH_WINDOW + 1) * len(smtp.received))
    send_now()
    assert sorted(states().values()) == ["queued", "queued", "sent"]
    assert sorted(OutboxMessage.objects.values_list("attempts", flat=True)) == [0, 0, 1]


@really_committing
def test_a_full_batch_calls_another_worker(owe, smtp, broker, monkeypatch):
    monkeypatch.setattr(sending, "BATCH_SIZE", 2)
    for _ in range(3):
        owe()
    broker.flushdb()
    assert send_now() == 2
    assert broker.llen("mails") == 1
    broker.flushdb()
    assert send_now() == 1
    assert broker.llen("mails") == 0


@pytest.mark.django_db
@pytest.mark.parametrize("answers", [{}, {"RCPT": "550 5.1.1 famille-1@example.org unknown"}, {"END": "451 later"}])
def test_nothing_personal_is_logged(answers, owe, smtp, caplog):
    smtp.answers = answers
    row = owe()
    with caplog.at_level("DEBUG"):
        send_now()
    assert "famille-1" not in caplog.text
    assert "Léa" not in caplog.text
    row.refresh_from_db()
    assert "famille-1" not in row.last_error
    if answers:
        assert str(row.pk) in caplog.text
