"""What families do to their choices: each function is one act in one transaction.

All take `by` (the account), `at` (the aware instant at which the act arrived), the `StudentFile` through which it is
done and the `version` of the draft that the person saw; the phase's closing, the tie between guardian and student and
the version are checked again inside the transaction. Doing an act twice is harmless. They raise the errors of
`orientation.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from orientation import mails, policies, rules
from orientation.errors import (
    AlreadySettled,
    DraftChangedByOther,
    DraftChangedSince,
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
    DraftRevision,
    Phase,
    PhaseState,
    SetAside,
    Submission,
)
from orientation.queries import RankedChoice, offered_codes, ranked, submission_wishes, submissions_of, wishes_of
from orientation.rules import Catalogue, Wish, Wishes
from schools.models import Guardian, Guardianship, Relationship


def save_choice(
    *, file: StudentFile, phase: Phase, wish: Wish, replacing: str = "", version: int, by: User, at: datetime
) -> Draft:
    """Add a choice at the end of the draft, or put it in the place of the one on the pathway `replacing`.

    Raises WishRefused, naming each field, when the rules refuse it.
    """

    def act(wishes: Wishes) -> Wishes:
        changed = rules.with_wish(wishes, wish, replacing=replacing)
        if changed != wishes:
            others = {each.pathway: rank for rank, each in enumerate(changed, start=1) if each is not wish}
            problems = rules.check_wish(
                wish, catalogue=Catalogue.current(), speciality_count=phase.speciality_count, others=others
            )
            if problems:
                raise WishRefused(problems)
        return changed

    return _change(act, file=file, phase=phase, version=version, by=by, at=at)


def remove_choice(*, file: StudentFile, phase: Phase, pathway: str, version: int, by: User, at: datetime) -> Draft:
    """Take the choice on this pathway out of the draft; those below move up."""
    return _change(lambda wishes: rules.without(wishes, pathway), file=file, phase=phase, version=version, by=by, at=at)


def move_choice(
    *, file: StudentFile, phase: Phase, pathway: str, rank: int, version: int, by: User, at: datetime
) -> Draft:
    """Bring the choice on this pathway to a rank, the others keeping their order."""
    return _change(
        lambda wishes: rules.moved(wishes, pathway, rank), file=file, phase=phase, version=version, by=by, at=at
    )


def reset_draft(*, file: StudentFile, phase: Phase, version: int, by: User, at: datetime) -> Draft:
    """Bring the draft back to the newest submission, or empty it when there is none (*Annuler*, decision 4)."""

    def act(wishes: Wishes) -> Wishes:
        newest = submissions_of(file.student, phase).first()
        return submission_wishes(newest) if newest else ()

    return _change(act, file=file, phase=phase, version=version, by=by, at=at, is_reset=True)


@transaction.atomic
def take_up_again(
    *, set_aside: SetAside, file: StudentFile, phase: Phase, version: int, by: User, at: datetime
) -> Draft:
    """Put what was set aside in the place of the draft (*reprendre*, decision 2); theirs stays readable."""
    draft = _lock_draft(file, phase, by=by, at=at).draft
    if _is_over_newer_version(draft, version, by):
        raise DraftChangedByOther(name=str(draft.changed_by), set_aside=set_aside)
    if not settle(set_aside=set_aside, at=at):
        raise AlreadySettled
    return _write(draft, wishes_of(set_aside), by=by, at=at)


def settle(*, set_aside: SetAside, at: datetime) -> bool:
    """Note that the author of what was set aside has chosen, theirs or the other's (*garder*); False if they had."""
    return SetAside.objects.filter(pk=set_aside.pk, settled_at=None).update(settled_at=at) == 1


@transaction.atomic
def validate_draft(
    *, file: StudentFile, phase: Phase, version: int, by: User, at: datetime, is_confirmed: bool = False
) -> Submission:
    """Make an immutable, numbered submission of the draft, and owe each legal guardian an e-mail (decision 4).

    Raises LastChangeByOther once when another guardian made the last change; `is_confirmed` says yes to it.
    """
    lock = _lock_draft(file, phase, by=by, at=at)
    draft = lock.draft
    if draft.version != version:
        raise DraftChangedSince  # nobody validates a list that they have not seen
    newest = submissions_of(file.student, phase).first()
    if draft.is_validated and newest:
        return newest  # the same form came twice
    wishes = wishes_of(draft)
    if not wishes:
        raise NothingToValidate
    if draft.changed_by_id != by.pk and not is_confirmed:
        raise LastChangeByOther(name=str(draft.changed_by))
    _check_list(wishes, phase)
    choices = ranked(wishes, offered_codes(phase))
    number = newest.number + 1 if newest else 1
    submission = _freeze(phase, wishes, choices, file=file, number=number, by=by, at=at)
    mails.owe_confirmations(submission, choices, guardians=lock.legal_guardians, at=at)
    draft.is_validated = True
    draft.save(update_fields=["is_validated"])
    return submission


