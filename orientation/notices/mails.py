"""What the notices say, and whether they are still wanted when they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from notifications.kinds import BULK, Kind, register
from notifications.models import OutboxMessage
from notifications.services import Addressee, enqueue_all
from orientation.mails import unsubscribe_url
from orientation.models import Phase
from orientation.notices.hours import leaving_at
from orientation.notices.recipients import Notice, recipients, takes_part
from orientation.wording import COUNCIL_WORDS
from schools.models import Guardianship, Student
from schools.times import spoken_instant_lazy


def register_kinds() -> None:
    """Tell the outbox which notices there are; called when the app is ready."""
    for notice in Notice:
        register(Kind(code=notice.code, priority=BULK, still_wanted=_is_still_wanted, unsubscribe=unsubscribe_url))


def key_of(notice: Notice, phase: Phase) -> str:
    """Return how the keys begin by which the outbox owes a notice once: per phase, and per opening or closing."""
    return f"notice:{notice}:{phase.pk}:{_instant(notice, phase)}:"


def owe(notice: Notice, phase: Phase, links: Sequence[Guardianship], *, at: datetime) -> None:
    """Owe a notice to the guardians of these ties, annotated with `has_validated`: one message each, one statement."""
    school = phase.campaign.school
    enqueue_all(
        kind=notice.code,
        to=[
            Addressee(
                recipient=f"guardian:{link.guardian_id}",
                address=link.guardian.usable_email,
                language=link.guardian.language,
                deduplication_key=f"{key_of(notice, phase)}{link.student_id}:{link.guardian_id}",
                context=_about(link, phase),
            )
            for link in links
        ],
        context={
            "phase_id": phase.pk,
            "instant": _instant(notice, phase),
            "school": school.name,
            "phase": phase.phase_kind.label,
            "until": spoken_instant_lazy(phase.closes_at, school),
        },
        at=leaving_at(phase, at),
    )


def _instant(notice: Notice, phase: Phase) -> str:
    """Return what the notice announces: once it is another, so is the notice."""
    instant = phase.opens_at if notice is Notice.PHASE_OPENS else phase.closes_at
    return instant.astimezone(UTC).isoformat()


def _about(link: Guardianship, phase: Phase) -> dict[str, Any]:
    student = link.student
    return {
        "pupil": str(student.public_id),
        "student": student.full_name,
        "another_counts": link.has_validated,  # type: ignore[attr-defined]
        "url": f"{settings.SITE_URL}{_path(student, phase)}",
    }


def _path(student: Student, phase: Phase) -> str:
    if phase.phase_kind.is_written_by_families:
        return reverse("orientation:choices", args=[student.public_id, phase.phase_kind.slug])
    return reverse(COUNCIL_WORDS[phase.phase_kind].url_name, args=[student.public_id])


def _is_still_wanted(message: OutboxMessage) -> bool:
    """Tell whether the phase still opens or closes as announced, and this guardian still has to act, and wants it."""
    context, now = message.context, timezone.now()
    notice = Notice(message.kind.removeprefix("orientation."))
    phases = Phase.objects.select_related("campaign__school").prefetch_related("campaign__phases")
    phase = phases.filter(pk=context["phase_id"]).first()
    if phase is None or not takes_part(phase, now) or context["instant"] != _instant(notice, phase):
        return False
    links = recipients(notice, phase, now, is_leaving=True).filter(
        guardian_id=int(message.recipient.removeprefix("guardian:")), student__public_id=context["pupil"]
    )
    return any(link.guardian.usable_email == message.address for link in links.select_related("guardian"))
