"""How far the outbox is behind, for whoever runs the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q
from django.utils import timezone

from notifications.models import UNSETTLED, MessageState, OutboxMessage


@dataclass(frozen=True)
class Waiting:
    """How many messages have not left, and how many seconds ago the oldest was owed that should have left by now."""

    owed: int
    oldest_seconds: int


def waiting(*, at: datetime) -> Waiting:
    """Count what has not left at this instant. One query, on the index of what is owed."""
    late = Q(due_at__lte=at) | Q(state__in=[MessageState.SENDING, MessageState.RETRYING])
    found = OutboxMessage.objects.filter(state__in=UNSETTLED).aggregate(
        owed=Count("pk"), oldest=Min("created_at", filter=late)
    )
    oldest = found["oldest"] or at
    return Waiting(found["owed"], max(0, int((at - oldest).total_seconds())))


def as_gauges() -> dict[str, float]:
    """Return the figures of now, and what failed and awaits an operator, for the metrics. Two queries."""
    now = waiting(at=timezone.now())
    failed = OutboxMessage.objects.filter(state=MessageState.FAILED).count()
    return {"outbox_owed": now.owed, "outbox_oldest_seconds": now.oldest_seconds, "outbox_failed": failed}
