"""The fiche de renseignements: one's own data, its errors, its schools; never anything of the other parent."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.kept_forms import AUTHOR_FIELD, author_token
from accounts.models import Profile, User
from schools.contact_changes.services import mark_exported, refuse_change
from schools.models import ContactChange, ContactField, Guardian, Relationship
from tests.factories import NOW, Family, guardian, school, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

PAGE = "/mes-services/fiche-renseignements/"
TYPED = {
    "address_lines": "12 rue des Lilas\r\nBâtiment B",
    "postal_code": "75 011",
    "town": "Paris",
    "country": "FR",
    "mobile": "06 12 34 56 78",
    "phone": "",
    "work_phone": "",
    "accepts_sms": "1",
    "occupation": "42",
    "shares_coordinates": "0",
}


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


def page_of(client: Client) -> str:
    return client.get(PAGE).content.decode()


def waiting(person: Guardian) -> dict[str, str]:
    return dict(ContactChange.objects.waiting().filter(guardian=person).values_list("field", "after"))


def value_of(page: str, name: str) -> str:
    """Return the value that an input of the page shows."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert found, name
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""


def test_what_is_typed_is_kept_checked_and_shown_as_transmitted(sophie: Client, dubois: Family) -> None:
    answer = sophie.post(PAGE, TYPED)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert waiting(dubois.sophie) == {
        "address_lines": "12 rue des Lilas\nBâtiment B",
        "postal_code": "75011",
        "town": "Paris",
        "country": "FR",
        "mobile": "+33612345678",
        "accepts_sms": "1",
        "occupation": "42",
        "shares_coordinates": "0",
    }
    page = page_of(sophie)
    assert "Vos renseignements sont enregistrés et transmis à\u00a0: Lycée Simone-Veil." in page
    assert "Transmise à l’établissement le jeudi 20 mai 2027 à 22\u00a0h\u00a040 (heure de Paris)." in page
    assert value_of(page, "mobile") == "06 12 34 56 78"
    sophie.post(PAGE, TYPED)
    assert "Rien n’a changé" in page_of(sophie)


