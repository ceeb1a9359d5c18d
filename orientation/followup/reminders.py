"""Reminding families of what a phase asks of them: never twice within the school's delay, never who has just acted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from notifications.kinds import BULK, Kind, register
from notifications.languages import FRENCH, worded
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from notifications.services import Addressee, enqueue_all
from orientation.errors import NotAllowed, OrientationError
from orientation.followup.families import (
    AWAITED_STATES,
    FamilyState,
    Reachability,
    acting_guardianships,
    state_of_families,
)
from orientation.followup.rows import guardians_of, last_reminders
from orientation.mails import unsubscribe_url
from orientation.models import Campaign, Phase, PhaseState, Reminder
from schools.models import Guardian, Student
from schools.policies import ROLES_OF_ACT, StaffAct
from schools.staff import schools_of_staff
from schools.times import spoken_instant_lazy

REMINDER = "orientation.reminder"


class ReminderRefused(OrientationError):
    """Nobody can be reminded of a phase that is not open (answered 409)."""

    def __init__(self) -> None:
        super().__init__(_("La phase n’est pas ouverte : aucune relance n’a été envoyée."))


@dataclass(frozen=True)
class Family:
    """A pupil and those who act for them; of whom is to be written to, only those who can be."""

    student: Student
    guardians: tuple[Guardian, ...]
    reminded_at: datetime | None = None


@dataclass
class ReminderPlan:
    """What reminding these families would do."""

    to_write: list[Family] = field(default_factory=list)
    to_call: list[Family] = field(default_factory=list)
    """No e-mail reaches them."""
    too_soon: list[Family] = field(default_factory=list)
    """Reminded less than the school's delay ago."""
    nothing_asked: list[Family] = field(default_factory=list)
    """They have done what the phase asks, or are not told yet."""
    muted: list[Family] = field(default_factory=list)
    """With those of their guardians who want no reminder; the others may be written to."""

    @property
    def messages(self) -> int:
        return sum(len(family.guardians) for family in self.to_write)


def register_kinds() -> None:
    """Tell the outbox which messages the follow-up sends; called when the app is ready."""
    register(Kind(code=REMINDER, priority=BULK, still_wanted=_is_still_wanted, unsubscribe=unsubscribe_url))


def plan_reminders(campaign: Campaign, phase: Phase, *, students: QuerySet[Student], at: datetime) -> ReminderPlan:
    """Return what reminding these students' families now would do, in the order of names. Three queries."""
    families = state_of_families(campaign, phase, students=students, at=at).select_related("division")
    found = list(families.order_by("family_name", "given_name", "pk"))
    guardians = guardians_of(campaign, found, at=at)
    reminded = last_reminders(campaign, found)
    delay = timedelta(days=campaign.reminder_delay_days)
    plan = ReminderPlan()
    for student in found:
        last = reminded.get(student.pk)
        family = Family(student, tuple(guardians[student.pk]), last)
        if student.state not in AWAITED_STATES:
            plan.nothing_asked.append(family)
        elif last is not None and at - last < delay:
            plan.too_soon.append(family)
        elif student.reachability != Reachability.BY_EMAIL:
            plan.to_call.append(family)
        else:
            writable = [each for each in family.guardians if each.usable_email]
            wanting = tuple(each for each in writable if not each.mutes_reminders)
            muted = tuple(each for each in writable if each.mutes_reminders)
            if wanting:
                plan.to_write.append(Family(student, wanting, last))
            if muted:
                plan.muted.append(Family(student, muted, last))
    return plan


@transaction.atomic
def remind(
    *, campaign: Campaign, phase: Phase, students: QuerySet[Student], by: User, at: datetime, since: datetime
) -> int:
    """Owe a reminder to each guardian of these families who may have one now; return how many families got one.

    `since` is when this person was shown the preview: families that they reminded after it are counted too, so that
    a second click says what the first one did. Raises NotAllowed or ReminderRefused.
    """
    # one at a time: what another has just reminded must be seen here
    Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=campaign.pk)
    if not schools_of_staff(by, ROLES_OF_ACT[StaffAct.REMIND]).filter(pk=campaign.school_id).exists():
        raise NotAllowed(_("Votre fonction ne permet pas de relancer les familles."))
    phase.refresh_from_db(fields=["opens_at", "closes_at"])
    if phase.state_at(at) is not PhaseState.OPEN:
        raise ReminderRefused
    plan = plan_reminders(campaign, phase, students=students, at=at)
    rows = Reminder.objects.bulk_create(
        Reminder(phase=phase, student=family.student, guardian=guardian, reminded_at=at, reminded_by=by)
        for family in plan.to_write
        for guardian in family.guardians
    )
    enqueue_all(
        kind=REMINDER,
        to=[
            Addressee(
                recipient=f"guardian:{row.guardian_id}",
                address=row.guardian.usable_email,
                language=row.guardian.language,
                deduplication_key=_key(row),
                context=_about(row.student),
            )
            for row in rows
        ],
        context=_words(campaign, phase),
        at=at,
    )
    mine = Reminder.objects.filter(phase=phase, reminded_by=by, reminded_at__gte=since)
    return mine.filter(student__in=students.values("pk")).values("student").distinct().count()


def preview_text(student: Student, campaign: Campaign, phase: Phase) -> str:
    """Return the words of the reminder about this student, as they would be sent. No query."""
    message = OutboxMessage(kind=REMINDER, context=worded({**_words(campaign, phase), **_about(student)}, FRENCH))
    return str(build_email(message).body)


def _words(campaign: Campaign, phase: Phase) -> dict[str, Any]:
    """Return what all the reminders of a phase say."""
    return {
        "school": campaign.school.name,
        "phase": phase.phase_kind.label,
        "kind": phase.kind,
        "until": spoken_instant_lazy(phase.closes_at, campaign.school),
    }


def _about(student: Student) -> dict[str, Any]:
    """Return what a reminder says of the pupil."""
    path = reverse("orientation:home", args=[student.public_id])
    return {"student": student.full_name, "url": f"{settings.SITE_URL}{path}"}


def _key(reminder: Reminder) -> str:
    return f"reminder:{reminder.pk}"


def _is_still_wanted(message: OutboxMessage) -> bool:
    """Tell, when it leaves, whether the family still has to act, by this guardian at this address."""
    pk = message.deduplication_key.removeprefix("reminder:")
    reminder = (
        Reminder.objects.select_related("phase__campaign__school", "guardian").filter(pk=pk).first()
        if pk.isdecimal()
        else None
    )
    now = timezone.now()
    if reminder is None or reminder.phase.state_at(now) is not PhaseState.OPEN:
        return False
    campaign = reminder.phase.campaign
    acting = acting_guardianships(campaign, now).filter(student=reminder.student_id, guardian=reminder.guardian_id)
    guardian = reminder.guardian
    if guardian.usable_email != message.address or guardian.mutes_reminders or not acting.exists():
        return False
    students = Student.objects.filter(pk=reminder.student_id)
    family = state_of_families(campaign, reminder.phase, students=students, at=now).values_list("state", flat=True)
    return any(FamilyState(state) in AWAITED_STATES for state in family)
