"""How far each class is in its council, and who is told of it: each function says how many queries it makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from orientation.council import rules
from orientation.council.queries import CouncilPhases, Line, pupils_of
from orientation.models import (
    CouncilAnswer,
    CouncilSheet,
    DivisionPublication,
    Phase,
    PhaseKind,
    SheetReading,
    Submission,
    Verdict,
)
from schools.models import Division, Guardian, Guardianship, Student


@dataclass
class Progress:
    """How far a class is in one council: numbers of pupils."""

    total: int = 0
    complete: int = 0
    to_review: int = 0
    published: int = 0

    @property
    def is_published(self) -> bool:
        """Whether every family of the class has been told."""
        return self.total > 0 and self.published == self.total

    @property
    def is_ready(self) -> bool:
        return self.total > 0 and self.complete == self.total


def progress_of_lines(lines: Iterable[Line]) -> Progress:
    """Count the lines of a class. No query."""
    listed = list(lines)
    return Progress(
        total=len(listed),
        complete=sum(line.is_complete for line in listed),
        to_review=sum(line.is_to_review for line in listed),
        published=sum(line.is_published for line in listed),
    )


def progress_by_division(divisions: Sequence[Division], phases: CouncilPhases) -> dict[int, Progress]:
    """Return how far each class is, by its key, without reading what was said: one query for all of them.

    It counts as `Line.is_complete` does, since a kept sheet has an answer for each pathway asked.
    """
    newest = Submission.objects.filter(student=OuterRef("pk"), phase=phases.writing).order_by("-number")
    sheet = CouncilSheet.objects.filter(student=OuterRef("pk"), phase=phases.phase)
    unfinished = CouncilAnswer.objects.filter(sheet__student=OuterRef("pk"), sheet__phase=phases.phase)
    rows = (
        pupils_of(phases.phase.campaign)
        .filter(division__in=divisions)
        .annotate(
            newest=Subquery(newest.values("pk")[:1]),
            version=Subquery(sheet.values("version")),
            examined=Subquery(sheet.values("submission_id")),
            publication=Subquery(sheet.values("publication_id")),
            is_unfinished=Exists(unfinished.filter(_is_unfinished(phases.kind))),
        )
        .order_by("pk")
        .values_list("division_id", "newest", "version", "examined", "publication", "is_unfinished")
    )
    found: dict[int, Progress] = defaultdict(Progress)
    for division_id, asked, version, examined, publication, is_unfinished in rows:
        progress = found[division_id]
        progress.total += 1
        is_to_review = bool(version) and examined != asked
        progress.to_review += is_to_review
        progress.complete += not is_to_review and (asked is None or (bool(version) and not is_unfinished))
        progress.published += publication is not None
    return found


def _is_unfinished(kind: PhaseKind) -> Q:
    """Say in SQL what `rules.missing` says of an answer that was asked."""
    needing = [verdict for verdict in Verdict if rules.needs_reason(kind, verdict)]
    return Q(rank__isnull=False) & (Q(verdict="") | Q(verdict__in=needing, comment=""))


def standing_publications(phase: Phase, divisions: Iterable[Division]) -> QuerySet[DivisionPublication]:
    """Return the publications of classes that were not withdrawn, newest first."""
    return (
        DivisionPublication.objects.filter(phase=phase, division__in=divisions, withdrawn_at=None)
        .select_related("published_by", "division", "phase__campaign__school")
        .order_by("-published_at", "-pk")
    )


def families_having_read(publication: DivisionPublication) -> int:
    """Return how many pupils' sheets of a publication were opened by their family: one query."""
    readings = SheetReading.objects.filter(sheet__publication=publication)
    return readings.values("sheet").distinct().count()


@dataclass(frozen=True)
class Recipients:
    """Who is told when these pupils' sheets are published. A guardian of two of the pupils is written to twice."""

    guardians: dict[int, list[Guardian]]
    """The legal guardians of each pupil, by the pupil's key."""
    students: tuple[Student, ...]

    @property
    def by_mail(self) -> int:
        return len({each.pk for each in self._all() if each.usable_email})

    @property
    def with_account(self) -> int:
        return len({each.pk for each in self._all() if each.user_id})

    @property
    def total(self) -> int:
        return len({each.pk for each in self._all()})

    @property
    def to_tell_otherwise(self) -> list[tuple[Student, list[Guardian]]]:
        """The pupils with the guardians to whom no e-mail can be sent; an empty list where there is no guardian."""
        silent = [
            (student, [each for each in self.guardians[student.pk] if not each.usable_email])
            for student in self.students
        ]
        return [(student, found) for student, found in silent if found or not self.guardians[student.pk]]

    def _all(self) -> Iterable[Guardian]:
        return (each for found in self.guardians.values() for each in found)


def recipients_of(students: Sequence[Student]) -> Recipients:
    """Return the legal guardians of these pupils (decision 17): one query."""
    guardians: dict[int, list[Guardian]] = {student.pk: [] for student in students}
    links = Guardianship.objects.legal().filter(student__in=students).select_related("guardian").order_by("pk")
    for link in links:
        guardians[link.student_id].append(link.guardian)
    return Recipients(guardians, tuple(students))
