"""What Celery runs."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from notifications.sending import send_batch


@shared_task(ignore_result=True)
def send_due_messages() -> int:
    """Send a batch of what is due: on each commit that owes mail, and every 15 seconds whatever happened."""
    return send_batch(at=timezone.now())
