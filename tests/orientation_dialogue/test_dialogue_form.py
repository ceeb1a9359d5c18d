"""The fiche de dialogue, read back as viewers and screen readers read it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Reading
from orientation.dialogue.records import records_of
from orientation.documents.dialogue_form import dialogue_forms_pdf
from orientation.models import Acknowledgement, CouncilAnswer, FamilyAnswer, Pathway
from schools.models import Role, School, Student
from tests.factories import Family, campaign, school, sign_in, staff, student
from tests.factories import guardian as guardian_of
from tests.orientation.test_receipt import reader_of, squeezed, tags_of, text_of
from tests.orientation_decisions.conftest import Dialogue
from tests.orientation_dialogue.conftest import OPINIONS, PROPOSALS, READ_AT, TOLD_AT
from tests.orientation_dialogue.conftest import School as Veil

pytestmark = pytest.mark.django_db


def form_of(family: Family, **values: Any) -> bytes:
    records = records_of([family.emma], family.campaign)
    return dialogue_forms_pdf(records, family.campaign, at=TOLD_AT[PROPOSALS], **values)


def told(family: Family, **values: Any) -> str:
    return squeezed(text_of(form_of(family, **values)))


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in reader_of(pdf).pages]


def test_a_blank_form_has_a_box_for_each_voie_and_each_step_on_two_pages(dubois: Family) -> None:
    pdf = form_of(dubois)
    first, second = pages_of(pdf)
    text = squeezed(text_of(pdf))
    for label in Pathway.objects.values_list("label", flat=True):
        assert text.count(squeezed(label)) >= 2, label
    assert first.count("défavorable") == 11
    assert "Spécialité 4" in first
    assert "Spécialité 4" not in second
    assert second.count("pas d’accord") == 10 + 2 + 1, "ten voies, two lines unasked, and a heading"
    for step in (
        "Accuséderéception",
        "Entretien",
        "Décisiond’orientation",
        "Recours",
        "troisjoursouvrables",
        "maintien",
    ):
        assert step in text
    for name in ("Emma Dubois", "20 février 2011", "Lycée Simone-Veil", "Sophie Bernard", "Marc Dubois"):
        assert squeezed(name) in text


def test_what_is_known_is_printed_in_its_place(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    veil.tell(PROPOSALS)
    text = told(dubois)
    for said in (
        "sciences de l’ingénieur (hors établissement)",
        "réservé",
        "Des efforts en mathématiques.",
        "Avis publiés le lundi 1 mars 2027",
        "Des résultats trop fragiles.",
        "Spécialités recommandées : numérique et sciences informatiques",
        "Proposition du conseil de classe non demandée",
        "Un vrai goût pour les projets.",
        "aucune réponse à donner",
    ):
        assert squeezed(said) in text, said
    assert "STAV" not in text


def test_the_familys_answers_and_acknowledgement_are_printed(dubois: Family, veil: Veil) -> None:
    sheet = veil.tell(OPINIONS)
    veil.tell(PROPOSALS)
    assert dubois.marc.user is not None
    by = {"guardian": dubois.marc, "guardian_name": "Marc Dubois"}
    Acknowledgement.objects.create(
        sheet=sheet, acknowledged_at=READ_AT[OPINIONS], acknowledged_by=dubois.marc.user, **by
    )
    for number, agrees in enumerate((True, False), start=1):
        FamilyAnswer.objects.create(
            answer=veil.answer_on("stmg"),
            number=number,
            agrees=agrees,
            answered_at=READ_AT[PROPOSALS],
            answered_by=dubois.marc.user,
            **by,
        )
    text = told(dubois)
    assert squeezed("Réception accusée, par Marc Dubois le mardi 2 mars 2027") in text
    assert squeezed("pas d’accord, par Marc Dubois le mardi 15 juin 2027") in text


def test_how_the_dialogue_ended_is_printed_as_it_was_recorded(dubois: Family) -> None:
    end = Dialogue(dubois)
    decision = end.disagree()
    text = told(dubois)
    for said in (
        "Entretien du vendredi 18 juin 2027 : le désaccord demeure.",
        "Décision n° 1, notifiée le dimanche 20 juin 2027 à 10 h 40 (heure de Paris) par",
        f"{decision.label}. Elle n’est pas conforme à la demande.",
        "Motifs : Des résultats trop fragiles.",
        "Reçue par la famille le :",
        "La famille fait appel.",
    ):
        assert squeezed(said) in text, said
    assert squeezed("Voie décidée :") not in text
    assert squeezed("emplacée") not in text
    end.receive()
    end.appeal(wants_to_be_heard=True)
    end.commission(reasons="Un projet solide.", is_conform=True, pathway="generale")
    text = told(dubois)
    for said in (
        "Reçue par la famille le vendredi 25 juin 2027 ; appel jusqu’au mardi 29 juin 2027 à 24 h (heure de Paris).",
        "Appel formé le mardi 29 juin 2027. La famille demande à être entendue.",
        "Décision n° 2 de la commission d’appel, prise le vendredi 2 juillet 2027",
        "Remplacée par la décision n° 2.",
        "Motifs : Un projet solide.",
    ):
        assert squeezed(said) in text, said
    assert squeezed("La famille fait appel.") not in text
    assert squeezed("Annulée") not in text
    assert "fragiles" not in told(dubois, is_blank=True)


def test_nothing_of_the_council_is_printed_before_it_is_published(dubois: Family, veil: Veil) -> None:
    veil.ask(PROPOSALS)
    veil.meet(PROPOSALS)
    text = told(dubois)
    assert "STMG" in text
    assert squeezed("trop fragiles") not in text
    assert "STI2D" not in text.partition("3.Choix")[2]


def test_a_blank_form_says_nothing_of_what_is_known(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    text = told(dubois, is_blank=True)
    assert "efforts" not in text
    assert "STAV" in text


def test_it_is_a_tagged_document_in_reading_order(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    pdf = form_of(dubois)
    reader = reader_of(pdf)
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert "pdfuaid:part" in metadata.stream.get_data().decode()
    assert reader.root_object["/Lang"] == "fr"
    tags = tags_of(pdf)
    assert [tag for tag in tags if re.fullmatch(r"H\d", tag)][:3] == ["H1", "H2", "H3"]
    assert tags.count("Table") == 2
    assert tags.count("TH") == 4 + 5


def test_what_people_typed_is_never_markup(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    typed = "#panic() *gras* $x$ \\ {page} // fin \" ' @a <b>"
    CouncilAnswer.objects.filter(pathway__code="sti2d").update(comment=typed)
    assert squeezed(typed) in told(dubois)


def classmates(of: School, count: int) -> None:
    for number in range(count):
        child = student(of, f"Élève{number}", f"Martin{number:02}")
        guardian_of(of, f"Parent{number}", f"Martin{number:02}", child)


def test_a_class_comes_in_its_order_each_pupil_with_their_own_two_pages(dubois: Family) -> None:
    classmates(dubois.school, 3)
    records = records_of(list(Student.objects.all()), dubois.campaign)
    pages = pages_of(dialogue_forms_pdf(records, dubois.campaign, is_blank=True, at=TOLD_AT[PROPOSALS]))
    names = [squeezed(page.partition("fiche de dialogue 2026")[0])[-200:] for page in pages]
    assert len(pages) == 8
    expected = ["EmmaDubois", "Élève0Martin00", "Élève1Martin01", "Élève2Martin02"]
    assert [next(each for each in expected if each in name) for name in names] == [
        e for e in expected for _ in range(2)
    ]
    assert all("Page 1 sur 2" in page for page in pages[::2])
    assert all("Page 2 sur 2" in page for page in pages[1::2])


def test_a_pupil_after_one_of_three_pages_begins_on_a_right_hand_page(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    CouncilAnswer.objects.update(comment="Un commentaire de longue haleine. " * 14)
    classmates(dubois.school, 1)
    emma, other = records_of(list(Student.objects.all()), dubois.campaign)
    pages = pages_of(dialogue_forms_pdf([emma, other], dubois.campaign, at=TOLD_AT[PROPOSALS]))
    begins = next(index for index, page in enumerate(pages) if "Fiche de dialogue — Élève0" in page)
    assert begins == 4
    assert "Page 3 sur 3" in pages[2]
    assert "Emma" not in pages[3], "an empty side"


# --- Pages -----------------------------------------------------------------------------------------------------------


def one(family: Family, of: School | None = None) -> str:
    return reverse("admin:dialogue_form", args=[(of or family.school).uai, family.emma.public_id])


def whole_class(family: Family, of: School | None = None) -> str:
    assert family.emma.division is not None
    return reverse("admin:dialogue_forms", args=[(of or family.school).uai, family.emma.division.pk])


@pytest.mark.parametrize("address", [one, whole_class])
@pytest.mark.usefixtures("last_evening")
def test_every_role_prints_and_a_form_teacher_their_own_classes_only(dubois: Family, address: Any) -> None:
    url = address(dubois)
    assert dubois.emma.division is not None
    assert Client().get(url).status_code == 302
    for role in Role:
        member = staff(dubois.school, role, dubois.emma.division)
        answer = sign_in(Client(), member, None).get(url)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/pdf"
        assert "Dubois" not in answer["Content-Disposition"]
    elsewhere = staff(dubois.school, Role.FORM_TEACHER)
    assert sign_in(Client(), elsewhere, None).get(url).status_code == 404
    other = school("0699902Y")
    campaign(other)
    stranger = sign_in(Client(), staff(other), None)
    assert stranger.get(url).status_code == 404
    assert stranger.get(address(dubois, other)).status_code == 404
    parent = sign_in(Client(), dubois.sophie.user, None)
    assert parent.get(url).status_code == 302


@pytest.mark.usefixtures("last_evening")
def test_printing_a_filled_form_is_noted_as_a_reading_a_blank_one_is_not(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    client.get(one(dubois), {"vierge": "1"})
    assert not Reading.objects.exists()
    client.get(one(dubois))
    client.get(whole_class(dubois))
    assert sorted(Reading.objects.values_list("page", flat=True)) == ["dialogue_form", "dialogue_forms"]
    assert Reading.objects.get(page="dialogue_form").student_id == dubois.emma.pk


@pytest.mark.usefixtures("last_evening")
def test_a_class_without_pupils_or_campaign_has_no_forms(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    Student.objects.update(left_on="2027-05-01")
    assert client.get(whole_class(dubois)).status_code == 404
    Student.objects.update(left_on=None, mef_code="21110019110")
    assert client.get(one(dubois)).status_code == 404


def test_a_class_makes_as_many_queries_as_one_pupil(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    veil.tell(PROPOSALS)
    with time_machine.travel(READ_AT[PROPOSALS], tick=False):
        client = sign_in(Client(), staff(dubois.school), None)

        def measure() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(whole_class(dubois)).status_code == 200
            return len(queries)

        measure()
        before = measure()
        classmates(dubois.school, 5)
        assert measure() == before <= 20
