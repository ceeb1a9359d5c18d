"""What the page of entry reads; never the contents of a draft (design, rights table)."""

from __future__ import annotations

from datetime import datetime

from accounts.actors import StudentFile
from orientation import policies
from orientation.models import Draft, Phase
from orientation.submitting import is_adult, legal_links
from schools.models import Guardianship, Relationship, Student


def may_be_entered_for(link: Guardianship, student: Student, at: datetime) -> bool:
    """Whether the school may write in the name of this legal guardian: an adult student is their own (decision 3)."""
    return link.relationship != Relationship.SELF or is_adult(student, at)


def guardians_to_enter_for(student: Student, phase: Phase, at: datetime) -> list[Guardianship]:
    """Return the ties of those in whose name choices may be entered: one query."""
    links = legal_links(StudentFile(student, None))
    designated = next((link.guardian_id for link in links if link.is_designated), None)
    return [
        link
        for link in links
        if may_be_entered_for(link, student, at)
        and policies.can_write_choices(
            StudentFile(student, link.guardian), phase.campaign, designated_guardian_id=designated
        )
    ]


def guardians_to_answer_for(student: Student, at: datetime) -> list[Guardianship]:
    """Return the ties of those in whose name the council may be answered: any legal guardian; one query."""
    return [link for link in legal_links(StudentFile(student, None)) if may_be_entered_for(link, student, at)]


def is_in_progress(draft: Draft) -> bool:
    """Whether the family has begun a list that it has not validated."""
    return draft.version > 0 and not draft.is_validated and bool(draft.wishes)


def draft_in_progress_at(student: Student, phase: Phase) -> datetime | None:
    """Return when the family last changed a list that it has not validated, None when there is none: one query."""
    draft = Draft.objects.filter(student=student, phase=phase).first()
    return draft.changed_at if draft and is_in_progress(draft) else None
