"""Sending through Mailgun, by anymail's real code over HTTP, and hearing its events."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
import time_machine
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.backends.test import EmailBackend as AnymailTestBackend
from anymail.message import AnymailRecipientStatus
from django.test import Client
from django.utils import timezone

from notifications import sending
from notifications.models import MessageState, OutboxMessage
from notifications.sending import LEASE, send_batch
from notifications.signals import address_refused

WEBHOOK = "/courriel/evenements/"
HAPPENED_AT = 1_780_000_000


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


def event(kind: str, row: OutboxMessage | None = None, *, key="signing-key-of-the-tests", **data: object) -> str:
    """What Mailgun posts, signed as it signs."""
    timestamp, token = str(HAPPENED_AT), "a-token"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = {
        "event": kind,
        "timestamp": HAPPENED_AT,
        "recipient": "famille-1@example.org",
        "message": {"headers": {"message-id": "accepted-1@mailgun.example"}},
        "user-variables": {"outbox": str(row.pk)} if row else {},
        **data,
    }
    block = {"timestamp": timestamp, "token": token, "signature": signature}
    return json.dumps({"signature": block, "event-data": body})


def post(client, body: str):
    return client.post(WEBHOOK, body, content_type="application/json")


@pytest.fixture
def sent(owe, mailgun) -> OutboxMessage:
    row = owe()
    send_now()
    row.refresh_from_db()
    assert row.state == MessageState.SENT
    return row


@pytest.mark.django_db
def test_the_provider_s_id_is_kept_and_nobody_is_tracked(sent, mailgun):
    assert sent.provider_id == "<accepted-1@mailgun.example>"
    form = parse_qs(mailgun.bodies[0])
    assert form["to"] == ["famille-1@example.org"]
    assert form["v:outbox"] == [str(sent.pk)]
    assert form["h:Message-Id"] == [f"<{sent.pk}@testserver>"]
    assert form["h:Auto-Submitted"] == ["auto-generated"]
    assert form["o:tracking-opens"] == form["o:tracking-clicks"] == ["no"]
    assert form["text"]
    assert form["html"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "text", "state"),
    [
        (500, "Internal error", MessageState.RETRYING),
        (503, "Unavailable", MessageState.RETRYING),
        (429, "Too many requests", MessageState.RETRYING),
        (401, "Forbidden", MessageState.RETRYING),
        (404, "Domain not found", MessageState.RETRYING),
        (200, "Odd answer", MessageState.RETRYING),
        (400, "from parameter is not a valid address. please check documentation", MessageState.FAILED),
        (413, "Too large", MessageState.FAILED),
        (400, "to parameter is not a valid address. please check documentation", MessageState.BOUNCED),
    ],
)
def test_the_provider_s_refusals_are_told_apart(status, text, state, owe, mailgun, refusals):
    mailgun.answer = (status, {"id": "x", "message": text})
    row = owe()
    send_now()
    row.refresh_from_db()
    assert row.state == state
    assert len(refusals) == (state == MessageState.BOUNCED)


@pytest.mark.django_db
def test_a_provider_that_is_down_or_silent_is_tried_again(owe, mailgun, settings, monkeypatch):
    settings.ANYMAIL = settings.ANYMAIL | {"MAILGUN_API_URL": "http://127.0.0.1:1/v3"}
    row = owe()
    send_now()
    row.refresh_from_db()
    assert row.state == MessageState.RETRYING


@pytest.mark.django_db
def test_what_a_provider_does_not_offer_is_left_out(owe, settings):
    settings.EMAIL_BACKEND = "anymail.backends.postal.EmailBackend"  # keeps no metadata
    settings.ANYMAIL = {"POSTAL_API_KEY": "x", "POSTAL_API_URL": "http://127.0.0.1:1/"}
    row = owe()
    send_now()
    row.refresh_from_db()
    assert "refused" in row.last_error, "the message came as far as the closed port"


@pytest.mark.django_db
def test_no_call_to_the_provider_is_without_a_limit(owe, mailgun, monkeypatch):
    given = []
    original = AnymailRequestsBackend.open

    def open_and_note(backend):
        given.append(backend.timeout)
        return original(backend)

    monkeypatch.setattr(AnymailRequestsBackend, "open", open_and_note)
    owe()
    send_now()
    assert set(given) == {sending.SOCKET_TIMEOUT}
    assert timedelta(seconds=3 * sending.RENEWAL) < LEASE, "a renewal may fail twice"


@pytest.mark.django_db
def test_rejected_by_the_provider_s_answer_is_refused(owe, settings, refusals):
    settings.EMAIL_BACKEND = "tests.notifications.test_provider.RejectingBackend"
    row = owe()
    send_now()
    row.refresh_from_db()
    assert row.state == MessageState.BOUNCED
    assert len(refusals) == 1


class RejectingBackend(AnymailTestBackend):
    """A provider that knows at once that the address is on its list of refused ones."""

    def parse_recipient_status(self, response, payload, message):
        return dict.fromkeys(payload.recipient_emails, AnymailRecipientStatus(message_id=None, status="rejected"))


@pytest.mark.django_db
@pytest.mark.parametrize("by_provider_id", [True, False])
def test_a_signed_bounce_marks_the_message_and_tells_its_recipient(by_provider_id, client, sent, refusals):
    body = event("failed", None if by_provider_id else sent, severity="permanent", reason="bounce")
    assert post(client, body).status_code == 200
    sent.refresh_from_db()
    assert sent.state == MessageState.BOUNCED
    [refusal] = refusals
    assert (refusal["recipient"], refusal["address"]) == ("guardian:1", "famille-1@example.org")
    assert refusal["at"].timestamp() == HAPPENED_AT


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["rejected", "complained"])
def test_a_rejection_and_a_complaint_count_as_refusals(kind, client, sent, refusals):
    assert post(client, event(kind, sent)).status_code == 200
    sent.refresh_from_db()
    assert sent.state == MessageState.BOUNCED
    assert len(refusals) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["delivered", "opened", "clicked", "accepted", "unsubscribed", "no-such-event"])
def test_other_events_change_nothing(kind, client, sent, refusals):
    assert post(client, event(kind, sent)).status_code == 200
    sent.refresh_from_db()
    assert sent.state == MessageState.SENT
    assert refusals == []


@pytest.mark.django_db
def test_a_temporary_failure_changes_nothing(client, sent, refusals):
    assert post(client, event("failed", sent, severity="temporary")).status_code == 200
    sent.refresh_from_db()
    assert sent.state == MessageState.SENT
    assert refusals == []


@pytest.mark.django_db
def test_a_replay_and_a_late_delivery_change_nothing(client, sent, refusals):
    bounce = event("failed", sent, severity="permanent")
    for body in (bounce, bounce, event("delivered", sent), bounce):
        assert post(client, body).status_code == 200
    sent.refresh_from_db()
    assert sent.state == MessageState.BOUNCED
    assert len(refusals) == 1


@pytest.mark.django_db
def test_an_event_that_overtakes_our_own_commit_is_not_overwritten(client, owe, mailgun, monkeypatch, refusals):
    row = owe()
    accepted = sending._accepted

    def bounce_first(message, provider_id):
        post(client, event("failed", row, severity="permanent"))
        accepted(message, provider_id)

    monkeypatch.setattr(sending, "_accepted", bounce_first)
    send_now()
    row.refresh_from_db()
    assert (row.state, row.provider_id) == (MessageState.BOUNCED, "<accepted-1@mailgun.example>")
    assert len(refusals) == 1
    assert send_now() == 0


@pytest.mark.django_db
def test_a_bounced_message_that_was_to_be_tried_again_is_not(client, owe, mailgun, refusals):
    mailgun.answer = (500, {})
    row = owe()
    send_now()
    post(client, event("failed", row, severity="permanent"))
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert send_now() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(event("failed", key="another-key", severity="permanent"), id="forged"),
        pytest.param(json.dumps({"event-data": {"event": "failed"}}), id="unsigned"),
        pytest.param(json.dumps({"signature": "text"}), id="wrong shape"),
        pytest.param(json.dumps([1]), id="a list"),
        pytest.param("{", id="not JSON"),
        pytest.param('{"signature": {"timestamp": "é", "token": "", "signature": ""}}', id="not ASCII"),
    ],
)
def test_what_the_provider_did_not_sign_is_refused_and_changes_nothing(body, client, sent, refusals):
    assert post(client, body).status_code == 400
    sent.refresh_from_db()
    assert sent.state == MessageState.SENT
    assert refusals == []


@pytest.mark.django_db
def test_an_event_about_no_message_of_ours_is_accepted_and_forgotten(client, mailgun, refusals):
    assert post(client, event("failed", severity="permanent")).status_code == 200
    assert refusals == []


@pytest.mark.django_db
def test_a_receiver_that_fails_leaves_the_event_to_be_told_again(client, sent):
    def fail(**arguments):
        raise RuntimeError

    address_refused.connect(fail)
    client.raise_request_exception = False
    try:
        assert post(client, event("failed", sent, severity="permanent")).status_code == 500
    finally:
        address_refused.disconnect(fail)
    sent.refresh_from_db()
    assert sent.state == MessageState.SENT


@pytest.mark.django_db
def test_the_webhook_asks_for_neither_sign_in_nor_csrf_token_and_takes_posts_only(mailgun, django_user_model):
    client = Client(enforce_csrf_checks=True)
    assert post(client, event("delivered")).status_code == 200
    assert client.get(WEBHOOK).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(
    "backend",
    [
        "django.core.mail.backends.smtp.EmailBackend",
        "django.core.mail.backends.locmem.EmailBackend",
        "anymail.backends.nobody.EmailBackend",
        "anymail.backends.brevo.EmailBackend",  # does not sign, and no secret is set
    ],
)
def test_without_a_provider_that_proves_itself_there_is_no_webhook(backend, client, settings):
    settings.EMAIL_BACKEND = backend
    settings.ANYMAIL = {}
    assert post(client, event("failed", severity="permanent")).status_code == 404


@pytest.mark.django_db
def test_a_provider_that_does_not_sign_must_know_the_secret(client, settings):
    settings.EMAIL_BACKEND = "anymail.backends.brevo.EmailBackend"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "name:word", "BREVO_API_KEY": "x"}
    assert post(client, json.dumps({"event": "delivered", "email": "a@example.org", "ts_epoch": 0})).status_code == 400
