"""The Duboises, told by the school what the conseil de classe said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from orientation.council.rules import WRITING_KIND, Answer
from orientation.council.services import publish_division, save_sheet
from orientation.entry.services import submit_for_family
from orientation.models import CouncilAnswer, CouncilSheet, Phase, PhaseKind, Submission
from orientation.rules import Wish
from schools.models import Guardian, Role, Student
from tests.factories import NOW, Family, staff

OPINIONS, PROPOSALS = PhaseKind.PROVISIONAL_OPINIONS, PhaseKind.PROPOSALS
ASKED_AT = {OPINIONS: NOW - timedelta(days=110), PROPOSALS: NOW}
MET_AT = {OPINIONS: NOW - timedelta(days=95), PROPOSALS: NOW + timedelta(days=10)}
TOLD_AT = {OPINIONS: NOW - timedelta(days=80), PROPOSALS: NOW + timedelta(days=25)}
READ_AT = {kind: at + timedelta(hours=12) for kind, at in TOLD_AT.items()}
"""When the family reads and answers, the phase still open."""

WISHES = {
    OPINIONS: (Wish("generale", ("nsi", "sciences-ingenieur", "mathematiques", "svt")), Wish("stmg")),
    PROPOSALS: (Wish("generale", ("nsi", "sciences-ingenieur", "mathematiques")), Wish("stmg"), Wish("autre-parcours")),
}
SAID = {
    OPINIONS: (Answer("generale", "reserved", "Des efforts en mathématiques."), Answer("stmg", "favourable")),
    PROPOSALS: (
        Answer("generale", "no", "Des résultats trop fragiles.", frozenset({"nsi"})),
        Answer("stmg", "yes"),
        Answer("autre-parcours", "favourable"),
        Answer("sti2d", "yes", "Un vrai goût pour les projets."),
    ),
}


@dataclass
class School:
    """The school at work for the Duboises: it enters what they ask, what the council says, and tells them."""

    family: Family
    head: User = field(init=False)

    def __post_init__(self) -> None:
        self.head = staff(self.family.school, Role.HEAD)

    def phase(self, kind: PhaseKind) -> Phase:
        return self.family.campaign.phases.select_related("campaign__school").get(kind=kind)

    def ask(
        self,
        kind: PhaseKind,
        *,
        student: Student | None = None,
        guardian: Guardian | None = None,
        at: datetime | None = None,
    ) -> Submission:
        """Enter the family's list, for the council of this kind to examine."""
        return submit_for_family(
            student=student or self.family.emma,
            guardian=guardian or self.family.sophie,
            phase=self.phase(WRITING_KIND[kind]),
            wishes=WISHES[kind],
            seen_number=0,
            by=self.head,
            at=at or ASKED_AT[kind],
        )

    def meet(self, kind: PhaseKind, *, student: Student | None = None) -> CouncilSheet:
        """Enter what the council says of the list that counts."""
        child = student or self.family.emma
        submission = Submission.objects.filter(student=child, phase__kind=WRITING_KIND[kind]).first()
        return save_sheet(
            student=child,
            phase=self.phase(kind),
            answers=SAID[kind],
            version=0,
            submission_id=submission.pk if submission else None,
            by=self.head,
            at=MET_AT[kind],
        )

    def publish(self, kind: PhaseKind) -> None:
        assert self.family.emma.division is not None
        publish_division(phase=self.phase(kind), division=self.family.emma.division, by=self.head, at=TOLD_AT[kind])

    def tell(self, kind: PhaseKind) -> CouncilSheet:
        """Go all the way from the family's list to the publication; return Emma's sheet."""
        self.ask(kind)
        sheet = self.meet(kind)
        self.publish(kind)
        sheet.refresh_from_db()
        return sheet

    def answer_on(self, pathway: str) -> CouncilAnswer:
        return CouncilAnswer.objects.get(pathway__code=pathway, sheet__phase__kind=PROPOSALS)


@pytest.fixture
def veil(dubois: Family) -> School:
    """The Lycée Simone-Veil."""
    return School(dubois)
