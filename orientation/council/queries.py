"""What the pages of the council read: each function says how many queries it makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from orientation.council import rules
from orientation.council.rules import Answer, Answers
from orientation.models import (
    Campaign,
    Choice,
    ChoiceSpeciality,
    CouncilAnswer,
    CouncilSheet,
    Pathway,
    Phase,
    PhaseKind,
    PhaseState,
    Submission,
    Verdict,
)
from orientation.rules import Catalogue
from schools.models import School, Student

# --- What a family may read ------------------------------------------------------------------------------------------


def published_sheet(student: Student, phase: Phase) -> CouncilSheet | None:
    """Return what the family may read of the council in a phase, or None while the class has not been told.

    The answers come in order of rank, those added last, with their pathway and specialities recommended: three queries.
    """
    return published_sheets(phase.campaign).filter(student=student, phase=phase).first()


def published_sheets(campaign: Campaign) -> QuerySet[CouncilSheet]:
    """Return a campaign's sheets that families may read, with their publication and answers: three queries."""
    answers = CouncilAnswer.objects.select_related("pathway").prefetch_related("recommended")
    return (
        CouncilSheet.objects.filter(phase__campaign=campaign, publication__withdrawn_at__isnull=True)
        .exclude(publication=None)
        .select_related("publication", "submission")
        .prefetch_related(Prefetch("answers", queryset=answers))
        .order_by("pk")
    )


# --- Which pupils, which phases --------------------------------------------------------------------------------------


def pupils_of(campaign: Campaign) -> QuerySet[Student]:
    """Return the school's pupils whom the campaign takes and who have not left (decision 26), in class-list order."""
    taken = Q(pk__in=[])
    for prefix in campaign.mef_prefixes:
        taken |= Q(mef_code__startswith=prefix)
    return Student.objects.in_school().filter(taken, school_id=campaign.school_id)


def campaign_at(school: School, instant: datetime) -> Campaign | None:
    """Return the newest campaign that has begun, else the first to begin, with its phases: two queries."""
    campaigns = list(
        Campaign.objects.filter(school=school).prefetch_related(
            Prefetch("phases", queryset=Phase.objects.select_related("campaign__school"))
        )
    )
    begun = [each for each in campaigns if any(phase.opens_at <= instant for phase in each.phases.all())]
    return begun[0] if begun else campaigns[-1] if campaigns else None


@dataclass(frozen=True)
class CouncilPhases:
    """The phase of a council, and that of the families which it examines; None where its dates are not set."""

    phase: Phase
    writing: Phase | None

    @property
    def kind(self) -> PhaseKind:
        return self.phase.phase_kind

    def entry_began(self, at: datetime) -> bool:
        """Whether the council may be entered: the families' list no longer moves (decision 9)."""
        return self.writing is not None and self.writing.state_at(at) is PhaseState.CLOSED


def council_phases(school: School, school_year: int, kind: PhaseKind) -> CouncilPhases | None:
    """Return the phases of a year's council, or None where its dates are not set: one query."""
    found = Phase.objects.filter(
        campaign__school=school, campaign__school_year=school_year, kind__in=[kind, rules.WRITING_KIND[kind]]
    ).select_related("campaign__school")
    by_kind = {phase.phase_kind: phase for phase in found}
    return CouncilPhases(by_kind[kind], by_kind.get(rules.WRITING_KIND[kind])) if kind in by_kind else None


# --- The lines of a class --------------------------------------------------------------------------------------------


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
        return token_of(self.version, self.submission and self.submission.pk, self.sheet and self.sheet.publication_id)

    @property
    def asked(self) -> dict[str, int]:
        return {row.pathway.code: row.rank for row in self.rows if row.rank is not None}

    @property
    def answers(self) -> Answers:
        return tuple(row.answer for row in self.rows)


def token_of(version: int | None, submission_id: int | None, publication_id: int | None) -> str:
    return f"{version or 0}.{submission_id or 0}.{publication_id or 0}"


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
    """Return what a sheet holds, as it could be typed again: two queries unless prefetched."""
    return tuple(
        Answer(
            answer.pathway.code,
            answer.verdict,
            answer.comment,
            frozenset(each.code for each in answer.recommended.all()),
        )
        for answer in sheet.answers.all()
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
        .select_related("changed_by", "publication")
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
        tokens[student.pk] = token_of(version, submission and submission.pk, publication)
    return tokens