def test_a_foreign_address_needs_no_french_postcode(sophie: Client, dubois: Family) -> None:
    foreign = {"country": "BE", "postal_code": "1000", "town": "Bruxelles", "mobile": "+32 470 12 34 56"}
    assert sophie.post(PAGE, TYPED | foreign).status_code == 302
    assert waiting(dubois.sophie)["country"] == "BE"
    assert value_of(page_of(sophie), "mobile") == "+32 470 12 34 56"
    assert sophie.post(PAGE, TYPED | foreign | {"postal_code": ""}).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"address_lines": " "}, "address_lines", "Saisissez votre adresse."),
        ({"address_lines": "a\nb\nc\nd\ne"}, "address_lines", "L’adresse a quatre lignes"),
        ({"address_lines": "a\n" + "b" * 39}, "address_lines", "La ligne 2 de l’adresse est trop longue"),
        ({"postal_code": ""}, "postal_code", "Saisissez votre code postal."),
        ({"postal_code": "96000"}, "postal_code", "n’existe pas en France"),
        ({"town": ""}, "town", "Saisissez votre commune."),
        ({"country": "XX"}, "country", "Choisissez votre pays dans la liste."),
        ({"mobile": "", "accepts_sms": "0"}, "mobile", "Saisissez au moins un numéro de téléphone."),
        ({"mobile": "06 12"}, "mobile", "Ce numéro de téléphone n’existe pas."),
        ({"work_phone": "bureau"}, "work_phone", "Ce numéro de téléphone n’existe pas."),
        ({"mobile": "", "phone": "01 23 45 67 89"}, "accepts_sms", "Pour recevoir des SMS"),
        ({"accepts_sms": "9"}, "accepts_sms", "Répondez par oui ou par non."),
        ({"occupation": "00"}, "occupation", "Choisissez une profession dans la liste."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_summed_up_with_all_that_was_typed(
    sophie: Client, wrong: dict[str, str], field: str, sentence: str
) -> None:
    answer = sophie.post(PAGE, TYPED | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count(sentence) == 2  # in the summary and at the field
    assert f'href="#id_{field}"' in page
    assert f'id="id_{field}"' in page
    assert re.search(rf'id="id_{field}-erreur"[^>]*><p class="fr-message fr-message--error">[^<]*{sentence}', page)
    assert f"id_{field}-erreur" in re.sub(rf'id="id_{field}-erreur"', "", page)  # tied to it
    assert "<title>Erreur\u00a0: Fiche" in page.replace("\n", "")
    assert ContactChange.objects.count() == 0
    for name in ("town", "mobile"):
        assert value_of(page, name) == (TYPED | wrong)[name]


def test_identity_is_shown_and_never_taken(sophie: Client, dubois: Family) -> None:
    Guardian.objects.filter(pk=dubois.sophie.pk).update(civility="MME")
    page = page_of(sophie)
    for shown in (
        "MME",
        "Bernard",
        "Sophie",
        "Emma Dubois (2DE3)\u00a0: mère",
        "Modifiable par l’établissement seulement",
    ):
        assert shown in page
    sophie.post(
        PAGE, TYPED | {"civility": "M.", "family_name": "Autre", "given_name": "Autre", "siecle_person_id": "1"}
    )
    dubois.sophie.refresh_from_db()
    assert (dubois.sophie.civility, dubois.sophie.family_name, dubois.sophie.given_name) == ("MME", "Bernard", "Sophie")


def test_nothing_of_the_other_parent_nor_of_the_pupil_changes_a_letter_of_the_page(
    sophie: Client, dubois: Family
) -> None:
    def page() -> str:
        text = page_of(sophie)
        return re.sub(r'name="(csrfmiddlewaretoken|typed_by)" value="[^"]*"', "", text)

    before = page()
    Guardian.objects.filter(pk=dubois.marc.pk).update(
        civility="M.",
        address_lines="3 rue du Secret",
        postal_code="69001",
        town="Lyon",
        country="FR",
        mobile="+33611111111",
        accepts_sms=True,
        occupation="31",
        own_email="secret@familles.example",
        pending_email="secret2@familles.example",
        pending_email_at=NOW,
    )
    ContactChange.objects.create(guardian=dubois.marc, field=ContactField.TOWN, after="Marseille", changed_at=NOW)
    assert page() == before


def test_a_change_goes_to_each_school_of_the_person_and_says_so(sophie: Client, dubois: Family) -> None:
    other = school("0699902Y", name="Lycée Ampère")
    second = guardian(other, "Sophie", "Bernard", student(other, "Zoé"), user=dubois.sophie.user, town="LYON")
    Guardian.objects.filter(pk=dubois.sophie.pk).update(town="PARIS")
    page = page_of(sophie)
    assert "transmis à chacun de vos établissements (Lycée Simone-Veil" in page
    assert "Lycée Ampère a une autre valeur\u00a0: LYON." in page
    sophie.post(PAGE, TYPED)
    assert waiting(second)["town"] == "Paris"
    assert "town" not in waiting(dubois.sophie)
    page = page_of(sophie)
    assert page.count("<strong>Lycée Ampère</strong>") > page.count("<strong>Lycée Simone-Veil</strong>")


def test_the_person_reads_that_the_school_has_the_file_and_what_it_refused(sophie: Client, dubois: Family) -> None:
    Guardian.objects.filter(pk=dubois.sophie.pk).update(town="NICE")
    sophie.post(PAGE, TYPED)
    head = staff(dubois.school)
    mark_exported(school=dubois.school, by=head, at=NOW)
    town = ContactChange.objects.get(guardian=dubois.sophie, field=ContactField.TOWN)
    refuse_change(change=town, reason="Justificatif attendu", by=head, at=NOW)
    page = page_of(sophie)
    assert "Relevée par l’établissement le jeudi 20 mai 2027" in page
    assert "Motif\u00a0: Justificatif attendu" in page
    assert value_of(page, "town") == "NICE"


def test_an_adult_student_has_the_page_and_a_pupil_has_no_form(client: Client, dubois: Family) -> None:
    pupil = sign_in(client, dubois.emma.user, Profile.STUDENT)
    assert "Coordonnées" not in page_of(pupil)
    assert pupil.post(PAGE, TYPED).status_code == 200
    assert ContactChange.objects.count() == 0
    dubois.emma.birth_date = date(2009, 1, 1)
    dubois.emma.save()
    own = guardian(dubois.school, "Emma", "Dubois", dubois.emma, relationship=Relationship.SELF)
    assert "élève lui-même" in page_of(pupil)
    assert pupil.post(PAGE, TYPED).status_code == 302
    assert waiting(own)["town"] == "Paris"


def test_what_was_typed_before_the_session_ended_is_shown_again_to_its_author(dubois: Family) -> None:
    assert isinstance(dubois.sophie.user, User)
    client = Client()
    client.post(PAGE, TYPED | {"town": "Brest", AUTHOR_FIELD: author_token(dubois.sophie.user)})
    kept = dict(client.session.items())
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    session = client.session
    session.update({key: value for key, value in kept.items() if key == "kept_form"})
    session.save()
    page = page_of(client)
    assert value_of(page, "town") == "Brest"
    assert "Voici ce que vous aviez saisi" in page
    assert ContactChange.objects.count() == 0


def test_fields_say_to_browsers_what_they_are_about(sophie: Client) -> None:
    page = page_of(sophie)
    for token in (
        "street-address",
        "postal-code",
        "address-level2",
        "country",
        "mobile tel",
        "home tel",
        "work tel",
        "email",
    ):
        assert f'autocomplete="{token}"' in page
    assert page.count('inputmode="tel"') == 3


def test_what_the_page_costs_does_not_depend_on_the_number_of_children_and_schools(
    sophie: Client, dubois: Family
) -> None:
    for number in range(4):
        place = school(f"06999{number:02}Y")
        guardian(place, "Sophie", "Bernard", student(place, f"Enfant{number}"), user=dubois.sophie.user)
    with CaptureQueriesContext(connection) as queries:
        assert sophie.post(PAGE, TYPED).status_code == 302
    assert len(_statements(queries)) <= 15, "\n".join(_statements(queries))
    sophie.get(PAGE)  # the message is read
    with CaptureQueriesContext(connection) as queries:
        page_of(sophie)
    assert len(_statements(queries)) == 7, "\n".join(_statements(queries))


def _statements(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"][:160] for query in queries if "SAVEPOINT" not in query["sql"]]
