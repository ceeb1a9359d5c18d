"""What the database and its audit trail hold of one file: it must have been possible, one act after the other.

Versions of a list and submissions are never changed, and so are their own trail; dates, publications and
acknowledgements are in the audit trail, whose rows are written under the locks of the acts that they tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Rows = Callable[..., list[Any]]
Wish = tuple[str, tuple[str, ...], str]
"""A choice: its pathway, its specialities, its text."""

_TRAIL = 'SELECT "table", object_pk, operation, content FROM audit_change WHERE "table" = ANY(%s) ORDER BY id'
_DRAFT = """
SELECT d.id, p.id, p.closes_at FROM orientation_phase p JOIN orientation_draft d ON d.phase_id = p.id
WHERE d.student_id = %s AND p.kind = 'final_choices'
"""
_REVISIONS = "SELECT version, wishes FROM orientation_draftrevision WHERE draft_id = %s ORDER BY version"
_SUBMISSIONS = """
SELECT s.number, w.code, c.note, ARRAY(
    SELECT y.code FROM orientation_choicespeciality x JOIN orientation_speciality y ON y.id = x.speciality_id
    WHERE x.choice_id = c.id ORDER BY x.position)
FROM orientation_submission s JOIN orientation_choice c ON c.submission_id = s.id
JOIN orientation_pathway w ON w.id = c.pathway_id
WHERE s.student_id = %s AND s.phase_id = %s ORDER BY s.number, c.rank
"""
_LAST = "SELECT max(submitted_at) FROM orientation_submission WHERE student_id = %s AND phase_id = %s"
_SET_ASIDE = "SELECT public_id::text FROM orientation_setaside WHERE draft_id = %s"
_STANDING = "SELECT id::text FROM orientation_divisionpublication WHERE withdrawn_at IS NULL"


@dataclass
class Trail:
    """What became of one pupil's final choices, and of the one class whose avis are published."""

    phase: int
    revisions: dict[int, list[Wish]]
    submissions: dict[int, list[Wish]]
    set_aside: set[str]
    counts: Counter[str] = field(default_factory=Counter)
    """How many publications were made and taken back, and avis acknowledged."""
    closes_at: datetime | None = None
    """The date of the phase, at this point of the trail."""
    standing: set[str] = field(default_factory=set)
    """The publications that are not taken back, at this point."""

    @classmethod
    def of(cls, rows: Rows, student: int) -> Trail:
        """Read and replay it. Raises AssertionError where it says what cannot have been."""
        ((draft, phase, closes_at),) = rows(_DRAFT, student)
        submissions: dict[int, list[Wish]] = {}
        for number, pathway, note, specialities in rows(_SUBMISSIONS, student, phase):
            submissions.setdefault(number, []).append((pathway, tuple(specialities), note))
        revisions = {version: _wishes(wishes) for version, wishes in rows(_REVISIONS, draft)}
        trail = cls(phase, revisions, submissions, {key for (key,) in rows(_SET_ASIDE, draft)})
        for table, key, operation, content in rows(_TRAIL, list(trail.acts)):
            trail.acts[table](key, operation, content)
        ((last,),) = rows(_LAST, student, phase)
        trail._compare(closes_at, last, {key for (key,) in rows(_STANDING)})
        return trail

    @property
    def acts(self) -> dict[str, Callable[[str, str, dict[str, Any]], None]]:
        """What each table's rows of the trail mean."""
        return {
            "orientation_phase": self._phase,
            "orientation_divisionpublication": self._divisionpublication,
            "orientation_acknowledgement": self._acknowledgement,
        }

    def _compare(self, closes_at: datetime, last: datetime, standing: set[str]) -> None:
        """Hold the tables to each other, and to where the trail ends."""
        assert list(self.revisions) == list(range(1, len(self.revisions) + 1)), "versions with a hole"
        assert list(self.submissions) == list(range(1, len(self.submissions) + 1)), "submissions with a hole"
        stood = iter(self.revisions.values())
        for number, wishes in self.submissions.items():
            assert any(wishes == each for each in stood), f"submission {number} is no version that stood then"
        assert last < closes_at, "a submission came after the last closing"
        assert closes_at == self.closes_at, "the trail and the phase's date disagree"
        assert standing == self.standing, "the trail and the publications disagree"

    def _phase(self, key: str, operation: str, content: dict[str, Any]) -> None:
        if operation == "update" and key == str(self.phase) and "closes_at" in content:
            before, after = map(_instant, content["closes_at"])
            assert self.closes_at in (None, before), "a date was changed that did not stand"
            self.closes_at = after

    def _divisionpublication(self, key: str, operation: str, content: dict[str, Any]) -> None:
        if operation == "insert":
            self.standing.add(key)
            self.counts["published"] += 1
            assert len(self.standing) == 1, "two publications stood at once"
        elif "withdrawn_at" in content:
            assert not self.counts["acknowledged"], "a publication was taken back after its reading"
            self.counts["withdrawn"] += 1
            self.standing.remove(key)

    def _acknowledgement(self, key: str, operation: str, content: dict[str, Any]) -> None:
        self.counts["acknowledged"] += 1
        assert self.standing, "avis were acknowledged that nobody could read"
        assert self.counts["acknowledged"] == 1, "the same avis were acknowledged twice"


def _wishes(wishes: Sequence[dict[str, Any]]) -> list[Wish]:
    return [(wish["pathway"], tuple(wish["specialities"]), wish["note"]) for wish in wishes]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
