"""The whole dialogue about pupils, step by step: what each asked, what the council said, what the family answered.

Only what families may read is in it: nothing of the council before its publication.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Prefetch

from orientation.council.queries import published_sheets
from orientation.council.rules import WRITING_KIND
from orientation.models import (
    Campaign,
    Choice,
    ChoiceSpeciality,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DialogueStep,
    FamilyAnswer,
    Phase,
    PhaseKind,
    Submission,
    Verdict,
)
from orientation.queries import RankedChoice, ranked_choice_of
from schools.models import Guardian, Guardianship, Student

_Row = TypeVar("_Row", Decision, DialogueStep)


@dataclass(frozen=True)
class Line:
    """One pathway of a step: what was asked, None where the council added it; its answer and the family's, if any."""

    choice: RankedChoice | None
    answer: CouncilAnswer | None
    family_answer: FamilyAnswer | None

    @property
    def is_unasked(self) -> bool:
        """Whether the council proposes what the family did not ask for (decision 11)."""
        return self.answer is not None and self.answer.rank is None

    @property
    def is_answerable(self) -> bool:
        """Whether the family answers it: a proposition, not an avis (decision 11)."""
        return self.answer is not None and self.answer.verdict in (Verdict.YES, Verdict.NO)

    @property
    def is_frozen(self) -> bool:
        """Whether a decision was notified, after which the answer no longer changes (decision 21). No query."""
        return bool(getattr(self.answer, "is_frozen", False))

    @property
    def earlier_answers(self) -> list[FamilyAnswer]:
        """The family's answers that no longer count, newest first; every change is kept. No query, once prefetched."""
        return list(self.answer.family_answers.all())[1:] if self.answer else []

    @property
    def code(self) -> str:
        if self.choice:
            return self.choice.code
        assert self.answer is not None  # noqa: S101 - a line has one or the other
        return self.answer.pathway.code

    @property
    def label(self) -> str:
        if self.choice:
            return self.choice.label
        assert self.answer is not None  # noqa: S101 - a line has one or the other
        return self.answer.label


@dataclass(frozen=True)
class Step:
    """What a family asked in a phase, and the published answer of the council, if any."""

    submission: Submission | None
    sheet: CouncilSheet | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Record:
    """The dialogue about one pupil; `steps` by the council's kind of phase, then what ended it, oldest first."""

    student: Student
    guardians: tuple[Guardian, ...]
    steps: dict[PhaseKind, Step]
    decisions: tuple[Decision, ...] = ()
    ending: tuple[DialogueStep, ...] = ()
    """The steps of a disagreement that were not cancelled."""


def records_of(students: Sequence[Student], campaign: Campaign) -> list[Record]:
    """Return the records of these pupils, in their order: eleven queries, however many they are."""
    phases = {phase.phase_kind: phase for phase in Phase.objects.filter(campaign=campaign)}
    submissions = _newest_submissions(students, phases.values())
    sheets = {(each.student_id, each.phase_id): each for each in _sheets(students, campaign)}
    family_answers = newest_family_answers(sheets.values())
    guardians = _guardians(students)
    of_them = {"student__in": students, "phase__campaign": campaign}
    decisions = _by_student(Decision.objects.filter(**of_them).order_by("number"))
    ending = _by_student(DialogueStep.objects.filter(**of_them, cancelled_at=None))
    return [
        Record(
            student,
            tuple(guardians[student.pk]),
            {
                kind: _step(
                    submissions.get((student.pk, _key(phases, writing))),
                    sheets.get((student.pk, _key(phases, kind))),
                    family_answers,
                )
                for kind, writing in WRITING_KIND.items()
            },
            tuple(decisions[student.pk]),
            tuple(ending[student.pk]),
        )
        for student in students
    ]


def _by_student(rows: Iterable[_Row]) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.student_id].append(row)
    return found


def lines_of(
    choices: Sequence[RankedChoice], sheet: CouncilSheet | None, family_answers: dict[int, FamilyAnswer]
) -> tuple[Line, ...]:
    """Return what was asked with what was said of it, in order of rank, then what the council added. No query."""
    answers = {answer.pathway.code: answer for answer in sheet.answers.all()} if sheet else {}
    asked = {choice.code for choice in choices}
    pairs = [
        *((choice, answers.get(choice.code)) for choice in choices),
        *((None, answer) for code, answer in answers.items() if code not in asked),
    ]
    return tuple(Line(choice, answer, family_answers.get(answer.pk) if answer else None) for choice, answer in pairs)


def newest_family_answers(sheets: Iterable[CouncilSheet]) -> dict[int, FamilyAnswer]:
    """Return the answer that counts for each proposition of these sheets, by the proposition's key: one query."""
    found = FamilyAnswer.objects.filter(answer__sheet__in=list(sheets)).order_by("answer_id", "-number")
    return {each.answer_id: each for each in found.distinct("answer_id")}


def _key(phases: dict[PhaseKind, Phase], kind: PhaseKind) -> int:
    return phases[kind].pk if kind in phases else 0


def _step(submission: Submission | None, sheet: CouncilSheet | None, family_answers: dict[int, FamilyAnswer]) -> Step:
    rows = submission.choices.all() if submission else []
    choices = [ranked_choice_of(each, each.choice_specialities.all()) for each in rows]
    return Step(submission, sheet, lines_of(choices, sheet, family_answers))


def _newest_submissions(students: Sequence[Student], phases: Iterable[Phase]) -> dict[tuple[int, int], Submission]:
    specialities = ChoiceSpeciality.objects.order_by("position")
    choices = (
        Choice.objects.select_related("pathway")
        .prefetch_related(Prefetch("choice_specialities", queryset=specialities))
        .order_by("rank")
    )
    found = (
        Submission.objects.filter(student__in=students, phase__in=list(phases))
        .order_by("student_id", "phase_id", "-number")
        .distinct("student_id", "phase_id")
        .prefetch_related(Prefetch("choices", queryset=choices))
    )
    return {(each.student_id, each.phase_id): each for each in found}


def _sheets(students: Sequence[Student], campaign: Campaign) -> list[CouncilSheet]:
    return list(
        published_sheets(campaign).filter(student__in=students).select_related("publication", "acknowledgement")
    )


def _guardians(students: Sequence[Student]) -> dict[int, list[Guardian]]:
    by_student: dict[int, list[Guardian]] = defaultdict(list)
    for link in Guardianship.objects.legal().filter(student__in=students).select_related("guardian").order_by("pk"):
        by_student[link.student_id].append(link.guardian)
    return by_student
