"""Telling how far an import is while its one transaction is open: on another connection, seen at once by the page."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.utils import timezone

from schools.models import SiecleImport

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long a worker that says nothing is held to be alive: many times the longest step between two words."""

INTERVAL = 1.0
"""Seconds between two words about the same step."""


class Progress:
    """Says the step and its numbers of one claimed import, and so makes its lease last. One thread, one connection."""

    def __init__(self, siecle_import: SiecleImport) -> None:
        self._ours = SiecleImport.objects.filter(pk=siecle_import.pk, claim=siecle_import.claim)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._step = ""
        self._told_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread.submit(_close)
        self._thread.shutdown()

    def __call__(self, step: str, done: int, total: int) -> None:
        now = monotonic()
        is_last = total and done >= total
        if step == self._step and not is_last and now - self._told_at < INTERVAL:
            return
        self._step, self._told_at = step, now
        self._thread.submit(self._write, step, done, total).result()

    def _write(self, step: str, done: int, total: int) -> None:
        try:
            self._ours.update(step=step, progress_done=done, progress_total=total, due_at=timezone.now() + LEASE)
        except DatabaseError as error:
            logger.warning("progress of an import not written (%s)", type(error).__name__)


def _close() -> None:
    connection.close()  # that of the thread which calls
