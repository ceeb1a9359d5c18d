"""Issuing decisions and recording a disagreement (decisions 12, 13, 21 and 22)."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from notifications.models import OutboxMessage
from notifications.rendering import subject_of
from orientation.decisions.errors import (
    AppealTooLate,
    CannotBecomeDecision,
    DecidedMeanwhile,
    NotDecidable,
    NotPublishedYet,
    NotTheTime,
    ReasonsMissing,
    StepAlreadyRecorded,
    StepFollowed,
    WrongDay,
)
from orientation.decisions.services import cancel_step, issue_decisions
from orientation.errors import AnswerFrozen, NotAllowed
from orientation.models import Decision, DialogueStep, FamilyAnswer, Phase, StepKind
from schools.models import Role
from tests.factories import Family, guardian, school, staff, student
from tests.orientation_decisions.conftest import ANSWERED_AT, CLOSED_AT, Dialogue
from tests.orientation_dialogue.conftest import PROPOSALS

pytestmark = pytest.mark.django_db

MONDAY = CLOSED_AT + timedelta(days=1)


# --- Agreement -------------------------------------------------------------------------------------------------------


def test_an_accepted_proposition_becomes_a_numbered_decision_that_says_who_and_when(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    (decision,) = veil.issue()
    assert (decision.number, decision.kind, decision.label) == (1, "agreement", veil.answer_on("stmg").label)
    assert (decision.issued_at, decision.issued_by, decision.division_name) == (CLOSED_AT, veil.head, "2DE3")
    assert decision.reference == "0759901X-2026-0001"
    assert decision.issuer_name


def test_each_accepted_proposition_becomes_a_decision(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    veil.answer(True, "sti2d")
    assert [each.number for each in veil.issue("stmg", "sti2d")] == [1, 2]


def test_a_second_click_issues_nothing_twice(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.issue()
    assert veil.issue() == []
    assert (Decision.objects.count(), _mails().count()) == (1, 2)


def test_each_legal_guardian_is_owed_one_e_mail_and_nobody_else(dubois: Family, veil: Dialogue) -> None:
    guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.issue()
    owed = list(_mails().order_by("address"))
    assert [each.address for each in owed] == ["marc.dubois@familles.example", "sophie.bernard@familles.example"]
    assert all("Dubois" not in subject_of(each) and "Emma" not in subject_of(each) for each in owed)
    assert all(str(dubois.emma.public_id) in each.context["url"] for each in owed)


@pytest.mark.parametrize("agrees", [None, False])
def test_nothing_is_decided_by_silence_nor_against_a_refusal(veil: Dialogue, agrees: bool | None) -> None:
    veil.tell(PROPOSALS)
    if agrees is not None:
        veil.answer(agrees)
    with pytest.raises(CannotBecomeDecision, match="Emma Dubois"):
        veil.issue()


@pytest.mark.parametrize("pathway", ["generale", "autre-parcours"])
def test_a_no_and_the_voie_professionnelle_become_no_decision(veil: Dialogue, pathway: str) -> None:
    veil.tell(PROPOSALS)
    if pathway == "generale":
        veil.answer(True, "generale")
    with pytest.raises(CannotBecomeDecision):
        veil.issue(pathway)


def test_of_many_one_that_cannot_be_issued_holds_back_all(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    with pytest.raises(CannotBecomeDecision) as refused:
        veil.issue("stmg", "sti2d")
    assert [each.pathway.code for each in refused.value.answers] == ["sti2d"]
    assert (Decision.objects.count(), _mails().count()) == (0, 0)


def test_the_newest_answer_counts_whoever_gave_it(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.answer(False, person=dubois.marc)
    with pytest.raises(CannotBecomeDecision):
        veil.issue()


def test_issued_early_it_freezes_that_answer_and_no_other(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    veil.issue(at=ANSWERED_AT)
    with pytest.raises(AnswerFrozen, match="déjà été notifiée"):
        veil.answer(False, "stmg")
    assert veil.answer(True, "sti2d").agrees


def test_what_is_not_published_becomes_nothing(veil: Dialogue) -> None:
    veil.ask(PROPOSALS)
    veil.meet(PROPOSALS)
    with pytest.raises(NotAllowed):
        veil.issue()
    with pytest.raises(NotPublishedYet):
        veil.meet_family()


@pytest.mark.parametrize("role", [Role.OFFICE, Role.FORM_TEACHER])
def test_only_head_and_deputy_decide_and_record(dubois: Family, veil: Dialogue, role: Role) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    assert dubois.emma.division is not None
    member = staff(dubois.school, role, *([dubois.emma.division] if role is Role.FORM_TEACHER else []))
    with pytest.raises(NotAllowed):
        veil.issue(by=member)
    with pytest.raises(NotAllowed):
        veil.meet_family(by=member)
    assert veil.issue(by=staff(dubois.school, Role.DEPUTY))


def test_the_head_of_another_school_decides_nothing_here(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    with pytest.raises(NotAllowed):
        veil.issue(by=staff(school("0699902Y"), Role.HEAD))


def test_numbers_run_on_without_a_hole_and_the_database_holds_it(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    veil.answer(True, "sti2d")
    first, second = veil.issue("stmg")[0], veil.issue("sti2d")[0]
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(IntegrityError, match="without a hole"):
        _write_number(4, dubois, veil, first)


def _write_number(number: int, dubois: Family, veil: Dialogue, like: Decision) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Decision.objects.create(
            student=dubois.emma,
            phase=veil.proposals,
            number=number,
            kind="reasoned",
            pathway=like.pathway,
            label="x",
            is_conform=False,
            reasons="x",
            issued_at=CLOSED_AT,
            issued_by=veil.head,
            issuer_name="x",
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_decision_is_never_changed_once_written(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.issue()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Decision.objects.update(label="autre")


# --- Disagreement ----------------------------------------------------------------------------------------------------


def test_the_head_decides_with_reasons_after_the_entretien_and_the_answers_freeze(veil: Dialogue) -> None:
    decision = veil.disagree()
    assert (decision.kind, decision.is_conform, decision.reasons) == (
        "reasoned",
        False,
        "Des résultats trop fragiles.",
    )
    assert {each.context["can_appeal"] for each in _mails()} == {True}
    Phase.objects.filter(kind=PROPOSALS).update(closes_at=MONDAY)
    with pytest.raises(AnswerFrozen):
        veil.answer(True)


def test_no_entretien_while_the_family_may_still_answer_nor_once_it_agreed(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    with pytest.raises(NotTheTime):
        veil.record(StepKind.INTERVIEW, ANSWERED_AT.date(), at=ANSWERED_AT, outcome="absent")
    veil.answer(True)
    with pytest.raises(NotTheTime):
        veil.meet_family()


def test_no_reasoned_decision_before_the_entretien(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    with pytest.raises(NotTheTime, match="après l’entretien"):
        veil.decide()


def test_an_answer_changed_to_yes_after_the_entretien_leaves_only_the_agreement(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    veil.record(StepKind.INTERVIEW, ANSWERED_AT.date(), at=ANSWERED_AT, outcome="agreement")
    veil.answer(True)
    with pytest.raises(NotTheTime):
        veil.decide()
    assert veil.issue()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"reasons": "  "}, ReasonsMissing),
        ({"pathway": "autre-parcours"}, NotDecidable),
        ({"pathway": "inconnue"}, NotDecidable),
    ],
)
def test_a_decision_has_reasons_and_a_voie(veil: Dialogue, values: dict[str, Any], error: type[Exception]) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    veil.meet_family()
    with pytest.raises(error):
        veil.decide(**values)


def test_a_form_that_claims_to_have_seen_a_decision_where_there_is_none_hides_nothing(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    with pytest.raises(NotTheTime):
        veil.decide(seen_number=99)
    veil.refuse_all()
    veil.meet_family()
    assert veil.decide(seen_number=99).replaces is None


def test_the_same_decision_again_is_the_same_and_another_replaces_only_the_one_that_was_seen(veil: Dialogue) -> None:
    first = veil.disagree()
    assert veil.decide() == first
    with pytest.raises(DecidedMeanwhile, match="n°"):
        veil.decide(pathway="sti2d")
    second = veil.decide(pathway="sti2d", seen_number=first.number)
    assert (second.replaces, second.number) == (first, 2)


def test_the_way_of_an_appeal_to_the_commission(veil: Dialogue) -> None:
    decision = veil.disagree()
    receipt = veil.receive()
    appeal = veil.appeal(wants_to_be_heard=True)
    assert (receipt.decision, appeal.decision, appeal.wants_to_be_heard) == (decision, decision, True)
    final = veil.commission()
    assert (final.kind, final.replaces, final.decided_on) == ("commission", decision, date(2027, 7, 2))
    assert veil.commission() == final
    with pytest.raises(NotTheTime):
        veil.commission(pathway="sti2d")


def test_an_appeal_is_in_time_until_tuesday_24_00_after_a_friday(veil: Dialogue) -> None:
    veil.disagree()
    veil.receive(date(2027, 6, 25))
    with pytest.raises(AppealTooLate, match="mardi 29 juin 2027 à 24\u00a0h"):
        veil.appeal(date(2027, 6, 30))
    assert veil.appeal(date(2027, 6, 29), at=CLOSED_AT + timedelta(days=30))


def test_an_appeal_waits_for_the_receipt(veil: Dialogue) -> None:
    veil.disagree()
    with pytest.raises(NotTheTime, match="notez d’abord sa date"):
        veil.appeal()


def test_the_maintien_is_of_right_without_appeal_and_once(veil: Dialogue) -> None:
    decision = veil.disagree()
    step = veil.record(StepKind.MAINTIEN, MONDAY.date(), at=MONDAY)
    assert step.decision == decision
    assert veil.record(StepKind.MAINTIEN, MONDAY.date(), at=MONDAY) == step
    with pytest.raises(StepAlreadyRecorded):
        veil.record(StepKind.MAINTIEN, MONDAY.date(), at=MONDAY, text="autre")


def test_the_maintien_follows_the_commission_too_but_never_a_conform_decision(veil: Dialogue) -> None:
    veil.disagree()
    veil.receive()
    veil.appeal()
    final = veil.commission(pathway="generale", is_conform=True)
    after = final.issued_at + timedelta(days=1)
    with pytest.raises(NotTheTime):
        veil.record(StepKind.MAINTIEN, after.date(), at=after)


@pytest.mark.parametrize("day", [date(2027, 6, 22), date(2027, 6, 19)])
def test_a_day_to_come_or_before_what_it_follows_is_refused(veil: Dialogue, day: date) -> None:
    veil.disagree()
    with pytest.raises(WrongDay):
        veil.record(StepKind.RECEIPT, day, at=MONDAY)
    assert not DialogueStep.objects.filter(kind="receipt").exists()


def test_a_step_is_corrected_by_cancelling_it_and_recording_it_again(veil: Dialogue) -> None:
    veil.disagree()
    wrong = veil.record(StepKind.RECEIPT, MONDAY.date(), at=MONDAY)
    with pytest.raises(StepAlreadyRecorded):
        veil.record(StepKind.RECEIPT, CLOSED_AT.date(), at=MONDAY)
    cancelled = cancel_step(step=wrong, by=veil.head, at=MONDAY)
    assert (cancelled.cancelled_at, cancelled.cancelled_by) == (MONDAY, veil.head)
    assert cancel_step(step=wrong, by=veil.head, at=MONDAY + timedelta(hours=1)).cancelled_at == MONDAY
    assert veil.record(StepKind.RECEIPT, CLOSED_AT.date(), at=MONDAY) != wrong


def test_a_step_on_which_something_rests_stays(veil: Dialogue) -> None:
    veil.disagree()
    receipt = veil.receive()
    appeal = veil.appeal()
    for step in (DialogueStep.objects.get(kind="interview"), receipt):
        with pytest.raises(StepFollowed):
            cancel_step(step=step, by=veil.head, at=appeal.recorded_at)
    veil.commission()
    with pytest.raises(StepFollowed):
        cancel_step(step=appeal, by=veil.head, at=appeal.recorded_at)


def test_a_step_is_never_edited(veil: Dialogue) -> None:
    veil.disagree()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        DialogueStep.objects.update(text="autre")


def test_who_left_the_school_or_is_of_another_is_not_mixed_up(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    other = student(school("0699902Y"))
    head = staff(other.school, Role.HEAD)
    with pytest.raises(NotAllowed):
        issue_decisions(answers=[veil.answer_on("stmg")], by=head, at=CLOSED_AT)


# --- At the same instant ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_answer_that_changes_while_the_head_issues_waits_then_is_refused(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    outcome = _meanwhile(lambda: veil.issue(at=ANSWERED_AT), lambda: veil.answer(False))
    assert isinstance(outcome, AnswerFrozen)
    assert FamilyAnswer.objects.get().agrees


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_head_who_issues_while_an_answer_changes_waits_then_is_refused(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    outcome = _meanwhile(lambda: veil.answer(False), lambda: veil.issue(at=ANSWERED_AT))
    assert isinstance(outcome, CannotBecomeDecision)
    assert not Decision.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_heads_who_issue_at_once_number_one_after_the_other(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    veil.answer(True, "sti2d")
    deputy = staff(dubois.school, Role.DEPUTY)
    outcome = _meanwhile(lambda: veil.issue("stmg"), lambda: veil.issue("stmg", "sti2d", by=deputy))
    assert isinstance(outcome, list)
    assert sorted(Decision.objects.values_list("number", flat=True)) == [1, 2]


def _meanwhile(first: Any, second: Any) -> object:
    """Do the second in another connection while the first has not committed yet; return what came of it."""
    outcome: list[object] = []

    def other() -> None:
        try:
            outcome.append(second())
        except Exception as refusal:  # noqa: BLE001 - handed to the test
            outcome.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        first()
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the second waits"
    thread.join()
    return outcome[0]


def _mails() -> Any:
    return OutboxMessage.objects.filter(kind="orientation.decision_notified")
