"""Writing to the trail what no trigger sees: that somebody read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from audit.models import Reading


def note_reading(*, by: Any, school_id: int, subject: Model, page: str, at: datetime) -> None:
    """Note that this member of staff read a page (`page`, the name of its address) about a pupil, a class…

    Written once per quarter of an hour, in one statement. The pupil is the subject, or the one it names.
    """
    student_id = subject.pk if subject._meta.model_name == "student" else getattr(subject, "student_id", None)
    reading = Reading(
        at=at,
        quarter=at - timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond),
        user_id=by.pk,
        school_id=school_id,
        table=subject._meta.db_table,
        object_pk=str(subject.pk),
        student_id=student_id,
        page=page,
    )
    Reading.objects.bulk_create([reading], ignore_conflicts=True)
