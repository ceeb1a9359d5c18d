"""The e-mail by which each legal guardian learns that a decision was notified; it says where to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from notifications.kinds import NORMAL, Kind, register
from notifications.services import Addressee, enqueue_all
from orientation.models import Decision, DecisionKind
from schools.models import Guardian
from schools.times import spoken_instant_lazy

DECISION_NOTIFIED = "orientation.decision_notified"


def register_kinds() -> None:
    """Tell the outbox which message this part sends; called when the app is ready."""
    register(Kind(code=DECISION_NOTIFIED, priority=NORMAL))


def owe_notifications(
    decisions: Iterable[Decision], guardians: Mapping[int, Sequence[Guardian]], *, at: datetime
) -> None:
    """Owe each legal guardian, by the pupil's key, one e-mail per decision: one statement per decision."""
    for decision in decisions:
        school = decision.phase.campaign.school
        path = reverse("orientation:decisions", args=[decision.student.public_id])
        enqueue_all(
            kind=DECISION_NOTIFIED,
            to=[
                Addressee(
                    recipient=f"guardian:{guardian.pk}",
                    address=guardian.usable_email,
                    language=guardian.language,
                    deduplication_key=f"decision:{decision.public_id}:guardian:{guardian.pk}",
                )
                for guardian in guardians[decision.student_id]
                if guardian.usable_email
            ],
            context={
                "student": decision.student.full_name,
                "school": school.name,
                "number": decision.number,
                "at": spoken_instant_lazy(decision.issued_at, school),
                "replaces": decision.replaces.number if decision.replaces else 0,
                "cancels": decision.replaces is not None and decision.replaces.kind == DecisionKind.AGREEMENT,
                "can_appeal": decision.kind == DecisionKind.REASONED and not decision.is_conform,
                "url": f"{settings.SITE_URL}{path}",
            },
            at=at,
        )
