"""What pages read of orientation: each function says how many queries it makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from notifications.models import OutboxMessage
from operations.prepared import Keys, Parameter, prepared
from orientation.models import (
    Choice,
    ChoiceSpeciality,
    Draft,
    DraftRevision,
    PathwayGroup,
    Phase,
    PhaseKind,
    PhaseState,
    SetAside,
    SpecialityOffer,
    Submission,
)
from orientation.rules import Catalogue, Wish, Wishes, problems_of_list
from schools.models import Guardian, Guardianship, Student


@dataclass(frozen=True)
class RankedChoice:
    """One rank as lists, recaps, mails and receipts show it; `specialities` pairs a label with *hors établissement*."""

    rank: int
    code: str
    label: str
    specialities: tuple[tuple[str, bool], ...]
    note: str
    to_complete: str = ""
    """Of a draft, why the rank cannot be validated as it stands; empty when it can."""


class PhaseSet:
    """The phases of one campaign, in the order of the seed. May be empty."""

    def __init__(self, phases: Iterable[Phase]) -> None:
        self._by_kind = {phase.phase_kind: phase for phase in phases}

    def __iter__(self) -> Iterator[Phase]:
        return iter([self._by_kind[kind] for kind in PhaseKind if kind in self._by_kind])

    def __bool__(self) -> bool:
        return bool(self._by_kind)

    def get(self, kind: PhaseKind) -> Phase | None:
        return self._by_kind.get(kind)

    def current_at(self, instant: datetime) -> Phase | None:
        """Return the phase to look at: the open one, else the next to open, else the last one."""
        phases = list(self)
        in_state = {state: [each for each in phases if each.state_at(instant) is state] for state in PhaseState}
        for candidates, index in (
            (in_state[PhaseState.OPEN], 0),
            (in_state[PhaseState.UPCOMING], 0),
            (in_state[PhaseState.CLOSED], -1),
        ):
            if candidates:
                return candidates[index]
        return None


def phases_of(student: Student) -> PhaseSet:
    """Return the phases of the campaign to show a student: one query, once per student object.

    A campaign counts if it takes the student (decision 26) or holds something validated or decided for them, which
    stays readable after they have left the level. The newest that has begun comes before those being prepared.
    """
    if not hasattr(student, "_phases"):
        load_phases([student])
    phases_of_student: PhaseSet = student._phases  # type: ignore[attr-defined]
    return phases_of_student


def load_phases(students: Collection[Student]) -> None:
    """Read the phases to show each of these students, as `phases_of` returns them: one query for all."""
    schools = {student.school_id: student.school for student in students}
    phases = _phases_of_schools(list(schools), [student.pk for student in students])
    held: dict[int, set[int]] = {}
    for phase in phases:
        phase.campaign.school = schools[phase.campaign.school_id]
        held.setdefault(phase.campaign_id, set()).update(phase.held_for)  # type: ignore[attr-defined]
    now = timezone.now()
    for student in students:
        own = [each for each in phases if each.campaign.takes(student) or student.pk in held[each.campaign_id]]
        student._phases = PhaseSet(_of_one_campaign(own, now))  # type: ignore[attr-defined]
        student._held_phases = [each for each in phases if student.pk in each.held_for]  # type: ignore[attr-defined]


_HELD_FOR = """ARRAY(
    SELECT student_id FROM orientation_submission WHERE phase_id = orientation_phase.id AND student_id = ANY(%s)
    UNION
    SELECT student_id FROM orientation_decision WHERE phase_id = orientation_phase.id AND student_id = ANY(%s)
)"""


@prepared
def _phases_of_schools(schools: Keys, students: Parameter) -> QuerySet[Phase]:
    """All phases of these schools, newest campaign first; `held_for`: for whom of these students one holds something.

    Held is what was validated or decided.
    """
    held_for = RawSQL(_HELD_FOR, [students, students])  # noqa: S611 - the parameters are keys
    return (
        Phase.objects.filter(campaign__school_id__in=schools)
        .select_related("campaign")
        .annotate(held_for=held_for)
        .order_by("-campaign__school_year", "opens_at")
    )


def _of_one_campaign(phases: Sequence[Phase], now: datetime) -> list[Phase]:
    """Return the phases of the newest campaign that has begun, else of the next to begin; newest come first."""
    begun = [phase for phase in phases if phase.opens_at <= now]
    chosen = begun[0] if begun else phases[-1] if phases else None
    return [phase for phase in phases if chosen and phase.campaign_id == chosen.campaign_id]


def past_phases(student: Student) -> dict[int, PhaseSet]:
    """Return the phases of the earlier campaigns that hold something of a student, newest year first.

    Earlier than the campaign to show (`phases_of`), with which they are read; none without one.
    """
    shown = next(iter(phases_of(student)), None)
    if shown is None:
        return {}
    found: dict[int, list[Phase]] = {}
    for phase in student._held_phases:  # type: ignore[attr-defined]
        if phase.campaign.school_year < shown.campaign.school_year:
            found.setdefault(phase.campaign.school_year, []).append(phase)
    return {year: PhaseSet(phases) for year, phases in found.items()}


def draft_of(student: Student, phase: Phase) -> Draft | None:
    """Return the draft with who changed it last: one query."""
    return _drafts.first(student.pk, phase.pk)


@prepared
def _drafts(student: Parameter, phase: Parameter) -> QuerySet[Draft]:
    return Draft.objects.filter(student_id=student, phase_id=phase).select_related("changed_by")


def offered_codes(phase: Phase) -> frozenset[str]:
    """Return the codes of the specialities that the school teaches in the campaign's year: one query."""
    return frozenset(_offered_codes(phase.campaign.school_id, phase.campaign.school_year))


