"""What the pages of the council read of classes: each function says how many queries it makes. Lines: `lines.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from notifications.models import UNSETTLED, OutboxMessage
from orientation.council import rules
from orientation.models import (
    Acknowledgement,
    Campaign,
    CouncilAnswer,
    CouncilSheet,
    DivisionPublication,
    FamilyAnswer,
    Phase,
    PhaseKind,
    PhaseState,
    SheetReading,
    Submission,
    Verdict,
)
from schools.models import Division, Guardian, Guardianship, School, Student

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


# --- How far the classes are -----------------------------------------------------------------------------------------


@dataclass
class Progress:
    """How far a class is in one council: numbers of pupils."""

    total: int = 0
    complete: int = 0
    to_review: int = 0
    published: int = 0
    without_anything: int = 0
    """Complete because nothing was asked and nothing was said."""

    @property
    def is_published(self) -> bool:
        """Whether every family of the class has been told."""
        return self.total > 0 and self.published == self.total

    @property
    def is_ready(self) -> bool:
        """Whether the council has answered for all, and there is something to tell of at least one."""
        return self.without_anything < self.complete == self.total

    @property
    def is_silent(self) -> bool:
        return 0 < self.total == self.without_anything


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
        progress.without_anything += asked is None and not version
    return found


def _is_unfinished(kind: PhaseKind) -> Q:
    """Say in SQL what `rules.missing` says of an answer that was asked."""
    needing = [verdict for verdict in Verdict if rules.needs_reason(kind, verdict)]
    return Q(rank__isnull=False) & (Q(verdict="") | Q(verdict__in=needing, comment=""))


# --- Telling a class -------------------------------------------------------------------------------------------------


def standing_publications(phase: Phase, divisions: Iterable[Division]) -> QuerySet[DivisionPublication]:
    """Return the publications of classes that were not withdrawn, newest first."""
    return (
        DivisionPublication.objects.filter(phase=phase, division__in=divisions, withdrawn_at=None)
        .select_related("published_by", "division", "phase__campaign__school")
        .order_by("-published_at", "-pk")
    )


def families_having_read(publication: DivisionPublication) -> int:
    """Return how many pupils' sheets of a publication were opened by their family: one query.

    An acknowledgement or an answer says so too: a receipt is erased at its reader's request, those are not.
    """
    of_sheet = {"sheet": OuterRef("pk")}
    opened = Exists(SheetReading.objects.filter(**of_sheet)) | Exists(Acknowledgement.objects.filter(**of_sheet))
    answered = Exists(FamilyAnswer.objects.filter(answer__sheet=OuterRef("pk")))
    return CouncilSheet.objects.filter(opened | answered, publication=publication).count()


@dataclass(frozen=True)
class OwedMails:
    """The e-mails of a publication: those that have left, and those that a withdrawal would still drop."""

    gone: int
    waiting: int


def mails_of(publication: DivisionPublication) -> OwedMails:
    """Count the e-mails of a publication: one query."""
    states = list(
        OutboxMessage.objects.filter(deduplication_key__startswith=publication_key(publication)).values_list(
            "state", flat=True
        )
    )
    waiting = sum(state in UNSETTLED for state in states)
    return OwedMails(gone=len(states) - waiting, waiting=waiting)


def publication_key(publication: DivisionPublication) -> str:
    """Return how the keys begin by which the outbox owes the e-mails of a publication."""
    return f"publication:{publication.pk}:"


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
    links = Guardianship.objects.legal().filter(student__in=students).select_related("guardian__user").order_by("pk")
    for link in links:
        guardians[link.student_id].append(link.guardian)
    return Recipients(guardians, tuple(students))
