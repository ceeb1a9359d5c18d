"""What every submission goes through, whether a family validates its draft or the school enters a paper form."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from operations.metrics import SUBMISSIONS
from operations.prepared import Parameter, prepared
from orientation import mails, policies, rules
from orientation.errors import NotAllowed, OfferNotDeclared, PhaseNotOpen, WishRefused
from orientation.models import (
    Campaign,
    Draft,
    Phase,
    PhaseState,
    Submission,
)
from orientation.queries import RankedChoice, offered_codes, ranked
from orientation.rules import Catalogue, Wishes
from schools.models import Guardian, Guardianship, Relationship, Student


def lock_phase(phase: Phase) -> Phase:
    """Return the phase as it stands now, locked: families write side by side, while a head who closes it waits.

    They wait for the head too, who locks the row for writing.
    """
    (locked,) = _shared_phase(phase.pk)
    return locked


@partial(prepared, ending="FOR SHARE")
def _shared_phase(pk: Parameter) -> QuerySet[Phase]:
    return Phase.objects.filter(pk=pk)


def legal_links(file: StudentFile) -> list[Guardianship]:
    """Return the ties of the student's legal guardians at this moment; none for who has left. One query."""
    return _legal_links(file.student.pk)


@prepared
def _legal_links(student: Parameter) -> QuerySet[Guardianship]:
    links = Guardianship.objects.legal().filter(student_id=student, student__left_on__isnull=True)
    return links.select_related("guardian__user").order_by("pk")


def acts(link: Guardianship, file: StudentFile, by: User, at: datetime) -> bool:
    """Tell whether this account is the guardian of the link: an adult student is their own (decision 3)."""
    if link.relationship == Relationship.SELF:
        return file.student.user_id == by.pk and is_adult(file.student, at)
    return link.guardian.user_id == by.pk


def is_adult(student: Student, at: datetime) -> bool:
    """Whether the student is an adult at this instant, in the school's own calendar."""
    return student.is_adult_on(timezone.localdate(at, student.school.zone))


@dataclass(frozen=True)
class WritingLock:
    """A draft that may be written now, and the student's legal guardians at this moment."""

    draft: Draft
    legal_guardians: list[Guardian]


def lock_writing(
    file: StudentFile, phase: Phase, *, acts: Callable[[Guardianship], bool], refusal: str, by: User, at: datetime
) -> WritingLock:
    """Check that choices may be written now in the name of the file's guardian; return the draft, locked.

    The draft is created at the first write. `acts` tells whether a tie lets this person write, `refusal` is said when
    none does. What the campaign asks is read again, into `phase.campaign`: who steers it waits for the lock, so that it
    holds until the end of the transaction. Raises NotAllowed, PhaseNotOpen or OfferNotDeclared.
    """
    locked_phase = lock_phase(phase)
    (phase.campaign,) = _campaign(phase.campaign_id)
    links = legal_links(file)
    if not any(acts(link) for link in links):
        raise NotAllowed(refusal)
    designated = next((link.guardian_id for link in links if link.is_designated), None)
    if not policies.can_write_choices(file, phase.campaign, designated_guardian_id=designated):
        raise NotAllowed(_("Dans cet établissement, un seul représentant légal désigné saisit les choix."))
    if not phase.campaign.takes(file.student):
        raise NotAllowed(_("La campagne ne concerne pas la classe de cet élève."))
    if locked_phase.state_at(at) is not PhaseState.OPEN:
        raise PhaseNotOpen(locked_phase, at)
    if phase.campaign.offer_declared_at is None:
        raise OfferNotDeclared
    return WritingLock(_get_or_create_locked(file, phase, by=by, at=at), [link.guardian for link in links])


@prepared
def _campaign(pk: Parameter) -> QuerySet[Campaign]:
    return Campaign.objects.filter(pk=pk).select_related("school")


def _get_or_create_locked(file: StudentFile, phase: Phase, *, by: User, at: datetime) -> Draft:
    draft = _locked_draft.first(file.student.pk, phase.pk)
    if draft is None:
        Draft.objects.bulk_create(
            [Draft(student=file.student, phase=phase, changed_at=at, changed_by=by)], ignore_conflicts=True
        )
        (draft,) = _locked_draft(file.student.pk, phase.pk)
    return draft


@prepared
def _locked_draft(student: Parameter, phase: Parameter) -> QuerySet[Draft]:
    drafts = Draft.objects.filter(student_id=student, phase_id=phase)
    return drafts.select_related("changed_by").select_for_update(of=("self",))


_WRITE = """
WITH draft AS (
    UPDATE orientation_draft
    SET version = %(version)s, wishes = %(wishes)s::jsonb, is_validated = %(is_validated)s,
        changed_at = %(at)s, changed_by_id = %(by)s
    WHERE id = %(pk)s
    RETURNING id, version, wishes, changed_at, changed_by_id
)
INSERT INTO orientation_draftrevision (draft_id, version, wishes, changed_at, changed_by_id) SELECT * FROM draft
"""


