"""What the school does in the name of a family (decision 14)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from orientation.entry.queries import is_in_progress, may_be_entered_for
from orientation.errors import (
    DraftInProgress,
    EntryClosed,
    NotAllowed,
    NothingToValidate,
    PhaseNotOpen,
    SubmittedMeanwhile,
)
from orientation.models import Draft, Phase, Submission
from orientation.queries import submission_wishes, submissions_of, wishes_of
from orientation.rules import Wishes
from orientation.submitting import WritingLock, lock_writing, submit, write_draft
from schools.models import Guardian, Student
from schools.policies import StaffAct
from schools.staff import students_of_staff


@transaction.atomic
def submit_for_family(
    *,
    student: Student,
    guardian: Guardian,
    phase: Phase,
    wishes: Wishes,
    seen_number: int,
    is_confirmed: bool = False,
    by: User,
    at: datetime,
) -> Submission:
    """Make a submission of a paper form in the name of a legal guardian, and owe each of them an e-mail.

    `seen_number` is the number of the newest submission that the page showed, 0 for none. The family's draft keeps what
    it holds; a family without one finds the submission there. Raises NotAllowed, EntryClosed, OfferNotDeclared,
    NothingToValidate, WishRefused; SubmittedMeanwhile when a newer submission exists; DraftInProgress unless
    `is_confirmed` says yes to it.
    """
    if not students_of_staff(by, StaffAct.ACT_FOR_FAMILY).filter(pk=student.pk).exists():
        raise NotAllowed(_("Votre fonction ne permet pas de saisir au nom des familles."))
    file = StudentFile(student, guardian)
    lock = _lock(file, guardian, phase, by=by, at=at)
    newest = submissions_of(student, phase).first()
    if newest and newest.number != seen_number:
        if (newest.submitted_by_id, newest.guardian_id) == (by.pk, guardian.pk) and submission_wishes(newest) == wishes:
            return newest  # the same form came twice
        raise SubmittedMeanwhile(newest)
    if not wishes:
        raise NothingToValidate
    if is_in_progress(lock.draft) and not is_confirmed:
        raise DraftInProgress
    submission = submit(
        wishes,
        file=file,
        phase=phase,
        newest=newest,
        guardians=lock.legal_guardians,
        by=by,
        at=at,
        entered_by_name=by.get_full_name() or _("un membre du personnel"),
    )
    _mark_draft(lock.draft, wishes, by=by, at=at)
    return submission


def _lock(file: StudentFile, guardian: Guardian, phase: Phase, *, by: User, at: datetime) -> WritingLock:
    try:
        return lock_writing(
            file,
            phase,
            acts=lambda link: link.guardian_id == guardian.pk and may_be_entered_for(link, file.student, at),
            refusal=_("Cette personne n’est pas représentant légal de l’élève."),
            by=by,
            at=at,
        )
    except PhaseNotOpen:
        raise EntryClosed from None


def _mark_draft(draft: Draft, wishes: Wishes, *, by: User, at: datetime) -> None:
    """Say whether the family's draft is what counts now; a draft that nobody has begun becomes what was entered."""
    if draft.version == 0:
        write_draft(draft, wishes, by=by, at=at, is_validated=True)
    else:
        draft.is_validated = wishes_of(draft) == wishes
        draft.save(update_fields=["is_validated"])
