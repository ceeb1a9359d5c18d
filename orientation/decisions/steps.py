"""When a step of a disagreement may be recorded, and on which days (decision 13): no query."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orientation.decisions.errors import AppealTooLate, NotTheTime, WrongDay
from orientation.decisions.rules import Act, Dialogue, acts_of, appeal_last_day
from orientation.decisions.wording import spoken_last_day
from orientation.models import Decision, DialogueStep, Phase, StepKind
from schools.models import School

ACTS = {
    StepKind.INTERVIEW: Act.INTERVIEW,
    StepKind.RECEIPT: Act.RECEIPT,
    StepKind.APPEAL: Act.APPEAL,
    StepKind.MAINTIEN: Act.MAINTIEN,
}

_REFUSALS = {
    StepKind.INTERVIEW: gettext_lazy(
        "Un entretien se note quand la famille n’a accepté aucune proposition et n’a plus à répondre, ou pour revenir "
        "sur une décision prise en accord avec elle."
    ),
    StepKind.RECEIPT: gettext_lazy("La réception se note pour une décision motivée, non conforme à la demande."),
    StepKind.APPEAL: gettext_lazy(
        "L’appel se note après la réception d’une décision non conforme : notez d’abord sa date."
    ),
    StepKind.MAINTIEN: gettext_lazy(
        "Le maintien se demande après une décision non conforme à la demande de la famille."
    ),
}


def check(kind: StepKind, day: date, dialogue: Dialogue, *, phase: Phase, at: datetime) -> None:
    """Raise NotTheTime, WrongDay or AppealTooLate where the step cannot have happened on this day."""
    school = phase.campaign.school
    if ACTS[kind] not in acts_of(dialogue, school=school, at=at):
        raise NotTheTime(str(_REFUSALS[kind]))
    decision = dialogue.contested
    if kind is StepKind.INTERVIEW:
        check_day(day, after=_local(phase.opens_at, school), school=school, at=at)
        return
    assert decision is not None  # noqa: S101 - narrows the type: the other acts follow a decision
    receipt = dialogue.step(StepKind.RECEIPT, decision)
    if kind is StepKind.APPEAL and receipt:
        check_day(day, after=receipt.happened_on, school=school, at=at)
        last = appeal_last_day(receipt.happened_on, school)
        if day > last:
            raise AppealTooLate(last_day=spoken_last_day(last, school))
    else:
        check_day(day, after=_taken_on(decision, school), school=school, at=at)


def check_day(day: date, *, after: date, school: School, at: datetime) -> None:
    """Raise WrongDay for a day to come, or before what it follows."""
    if day > _local(at, school):
        raise WrongDay(_("Cette date est à venir : notez l’étape une fois qu’elle a eu lieu."))
    if day < after:
        raise WrongDay(_("Cette date précède ce dont elle est la suite, le %(day)s."), day=after)


def is_followed(step: DialogueStep, dialogue: Dialogue) -> bool:
    """Whether what came after rests on the step."""
    if step.kind == StepKind.INTERVIEW:
        others = [each for each in dialogue.steps if each.kind == StepKind.INTERVIEW and each.pk != step.pk]
        return dialogue.contested is not None and not others
    if step.kind == StepKind.RECEIPT:
        return any(each.kind == StepKind.APPEAL and each.decision_id == step.decision_id for each in dialogue.steps)
    if step.kind == StepKind.APPEAL:
        return any(each.replaces_id == step.decision_id for each in dialogue.decisions)
    return False


def _taken_on(decision: Decision, school: School) -> date:
    return decision.decided_on or _local(decision.issued_at, school)


def _local(instant: datetime, school: School) -> date:
    return timezone.localdate(instant, school.zone)
