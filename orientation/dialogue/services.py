"""What families do with what the council said: each function is one act in one transaction.

All take the `StudentFile` through which it is done, `by` (the account) and `at` (the aware instant at which the act
arrived); the tie between guardian and student, the phase's closing and the publication are checked inside the
transaction. Doing an act twice is harmless. They raise the errors of `orientation.errors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from orientation import mails, policies
from orientation.council.services import note_sheet_read
from orientation.dialogue.queries import ANSWERABLE, freezing_decisions
from orientation.errors import (
    AnsweredMeanwhile,
    AnswerFrozen,
    DialogueClosed,
    NotAllowed,
    NothingToAnswer,
    NotPublished,
)
from orientation.models import (
    Acknowledgement,
    CouncilSheet,
    FamilyAnswer,
    Phase,
    PhaseState,
)
from orientation.submitting import acts, legal_links, lock_phase
from schools.models import Guardian, Student


@transaction.atomic
def acknowledge_opinions(*, file: StudentFile, phase: Phase, by: User, at: datetime) -> Acknowledgement:
    """Note that the avis provisoires were received (*J’accuse réception*): once, by either guardian (decision 10)."""
    guardian, _guardians = _require_guardian(file, phase, by=by, at=at)
    return record_acknowledgement(lock_sheet(file.student, phase, by=by, at=at), guardian=guardian, by=by, at=at)


@transaction.atomic
def answer_proposal(
    *, file: StudentFile, phase: Phase, pathway: str, agrees: bool, seen_number: int, by: User, at: datetime
) -> FamilyAnswer:
    """Answer *d’accord* or *pas d’accord* to the proposition on a pathway; the newest counts, all are kept.

    Each legal guardian is owed an e-mail. `seen_number` is the number of the newest answer that the page showed, 0 for
    none. The answer that already counts is returned as it is. Raises AnsweredMeanwhile with another guardian's newer
    answer, seen before this one counts (decision 24), NothingToAnswer, or AnswerFrozen (decision 21).
    """
    guardian, guardians = _require_guardian(file, phase, by=by, at=at)
    sheet = lock_sheet(file.student, phase, by=by, at=at)
    given = GivenAnswer(pathway=pathway, agrees=agrees, seen_number=seen_number)
    return record_answer(sheet, given, phase=phase, guardian=guardian, guardians=guardians, by=by, at=at)


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """What a family answers to the proposition on a pathway, on screen or on paper; see `answer_proposal`."""

    pathway: str
    agrees: bool
    seen_number: int


def record_acknowledgement(
    sheet: CouncilSheet, *, guardian: Guardian, by: User, at: datetime, entered_by_name: str = ""
) -> Acknowledgement:
    """Keep who acknowledged a locked sheet, unless somebody has; `entered_by_name` is of who typed what is on paper."""
    found = Acknowledgement.objects.filter(sheet=sheet).first()
    return found or Acknowledgement.objects.create(
        sheet=sheet,
        acknowledged_at=at,
        acknowledged_by=by,
        guardian=guardian,
        guardian_name=guardian.full_name,
        entered_by_name=entered_by_name,
    )


def record_answer(
    sheet: CouncilSheet,
    given: GivenAnswer,
    *,
    phase: Phase,
    guardian: Guardian,
    guardians: list[Guardian],
    by: User,
    at: datetime,
    entered_by_name: str = "",
) -> FamilyAnswer:
    """Keep an answer to a locked sheet, and owe each of these guardians an e-mail; refuses as `answer_proposal` does.

    What somebody types from paper never goes over an answer that they have not seen, even of the same guardian.
    """
    answers = sheet.answers.filter(pathway__code=given.pathway, verdict__in=ANSWERABLE)
    answer = answers.annotate(is_frozen=Exists(freezing_decisions())).first()
    if answer is None:
        raise NothingToAnswer
    newest = answer.family_answers.order_by("-number").first()
    if newest and newest.agrees == given.agrees:
        return newest
    if answer.is_frozen:
        raise AnswerFrozen
    is_own = not entered_by_name and newest is not None and newest.guardian_id == guardian.pk
    if newest and newest.number > given.seen_number and not is_own:
        raise AnsweredMeanwhile(newest)
    made = FamilyAnswer.objects.create(
        answer=answer,
        number=newest.number + 1 if newest else 1,
        agrees=given.agrees,
        answered_at=at,
        answered_by=by,
        guardian=guardian,
        guardian_name=guardian.full_name,
        entered_by_name=entered_by_name,
    )
    mails.owe_answer(made, student=sheet.student, phase=phase, guardians=guardians, at=at)
    return made


def _require_guardian(file: StudentFile, phase: Phase, *, by: User, at: datetime) -> tuple[Guardian, list[Guardian]]:
    """Hold the phase open; return who acts, and the student's legal guardians at this moment."""
    locked_phase = lock_phase(phase)
    links = legal_links(file)
    guardian = file.guardian
    if guardian is None or not policies.can_answer_council(file):
        raise NotAllowed(_("Le compte d’un élève permet seulement de consulter."))
    if not any(link.guardian_id == guardian.pk and acts(link, file, by, at) for link in links):
        raise NotAllowed(_("Vous n’êtes plus représentant légal de cet élève."))
    if locked_phase.state_at(at) is not PhaseState.OPEN:
        raise DialogueClosed
    return guardian, [link.guardian for link in links]


def lock_sheet(student: Student, phase: Phase, *, by: User, at: datetime) -> CouncilSheet:
    """Return the published sheet, so that two guardians act on it one after the other.

    Acting is reading: from here on the publication can no longer be withdrawn.
    """
    sheets = CouncilSheet.objects.filter(student=student, phase=phase)
    sheet = sheets.exclude(publication=None).first()
    if sheet is None or note_sheet_read(sheet=sheet, by=by, at=at) is None:
        raise NotPublished
    return sheets.select_related("student").select_for_update(of=("self",), no_key=True).get()
