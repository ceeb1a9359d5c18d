"""Hearing the mail provider's events, through anymail, and the beginning of tasks."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from celery import Task
from celery.signals import task_prerun
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from notifications.broker import note_begun
from notifications.models import MessageState, OutboxMessage
from notifications.rendering import METADATA_KEY
from notifications.signals import address_refused

logger = logging.getLogger(__name__)

REFUSALS = {EventType.BOUNCED, EventType.REJECTED, EventType.COMPLAINED}
"""Definitive ones: anymail calls a temporary failure DEFERRED. A complaint is a person who wants no more of it."""


@receiver(task_prerun, dispatch_uid="notifications.begun")
def note_task(sender: Task, **kwargs: object) -> None:
    """Have what is committed after a task has begun wake a worker again."""
    note_begun(sender.name)


@receiver(tracking, dispatch_uid="notifications.refusals")
def note_refusal(sender: object, event: AnymailTrackingEvent, esp_name: str, **kwargs: object) -> None:
    """Mark the message as refused, once, and tell who owns the recipient.

    Replays change nothing; neither does what comes late ("delivered" after a bounce): refused is the last word.
    """
    if event.event_type not in REFUSALS:
        return
    with transaction.atomic():
        message = _find(event)
        if message is None:
            logger.warning("%s event %s is about no message of ours", esp_name, event.event_type)
            return
        if message.state == MessageState.BOUNCED:
            return
        message.state = MessageState.BOUNCED
        message.last_error = f"{event.event_type} ({event.reject_reason or 'no reason given'})"
        message.save(update_fields=["state", "last_error"])
        address_refused.send(
            sender=OutboxMessage,
            recipient=message.recipient,
            address=message.address,
            at=_instant(event),
            message=message,
        )
    logger.info("message %s: address refused (%s)", message.pk, event.event_type)


def _find(event: AnymailTrackingEvent) -> OutboxMessage | None:
    """Return the row, locked: by the id we gave the provider (its events may overtake its answer), else by its own."""
    rows = OutboxMessage.objects.select_for_update(of=("self",))
    try:
        return rows.filter(pk=uuid.UUID(str((event.metadata or {}).get(METADATA_KEY)))).first()
    except ValueError:
        return rows.filter(provider_id=event.message_id).first() if event.message_id else None


def _instant(event: AnymailTrackingEvent) -> datetime:
    return event.timestamp or timezone.now()
