"""The lines of a class on the council's page: what each family asked, what the council said, what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Prefetch

from orientation.council import rules
from orientation.council.queries import CouncilPhases, Progress
from orientation.council.rules import Answer, Answers
from orientation.models import (
    Choice,
    ChoiceSpeciality,
    CouncilAnswer,
    CouncilSheet,
    Pathway,
    Phase,
    PhaseKind,
    Submission,
    Verdict,
)
from orientation.rules import Catalogue
from schools.models import Student


@dataclass(frozen=True)
class Row:
    """One pathway of a line: what the family asked (with its specialities), and the council's word on it."""

    pathway: Pathway
    rank: int | None
    label: str
    specialities: tuple[tuple[str, bool], ...]
    note: str
    answer: Answer
    verdicts: tuple[Verdict, ...]
    can_recommend: bool

    @property
    def verdict(self) -> Verdict | None:
        return Verdict(self.answer.verdict) if self.answer.verdict in Verdict.values else None

    @property
    def recommended(self) -> list[str]:
        """The labels of the specialities recommended, in the order of the catalogue. No query of its own."""
        known = Catalogue.current().specialities
        return [each.label for code, each in known.items() if code in self.answer.recommended]


@dataclass(frozen=True)
class Line:
    """One pupil on the council's page. `submission` is the newest validated, `sheet` what was kept, if anything.

    `dropped` holds what the council said of pathways that the newest list no longer asks for.
    """

    student: Student
    kind: PhaseKind
    submission: Submission | None
    sheet: CouncilSheet | None
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    dropped: tuple[CouncilAnswer, ...] = ()

    @property
    def version(self) -> int:
        return self.sheet.version if self.sheet else 0

    @property
    def is_to_review(self) -> bool:
        """Whether the family validated another list since the council spoke (*à revoir*)."""
        examined = self.sheet.submission_id if self.sheet else None
        newest = self.submission.pk if self.submission else None
        return self.sheet is not None and self.version > 0 and examined != newest

    @property
    def is_complete(self) -> bool:
        """Whether the class may be told as far as this pupil goes; no validated choice lacks nothing (decision 23)."""
        return not self.missing and not self.is_to_review

    @property
    def is_published(self) -> bool:
        return self.sheet is not None and self.sheet.publication_id is not None

    @property
    def token(self) -> str:
        """What changes when the line does: version, list examined, publication."""
        publication_id = self.sheet.publication_id if self.sheet else None
        return token_of(self.version, self.submission.pk if self.submission else None, publication_id)

    @property
    def asked(self) -> dict[str, int]:
        return {row.pathway.code: row.rank for row in self.rows if row.rank is not None}

    @property
    def answers(self) -> Answers:
        return tuple(row.answer for row in self.rows)


def token_of(version: int, submission_id: int | None, publication_id: int | None) -> str:
    return f"{version}.{submission_id or 0}.{publication_id or 0}"


def lines_of(students: Iterable[Student], phases: CouncilPhases) -> list[Line]:
    """Return the lines of these pupils, in their order: six queries, and two when the catalogue is read again."""
    listed = list(students)
    newest = _newest_submissions(listed, phases.writing)
    choices = _choices_of(newest.values())
    sheets = _sheets_of(listed, phases.phase)
    catalogue = Catalogue.current()
    lines = []
    for student in listed:
        submission, sheet = newest.get(student.pk), sheets.get(student.pk)
        asked = choices[submission.pk] if submission else []
        lines.append(_line(student, phases.kind, submission, asked, sheet, catalogue))
    return lines


def newest_submission(student: Student, writing: Phase | None) -> Submission | None:
    """Return what the family validated last in the phase that the council examines: one query."""
    return Submission.objects.filter(student=student, phase=writing).order_by("-number").first() if writing else None


def asked_in(submission: Submission | None) -> dict[str, Choice]:
    """Return the choices of a submission by the code of their pathway, in order of rank: one query."""
    if submission is None:
        return {}
    chosen = Choice.objects.filter(submission=submission).select_related("pathway").order_by("rank")
    return {choice.pathway.code: choice for choice in chosen}


def answers_of(sheet: CouncilSheet) -> Answers:
    """Return what a sheet holds, as it could be typed again. No query where its answers are prefetched."""
    return typed_again(sheet.answers.all())


def typed_again(answers: Iterable[CouncilAnswer]) -> Answers:
    """Return kept answers as they could be typed again. No query where all is prefetched."""
    return tuple(
        Answer(each.pathway.code, each.verdict, each.comment, frozenset(one.code for one in each.recommended.all()))
        for each in answers
    )


