"""Acknowledging avis and answering propositions (decisions 10, 12 and 24)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from notifications.models import OutboxMessage
from orientation.council.services import withdraw_publication
from orientation.dialogue.services import acknowledge_opinions, answer_proposal
from orientation.errors import AnsweredMeanwhile, DialogueClosed, NotAllowed, NothingToAnswer, NotPublished
from orientation.models import (
    Acknowledgement,
    CouncilSheet,
    DivisionPublication,
    FamilyAnswer,
    Phase,
    PhaseKind,
    SheetReading,
)
from schools.models import Guardian, Relationship, Student
from tests.factories import Family, guardian
from tests.orientation_dialogue.conftest import OPINIONS, PROPOSALS, READ_AT
from tests.orientation_dialogue.conftest import School as Veil

pytestmark = pytest.mark.django_db


def acknowledge(veil: Veil, person: Guardian | User, **values: Any) -> Acknowledgement:
    user = person.user if isinstance(person, Guardian) else person
    given = {"phase": veil.phase(OPINIONS), "by": user, "at": READ_AT[OPINIONS], **values}
    return acknowledge_opinions(file=veil.family.file_of(person), **given)


def answer(veil: Veil, person: Guardian | User, agrees: bool, seen: int = 0, **values: Any) -> FamilyAnswer:
    user = person.user if isinstance(person, Guardian) else person
    given = {"phase": veil.phase(PROPOSALS), "pathway": "stmg", "by": user, "at": READ_AT[PROPOSALS], **values}
    return answer_proposal(file=veil.family.file_of(person), agrees=agrees, seen_number=seen, **given)


def close(kind: PhaseKind) -> None:
    Phase.objects.filter(kind=kind).update(closes_at=READ_AT[kind])


# --- Avis ------------------------------------------------------------------------------------------------------------


def test_either_guardian_acknowledges_once_and_who_and_when_are_kept(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    found = acknowledge(veil, dubois.marc)
    assert (found.guardian, found.guardian_name, found.acknowledged_at) == (
        dubois.marc,
        "Marc Dubois",
        READ_AT[OPINIONS],
    )
    for person in (dubois.marc, dubois.sophie):
        assert acknowledge(veil, person, at=READ_AT[OPINIONS] + timedelta(hours=1)) == found
    assert Acknowledgement.objects.count() == 1


def test_acting_is_reading_so_that_nothing_is_withdrawn_under_a_family(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    acknowledge(veil, dubois.marc)
    assert SheetReading.objects.get().user == dubois.marc.user


def test_a_student_acknowledges_nothing(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    assert dubois.emma.user is not None
    with pytest.raises(NotAllowed):
        acknowledge(veil, dubois.emma.user)


def test_nothing_is_acknowledged_before_the_publication_nor_after_its_withdrawal(dubois: Family, veil: Veil) -> None:
    veil.ask(OPINIONS)
    veil.meet(OPINIONS)
    with pytest.raises(NotPublished):
        acknowledge(veil, dubois.sophie)
    veil.publish(OPINIONS)
    withdraw_publication(publication=DivisionPublication.objects.get(), by=veil.head, at=READ_AT[OPINIONS])
    with pytest.raises(NotPublished):
        acknowledge(veil, dubois.sophie)
    assert not SheetReading.objects.exists()


def test_the_closing_instant_is_exclusive(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    phase = veil.phase(OPINIONS)
    close(OPINIONS)
    with pytest.raises(DialogueClosed):
        acknowledge(veil, dubois.sophie, phase=phase)
    assert not Acknowledgement.objects.exists()


def test_a_guardian_whose_tie_has_ended_meanwhile_does_nothing(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    file = dubois.file_of(dubois.sophie)
    dubois.sophie.guardianships.all().delete()
    with pytest.raises(NotAllowed):
        acknowledge_opinions(file=file, phase=veil.phase(OPINIONS), by=dubois.sophie.user, at=READ_AT[OPINIONS])  # type: ignore[arg-type]


# --- Propositions ----------------------------------------------------------------------------------------------------


def test_an_answer_is_numbered_and_says_who_and_when(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    given = answer(veil, dubois.sophie, agrees=True)
    assert (given.number, given.agrees, given.guardian_name) == (1, True, "Sophie Bernard")
    assert given.answered_at == READ_AT[PROPOSALS]


def test_an_answer_can_be_changed_and_every_change_is_kept(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    answer(veil, dubois.sophie, agrees=True)
    answer(veil, dubois.sophie, agrees=False, seen=1)
    answer(veil, dubois.sophie, agrees=True, seen=2)
    kept = FamilyAnswer.objects.order_by("number").values_list("number", "agrees")
    assert list(kept) == [(1, True), (2, False), (3, True)]


def test_the_answer_that_counts_given_again_writes_nothing(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    first = answer(veil, dubois.sophie, agrees=True)
    assert answer(veil, dubois.sophie, agrees=True) == first
    assert answer(veil, dubois.marc, agrees=True) == first
    assert OutboxMessage.objects.filter(kind="orientation.proposal_answered").count() == 2


def test_two_guardians_at_once_the_second_sees_the_first_before_theirs_counts(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    first = answer(veil, dubois.sophie, agrees=True)
    with pytest.raises(AnsweredMeanwhile, match="Sophie Bernard a répondu") as refused:
        answer(veil, dubois.marc, agrees=False)
    assert refused.value.newest == first
    assert FamilyAnswer.objects.count() == 1
    assert answer(veil, dubois.marc, agrees=False, seen=1).number == 2


def test_ones_own_older_tab_may_answer(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    answer(veil, dubois.sophie, agrees=True)
    assert answer(veil, dubois.sophie, agrees=False, seen=0).number == 2


def test_each_legal_guardian_is_told_of_every_answer_and_nobody_else(dubois: Family, veil: Veil) -> None:
    guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    veil.tell(PROPOSALS)
    answer(veil, dubois.sophie, agrees=True)
    answer(veil, dubois.marc, agrees=False, seen=1)
    owed = OutboxMessage.objects.filter(kind="orientation.proposal_answered")
    assert sorted((mail.context["by"], mail.context["agrees"], mail.address) for mail in owed) == [
        ("Marc Dubois", False, "marc.dubois@familles.example"),
        ("Marc Dubois", False, "sophie.bernard@familles.example"),
        ("Sophie Bernard", True, "marc.dubois@familles.example"),
        ("Sophie Bernard", True, "sophie.bernard@familles.example"),
    ]


@pytest.mark.parametrize("pathway", ["autre-parcours", "st2s", "inconnue"])
def test_an_avis_or_nothing_calls_for_no_answer(dubois: Family, veil: Veil, pathway: str) -> None:
    veil.tell(PROPOSALS)
    with pytest.raises(NothingToAnswer):
        answer(veil, dubois.sophie, agrees=True, pathway=pathway)


def test_what_the_council_proposes_unasked_is_answered_too(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    assert answer(veil, dubois.sophie, agrees=True, pathway="sti2d").answer.rank is None


def test_provisional_opinions_are_not_answered(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    with pytest.raises(NothingToAnswer):
        answer(veil, dubois.sophie, agrees=True, phase=veil.phase(OPINIONS), at=READ_AT[OPINIONS])


def test_a_student_answers_nothing_an_adult_student_their_own_guardian_does(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    assert dubois.emma.user is not None
    with pytest.raises(NotAllowed):
        answer(veil, dubois.emma.user, agrees=True)
    guardian(dubois.school, "Emma", "Dubois", dubois.emma, user=dubois.emma.user, relationship=Relationship.SELF)
    Student.objects.update(birth_date="2009-01-01")
    with time_machine.travel(READ_AT[PROPOSALS], tick=False):
        assert answer(veil, dubois.emma.user, agrees=True).guardian_name == "Emma Dubois"


def test_an_answer_that_arrives_after_the_closing_is_refused(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    phase = veil.phase(PROPOSALS)
    close(PROPOSALS)
    with pytest.raises(DialogueClosed, match="après la fermeture"):
        answer(veil, dubois.sophie, agrees=True, phase=phase)


def test_nothing_is_answered_before_the_publication(dubois: Family, veil: Veil) -> None:
    veil.ask(PROPOSALS)
    veil.meet(PROPOSALS)
    with pytest.raises(NotPublished):
        answer(veil, dubois.sophie, agrees=True)
    assert CouncilSheet.objects.count() == 1


def test_an_answer_takes_eleven_statements_at_most(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    file, phase = dubois.file_of(dubois.sophie), veil.phase(PROPOSALS)
    given = {"file": file, "phase": phase, "pathway": "stmg", "by": dubois.sophie.user, "at": READ_AT[PROPOSALS]}
    with CaptureQueriesContext(connection) as queries:
        answer_proposal(agrees=True, seen_number=0, **given)  # type: ignore[arg-type]
    counted = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(counted) <= 11, f"{len(counted)}\n" + "\n".join(sql[:120] for sql in counted)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_guardians_at_the_same_instant_the_second_waits_then_sees_the_first(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    outcome: list[object] = []

    def second() -> None:
        try:
            outcome.append(answer(veil, dubois.marc, agrees=False))
        except AnsweredMeanwhile as refusal:
            outcome.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        answer(veil, dubois.sophie, agrees=True)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the second waits"
    thread.join()
    assert isinstance(outcome[0], AnsweredMeanwhile)
    assert FamilyAnswer.objects.get().guardian == dubois.sophie
