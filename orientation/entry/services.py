"""What the school does in the name of a family (decision 14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from notifications.languages import in_french
from orientation.dialogue.services import GivenAnswer, lock_sheet, record_acknowledgement, record_answer
from orientation.entry.queries import is_in_progress, may_be_entered_for
from orientation.errors import (
    DraftInProgress,
    EntryClosed,
    NotAllowed,
    NothingToValidate,
    PhaseNotOpen,
    SubmittedMeanwhile,
)
from orientation.models import Acknowledgement, Draft, FamilyAnswer, Phase, PhaseState, Submission
from orientation.queries import newest_submission, submission_wishes, wishes_of
from orientation.rules import Wishes
from orientation.submitting import WritingLock, legal_links, lock_phase, lock_writing, submit, write_draft
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
    _require_staff(by, student)
    file = StudentFile(student, guardian)
    lock = _lock(file, guardian, phase, by=by, at=at)
    newest = newest_submission(student, phase)
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
        entered_by_name=_name_of(by),
    )
    _mark_draft(lock.draft, wishes, by=by, at=at)
    return submission


@transaction.atomic
def acknowledge_for_family(
    *, student: Student, guardian: Guardian, phase: Phase, by: User, at: datetime
) -> Acknowledgement:
    """Note *J’accuse réception*, signed on paper by this legal guardian; who has already acknowledged stays.

    Raises NotAllowed, EntryClosed, or NotPublished.
    """
    _require_staff(by, student)
    _hold_council(student, guardian, phase, at=at)
    sheet = lock_sheet(student, phase, by=by, at=at)
    return record_acknowledgement(sheet, guardian=guardian, by=by, at=at, entered_by_name=_name_of(by))


@transaction.atomic
def answer_for_family(
    *, student: Student, guardian: Guardian, phase: Phase, answers: Sequence[GivenAnswer], by: User, at: datetime
) -> list[FamilyAnswer]:
    """Keep the answers that came on paper from this legal guardian, all or none; each guardian is owed their e-mails.

    Raises NotAllowed, EntryClosed, NotPublished, NothingToAnswer, AnswerFrozen; AnsweredMeanwhile over any answer that
    the page did not show.
    """
    _require_staff(by, student)
    guardians = _hold_council(student, guardian, phase, at=at)
    sheet = lock_sheet(student, phase, by=by, at=at)
    name = _name_of(by)
    return [
        record_answer(
            sheet, each, phase=phase, guardian=guardian, guardians=guardians, by=by, at=at, entered_by_name=name
        )
        for each in answers
    ]


def _require_staff(by: User, student: Student) -> None:
    if not students_of_staff(by, StaffAct.ACT_FOR_FAMILY).filter(pk=student.pk).exists():
        raise NotAllowed(_("Votre fonction ne permet pas de saisir au nom des familles."))


@in_french
def _name_of(by: User) -> str:
    """Return the name to keep of who entered."""
    return by.get_full_name() or _("un membre du personnel")


def _hold_council(student: Student, guardian: Guardian, phase: Phase, *, at: datetime) -> list[Guardian]:
    """Hold a phase of the council open; return the student's legal guardians at this moment, this one among them."""
    locked_phase = lock_phase(phase)
    links = legal_links(StudentFile(student, guardian))
    if not any(link.guardian_id == guardian.pk and may_be_entered_for(link, student, at) for link in links):
        raise NotAllowed(_("Cette personne n’est pas représentant légal de l’élève."))
    if locked_phase.state_at(at) is not PhaseState.OPEN:
        raise EntryClosed
    return [link.guardian for link in links]


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
