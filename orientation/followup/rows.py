"""What the list says of each family on a page: a number of queries that does not depend on how many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max

from orientation.followup.families import FamilyState, Reachability, acting_guardianships
from orientation.models import (
    Acknowledgement,
    Campaign,
    Choice,
    CouncilAnswer,
    FamilyAnswer,
    Phase,
    Reminder,
    Submission,
    Verdict,
)
from schools.models import Guardian, Guardianship, Student

if TYPE_CHECKING:
    from orientation.followup.families import Family


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A proposition and the family's newest answer to it, if any; `differs` when another guardian said otherwise."""

    label: str
    answer: FamilyAnswer | None
    differs: bool


@dataclass(frozen=True, kw_only=True)
class FamilyRow:
    """One line of the list."""

    student: Student
    state: FamilyState
    reachability: Reachability
    has_signed_in: bool
    submission: Submission | None
    acknowledgement: Acknowledgement | None
    answers: tuple[Answered, ...]
    guardians: tuple[Guardian, ...]
    reminded_at: datetime | None


def rows_of(students: Sequence[Family], campaign: Campaign, phase: Phase, *, at: datetime) -> list[FamilyRow]:
    """Return the lines of these students, annotated by `state_of_families`, in their order: six queries at most."""
    submissions = newest_submissions(phase, students)
    acknowledged = {each.sheet.student_id: each for each in _acknowledgements(phase, students)}
    answers = answers_by_student(phase, students)
    guardians = guardians_of(campaign, students, at=at)
    reminded = last_reminders(campaign, students)
    return [
        FamilyRow(
            student=student,
            state=FamilyState(student.state),
            reachability=Reachability(student.reachability),
            has_signed_in=student.has_signed_in,
            submission=submissions.get(student.pk),
            acknowledgement=acknowledged.get(student.pk),
            answers=tuple(answers[student.pk]),
            guardians=tuple(guardians[student.pk]),
            reminded_at=reminded.get(student.pk),
        )
        for student in students
    ]


def newest_submissions(phase: Phase, students: Iterable[Student]) -> dict[int, Submission]:
    """Return the newest submission of each of these students in a phase, by the student's key: one query."""
    found = Submission.objects.filter(phase=phase, student__in=[each.pk for each in students])
    return {each.student_id: each for each in found.order_by("student_id", "-number").distinct("student_id")}


def guardians_of(campaign: Campaign, students: Iterable[Student], *, at: datetime) -> dict[int, list[Guardian]]:
    """Return who acts for each of these students, by the student's key: one query."""
    found: dict[int, list[Guardian]] = defaultdict(list)
    links: Iterable[Guardianship] = (
        acting_guardianships(campaign, at)
        .filter(student__in=[each.pk for each in students])
        .select_related("guardian__user")
        .order_by("pk")
    )
    for link in links:
        found[link.student_id].append(link.guardian)
    return found


def last_reminders(campaign: Campaign, students: Iterable[Student]) -> dict[int, datetime]:
    """Return when each of these families was last reminded in the campaign, by the student's key: one query."""
    reminders = Reminder.objects.filter(phase__campaign=campaign, student__in=[each.pk for each in students])
    return dict(reminders.order_by().values_list("student_id").annotate(Max("reminded_at")))


def _acknowledgements(phase: Phase, students: Iterable[Student]) -> Iterable[Acknowledgement]:
    return Acknowledgement.objects.filter(
        sheet__phase=phase, sheet__student__in=[each.pk for each in students]
    ).select_related("sheet")


def answers_by_student(phase: Phase, students: Iterable[Student]) -> dict[int, list[Answered]]:
    """Return the published propositions of each student with what the family answered last: two queries."""
    proposals = (
        CouncilAnswer.objects.filter(
            sheet__phase=phase,
            sheet__student__in=[each.pk for each in students],
            sheet__publication__isnull=False,
            sheet__publication__withdrawn_at=None,
            verdict=Verdict.YES,
        )
        .select_related("sheet")
        .prefetch_related("family_answers")
    )
    found: dict[int, list[Answered]] = defaultdict(list)
    for proposal in proposals:
        given = sorted(proposal.family_answers.all(), key=lambda each: each.number)
        newest_of_each = {each.guardian_id: each.agrees for each in given}
        found[proposal.sheet.student_id].append(
            Answered(
                label=proposal.label,
                answer=given[-1] if given else None,
                differs=len(set(newest_of_each.values())) > 1,
            )
        )
    return found


def choices_of(submissions: Iterable[Submission]) -> dict[int, list[Choice]]:
    """Return the ranks of these submissions with their specialities, by the submission's key: two queries."""
    found: dict[int, list[Choice]] = defaultdict(list)
    choices = Choice.objects.filter(submission__in=[each.pk for each in submissions])
    for choice in choices.prefetch_related("choice_specialities").order_by("submission_id", "rank"):
        found[choice.submission_id].append(choice)
    return found
