"""Owing the notices that are due: as often as one likes, each leaves once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat

from notifications.models import OutboxMessage
from orientation.models import Phase
from orientation.notices.mails import key_of, owe
from orientation.notices.recipients import Notice, has_validated, notices_due, recipients

BATCH = 1000
"""Messages owed by one statement."""

LIMIT = 20_000
"""Messages owed by one sweep; the next one goes on."""


def owe_notices(*, at: datetime, limit: int = LIMIT) -> int:
    """Owe every notice that is due and is not owed yet; return how many.

    Two statements per thousand of them. It may stop anywhere, and run twice at once: the tables say what remains.
    """
    owed = 0
    for notice, phase in _due(at):
        is_full = True
        while is_full and owed < limit:
            size = min(BATCH, limit - owed)
            written = _owe_batch(notice, phase, at, size)
            owed += written
            is_full = written == size
    return owed


def _due(at: datetime) -> Iterator[tuple[Notice, Phase]]:
    """Yield what the open phases announce at this instant, the first to close first: three queries."""
    phases = Phase.objects.filter(opens_at__lte=at, closes_at__gt=at).order_by("closes_at", "pk")
    for phase in phases.select_related("campaign__school").prefetch_related("campaign__phases"):
        for notice in notices_due(phase, at):
            yield notice, phase


@transaction.atomic
def _owe_batch(notice: Notice, phase: Phase, at: datetime, size: int) -> int:
    """Owe a notice to so many of those to whom it is not owed yet; return how many there were. Two statements."""
    as_text = {name: Cast(F(name), CharField()) for name in ("student_id", "guardian_id")}
    key = Concat(Value(key_of(notice, phase)), as_text["student_id"], Value(":"), as_text["guardian_id"])
    links = list(
        recipients(notice, phase, at)
        .annotate(key=key, has_validated=has_validated(phase))
        .exclude(Exists(OutboxMessage.objects.filter(deduplication_key=OuterRef("key"))))
        .select_related("guardian__user", "student")
        .order_by("pk")[:size]
    )
    owe(notice, phase, links, at=at)
    return len(links)
