"""A provider that takes so many messages a minute is given no more, whatever the number of workers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import MessageState, OutboxMessage
from notifications.sending import BATCH_SIZE, claim

pytestmark = pytest.mark.django_db


def test_no_more_than_the_rate_is_claimed_in_a_minute(owe, settings) -> None:
    settings.EMAIL_RATE_PER_MINUTE = 3
    for _ in range(5):
        owe()
    now = timezone.now()
    first = claim(at=now, limit=BATCH_SIZE)
    assert len(first) == 3
    assert claim(at=now + timedelta(seconds=10), limit=BATCH_SIZE) == []  # they are being sent
    OutboxMessage.objects.filter(pk__in=[each.pk for each in first]).update(
        state=MessageState.SENT, sent_at=now + timedelta(seconds=10)
    )
    assert claim(at=now + timedelta(seconds=60), limit=BATCH_SIZE) == []
    assert len(claim(at=now + timedelta(seconds=71), limit=BATCH_SIZE)) == 2


def test_what_is_left_of_the_rate_goes_to_the_most_urgent(owe, settings) -> None:
    settings.EMAIL_RATE_PER_MINUTE = 1
    reminder, confirmation = owe(), owe()
    OutboxMessage.objects.filter(pk=reminder.pk).update(priority=9)
    OutboxMessage.objects.filter(pk=confirmation.pk).update(priority=1)
    assert [each.pk for each in claim(at=timezone.now(), limit=BATCH_SIZE)] == [confirmation.pk]


def test_what_a_dead_worker_had_claimed_is_taken_up_within_the_rate(owe, settings) -> None:
    settings.EMAIL_RATE_PER_MINUTE = 1
    owe()
    now = timezone.now()
    assert len(claim(at=now, limit=BATCH_SIZE)) == 1
    assert len(claim(at=now + timedelta(minutes=2), limit=BATCH_SIZE)) == 1


def test_without_a_rate_nothing_is_asked(owe) -> None:
    owe()
    with CaptureQueriesContext(connection) as queries:
        assert len(claim(at=timezone.now(), limit=BATCH_SIZE)) == 1
    assert not any("advisory" in query["sql"] for query in queries)
