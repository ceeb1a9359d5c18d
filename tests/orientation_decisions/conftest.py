"""The Duboises after the conseil de classe: the family answers, the head decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from orientation.decisions import services
from orientation.dialogue.services import answer_proposal
from orientation.models import CouncilAnswer, Decision, DialogueStep, FamilyAnswer, Phase, StepKind
from schools.models import Guardian, Student
from tests.factories import Family
from tests.orientation_dialogue.conftest import PROPOSALS, READ_AT, School

ANSWERED_AT = READ_AT[PROPOSALS]
"""Tuesday 15 June 2027, 10:40 in Paris: the phase of propositions is open for four more days."""
CLOSED_AT = ANSWERED_AT + timedelta(days=5)
"""Sunday 20 June 2027, 10:40 in Paris: the answers have closed."""


@dataclass
class Dialogue(School):
    """The dialogue about Emma, of whom the council said no to 1re générale, and yes to STMG and, unasked, to STI2D."""

    @property
    def emma(self) -> Student:
        return self.family.emma

    @property
    def proposals(self) -> Phase:
        return self.phase(PROPOSALS)

    def answer(self, agrees: bool, pathway: str = "stmg", *, person: Guardian | None = None) -> FamilyAnswer:
        """Answer as a page does that shows the newest answer."""
        guardian = person or self.family.sophie
        newest = FamilyAnswer.objects.filter(answer=self.answer_on(pathway)).first()
        assert guardian.user is not None
        return answer_proposal(
            file=self.family.file_of(guardian),
            phase=self.proposals,
            pathway=pathway,
            agrees=agrees,
            seen_number=newest.number if newest else 0,
            by=guardian.user,
            at=ANSWERED_AT,
        )

    def refuse_all(self) -> None:
        self.answer(False, "stmg")
        self.answer(False, "sti2d")

    def issue(self, *pathways: str, by: User | None = None, at: datetime = CLOSED_AT) -> list[Decision]:
        answers: list[CouncilAnswer] = [self.answer_on(each) for each in pathways or ("stmg",)]
        return services.issue_decisions(answers=answers, by=by or self.head, at=at)

    def record(self, kind: StepKind, day: date, *, at: datetime, by: User | None = None, **values: Any) -> DialogueStep:
        return services.record_step(
            student=self.emma, phase=self.proposals, kind=kind, happened_on=day, by=by or self.head, at=at, **values
        )

    def meet_family(self, at: datetime = CLOSED_AT, **values: Any) -> DialogueStep:
        given = {"outcome": "disagreement", **values}
        return self.record(StepKind.INTERVIEW, date(2027, 6, 18), at=at, **given)

    def decide(self, at: datetime = CLOSED_AT, **values: Any) -> Decision:
        given: dict[str, Any] = {
            "pathway": "stmg",
            "reasons": "Des résultats trop fragiles.",
            "is_conform": False,
            "seen_number": 0,
            "by": self.head,
            **values,
        }
        return services.issue_reasoned_decision(student=self.emma, phase=self.proposals, at=at, **given)

    def disagree(self) -> Decision:
        """Go from the publication to the head's decision, notified on Sunday 20 June."""
        self.tell(PROPOSALS)
        self.refuse_all()
        self.meet_family()
        return self.decide()

    def receive(self, day: date = date(2027, 6, 25)) -> DialogueStep:
        """The family received the notification: on a Friday, unless another day is given."""
        return self.record(StepKind.RECEIPT, day, at=datetime.combine(day, CLOSED_AT.timetz()))

    def appeal(self, day: date = date(2027, 6, 29), at: datetime | None = None, **values: Any) -> DialogueStep:
        return self.record(StepKind.APPEAL, day, at=at or datetime.combine(day, CLOSED_AT.timetz()), **values)

    def commission(self, day: date = date(2027, 7, 2), **values: Any) -> Decision:
        given: dict[str, Any] = {"pathway": "stmg", "is_conform": False, "by": self.head, **values}
        at = given.pop("at", datetime.combine(day, CLOSED_AT.timetz()))
        return services.record_commission_decision(
            student=self.emma, phase=self.proposals, decided_on=day, at=at, **given
        )


@pytest.fixture
def veil(dubois: Family) -> Dialogue:
    """The Lycée Simone-Veil."""
    return Dialogue(dubois)
