"""What families do to their choices: each function is one act in one transaction.

All take `by` (the account), `at` (the aware instant at which the act arrived), the `StudentFile` through which it is
done and the `version` of the draft that the person saw; the phase's closing, the tie between guardian and student and
the version are checked again inside the transaction. Doing an act twice is harmless. They raise the errors of
`orientation.errors`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from orientation import rules
from orientation.errors import (
    AlreadySettled,
    DraftChangedByOther,
    DraftChangedSince,
    LastChangeByOther,
    ListNotEmpty,
    NoIntentions,
    NothingToValidate,
    WishRefused,
)
from orientation.models import Draft, Phase, SetAside, Submission
from orientation.queries import intentions_to_copy, newest_submission, submission_wishes, wishes_of
from orientation.rules import Catalogue, Wish, Wishes
from orientation.submitting import WritingLock, acts, lock_writing, submit, write_draft


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


def copy_intentions(*, file: StudentFile, phase: Phase, version: int, by: User, at: datetime) -> Draft:
    """Begin an empty list of final choices with the intentions that count, as they were ranked (*partir de*).

    They are copied whole: a rank that asks for another number of specialities now stays to be completed, and nothing is
    validated. Raises NoIntentions, or ListNotEmpty when anything else is begun.
    """

    def act(wishes: Wishes) -> Wishes:
        intentions = intentions_to_copy(file.student, phase)
        if intentions is None:
            raise NoIntentions
        copied = submission_wishes(intentions)
        if wishes not in ((), copied):
            raise ListNotEmpty
        return copied

    return _change(act, file=file, phase=phase, version=version, by=by, at=at)


def reset_draft(*, file: StudentFile, phase: Phase, version: int, by: User, at: datetime) -> Draft:
    """Bring the draft back to the newest submission, or empty it when there is none (*Annuler*, decision 4)."""

    def act(wishes: Wishes) -> Wishes:
        newest = newest_submission(file.student, phase)
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
    return write_draft(draft, wishes_of(set_aside), by=by, at=at)


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
    newest = newest_submission(file.student, phase)
    if draft.is_validated and newest:
        return newest  # the same form came twice
    wishes = wishes_of(draft)
    if not wishes:
        raise NothingToValidate
    if draft.changed_by_id != by.pk and not is_confirmed:
        raise LastChangeByOther(name=str(draft.changed_by))
    submission = submit(wishes, file=file, phase=phase, newest=newest, guardians=lock.legal_guardians, by=by, at=at)
    Draft.objects.filter(pk=draft.pk).update(is_validated=True)
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
            is_validated = is_reset and newest_submission(file.student, phase) is not None
            if changed != wishes or (is_validated and not draft.is_validated):
                write_draft(draft, changed, by=by, at=at, is_validated=is_validated)
            return draft
        seen = draft.revisions.filter(version=version).first()
        set_aside = SetAside.objects.create(
            draft=draft,
            wishes=[wish.to_json() for wish in act(wishes_of(seen))],
            written_at=at,
            written_by=by,
        )
    raise DraftChangedByOther(name=str(draft.changed_by), set_aside=set_aside)


def _lock_draft(file: StudentFile, phase: Phase, *, by: User, at: datetime) -> WritingLock:
    """Check that this person may write now, and return the draft locked (created if it is the first write)."""
    guardian = file.guardian
    return lock_writing(
        file,
        phase,
        acts=lambda link: guardian is not None and link.guardian_id == guardian.pk and acts(link, file, by, at),
        refusal=_("Le compte d’un élève permet seulement de consulter."),
        by=by,
        at=at,
    )


def _is_over_newer_version(draft: Draft, version: int, by: User) -> bool:
    """Tell whether somebody else wrote a newer version than the one seen. One's own older tab is no conflict."""
    return draft.version != version and draft.revisions.filter(version__gt=version).exclude(changed_by=by).exists()
