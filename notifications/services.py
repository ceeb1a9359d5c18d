"""What the other apps call: owing somebody an e-mail."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from notifications import kinds
from notifications.broker import wake_worker
from notifications.languages import FRENCH, worded
from notifications.models import MessageState, OutboxMessage

logger = logging.getLogger(__name__)


def enqueue(
    *,
    kind: str,
    address: str,
    recipient: str,
    language: str = FRENCH,
    context: dict[str, Any],
    deduplication_key: str,
    at: datetime,
) -> OutboxMessage:
    """Owe one e-mail to one address, in the caller's transaction; return its row.

    `recipient` is the key by which the caller will know who refused ("guardian:12"). `context` is what the templates
    show, in JSON's types; words that depend on the language are lazy, and kept in French and in `language`. `at` is
    when it becomes due: now, or later. A second call with the same deduplication key changes nothing and returns the
    first row. Two statements. Raises kinds.UnknownKindError, or ValueError for no address.
    """
    addressee = Addressee(recipient=recipient, address=address, language=language, deduplication_key=deduplication_key)
    enqueue_all(kind=kind, to=[addressee], context=context, at=at)
    return OutboxMessage.objects.get(deduplication_key=deduplication_key)


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One of those to whom the same words are owed; the fields are those of `enqueue`.

    `context` holds what only this message says, over what they all say.
    """

    recipient: str
    address: str
    deduplication_key: str
    language: str = FRENCH
    context: Mapping[str, Any] = field(default_factory=dict)


_OWE = """
INSERT INTO notifications_outboxmessage (
    id, kind, priority, recipient, address, language, context, deduplication_key, due_at, created_at,
    state, attempts, provider_id, last_error
)
SELECT gen_random_uuid(), %(kind)s, %(priority)s, recipient, address, language, context, deduplication_key,
    CASE WHEN %(is_now)s THEN LEAST(%(at)s, now()) ELSE %(at)s END, %(at)s, %(state)s, 0, '', ''
FROM jsonb_to_recordset(%(messages)s::jsonb) AS message
    (recipient text, address text, language text, context jsonb, deduplication_key text)
ON CONFLICT DO NOTHING
"""
"""What is owed now is due by the database's clock: ours may run ahead, and delay it. ON CONFLICT DO NOTHING waits for a
concurrent writer of the same key, and needs no savepoint."""


def enqueue_all(*, kind: str, to: Iterable[Addressee], context: dict[str, Any], at: datetime) -> None:
    """Owe the same words to several people, one message each in their language, as `enqueue` does. One statement."""
    messages = [
        {
            "recipient": each.recipient,
            "address": each.address,
            "language": each.language,
            "context": worded({**context, **each.context}, each.language),
            "deduplication_key": each.deduplication_key,
        }
        for each in to
    ]
    if not all(each["address"] for each in messages):
        raise ValueError("an e-mail needs an address")
    priority = kinds.get(kind).priority
    if not messages:
        return
    values: dict[str, Any] = {"kind": kind, "priority": priority, "at": at, "is_now": at <= timezone.now()}
    values |= {"state": MessageState.QUEUED.value, "messages": json.dumps(messages)}
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(_OWE, values)
    wake_on_commit()


def wake_on_commit() -> None:
    """Wake the worker once this transaction is committed: once, however many mails it owes."""
    connection = transaction.get_connection()
    for savepoints, callback, _robust in connection.run_on_commit:
        # a wake-up registered in a savepoint that is still open could be rolled back with it
        if callback is wake_worker and set(savepoints) <= set(connection.savepoint_ids):
            return
    transaction.on_commit(wake_worker, robust=True)


def retry_now(*, messages: QuerySet[OutboxMessage], by: object, at: datetime) -> int:
    """Try again those of these messages that failed; return how many. `by` is the account that asks."""
    with transaction.atomic():
        failed = list(
            messages.filter(state=MessageState.FAILED)
            .select_for_update(of=("self",))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        count = OutboxMessage.objects.filter(pk__in=failed).update(state=MessageState.RETRYING, due_at=at)
        wake_on_commit()
    logger.info("%d failed messages to be tried again, asked by account %s", count, getattr(by, "pk", None))
    return count
