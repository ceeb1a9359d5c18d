"""The worker's part: claim what is due, send it, write what became of it.

Each claim is a lease: whoever holds it alone sends. It is renewed while its batch is being sent, and so ends soon after
a worker has died, however long the mail server takes. Settling compares the claim (`attempts`) and so cannot overwrite
what happened meanwhile. Clocks of the workers are taken to agree within a minute.
"""

from __future__ import annotations

import logging
import random
import smtplib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from time import monotonic

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from notifications import kinds
from notifications.broker import wake_worker
from notifications.models import MessageState, OutboxMessage
from notifications.outcomes import describe, is_address, is_of_the_provider, outcome_of
from notifications.rendering import build_email
from notifications.signals import address_refused

logger = logging.getLogger(__name__)

SOCKET_TIMEOUT = 20
"""Seconds that each exchange with the mail server or the provider's API may take."""

LEASE = timedelta(seconds=75)
RENEWAL = 20.0
"""Seconds between two renewals. A dead worker's mails leave with the first sweep after LEASE: within two minutes."""

BATCH_SIZE = 20
BATCH_WINDOW = 60.0
"""Seconds after the claim during which a batch starts new mails, so that a worker that is asked to stop soon does."""

TROUBLES = 2
"""After so many failures in a row that are the provider's own, the rest of a batch is put off without trying it."""

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_DELAY_OF_PROVIDER = timedelta(minutes=1)
"""Of a trouble that is the provider's own: all that waits leaves within two minutes of its end."""

HORIZON = timedelta(hours=48)
"""Attempts go on for this long after the mail was owed, then it has failed and awaits an operator.

Two days: longer than a provider's worst day, shorter than what a family could still be asked to act on."""

_random = random.SystemRandom()


def send_batch(*, at: datetime) -> int:
    """Send up to BATCH_SIZE messages that are due; return how many were claimed.

    A full batch means that more may be due: another worker is called before this one starts to send.
    """
    batch = claim(at=at, limit=BATCH_SIZE)
    if len(batch) == BATCH_SIZE:
        wake_worker()
    started = monotonic()
    troubles = 0
    with _lease_renewed(batch), _mail_server() as server:
        for position, message in enumerate(batch):
            if monotonic() - started > BATCH_WINDOW:
                _release(batch[position:], at=timezone.now())
                break
            if troubles == TROUBLES:
                # sooner than those that failed, so that a message at which the provider stumbles holds up nobody
                _release(batch[position:], at=timezone.now() + next_delay(1))
                break
            troubles = 0 if deliver(message, server) else troubles + 1
    return len(batch)


def claim(*, at: datetime, limit: int) -> list[OutboxMessage]:
    """Take the most urgent due messages for ourselves until the lease ends; nobody else gets them meanwhile."""
    with transaction.atomic():
        limit = min(limit, _left_of_rate(at))
        due = list(OutboxMessage.objects.due(at).select_for_update(skip_locked=True)[:limit])
        # whoever claimed these died each time, for two days
        abandoned = [row for row in due if row.state == MessageState.SENDING and at > row.created_at + HORIZON]
        claimed = [row for row in due if row not in abandoned]
        if abandoned:
            OutboxMessage.objects.filter(pk__in=[row.pk for row in abandoned]).update(
                state=MessageState.FAILED, last_error="abandoned: every worker that tried died"
            )
        OutboxMessage.objects.filter(pk__in=[row.pk for row in claimed]).update(
            state=MessageState.SENDING, attempts=F("attempts") + 1, due_at=at + LEASE
        )
    for row in claimed:
        row.state, row.attempts, row.due_at = MessageState.SENDING, row.attempts + 1, at + LEASE
    return claimed


def _left_of_rate(at: datetime) -> int:
    """Return how many messages the provider still takes in this minute, all workers together; one claims at a time.

    Those that are being sent count as sent. Nothing is asked of PostgreSQL where no rate is set.
    """
    if not settings.EMAIL_RATE_PER_MINUTE:
        return BATCH_SIZE
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('notifications.rate'))")
    recent = OutboxMessage.objects.filter(created_at__gt=at - HORIZON - LONGEST_DELAY)
    used = recent.filter(Q(state=MessageState.SENDING, due_at__gt=at) | Q(sent_at__gt=at - timedelta(minutes=1)))
    return max(0, settings.EMAIL_RATE_PER_MINUTE - used.count())


