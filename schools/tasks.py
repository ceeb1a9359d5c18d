"""What Celery runs."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from schools.imports.work import work


@shared_task(ignore_result=True)
def work_on_imports() -> int:
    """Do the imports that are due: when one is uploaded or confirmed, and every 15 seconds whatever happened."""
    return work(at=timezone.now())
