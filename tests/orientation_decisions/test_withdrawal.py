"""A publication on which the dialogue rests is not taken back, even where no family opened it on a screen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orientation.council.errors import AlreadyRead, DialogueFollows
from orientation.council.rules import Answer
from orientation.council.services import save_sheet, withdraw_publication
from orientation.decisions.services import cancel_step
from orientation.models import CouncilSheet, Decision, DivisionPublication, SheetReading, StepKind, Submission
from portal.erasure import erase_person
from portal.own_data import person_of_record
from tests.orientation_decisions.conftest import CLOSED_AT, Dialogue
from tests.orientation_dialogue.conftest import MET_AT, PROPOSALS

pytestmark = pytest.mark.django_db


def refuse_everything(veil: Dialogue) -> None:
    """Publish a sheet that says no to all: there is nothing to answer, and nobody has opened it."""
    veil.ask(PROPOSALS)
    save_sheet(
        student=veil.emma,
        phase=veil.proposals,
        answers=(
            Answer("generale", "no", "Des résultats trop fragiles."),
            Answer("stmg", "no", "Des absences."),
            Answer("autre-parcours", "favourable"),
        ),
        version=0,
        submission_id=Submission.objects.get().pk,
        by=veil.head,
        at=MET_AT[PROPOSALS],
    )
    veil.publish(PROPOSALS)


def withdraw(veil: Dialogue) -> DivisionPublication:
    return withdraw_publication(
        publication=DivisionPublication.objects.get(), by=veil.head, at=CLOSED_AT + timedelta(hours=2)
    )


def test_a_publication_followed_by_an_entretien_is_not_withdrawn(veil: Dialogue) -> None:
    refuse_everything(veil)
    veil.record(StepKind.INTERVIEW, date(2027, 6, 18), at=CLOSED_AT, outcome="disagreement")
    with pytest.raises(DialogueFollows):
        withdraw(veil)
    assert CouncilSheet.objects.get().publication_id


def test_a_publication_followed_by_a_decision_is_not_withdrawn(veil: Dialogue) -> None:
    refuse_everything(veil)
    veil.meet_family()
    veil.decide()
    with pytest.raises(DialogueFollows):
        withdraw(veil)
    assert Decision.objects.count() == 1
    assert CouncilSheet.objects.get().publication_id


def test_an_entretien_recorded_by_mistake_and_cancelled_holds_nothing(veil: Dialogue) -> None:
    refuse_everything(veil)
    step = veil.record(StepKind.INTERVIEW, date(2027, 6, 18), at=CLOSED_AT, outcome="disagreement")
    cancel_step(step=step, by=veil.head, at=CLOSED_AT)
    assert withdraw(veil).withdrawn_at


def test_a_publication_that_a_family_answered_is_not_withdrawn_once_their_receipt_is_erased(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    erase_person(person=person_of_record(veil.family.sophie), dry_run=False)
    assert not SheetReading.objects.exists()
    with pytest.raises(AlreadyRead, match="1 famille"):
        withdraw(veil)
    assert CouncilSheet.objects.get().publication_id