def deliver(message: OutboxMessage, server: BaseEmailBackend) -> bool:
    """Send one claimed message, or drop it if nobody wants it any more, and write what became of it.

    Return False when it could not be sent for a reason that would stop any other message as well.
    """
    try:
        if not kinds.get(message.kind).still_wanted(message):
            _settle(message, state=MessageState.DROPPED)
            return True
        if not is_address(message.address):
            _refused(message, "not an address")
            return True
        provider_id = _send(message, server)
    except Exception as error:  # noqa: BLE001  one message's trouble, even a bug of its kind, must not stop the others
        _close_quietly(server)
        _after_error(message, error)
        return not is_of_the_provider(error)
    _accepted(message, provider_id)
    return True


def next_delay(attempts: int, longest: timedelta = LONGEST_DELAY) -> timedelta:
    """Return how long to wait after this many attempts: doubling from 30 seconds to the longest, less up to a half."""
    return min(FIRST_DELAY * 2 ** min(attempts - 1, 10), longest) * _random.uniform(0.5, 1)


def _send(message: OutboxMessage, server: BaseEmailBackend) -> str:
    """Hand the message over; return the provider's id for it, or an empty string."""
    email = build_email(message, server)
    server.open()  # kept open for the rest of the batch
    if not email.send():
        raise RuntimeError("the mail backend sent nothing")
    status = getattr(email, "anymail_status", None)
    return str(getattr(status, "message_id", None) or "")[:200]


_SENT = """
UPDATE notifications_outboxmessage
SET state = 'sent', provider_id = %s, sent_at = %s, last_error = ''
WHERE id = %s AND state = 'sending' AND attempts = %s
"""
"""What `_settle` writes of a message that is sent; composing it each time would cost a tenth of the sending."""


def _accepted(message: OutboxMessage, provider_id: str) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [provider_id, now, message.pk, message.attempts])
        is_ours = cursor.rowcount == 1
    if not is_ours:
        # the provider's event overtook us
        OutboxMessage.objects.filter(pk=message.pk, provider_id="").update(provider_id=provider_id, sent_at=now)


def _after_error(message: OutboxMessage, error: Exception) -> None:
    outcome = outcome_of(error)
    now = timezone.now()
    if outcome == MessageState.BOUNCED:
        _refused(message, describe(error))
        return
    if outcome == MessageState.RETRYING and now > message.created_at + HORIZON:
        outcome = MessageState.FAILED
    longest = LONGEST_DELAY_OF_PROVIDER if is_of_the_provider(error) else LONGEST_DELAY
    due_at = now + next_delay(message.attempts, longest) if outcome == MessageState.RETRYING else now
    _settle(message, state=outcome, due_at=due_at, last_error=describe(error))
    logger.warning("message %s: %s after attempt %d (%s)", message.pk, outcome, message.attempts, type(error).__name__)


def _refused(message: OutboxMessage, reason: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        if _settle(message, state=MessageState.BOUNCED, last_error=reason):
            address_refused.send(
                sender=OutboxMessage,
                recipient=message.recipient,
                address=message.address,
                at=now,
                message=message,
            )
    logger.info("message %s: address refused", message.pk)


def _settle(message: OutboxMessage, **fields: object) -> bool:
    """Write the outcome, unless our claim is no longer the current one; return whether it was written."""
    ours = OutboxMessage.objects.filter(pk=message.pk, state=MessageState.SENDING, attempts=message.attempts)
    return bool(ours.update(**fields))


def _release(messages: list[OutboxMessage], *, at: datetime) -> None:
    """Give back what was claimed and not begun, unless another worker has claimed it since."""
    for message in messages:
        _settle(message, state=MessageState.QUEUED, attempts=F("attempts") - 1, due_at=at)


@contextmanager
def _lease_renewed(batch: Sequence[OutboxMessage]) -> Iterator[None]:
    """Make the claim of a batch last until it has been sent, from a thread that dies with the worker."""
    if not batch:
        yield
        return
    claims = reduce(or_, (Q(pk=each.pk, attempts=each.attempts) for each in batch))
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEWAL):
            try:
                ours = OutboxMessage.objects.filter(claims, state=MessageState.SENDING)
                ours.update(due_at=timezone.now() + LEASE)
            except DatabaseError as error:
                logger.warning("a lease could not be renewed (%s)", type(error).__name__)
            finally:
                connection.close()  # this thread's own

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def _mail_server() -> Iterator[BaseEmailBackend]:
    """Yield Django's mail backend, with our time limit, and with what a provider lacks left out instead of refused."""
    server = get_connection(timeout=SOCKET_TIMEOUT, ignore_unsupported_features=True)
    try:
        yield server
    finally:
        _close_quietly(server)


def _close_quietly(server: BaseEmailBackend) -> None:
    """Close a connection that may already be broken; the next message opens a new one."""
    try:
        server.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.info("mail server left without goodbye (%s)", type(error).__name__)
