"""What families do to their choices: each function is one act in one transaction.

All take `by` (the account), `at` (the aware instant at which the act arrived) and the `StudentFile` through which it is
done; the phase's closing, the tie between guardian and student and the version are checked again inside the
transaction. Doing an act twice is harmless. They raise the errors of `orientation.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from orientation import mails, policies, rules
from orientation.errors import (
    DraftChangedByOther,
    LastChangeByOther,
    NotAllowed,
    NothingToValidate,
    OfferNotDeclared,
    PhaseNotOpen,
    WishRefused,
)
from orientation.models import (
    Choice,
    ChoiceSpeciality,
    Draft,
    DraftChoice,
    DraftChoiceSpeciality,
    Phase,
    PhaseState,
    Submission,
)
from orientation.queries import draft_rows, ranked, submissions_of
from orientation.rules import Wish
from schools.models import Guardian, Guardianship


@transaction.atomic
def save_choice(
    *, file: StudentFile, phase: Phase, wish: Wish, replacing: str = "", version: int, by: User, at: datetime
) -> Draft:
    """Add a choice at the end of the draft, or put it in the place of the one on the pathway `replacing`.

    Raises WishRefused, naming each field, when the rules refuse it.
    """
    draft = _lock_draft(file, phase, version=version, by=by, at=at).draft
    choices = draft_rows(draft, phase)
    replaced = next((each for each in choices if each.pathway.code == replacing), None)
    if replaced is None and any(_wish_of(each) == wish for each in choices):
        return draft  # the same form came twice
    catalogue = rules.Catalogue.current()
    others = {each.pathway.code: each.rank for each in choices if each is not replaced}
    problems = rules.check_wish(wish, catalogue=catalogue, speciality_count=phase.speciality_count, others=others)
    if problems:
        raise WishRefused(problems)
    pathway = catalogue.pathways[wish.pathway]
    choice = replaced or DraftChoice(draft=draft, rank=len(others) + 1)
    choice.pathway, choice.note = pathway, wish.note
    choice.save()
    if replaced:
        choice.choice_specialities.all().delete()
    DraftChoiceSpeciality.objects.bulk_create(
        DraftChoiceSpeciality(choice=choice, position=position, speciality=catalogue.specialities[code])
        for position, code in enumerate(wish.specialities, start=1)
    )
    return _changed(draft, by=by, at=at)


@transaction.atomic
def remove_choice(*, file: StudentFile, phase: Phase, pathway: str, version: int, by: User, at: datetime) -> Draft:
    """Take the choice on this pathway out of the draft; those below move up."""
    draft = _lock_draft(file, phase, version=version, by=by, at=at).draft
    choices = draft_rows(draft, phase)
    removed = next((each for each in choices if each.pathway.code == pathway), None)
    if removed is None:
        return draft
    removed.delete()
    _write_order([each for each in choices if each is not removed])
    return _changed(draft, by=by, at=at)


@transaction.atomic
def move_choice(
    *, file: StudentFile, phase: Phase, pathway: str, rank: int, version: int, by: User, at: datetime
) -> Draft:
    """Bring the choice on this pathway to a rank, the others keeping their order."""
    draft = _lock_draft(file, phase, version=version, by=by, at=at).draft
    choices = draft_rows(draft, phase)
    by_code = {each.pathway.code: each for each in choices}
    if pathway not in by_code:
        return draft
    order = rules.moved([each.pathway.code for each in choices], pathway, rank)
    if order == list(by_code):
        return draft
    _write_order([by_code[code] for code in order])
    return _changed(draft, by=by, at=at)


@transaction.atomic
def reset_draft(*, file: StudentFile, phase: Phase, version: int, by: User, at: datetime) -> Draft:
    """Bring the draft back to the newest submission, or empty it when there is none (*Annuler*, decision 4)."""
    draft = _lock_draft(file, phase, version=version, by=by, at=at).draft
    newest = submissions_of(file.student, phase).first()
    draft.choices.all().delete()
    if newest:
        _copy_to_draft(newest, draft)
    _changed(draft, by=by, at=at)
    draft.is_validated = newest is not None
    draft.save(update_fields=["is_validated"])
    return draft


@transaction.atomic
def validate_draft(
    *, file: StudentFile, phase: Phase, version: int, by: User, at: datetime, is_confirmed: bool = False
) -> Submission:
    """Make an immutable, numbered submission of the draft, and owe each legal guardian an e-mail (decision 4).

    Raises LastChangeByOther once when another guardian made the last change; `is_confirmed` says yes to it.
    """
    lock = _lock_draft(file, phase, version=version, by=by, at=at)
    draft = lock.draft
    newest = submissions_of(file.student, phase).first()
    if draft.is_validated and newest:
        return newest  # the same form came twice
    choices = draft_rows(draft, phase)
    if not choices:
        raise NothingToValidate
    if draft.changed_by_id != by.pk and not is_confirmed:
        raise LastChangeByOther(name=str(draft.changed_by), changed_at=draft.changed_at)
    _check_list(choices, phase)
    submission = _freeze(phase, choices, file=file, number=newest.number + 1 if newest else 1, by=by, at=at)
    mails.owe_confirmations(submission, ranked(choices), guardians=lock.legal_guardians, at=at)
    draft.is_validated = True
    draft.save(update_fields=["is_validated"])
    return submission


@dataclass(frozen=True)
class _Lock:
    """A draft that may be written now, and the student's legal guardians at this moment."""

    draft: Draft
    legal_guardians: list[Guardian]


