"""The e-mails of orientation: what they say, and to whom they are owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from notifications.kinds import URGENT, Kind, register
from notifications.services import Addressee, enqueue_all
from orientation.models import Submission
from orientation.queries import RankedChoice, confirmation_key
from schools.models import Guardian
from schools.times import spoken_instant

SUBMISSION_VALIDATED = "orientation.submission_validated"


def register_kinds() -> None:
    """Tell the outbox which messages this app sends; called when the app is ready."""
    register(Kind(code=SUBMISSION_VALIDATED, priority=URGENT))


def owe_confirmations(
    submission: Submission, choices: Sequence[RankedChoice], *, guardians: Sequence[Guardian], at: datetime
) -> None:
    """Owe the recap to each legal guardian who can be written to: one message each (decision 15).

    The message holds the words as they were; it never holds another guardian's address (decision 16).
    """
    school = submission.phase.campaign.school
    path = reverse(
        "orientation:submission",
        args=[submission.student.public_id, submission.phase.phase_kind.slug, submission.number],
    )
    context = {
        "student": submission.student.full_name,
        "school": school.name,
        "phase": str(submission.phase.phase_kind.label),
        "number": submission.number,
        "by": submission.guardian_name,
        "entered_by": submission.entered_by_name,
        "at": spoken_instant(submission.submitted_at, school),
        "until": spoken_instant(submission.phase.closes_at, school),
        "url": f"{settings.SITE_URL}{path}",
        "choices": [
            {
                "rank": choice.rank,
                "label": choice.label,
                "specialities": [
                    {"label": label, "is_elsewhere": elsewhere} for label, elsewhere in choice.specialities
                ],
                "note": choice.note,
            }
            for choice in choices
        ],
    }
    enqueue_all(
        kind=SUBMISSION_VALIDATED,
        to=[
            Addressee(
                recipient=f"guardian:{guardian.pk}",
                address=guardian.usable_email,
                deduplication_key=confirmation_key(submission, guardian.pk),
            )
            for guardian in guardians
            if guardian.usable_email
        ],
        context=context,
        at=at,
    )