def _newest_submissions(students: Sequence[Student], writing: Phase | None) -> dict[int, Submission]:
    if writing is None:
        return {}
    found = Submission.objects.filter(phase=writing, student__in=students)
    return {each.student_id: each for each in found.order_by("student_id", "-number").distinct("student_id")}


def _choices_of(submissions: Iterable[Submission]) -> Mapping[int, list[Choice]]:
    specialities = ChoiceSpeciality.objects.order_by("position")
    chosen: dict[int, list[Choice]] = defaultdict(list)
    for choice in (
        Choice.objects.filter(submission__in=list(submissions))
        .select_related("pathway")
        .prefetch_related(Prefetch("choice_specialities", queryset=specialities))
        .order_by("rank")
    ):
        chosen[choice.submission_id].append(choice)
    return chosen


def _sheets_of(students: Sequence[Student], phase: Phase) -> dict[int, CouncilSheet]:
    answers = CouncilAnswer.objects.select_related("pathway").prefetch_related("recommended")
    found = (
        CouncilSheet.objects.filter(phase=phase, student__in=students)
        .select_related("changed_by", "publication__published_by")
        .prefetch_related(Prefetch("answers", queryset=answers))
    )
    return {sheet.student_id: sheet for sheet in found}


def _line(
    student: Student,
    kind: PhaseKind,
    submission: Submission | None,
    choices: Sequence[Choice],
    sheet: CouncilSheet | None,
    catalogue: Catalogue,
) -> Line:
    asked = {choice.pathway.code: choice for choice in choices}
    held = list(sheet.answers.all()) if sheet else []
    dropped = tuple(each for each in held if each.rank is not None and each.pathway.code not in asked)
    gone = {each.pathway.code for each in dropped}
    answers = tuple(each for each in answers_of(sheet) if each.pathway not in gone) if sheet else ()
    ranks = {code: choice.rank for code, choice in asked.items()}
    answers = rules.completed(answers, kind=kind, asked=ranks, catalogue=catalogue)
    rows = tuple(_row(answer, asked.get(answer.pathway), kind, catalogue) for answer in answers)
    lacks = tuple(rules.missing(answers, kind=kind, asked=ranks))
    return Line(student, kind, submission, sheet, rows, lacks, dropped)


def _row(answer: Answer, choice: Choice | None, kind: PhaseKind, catalogue: Catalogue) -> Row:
    pathway = choice.pathway if choice else catalogue.pathways[answer.pathway]
    return Row(
        pathway=pathway,
        rank=choice.rank if choice else None,
        label=choice.label if choice else pathway.full_label,
        specialities=tuple((each.label, each.is_elsewhere) for each in choice.choice_specialities.all())
        if choice
        else (),
        note=choice.note if choice else "",
        answer=answer,
        verdicts=rules.verdicts_for(kind, pathway.group),
        can_recommend=bool(rules.recommendable(pathway, catalogue)),
    )


def with_typed(line: Line, typed: Answers) -> Line:
    """Return the line with what was typed in the place of what was kept, where it can stand. No query of its own."""
    catalogue = Catalogue.current()
    known = {row.pathway.code: row for row in line.rows}
    may_stand = tuple(
        each
        for each in {answer.pathway: answer for answer in typed}.values()
        if each.pathway in line.asked or (rules.can_add(line.kind) and each.pathway in catalogue.pathways)
    )
    answers = rules.completed(may_stand, kind=line.kind, asked=line.asked, catalogue=catalogue)
    rows = tuple(
        replace(known[answer.pathway], answer=answer)
        if answer.pathway in known
        else _row(answer, None, line.kind, catalogue)
        for answer in answers
    )
    return replace(line, rows=rows, missing=tuple(rules.missing(answers, kind=line.kind, asked=line.asked)))


def tokens_of(students: Sequence[Student], phases: CouncilPhases) -> dict[int, str]:
    """Return the token of each pupil's line (see `Line.token`), by the pupil's key: two queries."""
    newest = _newest_submissions(students, phases.writing)
    sheets = {
        student: (version, publication)
        for student, version, publication in CouncilSheet.objects.filter(
            phase=phases.phase, student__in=students
        ).values_list("student_id", "version", "publication_id")
    }
    tokens = {}
    for student in students:
        version, publication = sheets.get(student.pk, (0, None))
        submission = newest.get(student.pk)
        tokens[student.pk] = token_of(version, submission.pk if submission else None, publication)
    return tokens


def progress_of_lines(lines: Iterable[Line]) -> Progress:
    """Count the lines of a class. No query."""
    listed = list(lines)
    return Progress(
        total=len(listed),
        complete=sum(line.is_complete for line in listed),
        to_review=sum(line.is_to_review for line in listed),
        published=sum(line.is_published for line in listed),
        without_anything=sum(line.submission is None and not line.version for line in listed),
    )
