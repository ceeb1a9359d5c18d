"""The pages by which the school notifies decisions and records a disagreement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Reading
from notifications.models import OutboxMessage
from orientation.decisions.services import cancel_step
from orientation.models import Decision, DialogueStep, Phase, StepKind
from schools.models import Division, Role, Student
from tests.factories import Family, guardian, school, sign_in, staff, student
from tests.orientation.test_receipt import reader_of, squeezed, text_of
from tests.orientation_decisions.conftest import ANSWERED_AT, CLOSED_AT, Dialogue
from tests.orientation_dialogue.conftest import PROPOSALS

pytestmark = pytest.mark.django_db

INTERVIEW = {"entretien-happened_on": "18/06/2027", "entretien-outcome": "disagreement", "entretien-text": "Reçus."}
DECIDE = {
    "decider-pathway": "stmg",
    "decider-is_conform": "non",
    "decider-reasons": "Des résultats trop fragiles.",
    "decider-seen_number": "0",
}


@pytest.fixture(autouse=True)
def sunday() -> Iterator[time_machine.Traveller]:
    """Stand after the closing of the answers; `move_to` goes on."""
    with time_machine.travel(CLOSED_AT, tick=False) as traveller:
        yield traveller


def as_(veil: Dialogue, role: Role = Role.HEAD, *divisions: Division) -> Client:
    user = veil.head if role is Role.HEAD else staff(veil.family.school, role, *divisions)
    return sign_in(Client(), user, None)


def address(name: str, veil: Dialogue, *rest: object) -> str:
    return reverse(f"admin:{name}", args=[veil.family.school.uai, *rest])


def of_emma(name: str, veil: Dialogue, *rest: object) -> str:
    return address(name, veil, veil.emma.public_id, *rest)


def text(answer: Any) -> str:
    return re.sub(r"[ \n]+", " ", re.sub(r"</?sup>", "", answer.content.decode()))


def classmate(veil: Dialogue, given_name: str, division: Division | None = None) -> Student:
    pupil = student(veil.family.school, given_name, "Petit", **({"division": division} if division else {}))
    guardian(veil.family.school, "Parent", "Petit", pupil)
    return pupil


# --- The list --------------------------------------------------------------------------------------------------------


def test_the_list_says_where_each_pupil_stands(veil: Dialogue) -> None:
    classmate(veil, "Noé")
    veil.tell(PROPOSALS)
    veil.answer(True)
    page = text(as_(veil).get(address("decisions", veil)))
    assert "Emma Dubois" in page
    assert "accord donné\u00a0: à notifier" in page
    assert "aucune proposition" in page
    assert veil.answer_on("stmg").label in page


def test_the_list_is_filtered_by_class_and_state(dubois: Family, veil: Dialogue) -> None:
    other = Division.objects.create(school=dubois.school, school_year=2026, code="2DE4")
    classmate(veil, "Noé", other)
    veil.tell(PROPOSALS)
    veil.answer(True)
    client = as_(veil)

    def listed(**values: str | int) -> str:
        return text(client.get(address("decisions", veil), values))

    assert "Emma" in listed(etat="to_notify")
    assert "Noé" not in listed(etat="to_notify")
    assert "Noé" in listed(classe=other.pk)
    assert "Emma" not in listed(classe=other.pk)
    assert "Emma" in listed(etat="attendu")
    assert "Aucun élève ne correspond" in listed(etat="maintained")
    assert client.get(address("decisions", veil), {"etat": "inconnu"}).status_code == 400


def test_without_a_phase_of_propositions_the_list_says_what_to_do(veil: Dialogue) -> None:
    Phase.objects.all().delete()
    assert "fixez d’abord ses dates" in text(as_(veil).get(address("decisions", veil)))


def test_a_form_teacher_reads_their_own_class_only_and_notifies_nothing(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    other = Division.objects.create(school=dubois.school, school_year=2026, code="2DE4")
    assert dubois.emma.division is not None
    own = as_(veil, Role.FORM_TEACHER, dubois.emma.division)
    page = text(own.get(address("decisions", veil)))
    assert "Emma" in page
    assert "Notifier" not in page
    assert "Noter un entretien" not in text(own.get(of_emma("student_dialogue", veil)))
    strange = as_(veil, Role.FORM_TEACHER, other)
    assert "Emma" not in text(strange.get(address("decisions", veil)))
    assert strange.get(of_emma("student_dialogue", veil)).status_code == 404


# --- Notifying -------------------------------------------------------------------------------------------------------


def test_select_read_what_will_happen_then_notify(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    client, place = as_(veil), address("issue_decisions", veil)
    preview = client.post(place, {"portee": "choix", "eleve": str(veil.emma.public_id)})
    assert preview.status_code == 200
    assert "1 décision à notifier" in text(preview)
    assert "2 représentants légaux sur 2 recevront un courriel" in text(preview)
    assert not Decision.objects.exists()
    keys = re.search(r'name="reponses" value="([\d,]+)"', preview.content.decode())
    assert keys
    done = client.post(place, {"confirmer": "1", "reponses": keys[1]}, follow=True)
    assert "1 décision notifiée." in text(done)
    again = client.post(place, {"confirmer": "1", "reponses": keys[1]}, follow=True)
    assert "étaient déjà notifiées" in text(again)
    assert Decision.objects.get().issued_by == veil.head


def test_the_whole_list_can_be_notified_at_once(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    veil.answer(True, "sti2d")
    answer = as_(veil).post(address("issue_decisions", veil) + "?etat=to_notify", {"portee": "liste"})
    assert "2 décisions à notifier" in text(answer)


def test_choosing_nobody_leads_back_with_a_word(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    answer = as_(veil).post(address("issue_decisions", veil), {"portee": "choix"}, follow=True)
    assert "Choisissez au moins un élève" in text(answer)


def test_a_family_that_changed_its_mind_meanwhile_is_said_and_the_others_wait_for_a_new_confirmation(
    veil: Dialogue,
) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True, "stmg")
    veil.answer(True, "sti2d")
    veil.answer(False, "stmg")
    keys = ",".join(str(veil.answer_on(each).pk) for each in ("stmg", "sti2d"))
    answer = as_(veil).post(address("issue_decisions", veil), {"confirmer": "1", "reponses": keys})
    assert answer.status_code == 409
    page = text(answer)
    assert "n’est pas, ou n’est plus, d’accord" in page
    assert f'name="reponses" value="{veil.answer_on("sti2d").pk}"' in page
    assert not Decision.objects.exists()


def test_answers_of_another_school_or_no_number_are_not_found(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    elsewhere = school("0699902Y")
    stranger = sign_in(Client(), staff(elsewhere, Role.HEAD), None)
    place = reverse("admin:issue_decisions", args=[elsewhere.uai])
    values = {"confirmer": "1", "reponses": str(veil.answer_on("stmg").pk)}
    assert stranger.post(place, values).status_code == 404
    assert as_(veil).post(address("issue_decisions", veil), {"confirmer": "1", "reponses": "x"}).status_code == 404
    assert not Decision.objects.exists()


def test_families_without_an_address_are_named_for_paper(dubois: Family, veil: Dialogue) -> None:
    dubois.marc.school_email = ""
    dubois.marc.save()
    veil.tell(PROPOSALS)
    veil.answer(True)
    answer = as_(veil).post(address("issue_decisions", veil), {"portee": "liste"})
    assert "À notifier sur papier" in text(answer)
    assert "Marc Dubois" in text(answer)


# --- One pupil -------------------------------------------------------------------------------------------------------


def test_the_page_of_a_pupil_offers_the_next_act_and_tells_the_story(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    page = text(as_(veil).get(of_emma("student_dialogue", veil)))
    assert "désaccord\u00a0: entretien à tenir" in page
    assert "Noter un entretien" in page
    assert "Prendre une décision motivée" not in page
    assert "la famille n’est pas d’accord" in page
    assert Reading.objects.filter(page="student_dialogue").exists()


def test_a_disagreement_from_the_entretien_to_the_commission_through_the_pages(
    veil: Dialogue, sunday: time_machine.Traveller
) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()

    def act(name: str, values: dict[str, str]) -> str:
        answer = as_(veil).post(of_emma("dialogue_act", veil, name), values, follow=True)
        assert answer.redirect_chain, text(answer)
        return text(answer)

    assert "L’entretien est noté." in act("entretien", INTERVIEW)
    assert "décision motivée\u00a0: réception à noter" in act("decider", DECIDE)
    sunday.move_to(CLOSED_AT + timedelta(days=6))
    assert "jusqu’au mardi 29 juin 2027 à 24\u00a0h" in act("reception", {"reception-happened_on": "25/06/2027"})
    sunday.move_to(CLOSED_AT + timedelta(days=9))
    assert "en appel" in act("appel", {"appel-happened_on": "29/06/2027", "appel-wants_to_be_heard": "on"})
    sunday.move_to(CLOSED_AT + timedelta(days=12))
    values = {
        "commission-decided_on": "02/07/2027",
        "commission-pathway": "stmg",
        "commission-is_conform": "non",
        "commission-reasons": "",
    }
    assert "commission d’appel\u00a0: décidée" in act("commission", values)
    assert "maintien demandé" in act("maintien", {"maintien-happened_on": "02/07/2027"})
    assert list(Decision.objects.values_list("number", "kind")) == [(1, "reasoned"), (2, "commission")]
    assert OutboxMessage.objects.filter(kind="orientation.decision_notified").count() == 4


def test_an_agreement_is_notified_from_the_pupil_s_page_too(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    answer = as_(veil).post(of_emma("dialogue_act", veil, "notifier"), follow=True)
    assert "La décision est notifiée." in text(answer)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "values", "status", "said"),
    [
        ("entretien", {**INTERVIEW, "entretien-happened_on": "hier"}, 422, "Écrivez une date comme 20/05/2027."),
        ("entretien", {**INTERVIEW, "entretien-happened_on": "21/06/2027"}, 422, "Cette date est à venir"),
        ("entretien", {**INTERVIEW, "entretien-happened_on": "01/03/2027"}, 422, "Cette date précède"),
        ("entretien", {"entretien-happened_on": "18/06/2027", "entretien-text": "Reçus."}, 422, "obligatoire"),
        ("decider", DECIDE, 409, "vient après l’entretien"),
        ("reception", {"reception-happened_on": "18/06/2027"}, 409, "décision motivée, non conforme"),
        ("appel", {"appel-happened_on": "18/06/2027"}, 409, "notez d’abord sa date"),
        ("maintien", {"maintien-happened_on": "18/06/2027"}, 409, "après une décision non conforme"),
        (
            "commission",
            {
                "commission-decided_on": "18/06/2027",
                "commission-pathway": "stmg",
                "commission-is_conform": "oui",
            },
            409,
            "après un appel",
        ),
    ],
)
def test_every_refusal_says_why_and_keeps_what_was_typed(
    veil: Dialogue, name: str, values: dict[str, str], status: int, said: str
) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    answer = as_(veil).post(of_emma("dialogue_act", veil, name), values)
    page = text(answer)
    assert answer.status_code == status
    assert said in page
    for field, value in values.items():
        if not field.endswith(("outcome", "is_conform", "pathway", "seen_number")):
            assert value in page
    assert (Decision.objects.count(), DialogueStep.objects.count()) == (0, 0)


def test_a_decision_without_reasons_or_over_one_unseen_is_refused(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    veil.meet_family()
    client, place = as_(veil), of_emma("dialogue_act", veil, "decider")
    assert client.post(place, {**DECIDE, "decider-reasons": " "}).status_code == 422
    assert client.post(place, {**DECIDE, "decider-pathway": "autre-parcours"}).status_code == 422
    assert client.post(place, DECIDE).status_code == 302
    unseen = client.post(place, {**DECIDE, "decider-pathway": "sti2d"})
    assert unseen.status_code == 409
    assert "a été notifiée depuis l’affichage" in text(unseen)
    assert Decision.objects.count() == 1


def test_an_appeal_out_of_time_is_said_beside_its_date(veil: Dialogue, sunday: time_machine.Traveller) -> None:
    veil.disagree()
    veil.receive()
    sunday.move_to(CLOSED_AT + timedelta(days=12))
    answer = as_(veil).post(of_emma("dialogue_act", veil, "appel"), {"appel-happened_on": "30/06/2027"})
    assert answer.status_code == 422
    assert "Appel hors délai" in text(answer)
    assert "délai d’appel passé" in text(answer)


def test_a_step_is_cancelled_from_the_timeline_and_stays_readable_there(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    step = veil.meet_family()
    answer = as_(veil).post(of_emma("dialogue_cancel", veil, step.pk), follow=True)
    assert "L’étape est annulée" in text(answer)
    assert "<s>Entretien avec le chef d’établissement</s>" in text(answer)


def test_a_step_that_was_followed_stays_and_one_of_another_pupil_is_not_found(veil: Dialogue) -> None:
    veil.disagree()
    step = DialogueStep.objects.get(kind="interview")
    refused = as_(veil).post(of_emma("dialogue_cancel", veil, step.pk))
    assert refused.status_code == 409
    assert "une suite lui a été donnée" in text(refused)
    other = classmate(veil, "Noé")
    place = address("dialogue_cancel", veil, other.public_id, step.pk)
    assert as_(veil).post(place).status_code == 404


def test_an_unknown_act_is_not_found(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    assert as_(veil).post(of_emma("dialogue_act", veil, "autre")).status_code == 404


@pytest.mark.parametrize("role", [Role.OFFICE, Role.FORM_TEACHER])
def test_who_does_not_steer_does_no_act(dubois: Family, veil: Dialogue, role: Role) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    assert dubois.emma.division is not None
    client = as_(veil, role, *([dubois.emma.division] if role is Role.FORM_TEACHER else []))
    assert client.get(of_emma("student_dialogue", veil)).status_code == 200
    assert client.post(of_emma("dialogue_act", veil, "entretien"), INTERVIEW).status_code == 403
    assert not DialogueStep.objects.exists()


def test_the_pupil_s_file_leads_there_and_says_where_it_stands(veil: Dialogue) -> None:
    veil.disagree()
    page = text(as_(veil).get(of_emma("student_file", veil)))
    assert of_emma("student_dialogue", veil) in page
    assert "Le chef d’établissement a notifié une décision motivée." in page


# --- Paper -----------------------------------------------------------------------------------------------------------


def test_the_notifications_that_stand_for_a_class_are_one_pdf(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    veil.decide(pathway="sti2d", seen_number=1)
    answer = as_(veil).get(address("decisions_pdf", veil, dubois.emma.division_id))
    assert answer.status_code == 200
    assert "Dubois" not in answer["Content-Disposition"]
    said = squeezed(text_of(answer.content))
    assert "0759901X-2026-0002" in said
    assert squeezed("remplace la décision n° 1") in said
    assert "0759901X-2026-0001" not in said
    assert reader_of(answer.content).root_object["/Lang"] == "fr"
    assert Reading.objects.filter(page="decisions_pdf").exists()


def test_a_class_without_a_decision_has_no_pdf(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    assert as_(veil).get(address("decisions_pdf", veil, dubois.emma.division_id)).status_code == 404


def test_one_notification_is_printed_by_who_reads_the_class(dubois: Family, veil: Dialogue) -> None:
    decision = veil.disagree()
    other = Division.objects.create(school=dubois.school, school_year=2026, code="2DE4")
    place = address("decision_pdf", veil, decision.public_id)
    assert as_(veil, Role.OFFICE).get(place)["Content-Type"] == "application/pdf"
    assert as_(veil, Role.FORM_TEACHER, other).get(place).status_code == 404


# --- Numbers of queries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [1, 40])
def test_the_pages_cost_the_same_with_forty_classes(dubois: Family, veil: Dialogue, classes: int) -> None:
    veil.disagree()
    for number in range(classes):
        division = Division.objects.create(school=dubois.school, school_year=2026, code=f"2NDE{number}")
        for name in ("Noé", "Inès"):
            classmate(veil, name, division)
    client = as_(veil)
    pages = {"decisions": address("decisions", veil), "student_dialogue": of_emma("student_dialogue", veil)}
    counted = {}
    for name, place in pages.items():
        client.get(place)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(place).status_code == 200
        counted[name] = len([each for each in queries if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))])
    assert counted == {"decisions": 14, "student_dialogue": 10}


def test_a_day_is_read_in_the_school_s_own_calendar(dubois: Family, veil: Dialogue) -> None:
    """At 23:30 UTC on the 20th it is the 21st in La Réunion."""
    dubois.school.time_zone = "Indian/Reunion"
    dubois.school.save()
    veil.disagree()
    late = datetime(2027, 6, 20, 23, 30, tzinfo=CLOSED_AT.tzinfo)
    step = veil.record(StepKind.RECEIPT, date(2027, 6, 21), at=late)
    assert cancel_step(step=step, by=veil.head, at=late).cancelled_at == late
    assert late > ANSWERED_AT
