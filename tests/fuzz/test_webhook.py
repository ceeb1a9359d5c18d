"""What is posted to the address of the mail provider's events is answered, and only a signed event changes rows."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.models import MessageState, OutboxMessage
from notifications.services import enqueue
from tests.fuzz import bounded, undone

WEBHOOK = "/courriel/evenements/"
KEY = "signing-key-of-the-fuzzing"
PROVIDER_ID = "<accepted-1@mailgun.example>"

pytestmark = pytest.mark.django_db

numbers = st.integers() | st.sampled_from([-1, 0, 2**31, 2**63, 10**30]) | st.floats()
leaves = st.none() | st.booleans() | numbers | st.text(max_size=30)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "event",
    "severity",
    "reason",
    "recipient",
    "timestamp",
    "message",
    "user-variables",
    "delivery-status",
    "tags",
)
EVENTS = ("failed", "rejected", "complained", "delivered", "opened", "unsubscribed", "stored", "accepted")
ids = junk | st.sampled_from([PROVIDER_ID, "accepted-1@mailgun.example", "\x00", "\ud800", "x" * 5_000])
messages = junk | st.fixed_dictionaries({"headers": junk | st.fixed_dictionaries({"message-id": ids})})
event_data = junk | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(NAMES, junk),
        "event": st.sampled_from(EVENTS) | junk,
        "severity": st.sampled_from(["permanent", "temporary"]) | junk,
        "timestamp": numbers | junk,
        "message": messages,
        "user-variables": junk | st.fixed_dictionaries({"outbox": ids}),
    },
)
content_types = st.sampled_from(
    [
        "application/json",
        "application/json; charset=hex",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "",
    ]
)
unreadable = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"[" * 100_000, b'{"signature":' * 50_000, b"9" * 10_000, b"NaN", b"\xff\xfe{", b"x" * 1_000_001]),
    junk.map(lambda value: json.dumps(value).encode()),
)


def signed(timestamp: str, token: str, key: str = KEY) -> dict[str, Any]:
    """The block by which Mailgun proves that an event is its own."""
    proof = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": timestamp, "token": token, "signature": proof}


@pytest.fixture
def sent(settings: Any) -> OutboxMessage:
    """A message that the provider has taken."""
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": "x",
        "MAILGUN_WEBHOOK_SIGNING_KEY": KEY,
        "MAILGUN_SENDER_DOMAIN": "x.example",
    }
    row = enqueue(
        kind="schools.confirm_email",
        address="famille-1@example.org",
        recipient="guardian:1",
        context={},
        deduplication_key="fuzz:1",
        at=timezone.now(),
    )
    OutboxMessage.objects.filter(pk=row.pk).update(state=MessageState.SENT, provider_id=PROVIDER_ID)
    row.refresh_from_db()
    return row


def post(body: bytes, content_type: str) -> int:
    return Client(enforce_csrf_checks=True).generic("POST", WEBHOOK, body, content_type).status_code


def everything() -> list[Any]:
    return list(OutboxMessage.objects.order_by("pk").values())


forged = st.builds(
    lambda block, name, value: {**block, **({name: value} if name else {})},
    st.builds(signed, st.just("1780000000"), st.text("abc", max_size=5), st.just("another-key")),
    st.sampled_from(["", "timestamp", "token", "signature"]),
    junk,
)


@bounded(30)
@given(body=unreadable, content_type=content_types)
@example(body=b"[" * 100_000, content_type="application/json")
def test_what_is_no_event_is_refused_and_changes_nothing(sent: OutboxMessage, body: bytes, content_type: str) -> None:
    before = everything()
    with undone():
        assert post(body, content_type) in {400, 403}
        assert everything() == before


@bounded(30)
@given(block=forged | junk, data=event_data, content_type=content_types)
def test_what_the_provider_did_not_sign_is_refused_and_changes_nothing(
    sent: OutboxMessage, block: Any, data: Any, content_type: str
) -> None:
    before = everything()
    with undone():
        body = json.dumps({"signature": block, "event-data": data}).encode()
        assert post(body, content_type) in {400, 403}
        assert everything() == before


@bounded(30)
@given(
    timestamp=numbers.map(str) | st.text(st.characters(codec="utf-8"), max_size=5),
    data=event_data,
    content_type=content_types,
)
@example(timestamp="1", data={"event": "failed", "timestamp": 1e300}, content_type="application/json")
@example(
    timestamp="1",
    data={"event": "failed", "severity": "permanent", "timestamp": 1, "message": {"headers": {"message-id": "\x00"}}},
    content_type="application/json",
)
def test_a_signed_event_is_taken_or_refused_and_concerns_its_message_alone(
    sent: OutboxMessage, timestamp: str, data: Any, content_type: str
) -> None:
    before = everything()
    with undone():
        body = json.dumps({"signature": signed(timestamp, "token"), "event-data": data}).encode()
        status = post(body, content_type)
        assert status in {200, 400}
        after = everything()
        assert len(after) == 1
        assert {name for name, value in after[0].items() if value != before[0][name]} <= {
            "state",
            "last_error",
            "updated_at",
        }
        assert status == 200 or after == before
        assert after[0]["state"] in {MessageState.SENT, MessageState.BOUNCED}
