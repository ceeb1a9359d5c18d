"""The page on which the office enters a paper form."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile, User
from audit.models import Reading
from notifications.models import OutboxMessage
from orientation import services
from orientation.models import Campaign, Draft, PhaseKind, Submission
from orientation.queries import submission_wishes
from orientation.rules import Wish
from schools.models import Guardianship, Role, School, Student
from tests.factories import CLOSES_AT, NOW, Family, guardian, school, sign_in, staff, student
from tests.orientation.test_receipt import squeezed, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

GENERAL = {
    "rank_generale": "1",
    "speciality_generale_1": "nsi",
    "speciality_generale_2": "llca-latin",
    "speciality_generale_3": "sciences-ingenieur",
}


def address(family: Family, kind: PhaseKind = PhaseKind.FINAL_CHOICES, of: School | None = None) -> str:
    return reverse("admin:entry", args=[(of or family.school).uai, family.emma.public_id, kind])


def enter(client: Client, family: Family, **values: object) -> str:
    given = {"guardian": family.sophie.pk, "seen_number": 0, **values}
    return client.post(address(family), given, follow=True).content.decode()


def save(family: Family, *wishes: Wish) -> None:
    """Let Sophie begin a list online."""
    assert family.sophie.user is not None
    for version, wish in enumerate(wishes):
        services.save_choice(
            file=family.file_of(family.sophie),
            phase=family.phase,
            wish=wish,
            version=version,
            by=family.sophie.user,
            at=NOW,
        )


def validate(family: Family) -> None:
    assert family.sophie.user is not None
    services.validate_draft(
        file=family.file_of(family.sophie),
        phase=family.phase,
        version=Draft.objects.get().version,
        by=family.sophie.user,
        at=NOW,
    )


def test_a_paper_form_is_entered_in_one_act(office: Client, dubois: Family) -> None:
    page = office.get(address(dubois)).content.decode()
    assert "Le formulaire est vide" in page
    assert "Sophie Bernard (mère)" in page
    page = enter(office, dubois, **GENERAL, rank_sti2d="2")
    assert "Demande n° 1 enregistrée au nom de Sophie Bernard." in page
    assert "saisie par l’établissement (Nadia Martin), au nom de Sophie Bernard" in page
    assert submission_wishes(Submission.objects.get()) == (
        Wish("generale", ("nsi", "llca-latin", "sciences-ingenieur")),
        Wish("sti2d"),
    )
    assert OutboxMessage.objects.count() == 2


def test_the_form_takes_up_what_counts_and_says_so(office: Client, dubois: Family) -> None:
    save(dubois, Wish("stl", ("stl-spcl",)), Wish("autre-parcours", note="CAP cuisine"))
    validate(dubois)
    page = office.get(address(dubois)).content.decode()
    assert "Le formulaire reprend la demande n° 1" in page
    assert re.search(r'name="rank_autre-parcours" value="2"', page)
    assert '<option value="stl-spcl" selected>' in page
    assert "CAP cuisine</textarea>" in page


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({}, "Vous devez obligatoirement saisir"),
        ({"guardian": ""}, "Ce champ est obligatoire"),
        ({"guardian": "0", "rank_sti2d": "1"}, "n’en fait pas partie"),
        ({"rank_sti2d": "1", "rank_stmg": "1"}, "Le rang 1 est déjà donné à"),
        ({"rank_sti2d": "1", "rank_stmg": "3"}, "Il manque le rang 2 avant le rang 3."),
        ({"rank_sti2d": "12"}, "inférieure ou égale à 11"),
        ({"rank_sti2d": "premier"}, "Saisissez un nombre entier"),
        ({**GENERAL, "speciality_generale_3": ""}, "Choisissez 3 enseignements"),
        ({**GENERAL, "speciality_generale_3": "nsi"}, "deux fois la même"),
        ({**GENERAL, "speciality_generale_3": "inconnue"}, "inconnue n’en fait pas partie"),
        ({**GENERAL, "rank_generale": "", "rank_stmg": "1"}, "Donnez un rang à cette voie"),
        ({"rank_stl": "1"}, "Choisissez 1 enseignement de spécialité"),
        ({"note": "CAP"}, "Donnez un rang à cette voie"),
        ({"rank_autre-parcours": "1", "note": "é" * 501}, "501 caractères"),
    ],
)
def test_each_mistake_is_said_and_nothing_typed_is_lost(
    office: Client, dubois: Family, typed: dict[str, str], message: str
) -> None:
    answer = office.post(address(dubois), {"guardian": dubois.sophie.pk, "seen_number": 0, **typed})
    page = answer.content.decode().replace("&#x27;", "’")
    assert answer.status_code == 422
    assert message in page
    assert not Submission.objects.exists()
    for name, value in typed.items():
        if name.startswith("rank_") and value:
            assert f'name="{name}" value="{value}"' in page
    if "note" in typed:
        assert f"{typed['note']}</textarea>" in page
    if typed.get("speciality_generale_1"):
        assert '<option value="nsi" selected>' in page


def test_a_list_begun_online_is_said_never_shown_and_asked_about(office: Client, dubois: Family) -> None:
    save(dubois, Wish("autre-parcours", note="notre secret"))
    page = office.get(address(dubois)).content.decode()
    assert "la famille a un brouillon en cours, modifié le jeudi 20 mai 2027" in page
    assert "notre secret" not in page
    answer = office.post(address(dubois), {"guardian": dubois.sophie.pk, "seen_number": 0, "rank_sti2d": "1"})
    assert answer.status_code == 409
    assert "cochez la case" in answer.content.decode()
    assert 'name="rank_sti2d" value="1"' in answer.content.decode()
    assert "n° 1 enregistrée" in enter(office, dubois, rank_sti2d="1", is_confirmed="on")


def test_a_list_begun_online_after_the_page_was_opened_is_asked_about(office: Client, dubois: Family) -> None:
    assert "brouillon en cours" not in office.get(address(dubois)).content.decode()
    save(dubois, Wish("stmg"))
    assert 'name="is_confirmed"' in enter(office, dubois, rank_sti2d="1")


def test_what_the_family_validated_meanwhile_is_shown_then_replaced_on_purpose(office: Client, dubois: Family) -> None:
    save(dubois, Wish("stmg"))
    validate(dubois)
    answer = office.post(address(dubois), {"guardian": dubois.sophie.pk, "seen_number": 0, "rank_sti2d": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "1re STMG" in page
    assert 'name="rank_sti2d" value="1"' in page
    assert 'name="seen_number" value="1"' in page
    assert "n° 2 enregistrée" in enter(office, dubois, rank_sti2d="1", seen_number="1")


def test_an_entry_that_arrives_after_the_closing_comes_back_filled(office: Client, dubois: Family, nadia: User) -> None:
    with time_machine.travel(CLOSES_AT, tick=False):
        late = sign_in(Client(), nadia, None)
        answer = late.post(address(dubois), {"guardian": dubois.sophie.pk, "seen_number": 0, "rank_sti2d": "1"})
        assert "Saisie impossible" in late.get(address(dubois)).content.decode()
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "peut la rouvrir" in page
    assert 'name="rank_sti2d" value="1"' in page


def test_no_form_is_offered_where_nothing_can_be_entered(office: Client, dubois: Family) -> None:
    Campaign.objects.update(offer_declared_at=None)
    page = office.get(address(dubois)).content.decode()
    assert "n’a pas encore déclaré" in page
    assert "Enregistrer au nom de la famille" not in page
    Campaign.objects.update(offer_declared_at=NOW)
    Guardianship.objects.all().delete()
    assert "aucun représentant légal" in office.get(address(dubois)).content.decode()


def test_the_family_reads_everywhere_who_entered(office: Client, dubois: Family) -> None:
    enter(office, dubois, rank_sti2d="1")
    said = "saisie par l’établissement (Nadia Martin), au nom de Sophie Bernard"
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    where = [dubois.emma.public_id, "choix-definitifs"]
    for name, rest in (("submission", [1]), ("choices", [])):
        assert said in marc.get(reverse(f"orientation:{name}", args=[*where, *rest])).content.decode()
    assert said in marc.get(reverse("orientation:home", args=where[:1])).content.decode()
    assert "1<sup>re</sup> STI2D" in marc.get(reverse("orientation:choices", args=where)).content.decode()


def test_the_receipt_says_who_entered_and_in_whose_name(office: Client, dubois: Family) -> None:
    enter(office, dubois, rank_sti2d="1")
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    receipt = marc.get(reverse("orientation:receipt", args=[dubois.emma.public_id, "choix-definitifs", 1]))
    text = squeezed(text_of(receipt.content))
    assert squeezed("Saisie par l’établissement (Nadia Martin), au nom de Sophie Bernard") in text
    assert "Validéepar" not in text


def test_reading_the_page_is_noted(office: Client, dubois: Family, nadia: User) -> None:
    office.get(address(dubois))
    reading = Reading.objects.get()
    assert (reading.user_id, reading.student_id, reading.page) == (nadia.pk, dubois.emma.pk, "entry")


def test_the_office_and_the_leads_enter_others_are_refused(dubois: Family) -> None:
    assert dubois.emma.division is not None
    assert Client().get(address(dubois)).status_code == 302
    answers = {
        role: sign_in(Client(), staff(dubois.school, role, dubois.emma.division), None).get(address(dubois)).status_code
        for role in Role
    }
    allowed = {Role.HEAD, Role.DEPUTY, Role.OFFICE}
    assert answers == {role: 200 if role in allowed else 403 for role in Role}


def test_another_schools_staff_find_nothing_by_either_address(dubois: Family) -> None:
    other = school("0699902Y")
    stranger = sign_in(Client(), staff(other, Role.HEAD), None)
    assert stranger.get(address(dubois)).status_code == 404
    assert stranger.get(address(dubois, of=other)).status_code == 404
    given = {"guardian": dubois.sophie.pk, "seen_number": 0, "rank_sti2d": "1"}
    assert stranger.post(address(dubois, of=other), given).status_code == 404


def test_a_guardian_of_another_child_cannot_be_named(office: Client, dubois: Family) -> None:
    other = guardian(dubois.school, "Paule", "Autre", student(dubois.school, "Léa", "Autre"))
    page = enter(office, dubois, guardian=other.pk, rank_sti2d="1")
    assert "n’en fait pas partie" in page.replace("&#x27;", "’")
    assert not Submission.objects.exists()


def test_intentions_ask_their_own_number_of_specialities(office: Client, dubois: Family, nadia: User) -> None:
    with time_machine.travel(NOW - timedelta(days=110), tick=False):
        page = sign_in(Client(), nadia, None).get(address(dubois, PhaseKind.INTENTIONS)).content.decode()
    assert 'name="speciality_generale_4"' in page
    assert 'name="speciality_generale_5"' not in page


def test_the_page_makes_its_number_of_queries_however_many_pupils(office: Client, dubois: Family) -> None:
    save(dubois, Wish("sti2d"))
    validate(dubois)

    def measure() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(address(dubois)).status_code == 200
        return len(queries)

    office.get(address(dubois))
    before = measure()
    assert before <= 20
    for number in range(5):
        child = student(dubois.school, f"Enfant{number}", "Dubois")
        guardian(dubois.school, f"Autre{number}", "Dubois", child)
    assert measure() == before
    assert Student.objects.count() == 6