def write_draft(draft: Draft, wishes: Wishes, *, by: User, at: datetime, is_validated: bool = False) -> Draft:
    """Write the next version of a locked draft, and keep it as a revision: one statement."""
    draft.version += 1
    draft.wishes = [wish.to_json() for wish in wishes]
    draft.is_validated = is_validated
    draft.changed_at, draft.changed_by = at, by
    values: dict[str, Any] = {
        "version": draft.version,
        "wishes": json.dumps(draft.wishes),
        "is_validated": is_validated,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {**values, "by": by.pk, "pk": draft.pk})
    return draft


def submit(
    wishes: Wishes,
    *,
    file: StudentFile,
    phase: Phase,
    newest: Submission | None,
    guardians: list[Guardian],
    by: User,
    at: datetime,
    entered_by_name: str = "",
) -> Submission:
    """Make the submission that follows `newest`, and owe each of these guardians an e-mail. The draft is locked.

    Raises WishRefused, whose problems name the pathway, when the list breaks the rules of the catalogue as it is today.
    """
    _check_list(wishes, phase)
    choices = ranked(wishes, offered_codes(phase))
    guardian = file.guardian
    assert guardian is not None  # noqa: S101 - narrows the type; lock_writing refused otherwise
    submission = Submission(
        student=file.student,
        phase=phase,
        number=newest.number + 1 if newest else 1,
        submitted_at=at,
        submitted_by=by,
        guardian=guardian,
        guardian_name=guardian.full_name,
        entered_by_name=entered_by_name,
    )
    _freeze(submission, wishes, choices)
    mails.owe_confirmations(submission, choices, guardians=guardians, at=at)
    transaction.on_commit(SUBMISSIONS.labels(phase.kind).inc, robust=True)
    return submission


def _check_list(wishes: Wishes, phase: Phase) -> None:
    """Check each rank again: the catalogue or the number of specialities may have changed since it was typed."""
    found = rules.problems_of_list(wishes, catalogue=Catalogue.current(), speciality_count=phase.speciality_count)
    problems = [
        rules.Problem(wish.pathway, _("Rang %(rank)d : %(message)s") % {"rank": rank, "message": each.message})
        for rank, (wish, of_wish) in enumerate(zip(wishes, found, strict=True), start=1)
        for each in of_wish
    ]
    if problems:
        raise WishRefused(problems)


_FREEZE = """
WITH submission AS (
    INSERT INTO orientation_submission (
        public_id, student_id, phase_id, number, submitted_at, submitted_by_id, guardian_id, guardian_name,
        entered_by_name
    )
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING id
), ranks AS (
    INSERT INTO orientation_choice (submission_id, rank, pathway_id, label, note)
    SELECT submission.id, rank, pathway, list.label, note
    FROM submission, jsonb_to_recordset(%s::jsonb) AS list (rank smallint, pathway bigint, label text, note text)
    RETURNING id, rank
), specialities AS (
    INSERT INTO orientation_choicespeciality (choice_id, position, speciality_id, label, is_elsewhere)
    SELECT ranks.id, position, speciality, label, is_elsewhere
    FROM jsonb_to_recordset(%s::jsonb) AS list
        (rank smallint, position smallint, speciality bigint, label text, is_elsewhere boolean)
    JOIN ranks USING (rank)
)
SELECT id FROM submission
"""


def _freeze(submission: Submission, wishes: Wishes, choices: list[RankedChoice]) -> None:
    """Write a submission and its ranks, with their labels as they are read today: one statement for three tables."""
    catalogue = Catalogue.current()
    ranks = [
        {"rank": shown.rank, "pathway": catalogue.pathways[wish.pathway].pk, "label": shown.label, "note": wish.note}
        for wish, shown in zip(wishes, choices, strict=True)
    ]
    specialities = [
        {
            "rank": shown.rank,
            "position": position,
            "speciality": catalogue.specialities[code].pk,
            "label": label,
            "is_elsewhere": is_elsewhere,
        }
        for wish, shown in zip(wishes, choices, strict=True)
        for position, (code, (label, is_elsewhere)) in enumerate(
            zip(wish.specialities, shown.specialities, strict=True), start=1
        )
    ]
    values: list[Any] = [
        submission.public_id,
        submission.student_id,
        submission.phase_id,
        submission.number,
        submission.submitted_at,
        submission.submitted_by_id,
        submission.guardian_id,
        submission.guardian_name,
        submission.entered_by_name,
        json.dumps(ranks),
        json.dumps(specialities),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE, values)
        (submission.pk,) = cursor.fetchone()