@prepared
def _offered_codes(school: Parameter, school_year: Parameter) -> QuerySet[SpecialityOffer, str]:
    offers = SpecialityOffer.objects.filter(school_id=school, school_year=school_year)
    return offers.values_list("speciality__code", flat=True)


def wishes_of(holder: Draft | DraftRevision | SetAside | None) -> Wishes:
    """Return a list of wishes as it was kept. No query."""
    return tuple(Wish.from_json(each) for each in holder.wishes) if holder else ()


def ranked(wishes: Wishes, offered: frozenset[str]) -> list[RankedChoice]:
    """Return wishes as pages show them; *hors établissement* follows the offer (decision 5). No query of its own."""
    catalogue = Catalogue.current(holding=wishes)
    return [_ranked_choice(rank, wish, catalogue, offered) for rank, wish in enumerate(wishes, start=1)]


def _ranked_choice(rank: int, wish: Wish, catalogue: Catalogue, offered: frozenset[str]) -> RankedChoice:
    pathway = catalogue.pathways[wish.pathway]
    is_general = pathway.group == PathwayGroup.GENERAL
    return RankedChoice(
        rank=rank,
        code=pathway.code,
        label=pathway.full_label,
        specialities=tuple(
            (catalogue.specialities[code].label, is_general and code not in offered) for code in wish.specialities
        ),
        note=wish.note,
    )


def draft_choices(draft: Draft | None, phase: Phase) -> list[RankedChoice]:
    """Return the ranks of a draft as pages show them, with what is missing in each: one query, for the offer."""
    wishes = wishes_of(draft)
    choices = ranked(wishes, offered_codes(phase))
    found = problems_of_list(wishes, catalogue=Catalogue.current(), speciality_count=phase.speciality_count)
    return [
        replace(choice, to_complete=" ".join(each.message for each in problems))
        for choice, problems in zip(choices, found, strict=True)
    ]


def intentions_to_copy(student: Student, phase: Phase) -> Submission | None:
    """Return the intentions from which final choices may start: one query, none in another phase."""
    intentions = phases_of(student).get(PhaseKind.INTENTIONS)
    if phase.phase_kind is not PhaseKind.FINAL_CHOICES or intentions is None:
        return None
    return newest_submission(student, intentions)


def submissions_of(student: Student, phase: Phase) -> list[Submission]:
    """Return the submissions, newest first: one query."""
    return _submissions(student.pk, phase.pk)


def newest_submission(student: Student, phase: Phase) -> Submission | None:
    """Return the submission that counts, if any: one query."""
    return _newest_submission.first(student.pk, phase.pk)


