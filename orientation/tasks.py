"""What Celery runs."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from orientation.notices.sweep import owe_notices as sweep


@shared_task(ignore_result=True)
def owe_notices() -> int:
    """Owe the reminders that are due, every five minutes."""
    return sweep(at=timezone.now())
