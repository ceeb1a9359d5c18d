"""What Celery's tasks are made of, and the one of this room."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from audit.context import acting
from audit.retention import apply_rules

logger = logging.getLogger(__name__)


class ActingTask(Task):
    """A task whose writes say in the trail that they are its own."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting(origin=f"tâche {self.name.rpartition('.')[2]}"):
            return super().__call__(*args, **kwargs)


@shared_task(ignore_result=True)
def apply_retention() -> None:
    """Erase what is past its retention, every night; only the counts are logged."""
    for outcome in apply_rules(at=timezone.now()):
        rows = sum(outcome.rows.values())
        logger.info("retention: rule=%s rows=%d failed=%d", outcome.rule.name, rows, outcome.failed)
