"""What a family signed on paper about the council's word, entered by the office in a guardian's name (decision 14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile, User
from audit.models import Reading
from notifications.models import OutboxMessage
from notifications.sending import send_batch
from orientation import mails
from orientation.council.errors import AlreadyRead
from orientation.council.services import withdraw_publication
from orientation.decisions.history import history_of
from orientation.dialogue.services import GivenAnswer, acknowledge_opinions, answer_proposal
from orientation.entry.services import acknowledge_for_family, answer_for_family
from orientation.errors import (
    AnsweredMeanwhile,
    AnswerFrozen,
    EntryClosed,
    NotAllowed,
    NothingToAnswer,
    NotPublished,
)
from orientation.models import (
    Acknowledgement,
    Decision,
    DecisionKind,
    DivisionPublication,
    FamilyAnswer,
    Pathway,
    Phase,
    PhaseKind,
)
from orientation.queries import phases_of
from orientation.timeline import events_of
from schools.models import Guardian, Relationship, Role, Student
from tests.factories import Family, guardian, school, sign_in, staff, student
from tests.orientation_dialogue.conftest import OPINIONS, PROPOSALS, READ_AT
from tests.orientation_dialogue.conftest import School as Veil

pytestmark = pytest.mark.django_db


@pytest.fixture
def veil(dubois: Family) -> Veil:
    return Veil(dubois)


class Office:
    """Nadia at her desk, signed in anew at the instant of each page."""

    def __init__(self, nadia: User) -> None:
        self.nadia = nadia

    def get(self, path: str) -> Any:
        return sign_in(Client(), self.nadia, None).get(path)

    def post(self, path: str, values: dict[str, Any], *, follow: bool = False) -> Any:
        return sign_in(Client(), self.nadia, None).post(path, values, follow=follow)


@pytest.fixture
def office(nadia: User) -> Office:
    return Office(nadia)


def acknowledge(veil: Veil, nadia: User, person: Guardian | None = None, **values: Any) -> Acknowledgement:
    given = {"phase": veil.phase(OPINIONS), "by": nadia, "at": READ_AT[OPINIONS], **values}
    return acknowledge_for_family(student=veil.family.emma, guardian=person or veil.family.sophie, **given)


def given(pathway: str = "stmg", agrees: bool = True, seen: int = 0) -> GivenAnswer:
    return GivenAnswer(pathway=pathway, agrees=agrees, seen_number=seen)


def enter(veil: Veil, nadia: User, *answers: GivenAnswer, person: Guardian | None = None, **values: Any) -> Any:
    kept = {"phase": veil.phase(PROPOSALS), "by": nadia, "at": READ_AT[PROPOSALS], **values}
    return answer_for_family(
        student=veil.family.emma, guardian=person or veil.family.sophie, answers=answers or (given(),), **kept
    )


def answer_online(veil: Veil, person: Guardian, *, agrees: bool, seen: int = 0) -> FamilyAnswer:
    assert person.user is not None
    return answer_proposal(
        file=veil.family.file_of(person),
        phase=veil.phase(PROPOSALS),
        pathway="stmg",
        agrees=agrees,
        seen_number=seen,
        by=person.user,
        at=READ_AT[PROPOSALS],
    )


# --- the acts


def test_an_acknowledgement_keeps_who_signed_and_who_entered(dubois: Family, veil: Veil, nadia: User) -> None:
    veil.tell(OPINIONS)
    made = acknowledge(veil, nadia)
    assert (made.guardian, made.acknowledged_by, made.entered_by_name) == (dubois.sophie, nadia, "Nadia Martin")
    assert made.attribution == "saisi par l’établissement (Nadia Martin), au nom de Sophie Bernard"
    assert acknowledge(veil, nadia, dubois.marc) == made, "once, whoever signs again"


def test_what_the_family_acknowledged_itself_stays_its_own(dubois: Family, veil: Veil, nadia: User) -> None:
    veil.tell(OPINIONS)
    assert dubois.marc.user is not None
    own = acknowledge_opinions(
        file=dubois.file_of(dubois.marc), phase=veil.phase(OPINIONS), by=dubois.marc.user, at=READ_AT[OPINIONS]
    )
    assert acknowledge(veil, nadia) == own
    assert own.attribution == "par Marc Dubois"


def test_answers_are_numbered_kept_and_told_to_each_guardian(dubois: Family, veil: Veil, nadia: User) -> None:
    veil.tell(PROPOSALS)
    OutboxMessage.objects.all().delete()
    first, second = enter(veil, nadia, given("stmg"), given("sti2d", False))
    assert (first.number, first.agrees, first.entered_by_name) == (1, True, "Nadia Martin")
    assert (second.answer.pathway.code, second.agrees, second.answered_by) == ("sti2d", False, nadia)
    owed = OutboxMessage.objects.filter(kind=mails.PROPOSAL_ANSWERED)
    assert (
        sorted(each.address for each in owed)
        == ["marc.dubois@familles.example"] * 2 + ["sophie.bernard@familles.example"] * 2
    )
    with time_machine.travel(READ_AT[PROPOSALS], tick=False):
        send_batch(at=READ_AT[PROPOSALS])
    for message in mail.outbox:
        assert "L’établissement (Nadia Martin) a saisi" in str(message.body)
        assert "au nom de Sophie Bernard" in str(message.body)
        assert "Emma" not in message.subject


def test_the_same_paper_twice_is_entered_once(veil: Veil, nadia: User) -> None:
    veil.tell(PROPOSALS)
    assert enter(veil, nadia) == enter(veil, nadia)
    assert FamilyAnswer.objects.count() == 1


def test_all_the_answers_of_a_paper_are_kept_or_none(veil: Veil, nadia: User) -> None:
    veil.tell(PROPOSALS)
    with pytest.raises(NothingToAnswer):
        enter(veil, nadia, given("stmg"), given("autre-parcours"))
    assert not FamilyAnswer.objects.exists()


def test_an_answer_given_online_meanwhile_is_seen_before_the_paper_counts(
    dubois: Family, veil: Veil, nadia: User
) -> None:
    veil.tell(PROPOSALS)
    answer_online(veil, dubois.sophie, agrees=False)
    with pytest.raises(AnsweredMeanwhile):
        enter(veil, nadia)  # in the name of the same Sophie
    [made] = enter(veil, nadia, given(seen=1))
    assert made.number == 2


def test_an_answer_on_which_the_head_decided_is_frozen(dubois: Family, veil: Veil, nadia: User) -> None:
    veil.tell(PROPOSALS)
    [made] = enter(veil, nadia)
    freeze(dubois, veil, made)
    with pytest.raises(AnswerFrozen):
        enter(veil, nadia, given(agrees=False, seen=1))


def freeze(family: Family, veil: Veil, given_answer: FamilyAnswer) -> None:
    Decision.objects.create(
        student=family.emma,
        phase=veil.phase(PROPOSALS),
        number=1,
        kind=DecisionKind.AGREEMENT,
        pathway=Pathway.objects.get(code="stmg"),
        label="1re STMG",
        answer=given_answer.answer,
        is_conform=True,
        issued_at=READ_AT[PROPOSALS],
        issued_by=veil.head,
        issuer_name="La proviseure",
    )


def test_the_steps_of_the_file_say_what_came_on_paper(dubois: Family, veil: Veil, nadia: User) -> None:
    veil.tell(OPINIONS)
    acknowledge(veil, nadia)
    veil.tell(PROPOSALS)
    enter(veil, nadia, given("stmg"))
    answer_online(veil, dubois.marc, agrees=False, seen=1)
    history = history_of(dubois.emma, phases_of(dubois.emma))
    details = [(event.title, event.detail) for event in events_of(history, dubois.school)]
    paper = "aisi par l’établissement (Nadia Martin), au nom de Sophie Bernard."
    assert ("Réception des avis accusée", f"S{paper}") in details
    assert [detail for title, detail in details if "accord" in title] == [
        f"S{paper}",
        "Réponse changée par Marc Dubois.",
    ]


def test_what_was_acted_on_paper_can_no_longer_be_withdrawn(veil: Veil, nadia: User) -> None:
    veil.tell(OPINIONS)
    acknowledge(veil, nadia)
    with pytest.raises(AlreadyRead):
        withdraw_publication(publication=DivisionPublication.objects.get(), by=veil.head, at=READ_AT[OPINIONS])


@pytest.mark.parametrize("kind", [OPINIONS, PROPOSALS])
def test_nothing_is_entered_before_the_publication_nor_after_the_closing(
    veil: Veil, nadia: User, kind: PhaseKind
) -> None:
    act = acknowledge if kind is OPINIONS else enter
    with pytest.raises(NotPublished):
        act(veil, nadia)
    veil.tell(kind)
    Phase.objects.filter(kind=kind).update(closes_at=READ_AT[kind])
    with pytest.raises(EntryClosed):
        act(veil, nadia)


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.FORM_TEACHER])
def test_other_roles_enter_nothing(dubois: Family, veil: Veil, role: Role) -> None:
    veil.tell(OPINIONS)
    assert dubois.emma.division is not None
    with pytest.raises(NotAllowed):
        acknowledge(veil, staff(dubois.school, role, dubois.emma.division))
    with pytest.raises(NotAllowed):
        acknowledge(veil, staff(school("0699902Y"), Role.HEAD))


def test_only_a_legal_guardian_signs_a_minor_does_not(dubois: Family, veil: Veil, nadia: User) -> None:
    veil.tell(OPINIONS)
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    own = guardian(dubois.school, "Emma", "Dubois", dubois.emma, relationship=Relationship.SELF)
    for person in (contact, own):
        with pytest.raises(NotAllowed):
            acknowledge(veil, nadia, person)
    Student.objects.update(birth_date="2008-01-01")
    dubois.emma.refresh_from_db()
    assert acknowledge(veil, nadia, own).guardian == own


# --- the pages


def page(family: Family, name: str) -> str:
    return reverse(f"admin:{name}", args=[family.school.uai, family.emma.public_id])


def at(instant: datetime) -> time_machine.travel:
    return time_machine.travel(instant, tick=False)


def test_the_file_leads_to_the_page_which_enters_and_says_so(
    dubois: Family, veil: Veil, office: Office, nadia: User
) -> None:
    veil.tell(OPINIONS)
    with at(READ_AT[OPINIONS]):
        where = page(dubois, "acknowledge_for_family")
        assert where in office.get(page(dubois, "student_file")).content.decode()
        shown = office.get(where).content.decode()
        assert "Sophie Bernard" in shown
        assert "Marc Dubois" in shown
        answer = office.post(where, {"guardian": dubois.marc.pk}, follow=True)
        assert answer.redirect_chain == [(page(dubois, "student_file"), 302)]
        text = answer.content.decode()
        assert "saisi par l’établissement (Nadia Martin), au nom de Marc Dubois" in text
        assert where not in text
        assert "Il n’y a rien d’autre à saisir" in office.get(where).content.decode()
        family = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        read = family.get(reverse("orientation:opinions", args=[dubois.emma.public_id])).content.decode()
        assert "saisi par l’établissement (Nadia Martin), au nom de Marc Dubois" in read
    assert Reading.objects.filter(page="acknowledge_for_family", user_id=nadia.pk).exists()


def test_answers_are_reported_from_the_paper_and_the_family_reads_by_whom(
    dubois: Family, veil: Veil, office: Office
) -> None:
    veil.tell(PROPOSALS)
    with at(READ_AT[PROPOSALS]):
        where = page(dubois, "answer_for_family")
        assert where in office.get(page(dubois, "student_file")).content.decode()
        shown = office.get(where)
        assert [line.code for line in shown.context["form"].lines] == ["generale", "stmg", "sti2d"]
        values = {"guardian": dubois.sophie.pk, "answer_stmg": "oui", "answer_generale": "non", "seen_stmg": 0}
        answer = office.post(where, values, follow=True)
        assert "2 réponses enregistrées" in answer.content.decode()
        family = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
        read = family.get(reverse("orientation:proposals", args=[dubois.emma.public_id])).content.decode()
        assert "saisi par l’établissement (Nadia Martin), au nom de Sophie Bernard" in read
    assert {each.answer.pathway.code: each.agrees for each in FamilyAnswer.objects.all()} == {
        "stmg": True,
        "generale": False,
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"answer_stmg": "oui"}, "Dites quel représentant légal a signé"),
        ({"guardian": "sophie"}, "Reportez au moins une réponse du papier"),
        ({"guardian": "sophie", "answer_stmg": "peut-être"}, "Sélectionnez un choix valide"),
        ({"guardian": "0", "answer_stmg": "oui"}, "Sélectionnez un choix valide"),
        ({"guardian": "sophie", "answer_stmg": "oui", "seen_stmg": "x"}, "nombre entier"),
    ],
)
def test_bad_input_is_refused_in_french_and_writes_nothing(
    dubois: Family, veil: Veil, office: Office, values: dict[str, str], message: str
) -> None:
    veil.tell(PROPOSALS)
    sent = {key: str(dubois.sophie.pk) if value == "sophie" else value for key, value in values.items()}
    with at(READ_AT[PROPOSALS]):
        answer = office.post(page(dubois, "answer_for_family"), sent)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not FamilyAnswer.objects.exists()


def test_over_an_unseen_answer_it_is_shown_and_what_was_typed_stays(dubois: Family, veil: Veil, office: Office) -> None:
    veil.tell(PROPOSALS)
    answer_online(veil, dubois.marc, agrees=False)
    values = {"guardian": dubois.sophie.pk, "answer_stmg": "oui", "seen_stmg": 0}
    with at(READ_AT[PROPOSALS]):
        answer = office.post(page(dubois, "answer_for_family"), values)
        assert answer.status_code == 409
        assert "Marc Dubois a répondu pendant ce temps" in answer.content.decode()
        form = answer.context["form"]
        assert (form["answer_stmg"].value(), form["seen_stmg"].value()) == ("oui", "1")
        again = office.post(page(dubois, "answer_for_family"), {**values, "seen_stmg": 1})
        assert again.status_code == 302
    assert FamilyAnswer.objects.count() == 2


def test_a_frozen_answer_is_shown_and_cannot_be_entered(
    dubois: Family, veil: Veil, office: Office, nadia: User
) -> None:
    veil.tell(PROPOSALS)
    [made] = enter(veil, nadia)
    freeze(dubois, veil, made)
    with at(READ_AT[PROPOSALS]):
        shown = office.get(page(dubois, "answer_for_family"))
    assert "décision notifiée, réponse figée" in shown.content.decode()
    assert [line.code for line in shown.context["form"].lines] == ["generale", "sti2d"]


@pytest.mark.parametrize(("name", "kind"), [("acknowledge_for_family", OPINIONS), ("answer_for_family", PROPOSALS)])
def test_before_the_publication_and_after_the_closing_the_page_says_why(
    dubois: Family, veil: Veil, office: Office, name: str, kind: PhaseKind
) -> None:
    with at(READ_AT[kind]):
        assert "La classe n’est pas publiée" in office.get(page(dubois, name)).content.decode()
    veil.tell(kind)
    Phase.objects.filter(kind=kind).update(closes_at=READ_AT[kind])
    with at(READ_AT[kind]):
        assert "Cette phase n’est pas ouverte" in office.get(page(dubois, name)).content.decode()
        values = {"guardian": dubois.sophie.pk, "answer_stmg": "oui"}
        answer = office.post(page(dubois, name), values)
        assert answer.status_code == 409
        assert "Rien n’a été enregistré" in answer.content.decode()
        assert page(dubois, name) not in office.get(page(dubois, "student_file")).content.decode()


def test_a_pupil_of_another_school_does_not_exist(dubois: Family, office: Office) -> None:
    other = student(school("0699902Y"), "Autre", "Autre")
    for name in ("acknowledge_for_family", "answer_for_family"):
        for public_id in (other.public_id, uuid4()):
            assert office.get(reverse(f"admin:{name}", args=[dubois.school.uai, public_id])).status_code == 404


@pytest.mark.parametrize(
    ("name", "kind", "count"), [("acknowledge_for_family", OPINIONS, 17), ("answer_for_family", PROPOSALS, 17)]
)
def test_each_page_makes_its_number_of_queries(
    dubois: Family, veil: Veil, office: Office, name: str, kind: PhaseKind, count: int
) -> None:
    veil.tell(kind)
    with at(READ_AT[kind]):
        client = sign_in(Client(), office.nadia, None)
        client.get(page(dubois, name))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page(dubois, name)).status_code == 200
    assert len(queries) <= count, "\n".join(query["sql"][:120] for query in queries)