def _lock_draft(file: StudentFile, phase: Phase, *, version: int, by: User, at: datetime) -> _Lock:
    """Check that this person may write now, and return the draft locked (created if it is the first write)."""
    # FOR SHARE: many families write at once, while a head who closes the phase waits for them, and they for the head
    locked_phase = Phase.objects.raw("SELECT * FROM orientation_phase WHERE id = %s FOR SHARE", [phase.pk])[0]
    links = list(
        Guardianship.objects.legal()
        .filter(student=file.student, student__left_on__isnull=True)
        .select_related("guardian")
        .order_by("pk")
    )
    guardian = file.guardian
    if guardian is None or all((link.guardian_id, link.guardian.user_id) != (guardian.pk, by.pk) for link in links):
        raise NotAllowed(_("Le compte d’un élève permet seulement de consulter."))
    designated = next((link.guardian_id for link in links if link.is_designated), None)
    if not policies.can_write_choices(file, phase.campaign, designated_guardian_id=designated):
        raise NotAllowed(_("Dans cet établissement, un seul représentant légal désigné saisit les choix."))
    if locked_phase.state_at(at) is not PhaseState.OPEN:
        raise PhaseNotOpen(locked_phase, at)
    if phase.campaign.offer_declared_at is None:
        raise OfferNotDeclared
    draft = _get_or_create_locked(file, phase, by=by, at=at)
    if draft.version != version and draft.changed_by_id not in (None, by.pk):
        raise DraftChangedByOther(name=str(draft.changed_by), changed_at=draft.changed_at)
    return _Lock(draft, [link.guardian for link in links])


def _get_or_create_locked(file: StudentFile, phase: Phase, *, by: User, at: datetime) -> Draft:
    locked = (
        Draft.objects.filter(student=file.student, phase=phase)
        .select_related("changed_by")
        .select_for_update(of=("self",))
    )
    draft = locked.first()
    if draft is None:
        Draft.objects.bulk_create(
            [Draft(student=file.student, phase=phase, changed_at=at, changed_by=by)], ignore_conflicts=True
        )
        draft = locked.get()
    return draft


def _wish_of(choice: DraftChoice) -> Wish:
    codes = tuple(each.speciality.code for each in choice.choice_specialities.all())
    return Wish(pathway=choice.pathway.code, specialities=codes, note=choice.note)


def _write_order(choices: Sequence[DraftChoice]) -> None:
    for rank, choice in enumerate(choices, start=1):
        choice.rank = rank
    DraftChoice.objects.bulk_update(choices, ["rank"])


def _changed(draft: Draft, *, by: User, at: datetime) -> Draft:
    draft.version += 1
    draft.is_validated = False
    draft.changed_at, draft.changed_by = at, by
    draft.save(update_fields=["version", "is_validated", "changed_at", "changed_by"])
    return draft


def _check_list(choices: Sequence[DraftChoice], phase: Phase) -> None:
    """Check each rank again: the catalogue or the number of specialities may have changed since it was typed."""
    catalogue = rules.Catalogue.current()
    problems = []
    for choice in choices:
        for problem in rules.check_wish(_wish_of(choice), catalogue=catalogue, speciality_count=phase.speciality_count):
            message = _("Rang %(rank)d : %(message)s") % {"rank": choice.rank, "message": problem.message}
            problems.append(rules.Problem(choice.pathway.code, message))
    if problems:
        raise WishRefused(problems)


def _freeze(
    phase: Phase,
    choices: Sequence[DraftChoice],
    *,
    file: StudentFile,
    number: int,
    by: User,
    at: datetime,
) -> Submission:
    guardian = file.guardian
    assert guardian is not None  # noqa: S101 - narrows the type; _lock_draft refused otherwise
    submission = Submission.objects.create(
        student=file.student,
        phase=phase,
        number=number,
        submitted_at=at,
        submitted_by=by,
        guardian=guardian,
        guardian_name=guardian.full_name,
    )
    shown_choices = ranked(choices)
    frozen = Choice.objects.bulk_create(
        Choice(submission=submission, rank=each.rank, pathway=each.pathway, label=shown.label, note=each.note)
        for each, shown in zip(choices, shown_choices, strict=True)
    )
    ChoiceSpeciality.objects.bulk_create(
        ChoiceSpeciality(
            choice=choice,
            position=each.position,
            speciality=each.speciality,
            label=label,
            is_elsewhere=is_elsewhere,
        )
        for choice, source, shown in zip(frozen, choices, shown_choices, strict=True)
        for each, (label, is_elsewhere) in zip(source.choice_specialities.all(), shown.specialities, strict=True)
    )
    return submission


def _copy_to_draft(submission: Submission, draft: Draft) -> None:
    sources = list(submission.choices.prefetch_related("choice_specialities"))
    copies = DraftChoice.objects.bulk_create(
        DraftChoice(draft=draft, rank=source.rank, pathway_id=source.pathway_id, note=source.note) for source in sources
    )
    DraftChoiceSpeciality.objects.bulk_create(
        DraftChoiceSpeciality(choice=copy, position=each.position, speciality_id=each.speciality_id)
        for copy, source in zip(copies, sources, strict=True)
        for each in source.choice_specialities.all()
    )
