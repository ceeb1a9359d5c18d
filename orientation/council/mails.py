"""The e-mails by which families learn that their class was told; they say where to read, never what was said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from notifications.kinds import Kind, register
from notifications.models import OutboxMessage
from notifications.services import Addressee, enqueue_all
from orientation.council.queries import Recipients, publication_key
from orientation.models import CouncilSheet, DivisionPublication, PhaseKind
from schools.times import spoken_instant_lazy

KINDS = {
    PhaseKind.PROVISIONAL_OPINIONS: "orientation.opinions_published",
    PhaseKind.PROPOSALS: "orientation.proposals_published",
}


def register_kinds() -> None:
    """Tell the outbox which messages the council sends; called when the app is ready."""
    for code in KINDS.values():
        register(Kind(code=code, still_wanted=_still_stands))


def _still_stands(message: OutboxMessage) -> bool:
    """Whether the publication was not withdrawn before the e-mail left."""
    context = message.context
    return CouncilSheet.objects.filter(
        publication=context["publication"], student__public_id=context["pupil"], publication__withdrawn_at=None
    ).exists()


def owe_publication(
    publication: DivisionPublication, recipients: Recipients, *, without_choice: Collection[int], at: datetime
) -> None:
    """Owe each legal guardian who can be written to one e-mail per pupil (decision 15): one statement per pupil.

    `without_choice` holds the keys of the pupils for whom nothing was validated: their e-mail does not say that the
    council answered (decision 23).
    """
    phase = publication.phase
    school = phase.campaign.school
    for student in recipients.students:
        path = reverse("orientation:home", args=[student.public_id])
        enqueue_all(
            kind=KINDS[phase.phase_kind],
            to=[
                Addressee(
                    recipient=f"guardian:{guardian.pk}",
                    address=guardian.usable_email,
                    language=guardian.language,
                    deduplication_key=f"{publication_key(publication)}student:{student.pk}:guardian:{guardian.pk}",
                )
                for guardian in recipients.guardians[student.pk]
                if guardian.usable_email
            ],
            context={
                "publication": publication.pk,
                "pupil": str(student.public_id),
                "student": student.full_name,
                "school": school.name,
                "until": spoken_instant_lazy(phase.closes_at, school),
                "without_choice": student.pk in without_choice,
                "url": f"{settings.SITE_URL}{path}",
            },
            at=at,
        )