@prepared
def _submissions(student: Parameter, phase: Parameter) -> QuerySet[Submission]:
    return Submission.objects.filter(student_id=student, phase_id=phase).order_by("-number")


@prepared
def _newest_submission(student: Parameter, phase: Parameter) -> QuerySet[Submission]:
    return Submission.objects.filter(student_id=student, phase_id=phase).order_by("-number")[:1]


def _frozen_choices(submission: Submission) -> list[tuple[Choice, list[ChoiceSpeciality]]]:
    """Return the rows of a submission with their pathways, each with its specialities: two queries."""
    of_choice: dict[int, list[ChoiceSpeciality]] = {}
    for each in _frozen_specialities(submission.pk):
        of_choice.setdefault(each.choice_id, []).append(each)
    return [(choice, of_choice.get(choice.pk, [])) for choice in _frozen_ranks(submission.pk)]


@prepared
def _frozen_ranks(submission: Parameter) -> QuerySet[Choice]:
    return Choice.objects.filter(submission_id=submission).select_related("pathway").order_by("rank")


@prepared
def _frozen_specialities(submission: Parameter) -> QuerySet[ChoiceSpeciality]:
    of_submission = ChoiceSpeciality.objects.filter(choice__submission_id=submission)
    return of_submission.select_related("speciality").order_by("position")


def submission_choices(submission: Submission) -> list[RankedChoice]:
    """Return the ranks of a submission as they were frozen: two queries."""
    return [ranked_choice_of(*frozen) for frozen in _frozen_choices(submission)]


def ranked_choice_of(choice: Choice, specialities: Iterable[ChoiceSpeciality]) -> RankedChoice:
    """Return one frozen rank, of rows that are read. No query where its pathway is read with it."""
    return RankedChoice(
        rank=choice.rank,
        code=choice.pathway.code,
        label=choice.label,
        specialities=tuple((each.label, each.is_elsewhere) for each in specialities),
        note=choice.note,
    )


def submission_wishes(submission: Submission) -> Wishes:
    """Return what was validated, as a list that can be prepared again: two queries."""
    return tuple(
        Wish(choice.pathway.code, tuple(each.speciality.code for each in specialities), choice.note)
        for choice, specialities in _frozen_choices(submission)
    )


@dataclass(frozen=True)
class MailedGuardian:
    """A legal guardian, and what became of the e-mail owed to them; empty strings when none was owed."""

    guardian: Guardian
    mail_state: str
    mail_address: str


def confirmation_key(submission: Submission, guardian_pk: object) -> str:
    """Return the key by which the outbox owes one confirmation of a submission to one guardian, once."""
    return f"submission:{submission.public_id}:guardian:{guardian_pk}"


def guardians_with_mail(submission: Submission) -> list[MailedGuardian]:
    """Return the student's legal guardians with their confirmation of this submission: one query."""
    return [
        MailedGuardian(guardian, guardian.mail_state, guardian.mail_address)  # type: ignore[attr-defined]
        for guardian in _guardians_with_mail(submission.student_id, confirmation_key(submission, ""))
    ]


@prepared
def _guardians_with_mail(student: Parameter, key: Parameter) -> QuerySet[Guardian]:
    """Return the legal guardians, each with the message whose key is this beginning and the guardian's own."""
    whole_key = Concat(Cast(key, CharField()), Cast(OuterRef("pk"), CharField()))
    message = OutboxMessage.objects.filter(deduplication_key=whole_key)
    legal = Guardianship.objects.legal().filter(student_id=student).values("guardian_id")
    guardians = Guardian.objects.filter(pk__in=legal).annotate(
        mail_state=Coalesce(Subquery(message.values("state")), Value("")),
        mail_address=Coalesce(Subquery(message.values("address")), Value("")),
    )
    return guardians.order_by("pk")


def set_aside_by(user_id: int, draft: Draft | None) -> SetAside | None:
    """Return what this person wrote over somebody else's version and has not settled yet: one query."""
    if draft is None:
        return None
    return _set_aside.first(draft.pk, user_id)


@prepared
def _set_aside(draft: Parameter, user: Parameter) -> QuerySet[SetAside]:
    waiting = SetAside.objects.filter(draft_id=draft, written_by_id=user, settled_at=None)
    return waiting.order_by("-written_at")[:1]
