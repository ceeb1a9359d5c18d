"""Which notices a phase owes at an instant, and to whom: asked when they are owed, and again when they leave."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices

from orientation.followup.families import USABLE_EMAIL, FamilyState, acting_guardianships, state_of_families
from orientation.models import CouncilSheet, Draft, Phase, PhaseKind, PhaseState, Submission
from schools.models import Guardianship, Student

DAY = timedelta(days=1)
"""A draft is reminded of this long before the closing. And nobody is reminded sooner than this after being told."""

LEFT_AFTER = timedelta(hours=1)
"""A draft that nobody has touched for this long is left; before, somebody is still at it."""


class Notice(TextChoices):
    """A sort of notice; the values stand in the outbox, after "orientation."."""

    PHASE_OPENS = "phase_opens"
    CLOSES_SOON = "phase_closes_soon"
    DRAFT_LEFT = "draft_left"
    TO_ACKNOWLEDGE = "opinions_to_acknowledge"
    TO_ANSWER = "proposals_to_answer"

    @property
    def code(self) -> str:
        return f"orientation.{self.value}"


_STATES = {
    Notice.PHASE_OPENS: (FamilyState.NOTHING, FamilyState.DRAFT),
    Notice.CLOSES_SOON: (FamilyState.NOTHING, FamilyState.DRAFT),
    Notice.TO_ACKNOWLEDGE: (FamilyState.TO_ACKNOWLEDGE,),
    Notice.TO_ANSWER: (FamilyState.TO_ANSWER,),
}


def takes_part(phase: Phase, at: datetime) -> bool:
    """Whether families can act in a phase: open and, where they rank choices, the offer declared. No query."""
    is_ready = not phase.phase_kind.is_written_by_families or phase.campaign.offer_declared_at is not None
    return is_ready and phase.state_at(at) is PhaseState.OPEN


def notices_due(phase: Phase, at: datetime) -> list[Notice]:
    """Return the notices to owe about a phase at this instant. No query.

    An opening is news for a day; a closing is near from the campaign's `notice_days`, but on the first day.
    """
    if not takes_part(phase, at):
        return []
    remaining = phase.closes_at - at
    is_near = remaining <= timedelta(days=phase.campaign.notice_days)
    if phase.phase_kind is PhaseKind.PROVISIONAL_OPINIONS:
        return [Notice.TO_ACKNOWLEDGE] if is_near else []
    if phase.phase_kind is PhaseKind.PROPOSALS:
        return [Notice.TO_ANSWER] if is_near else []
    is_news = at - max(phase.opens_at, phase.campaign.offer_declared_at or phase.opens_at) < DAY
    wanted = {
        Notice.PHASE_OPENS: is_news,
        Notice.CLOSES_SOON: is_near and not is_news,
        Notice.DRAFT_LEFT: remaining <= DAY,
    }
    return [notice for notice, is_due in wanted.items() if is_due]


def recipients(notice: Notice, phase: Phase, at: datetime, *, is_leaving: bool = False) -> QuerySet[Guardianship]:
    """Return the ties, to pupils of whom something is asked, of those who act for them and want reminders.

    `is_leaving` asks of a notice owed before: what was too fresh to be reminded of then is so no more.
    """
    found = acting_guardianships(phase.campaign, at).filter(
        USABLE_EMAIL,
        guardian__mutes_reminders=False,
        student__in=_pupils(notice, phase, at, is_leaving=is_leaving).order_by().values("pk"),
    )
    if phase.phase_kind.is_written_by_families and phase.campaign.single_writer:
        designated = Guardianship.objects.legal().filter(student=OuterRef("student"), is_designated=True)
        found = found.filter(Q(is_designated=True) | ~Exists(designated))
    return found


def _pupils(notice: Notice, phase: Phase, at: datetime, *, is_leaving: bool) -> QuerySet[Student]:
    pupils = Student.objects.filter(school_id=phase.campaign.school_id)
    families = state_of_families(phase.campaign, phase, students=pupils, at=at)
    if notice is Notice.DRAFT_LEFT:
        return families.filter(Exists(_drafts(phase, left_since=None if is_leaving else at - LEFT_AFTER)))
    families = families.filter(state__in=[state.value for state in _STATES[notice]])
    if notice is Notice.CLOSES_SOON and phase.closes_at - at <= DAY:
        return families.exclude(Exists(_drafts(phase)))  # they are reminded of their draft
    if notice in (Notice.TO_ACKNOWLEDGE, Notice.TO_ANSWER) and not is_leaving:
        families = families.filter(Exists(_sheets(phase, published_before=at - DAY)))
    return families


def _drafts(phase: Phase, *, left_since: datetime | None = None) -> QuerySet[Draft]:
    drafts = Draft.objects.filter(student=OuterRef("pk"), phase=phase, is_validated=False).exclude(wishes=[])
    return drafts.filter(changed_at__lte=left_since) if left_since else drafts


def _sheets(phase: Phase, *, published_before: datetime) -> QuerySet[CouncilSheet]:
    return CouncilSheet.objects.filter(
        student=OuterRef("pk"), phase=phase, publication__published_at__lte=published_before
    )


def has_validated(phase: Phase) -> Exists:
    """Say of a tie whether an earlier list of the pupil counts in a phase."""
    return Exists(Submission.objects.filter(student=OuterRef("student"), phase=phase))
