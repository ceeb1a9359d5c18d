"""What a family reads of the council: each function says how many queries it makes."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value, prefetch_related_objects

from operations.prepared import Keys, prepared
from orientation.dialogue.records import Line, lines_of
from orientation.models import (
    Choice,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DecisionKind,
    FamilyAnswer,
    Phase,
    PhaseKind,
    SheetReading,
    Submission,
    Verdict,
)
from orientation.queries import RankedChoice, phases_of
from schools.models import Student

ANSWERABLE = (Verdict.YES, Verdict.NO)
"""What a family answers: a proposition; to an avis there is nothing to answer (decision 11)."""


def published_sheets_of(
    students: Collection[Student] | Keys, phases: Collection[Phase] | QuerySet[Phase] | Keys
) -> QuerySet[CouncilSheet]:
    """Return what these families may read, each with how many propositions call for an answer, and have one.

    `reader_ids` are the accounts that have opened it. One query.
    """
    return (
        CouncilSheet.objects.filter(student__in=students, phase__in=phases, publication__withdrawn_at=None)
        .exclude(publication=None)
        .select_related("publication", "submission", "acknowledgement", "phase")
        .annotate(
            answerable=Count("answers", filter=Q(answers__verdict__in=ANSWERABLE), distinct=True),
            answered=Count("answers", filter=Q(answers__family_answers__isnull=False), distinct=True),
            reader_ids=ArraySubquery(SheetReading.objects.filter(sheet=OuterRef("pk")).values("user_id")),
        )
        .order_by("pk")
    )


def published_to(student: Student) -> dict[PhaseKind, CouncilSheet]:
    """Return a student's published sheets by kind of phase: one query (two for the phases), once per student object."""
    if not hasattr(student, "_published"):
        found = _published([student.pk], [phase.pk for phase in phases_of(student)])
        student._published = {each.phase.phase_kind: each for each in found}  # type: ignore[attr-defined]
    published: dict[PhaseKind, CouncilSheet] = student._published  # type: ignore[attr-defined]
    return published


@prepared
def _published(students: Keys, phases: Keys) -> QuerySet[CouncilSheet]:
    return published_sheets_of(students, phases)


def lines_for_family(sheet: CouncilSheet) -> tuple[Line, ...]:
    """Return what was asked beside what was said and answered: three queries."""
    recommended = ArrayAgg(
        "recommended__label",
        filter=Q(recommended__isnull=False),
        order_by="recommended__position",
        default=Value([]),
    )
    prefetch_related_objects(
        [sheet],
        Prefetch(
            "answers",
            CouncilAnswer.objects.select_related("pathway").annotate(
                recommended_labels=recommended, is_frozen=Exists(freezing_decisions())
            ),
        ),
        Prefetch("answers__family_answers", FamilyAnswer.objects.order_by("-number")),
        Prefetch("submission__choices", _choices()),
    )
    newest = {each.pk: next(iter(each.family_answers.all()), None) for each in sheet.answers.all()}
    choices = [_ranked(each) for each in sheet.submission.choices.all()] if sheet.submission else []
    return lines_of(choices, sheet, {pk: answer for pk, answer in newest.items() if answer})


def freezing_decisions() -> QuerySet[Decision]:
    """Return, of a council's answer, the decisions after which the family's answer no longer changes (decision 21).

    That on the proposition itself, and any that the head took by themself after a disagreement.
    """
    by_themself = Q(student=OuterRef("sheet__student"), phase=OuterRef("sheet__phase"))
    return Decision.objects.filter(Q(answer=OuterRef("pk")) | (by_themself & ~Q(kind=DecisionKind.AGREEMENT)))


def choices_by_submission(submissions: Collection[Submission]) -> dict[int, list[RankedChoice]]:
    """Return the ranks of each of these submissions, by their keys, as they were frozen: one query."""
    found: dict[int, list[RankedChoice]] = {submission.pk: [] for submission in submissions}
    for choice in _choices().filter(submission__in=found):
        found[choice.submission_id].append(_ranked(choice))
    return found


def _choices() -> QuerySet[Choice]:
    """Return frozen ranks with their specialities in the same query."""
    return (
        Choice.objects.select_related("pathway")
        .annotate(speciality_labels=_of_specialities("label"), speciality_flags=_of_specialities("is_elsewhere"))
        .order_by("rank")
    )


def _of_specialities(field: str) -> ArrayAgg:
    """Return one column of a rank's specialities, in their order."""
    return ArrayAgg(
        f"choice_specialities__{field}",
        filter=Q(choice_specialities__isnull=False),
        order_by="choice_specialities__position",
        default=Value([]),
    )


def _ranked(choice: Choice) -> RankedChoice:
    pairs = zip(choice.speciality_labels, choice.speciality_flags, strict=True)  # type: ignore[attr-defined]
    return RankedChoice(choice.rank, choice.pathway.code, choice.label, tuple(pairs), choice.note)
