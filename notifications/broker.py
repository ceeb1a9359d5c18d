"""Waking the worker through Celery's broker, at no risk for whoever commits."""

from __future__ import annotations

import logging
from functools import cache
from time import monotonic

from celery import current_app
from kombu import Connection
from kombu.pools import producers

logger = logging.getLogger(__name__)

SEND_TASK = "notifications.tasks.send_due_messages"
WAKING = "waking:"
WAKING_LASTS = 15
"""Seconds for which one wake-up that waits in the broker stands for all: the sweep's period."""

SILENCE = 15.0
"""Seconds without trying again after the broker failed: the sweep's period, which does the work meanwhile."""

EXPIRES = 60
"""Seconds after which a wake-up that nobody took is worth nothing: the sweep has passed."""

PUBLISHING = {
    # kombu tries a silent or closed broker for several seconds by default; the two sockets' limits add up to one second
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    "retry_on_timeout": False,
    "max_retries": 0,
    "interval_start": 0,
}

_silent_until = 0.0


def wake_worker(task: str = SEND_TASK) -> None:
    """Ask a worker to do what is due: mails, or this task. Returns within about a second, and never raises.

    A broker that is down loses nothing: the rows are in PostgreSQL, and the periodic sweep takes them. A wake-up that
    no worker has begun yet sees what is committed now, so that a second one is not sent (`note_begun`).
    """
    global _silent_until
    if monotonic() < _silent_until:
        return
    try:
        with producers[_connection()].acquire(block=True, timeout=1) as producer:
            if producer.channel.client.set(WAKING + task, 1, nx=True, ex=WAKING_LASTS):
                current_app.send_task(task, producer=producer, retry=False, expires=EXPIRES, ignore_result=True)
    except Exception as error:  # noqa: BLE001  what the person did is committed: nothing here may turn it into an error
        _silent_until = monotonic() + SILENCE
        logger.warning("broker unreachable (%s): what is due waits for the sweep", type(error).__name__)


def note_begun(task: str) -> None:
    """Have what is committed from now on wake a worker again: one has begun this task. Never raises."""
    try:
        with producers[_connection()].acquire(block=True, timeout=1) as producer:
            producer.channel.client.delete(WAKING + task)
    except Exception as error:  # noqa: BLE001  the note ends by itself
        logger.warning("broker unreachable (%s): what is due waits for the sweep", type(error).__name__)


def answers() -> bool:
    """Tell whether the broker answers, within about a second."""
    try:
        with _described() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
    except Exception:  # noqa: BLE001  whatever a broker that is away makes of it
        return False
    return True


def _described() -> Connection:
    """Describe the broker as Celery knows it, with our limits."""
    return current_app.connection_for_write(transport_options=PUBLISHING)


_connection = cache(_described)
"""The description under which the pool keeps one real connection: made once, it costs as much as what is sent."""
