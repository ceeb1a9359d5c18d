"""One pupil's file as the school reads it: never a draft's content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import OutboxMessage
from notifications.rendering import subject_of
from orientation.models import (
    Acknowledgement,
    Choice,
    ChoiceSpeciality,
    CouncilAnswer,
    CouncilSheet,
    Draft,
    FamilyAnswer,
    Phase,
    PhaseKind,
    PhaseState,
    Reminder,
    Submission,
)
from orientation.queries import PhaseSet
from schools.models import Guardian, Guardianship, Student

SHOWN_MESSAGES = 50


@dataclass(frozen=True)
class PhaseFile:
    """What stands in one phase of the campaign; `has_draft` says that a list is begun and was never validated."""

    phase: Phase
    submissions: list[Submission]
    has_draft: bool
    sheet: CouncilSheet | None

    @property
    def acknowledgement(self) -> Acknowledgement | None:
        """Who acknowledged the avis, None while nobody has. No query."""
        return getattr(self.sheet, "acknowledgement", None)

    @property
    def is_published(self) -> bool:
        return self.sheet is not None and self.sheet.publication is not None and not self.sheet.publication.withdrawn_at


@dataclass(frozen=True)
class OwedMessage:
    """An e-mail owed to a guardian about this pupil; the address is for those who read contact data."""

    subject: str
    guardian: Guardian
    message: OutboxMessage


def with_draft_phases(students: QuerySet[Student]) -> QuerySet[Student]:
    """Annotate `draft_phases`: the keys of the phases in which a list is begun, without what it holds."""
    drafts = Draft.objects.filter(student=OuterRef("pk")).exclude(wishes=[])
    return students.annotate(draft_phases=ArraySubquery(drafts.values("phase_id")))


def phase_files(student: Student, phases: PhaseSet) -> list[PhaseFile]:
    """Return what each phase holds for a student `with_draft_phases`, newest first: at most seven queries."""
    submissions = list(_submissions(student))
    sheets = {sheet.phase_id: sheet for sheet in _sheets(student)}
    drafts: list[int] = student.draft_phases  # type: ignore[attr-defined]
    files = []
    for phase in reversed(list(phases)):
        validated = [each for each in submissions if each.phase_id == phase.pk]
        has_draft = phase.pk in drafts and not validated
        files.append(PhaseFile(phase, validated, has_draft, sheets.get(phase.pk)))
    return files


def _submissions(student: Student) -> QuerySet[Submission]:
    specialities = ChoiceSpeciality.objects.order_by("position")
    choices = Choice.objects.order_by("rank").prefetch_related(Prefetch("choice_specialities", queryset=specialities))
    return (
        Submission.objects.filter(student=student)
        .prefetch_related(Prefetch("choices", queryset=choices))
        .order_by("phase_id", "-number")
    )


def _sheets(student: Student) -> QuerySet[CouncilSheet]:
    given = FamilyAnswer.objects.order_by("-number")
    answers = CouncilAnswer.objects.prefetch_related("recommended", Prefetch("family_answers", queryset=given))
    return (
        CouncilSheet.objects.filter(student=student)
        .select_related("publication__published_by", "acknowledgement", "changed_by")
        .prefetch_related(Prefetch("answers", queryset=answers))
        .order_by("pk")
    )


def guardianships_of(student: Student) -> list[Guardianship]:
    """Return the student's legal guardians with their accounts: one query."""
    links = Guardianship.objects.legal().filter(student=student).select_related("guardian__user")
    return list(links.order_by("guardian__family_name", "pk"))


def messages_of(student: Student, links: Sequence[Guardianship]) -> list[OwedMessage]:
    """Return the newest e-mails of orientation owed to these guardians about this pupil: one query.

    Each of them leads to the pupil's own page: that is how those about a brother or a sister are told apart.
    """
    guardians = {f"guardian:{link.guardian_id}": link.guardian for link in links}
    owed = OutboxMessage.objects.filter(
        recipient__in=guardians, kind__startswith="orientation.", context__url__icontains=str(student.public_id)
    ).order_by("-created_at", "pk")[:SHOWN_MESSAGES]
    return [OwedMessage(subject_of(message), guardians[message.recipient], message) for message in owed]


def reminders_of(student: Student) -> QuerySet[Reminder]:
    """Return who reminded whom about this pupil, newest first: one query."""
    reminders = Reminder.objects.filter(student=student).select_related("guardian", "reminded_by", "phase")
    return reminders.order_by("-reminded_at", "pk")


def entry_phases(phases: Iterable[Phase], at: datetime) -> list[PhaseKind]:
    """Return the phases in which the school may enter choices for a family at this instant."""
    written = [each for each in phases if each.phase_kind.is_written_by_families]
    return [each.phase_kind for each in written if each.state_at(at) is PhaseState.OPEN]


def papers_to_enter(files: Iterable[PhaseFile], at: datetime) -> list[tuple[str, Promise]]:
    """Return the pages on which to enter now what the family signed on paper, and what each says. No query."""
    pages: list[tuple[str, Promise]] = []
    for file in files:
        page = _PAPERS.get(file.phase.phase_kind)
        if page and file.is_published and file.phase.state_at(at) is PhaseState.OPEN:
            pages += [] if file.acknowledgement else [page]
    return pages


_PAPERS = {
    PhaseKind.PROVISIONAL_OPINIONS: ("admin:acknowledge_for_family", _("Saisir l’accusé de réception signé")),
    PhaseKind.PROPOSALS: ("admin:answer_for_family", _("Saisir les réponses de la famille")),
}
