"""A pupil who downloads their own file has read what is in it: what was published, and what was decided."""

from __future__ import annotations

from datetime import datetime

from orientation.council.services import note_sheet_read
from orientation.decisions.services import note_decisions_read
from orientation.models import CouncilSheet, Decision
from portal.own_data.person import Person


def note_file_read(person: Person, *, at: datetime) -> None:
    """Note that the person opens what the council and the head told of them, as its pages do; the first time counts.

    Two queries for a pupil; nothing for a guardian, whose own data hold none of it.
    """
    if person.user is None or not person.students:
        return
    own = {"student__in": person.students}
    published = CouncilSheet.objects.filter(**own, publication__withdrawn_at=None).exclude(publication=None)
    for sheet in published.exclude(readings__user=person.user).order_by("pk"):
        note_sheet_read(sheet=sheet, by=person.user, at=at)
    if decisions := list(Decision.objects.filter(**own).exclude(readings__user=person.user)):
        note_decisions_read(decisions=decisions, by=person.user, at=at)