def _change(
    act: Callable[[Wishes], Wishes],
    *,
    file: StudentFile,
    phase: Phase,
    version: int,
    by: User,
    at: datetime,
    is_reset: bool = False,
) -> Draft:
    """Write what an act makes of the draft; over somebody else's newer version, set it aside instead (decision 2).

    The act is asked under the lock. `is_reset` says that it brings back what was validated, if anything was.
    """
    with transaction.atomic():
        draft = _lock_draft(file, phase, by=by, at=at).draft
        if not _is_over_newer_version(draft, version, by):
            wishes = wishes_of(draft)
            changed = act(wishes)
            is_validated = is_reset and submissions_of(file.student, phase).exists()
            if changed != wishes or (is_validated and not draft.is_validated):
                _write(draft, changed, by=by, at=at, is_validated=is_validated)
            return draft
        seen = draft.revisions.filter(version=version).first()
        set_aside = SetAside.objects.create(
            draft=draft,
            wishes=[wish.to_json() for wish in act(wishes_of(seen))],
            written_at=at,
            written_by=by,
        )
    raise DraftChangedByOther(name=str(draft.changed_by), set_aside=set_aside)


@dataclass(frozen=True)
class _Lock:
    """A draft that may be written now, and the student's legal guardians at this moment."""

    draft: Draft
    legal_guardians: list[Guardian]


def _lock_draft(file: StudentFile, phase: Phase, *, by: User, at: datetime) -> _Lock:
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
    if guardian is None or all(link.guardian_id != guardian.pk or not _acts(link, file, by, at) for link in links):
        raise NotAllowed(_("Le compte d’un élève permet seulement de consulter."))
    designated = next((link.guardian_id for link in links if link.is_designated), None)
    if not policies.can_write_choices(file, phase.campaign, designated_guardian_id=designated):
        raise NotAllowed(_("Dans cet établissement, un seul représentant légal désigné saisit les choix."))
    if not phase.campaign.takes(file.student):
        raise NotAllowed(_("La campagne ne concerne pas la classe de cet élève."))
    if locked_phase.state_at(at) is not PhaseState.OPEN:
        raise PhaseNotOpen(locked_phase, at)
    if phase.campaign.offer_declared_at is None:
        raise OfferNotDeclared
    return _Lock(_get_or_create_locked(file, phase, by=by, at=at), [link.guardian for link in links])


def _acts(link: Guardianship, file: StudentFile, by: User, at: datetime) -> bool:
    """Tell whether this account is the guardian of the link: an adult student is their own (decision 3)."""
    if link.relationship == Relationship.SELF:
        today = timezone.localdate(at, file.student.school.zone)
        return file.student.user_id == by.pk and file.student.is_adult_on(today)
    return link.guardian.user_id == by.pk


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


def _is_over_newer_version(draft: Draft, version: int, by: User) -> bool:
    """Tell whether somebody else wrote a newer version than the one seen. One's own older tab is no conflict."""
    return draft.version != version and draft.revisions.filter(version__gt=version).exclude(changed_by=by).exists()


def _write(draft: Draft, wishes: Wishes, *, by: User, at: datetime, is_validated: bool = False) -> Draft:
    draft.version += 1
    draft.wishes = [wish.to_json() for wish in wishes]
    draft.is_validated = is_validated
    draft.changed_at, draft.changed_by = at, by
    draft.save(update_fields=["version", "wishes", "is_validated", "changed_at", "changed_by"])
    DraftRevision.objects.create(draft=draft, version=draft.version, wishes=draft.wishes, changed_at=at, changed_by=by)
    return draft


def _check_list(wishes: Wishes, phase: Phase) -> None:
    """Check each rank again: the catalogue or the number of specialities may have changed since it was typed."""
    catalogue = Catalogue.current()
    problems = [
        rules.Problem(wish.pathway, _("Rang %(rank)d : %(message)s") % {"rank": rank, "message": problem.message})
        for rank, wish in enumerate(wishes, start=1)
        for problem in rules.check_wish(wish, catalogue=catalogue, speciality_count=phase.speciality_count)
    ]
    if problems:
        raise WishRefused(problems)


def _freeze(
    phase: Phase,
    wishes: Wishes,
    choices: Sequence[RankedChoice],
    *,
    file: StudentFile,
    number: int,
    by: User,
    at: datetime,
) -> Submission:
    guardian = file.guardian
    assert guardian is not None  # noqa: S101 - narrows the type; _lock_draft refused otherwise
    catalogue = Catalogue.current()
    submission = Submission.objects.create(
        student=file.student,
        phase=phase,
        number=number,
        submitted_at=at,
        submitted_by=by,
        guardian=guardian,
        guardian_name=guardian.full_name,
    )
    rows = Choice.objects.bulk_create(
        Choice(
            submission=submission,
            rank=shown.rank,
            pathway=catalogue.pathways[wish.pathway],
            label=shown.label,
            note=wish.note,
        )
        for wish, shown in zip(wishes, choices, strict=True)
    )
    ChoiceSpeciality.objects.bulk_create(
        ChoiceSpeciality(
            choice=row,
            position=position,
            speciality=catalogue.specialities[code],
            label=label,
            is_elsewhere=is_elsewhere,
        )
        for row, wish, shown in zip(rows, wishes, choices, strict=True)
        for position, (code, (label, is_elsewhere)) in enumerate(
            zip(wish.specialities, shown.specialities, strict=True), start=1
        )
    )
    return submission
