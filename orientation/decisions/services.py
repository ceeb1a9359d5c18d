"""What ends the dialogue: each function is one act of the school in one transaction.

All take `by` (the account) and `at` (the aware instant at which the act arrived). They hold the phase of propositions
against the families' answers, then read rights and what happened again. Doing an act twice is harmless. They raise the
errors of `orientation.decisions.errors`, and `orientation.errors.NotAllowed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import User
from notifications.languages import in_french
from orientation.council.queries import recipients_of
from orientation.decisions import mails, steps
from orientation.decisions.errors import (
    CannotBecomeDecision,
    DecidedMeanwhile,
    NotDecidable,
    NotPublishedYet,
    NotTheTime,
    ReasonsMissing,
    StepAlreadyRecorded,
    StepFollowed,
)
from orientation.decisions.queries import dialogues_of
from orientation.decisions.rules import Act, Dialogue, acts_of
from orientation.errors import NotAllowed
from orientation.models import (
    CouncilAnswer,
    Decision,
    DecisionKind,
    DecisionReading,
    DialogueStep,
    DivisionPublication,
    FamilyAnswer,
    PathwayGroup,
    Phase,
    StepKind,
    Verdict,
)
from orientation.rules import Catalogue
from schools.models import Student
from schools.policies import StaffAct
from schools.staff import students_of_staff


@transaction.atomic
def issue_decisions(*, answers: Iterable[CouncilAnswer], by: User, at: datetime) -> list[Decision]:
    """Notify as décisions the propositions that families accepted, and owe each legal guardian an e-mail.

    After the answers have closed, or before: the family's answer is then frozen (decision 21). Those already notified
    are left as they are; the new ones are returned. All or nothing: raises CannotBecomeDecision with those that no
    family agrees with.
    """
    asked = {each.pk for each in answers}
    chosen = list(_published(asked).select_related("sheet__student__division", "sheet__phase", "pathway"))
    if len(chosen) != len(asked):
        raise NotAllowed(_("Une des propositions choisies n’est pas, ou n’est plus, publiée."))
    _require_steering(by, {each.sheet.student for each in chosen})
    issued = []
    for phase in {each.sheet.phase for each in chosen}:
        issued += _issue_in_phase(phase, [each.pk for each in chosen if each.sheet.phase == phase], by=by, at=at)
    return issued


def _published(answers: Iterable[int]) -> QuerySet[CouncilAnswer]:
    return CouncilAnswer.objects.filter(pk__in=list(answers), sheet__publication__withdrawn_at=None).exclude(
        sheet__publication=None
    )


def _issue_in_phase(phase: Phase, answers: Sequence[int], *, by: User, at: datetime) -> list[Decision]:
    """Issue under the lock of the phase, by which no family changes its answer meanwhile."""
    locked = _lock_phase(phase)
    _hold_publications(DivisionPublication.objects.filter(sheets__answers__in=answers))
    newest = FamilyAnswer.objects.filter(answer=OuterRef("pk")).order_by("-number")
    found = list(
        _published(answers)
        .filter(decision=None)
        .select_related("sheet__student__division", "sheet__student__school", "pathway")
        .annotate(agrees=Subquery(newest.values("agrees")[:1]))
        .order_by(
            "sheet__student__division__code", "sheet__student__family_name", "sheet__student__given_name", "rank", "pk"
        )
    )
    contested = set(
        Decision.objects.filter(phase=phase, student__in=[each.sheet.student_id for each in found])
        .exclude(kind=DecisionKind.AGREEMENT)
        .values_list("student_id", flat=True)
    )
    if refused := [each for each in found if not _is_accepted(each) or each.sheet.student_id in contested]:
        raise CannotBecomeDecision(refused)
    rows = [
        Decision(
            student=answer.sheet.student,
            kind=DecisionKind.AGREEMENT,
            pathway=answer.pathway,
            label=answer.label,
            answer=answer,
            is_conform=True,
        )
        for answer in found
    ]
    return _notify(rows, locked, by=by, at=at)


def _is_accepted(answer: CouncilAnswer) -> bool:
    agrees: bool | None = answer.agrees  # type: ignore[attr-defined]
    return answer.verdict == Verdict.YES and answer.pathway.group != PathwayGroup.OTHER and agrees is True


def _lock_phase(phase: Phase) -> Phase:
    """Return the phase, held against the answers of families and against who numbers other decisions."""
    return (
        Phase.objects.select_related("campaign__school").select_for_update(of=("self",), no_key=True).get(pk=phase.pk)
    )


def _hold_publications(publications: QuerySet[DivisionPublication]) -> None:
    """Hold what rests on a publication against its withdrawal."""
    keys = list(publications.order_by("pk").values_list("pk", flat=True).distinct())
    list(
        DivisionPublication.objects.raw(
            "SELECT * FROM orientation_divisionpublication WHERE id = ANY(%s) ORDER BY id FOR SHARE", [keys]
        )
    )


def _require_steering(by: User, students: Iterable[Student]) -> None:
    wanted = {each.pk for each in students}
    reached = students_of_staff(by, StaffAct.STEER).filter(pk__in=wanted).values("pk").distinct().count()
    if reached != len(wanted):
        raise NotAllowed(_("Seul le chef d’établissement ou son adjoint décide et note les étapes du dialogue."))


@in_french
def _name_of_issuer(by: User) -> str:
    return by.get_full_name() or _("le chef d’établissement")


def _notify(rows: Sequence[Decision], phase: Phase, *, by: User, at: datetime) -> list[Decision]:
    """Number these decisions, the phase being locked, freeze what they say of the pupil, and owe the e-mails."""
    if not rows:
        return []
    highest = Decision.objects.filter(phase=phase).aggregate(highest=Max("number"))["highest"] or 0
    for number, row in enumerate(rows, start=highest + 1):
        row.phase, row.number = phase, number
        row.division_name = str(row.student.division or "")
        row.issued_at, row.issued_by = at, by
        row.issuer_name = _name_of_issuer(by)
    decisions = Decision.objects.bulk_create(rows)
    recipients = recipients_of([each.student for each in decisions])
    mails.owe_notifications(decisions, recipients.guardians, at=at)
    return decisions


@transaction.atomic
def issue_reasoned_decision(
    *,
    student: Student,
    phase: Phase,
    pathway: str,
    reasons: str,
    is_conform: bool,
    seen_number: int,
    by: User,
    at: datetime,
) -> Decision:
    """Notify the head's own decision after the entretien, with its reasons (D331-34); the family's answers freeze.

    `seen_number` is the number of the decision that the page showed, 0 for none: it is replaced. The same
    decision again is returned as it is. Raises NotTheTime, NotDecidable, ReasonsMissing or DecidedMeanwhile.
    """
    locked, dialogue = _begin(student, phase, by=by, at=at)
    decided = _decidable(pathway)
    reasons = reasons.strip()
    if not reasons:
        raise ReasonsMissing
    values = {"pathway": decided, "reasons": reasons, "is_conform": is_conform}
    standing = dialogue.superseded
    if standing and standing.kind == DecisionKind.REASONED and _says(standing, values):
        return standing
    if standing and standing.number != seen_number:
        raise DecidedMeanwhile(standing)
    if Act.DECIDE not in acts_of(dialogue, school=locked.campaign.school, at=at):
        raise NotTheTime(_("Une décision motivée vient après l’entretien avec la famille."))
    row = Decision(student=student, kind=DecisionKind.REASONED, label=decided.full_label, replaces=standing, **values)
    return _notify([row], locked, by=by, at=at)[0]


@transaction.atomic
def record_commission_decision(
    *,
    student: Student,
    phase: Phase,
    pathway: str,
    decided_on: date,
    is_conform: bool,
    reasons: str = "",
    by: User,
    at: datetime,
) -> Decision:
    """Record and notify what the commission d'appel decided: it is final, and replaces the head's (D331-35).

    `is_conform` says whether the family obtained what it asked. The same again is returned as it is.
    """
    locked, dialogue = _begin(student, phase, by=by, at=at)
    decided = _decidable(pathway)
    values = {
        "pathway": decided,
        "reasons": reasons.strip(),
        "is_conform": is_conform,
        "decided_on": decided_on,
    }
    standing = dialogue.contested
    if standing and standing.kind == DecisionKind.COMMISSION and _says(standing, values):
        return standing
    if standing is None or Act.COMMISSION not in acts_of(dialogue, school=locked.campaign.school, at=at):
        raise NotTheTime(_("La décision de la commission d’appel se note une fois, après un appel."))
    appeal = dialogue.step(StepKind.APPEAL, standing)
    assert appeal is not None  # noqa: S101 - narrows the type: COMMISSION follows an appeal
    steps.check_day(decided_on, after=appeal.happened_on, school=locked.campaign.school, at=at)
    row = Decision(student=student, kind=DecisionKind.COMMISSION, label=decided.full_label, replaces=standing, **values)
    return _notify([row], locked, by=by, at=at)[0]


def _begin(student: Student, phase: Phase, *, by: User, at: datetime) -> tuple[Phase, Dialogue]:
    """Check the rights, lock, and read what happened; the propositions must be published."""
    _require_steering(by, [student])
    locked = _lock_phase(phase)
    if locked.campaign.school_id != student.school_id:
        raise NotAllowed(_("Cette phase n’est pas de l’établissement de l’élève."))
    _hold_publications(DivisionPublication.objects.filter(sheets__student=student, phase=locked))
    dialogue = dialogues_of([student], locked, at=at)[student.pk]
    if not dialogue.is_published:
        raise NotPublishedYet
    return locked, dialogue


def _decidable(code: str) -> Any:
    pathway = Catalogue.current().pathways.get(code)
    if pathway is None or pathway.group == PathwayGroup.OTHER:
        raise NotDecidable
    return pathway


def _says(decision: Decision, values: dict[str, Any]) -> bool:
    return all(getattr(decision, name) == value for name, value in values.items())


# --- Steps -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_step(
    *,
    student: Student,
    phase: Phase,
    kind: StepKind,
    happened_on: date,
    outcome: str = "",
    wants_to_be_heard: bool = False,
    text: str = "",
    by: User,
    at: datetime,
) -> DialogueStep:
    """Record an entretien, the receipt of a notification, an appeal or a maintien, on a day of the school's calendar.

    The same step again is returned as it is. Raises NotTheTime, WrongDay, AppealTooLate or StepAlreadyRecorded.
    """
    locked, dialogue = _begin(student, phase, by=by, at=at)
    decision = None if kind is StepKind.INTERVIEW else dialogue.contested
    values = {
        "happened_on": happened_on,
        "outcome": outcome if kind is StepKind.INTERVIEW else "",
        "wants_to_be_heard": wants_to_be_heard if kind is StepKind.APPEAL else False,
        "text": text.strip(),
    }
    standing = [each for each in dialogue.steps if each.kind == kind and each.decision == decision]
    for step in standing:
        if all(getattr(step, name) == value for name, value in values.items()):
            return step
    if standing and kind is not StepKind.INTERVIEW:
        raise StepAlreadyRecorded
    steps.check(kind, happened_on, dialogue, phase=locked, at=at)
    return DialogueStep.objects.create(
        student=student, phase=locked, kind=kind, decision=decision, recorded_at=at, recorded_by=by, **values
    )


@transaction.atomic
def cancel_step(*, step: DialogueStep, by: User, at: datetime) -> DialogueStep:
    """Cancel a step recorded by mistake; it stays readable, and may be recorded again. Raises StepFollowed."""
    _require_steering(by, [step.student])
    locked = _lock_phase(step.phase)
    found = DialogueStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if found.cancelled_at:
        return found
    if steps.is_followed(found, dialogues_of([found.student], locked, at=at)[found.student_id]):
        raise StepFollowed
    found.cancelled_at, found.cancelled_by = at, by
    found.save(update_fields=["cancelled_at", "cancelled_by"])
    return found


# --- Reading ---------------------------------------------------------------------------------------------------------


def note_decisions_read(*, decisions: Sequence[Decision], by: User, at: datetime) -> None:
    """Note that an account of the family opens these decisions; the first time counts. One statement.

    The caller has checked that the file is this account's.
    """
    DecisionReading.objects.bulk_create(
        [DecisionReading(decision=each, user=by, read_at=at) for each in decisions], ignore_conflicts=True
    )
