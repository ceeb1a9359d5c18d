"""The e-mails of orientation: what they say, and to whom they are owed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications.kinds import URGENT, Kind, register
from notifications.models import OutboxMessage
from notifications.services import Addressee, enqueue_all
from orientation.models import FamilyAnswer, Phase, Submission, Verdict
from orientation.queries import RankedChoice, confirmation_key
from schools.models import Guardian, Student
from schools.muting import reminder_token
from schools.times import spoken_instant_lazy

SUBMISSION_VALIDATED = "orientation.submission_validated"
PROPOSAL_ANSWERED = "orientation.proposal_answered"


def register_kinds() -> None:
    """Tell the outbox which messages this app sends; called when the app is ready."""
    register(Kind(code=SUBMISSION_VALIDATED, priority=URGENT))
    register(Kind(code=PROPOSAL_ANSWERED, priority=URGENT))


def unsubscribe_url(message: OutboxMessage) -> str:
    """Return the address that stops the reminders of who receives this one; empty while it is nobody's (a preview)."""
    pk = message.recipient.removeprefix("guardian:")
    return settings.SITE_URL + reverse("portal:mute_reminders", args=[reminder_token(pk)]) if pk else ""


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
        "phase": submission.phase.phase_kind.label,
        "number": submission.number,
        "by": submission.guardian_name,
        "entered_by": submission.entered_by_name,
        "at": spoken_instant_lazy(submission.submitted_at, school),
        "until": spoken_instant_lazy(submission.phase.closes_at, school),
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
    _owe(
        SUBMISSION_VALIDATED, guardians, context, key=lambda guardian: confirmation_key(submission, guardian.pk), at=at
    )


def owe_answer(
    given: FamilyAnswer, *, student: Student, phase: Phase, guardians: Sequence[Guardian], at: datetime
) -> None:
    """Tell each legal guardian what was answered to a proposition, by whom and when (decision 24)."""
    school = phase.campaign.school
    context = {
        "student": student.full_name,
        "school": school.name,
        "label": given.answer.label,
        "verdict": Verdict(given.answer.verdict).label,
        "agrees": given.agrees,
        "is_change": given.number > 1,
        "by": given.guardian_name,
        "entered_by": given.entered_by_name,
        "at": spoken_instant_lazy(given.answered_at, school),
        "until": spoken_instant_lazy(phase.closes_at, school),
        "url": f"{settings.SITE_URL}{reverse('orientation:proposals', args=[student.public_id])}",
    }
    _owe(PROPOSAL_ANSWERED, guardians, context, key=lambda guardian: f"answer:{given.pk}:guardian:{guardian.pk}", at=at)


def _owe(
    kind: str,
    guardians: Sequence[Guardian],
    context: dict[str, Any],
    *,
    key: Callable[[Guardian], str],
    at: datetime,
) -> None:
    """Owe the same words to each of these guardians who can be written to."""
    enqueue_all(
        kind=kind,
        to=[
            Addressee(
                recipient=f"guardian:{guardian.pk}",
                address=guardian.usable_email,
                language=guardian.language,
                deduplication_key=key(guardian),
            )
            for guardian in guardians
            if guardian.usable_email
        ],
        context=context,
        at=at,
    )
