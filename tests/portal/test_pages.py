"""The pages around the services."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile
from orientation.models import Draft
from tests.factories import NOW, Family, guardian, sign_in, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


@pytest.fixture
def draft(dubois: Family) -> Draft:
    wishes = [{"pathway": "stmg", "specialities": [], "note": ""}]
    return Draft.objects.create(student=dubois.emma, phase=dubois.phase, version=1, wishes=wishes, changed_at=NOW)


@pytest.mark.parametrize("page", ["/mes-services/", "/espace-famille/"])
def test_a_draft_that_would_not_count_is_said_where_one_arrives(sophie: Client, draft: Draft, page: str) -> None:
    assert "Brouillon non validé pour Emma Dubois" in sophie.get(page).content.decode()
    Draft.objects.update(is_validated=True)
    assert "Brouillon non validé" not in sophie.get(page).content.decode()


def test_an_empty_draft_is_no_matter(sophie: Client, draft: Draft) -> None:
    Draft.objects.update(wishes=[])
    assert "Brouillon non validé" not in sophie.get("/mes-services/").content.decode()


def test_a_student_is_not_told_of_the_draft(client: Client, dubois: Family, draft: Draft) -> None:
    page = sign_in(client, dubois.emma.user, Profile.STUDENT).get("/mes-services/").content.decode()
    assert "Brouillon" not in page


def test_the_school_speaks_on_the_page_where_one_arrives(sophie: Client, dubois: Family) -> None:
    dubois.school.welcome_message = "Réunion <b>lundi</b>"
    dubois.school.save()
    page = sophie.get("/mes-services/").content.decode()
    assert "Réunion &lt;b&gt;lundi&lt;/b&gt;" in page


def test_each_child_s_tile_says_where_its_campaign_stands_and_until_when(sophie: Client, dubois: Family) -> None:
    child = student(dubois.school, "Noé", "Dubois", mef_code="20110019110")
    guardian(dubois.school, "Sophie", "Bernard", child, user=dubois.sophie.user)
    page = sophie.get("/mes-services/").content.decode().replace("\u00a0", " ")
    assert "Choix définitifs : ouvert jusqu’au jeudi 20 mai 2027 à 23 h 59 (heure de Paris)." in page
    assert "Pas de campagne d’orientation pour cette classe." in page


def test_contact_gives_the_coordinates_of_the_childrens_schools_only(sophie: Client, dubois: Family) -> None:
    dubois.school.phone = "01 99 00 11 22"
    dubois.school.save()
    assert "01 99 00 11 22" in sophie.get("/contact/").content.decode()
    assert "01 99 00 11 22" not in Client().get("/contact/").content.decode()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("portal:home", 2),
        ("portal:services", 8),
        ("portal:family", 8),
        ("portal:contact", 3),
        ("portal:contact_data", 7),
        ("portal:assistance", 2),
    ],
)
def test_each_page_makes_its_number_of_queries(
    sophie: Client, dubois: Family, draft: Draft, name: str, count: int
) -> None:
    for number in range(3):
        child = student(dubois.school, f"Enfant{number}", "Dubois")
        guardian(dubois.school, "Sophie", "Bernard", child, user=dubois.sophie.user)
    with CaptureQueriesContext(connection) as queries:
        assert sophie.get(reverse(name)).status_code == 200
    assert len(queries) == count, "\n".join(query["sql"][:150] for query in queries)


def test_a_page_that_does_not_exist_says_so_in_french(sophie: Client) -> None:
    answer = sophie.get("/nulle-part/")
    assert answer.status_code == 404
    assert "Page introuvable" in answer.content.decode()


def test_a_form_left_open_too_long_is_said_to_have_written_nothing(dubois: Family) -> None:
    strict = sign_in(Client(enforce_csrf_checks=True), dubois.sophie.user, Profile.GUARDIAN)
    answer = strict.post("/mes-services/fiche-renseignements/", {"email": "a@b.example"})
    assert answer.status_code == 403
    assert "Page restée ouverte trop longtemps" in answer.content.decode()


def test_an_error_of_ours_gives_a_number_to_quote(sophie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **values: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("portal.views.pages.notices_for", fail)
    sophie.raise_request_exception = False
    answer = sophie.get("/mes-services/")
    assert answer.status_code == 500
    assert "numéro d’incident" in answer.content.decode()


def _database_away(*arguments: object, **values: object) -> None:
    raise OperationalError("the database is away")


def test_a_database_that_is_away_is_said_to_be_without_asking_it(
    sophie: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.views.pages.notices_for", _database_away)
    sophie.raise_request_exception = False
    answer = sophie.get("/mes-services/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    assert "Tout ce qui a été enregistré est conservé" in page
    assert 'href="/mes-services/"' in page
    assert "numéro d’incident" in page


def test_what_was_typed_while_the_database_is_away_can_be_sent_again(
    sophie: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.actors.Actor._files_as_guardian", _database_away)
    sophie.raise_request_exception = False
    address = "/mes-services/orientation/11111111-1111-4111-8111-111111111111/choix-definitifs/ajouter/?voie=a%26b"
    answer = sophie.post(address, {"group": "autre-parcours", "note": '"><b>cuisine</b>'})
    assert answer.status_code == 503
    page = answer.content.decode()
    assert '<input type="hidden" name="group" value="autre-parcours">' in page
    assert "&quot;&gt;&lt;b&gt;cuisine&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "saisi" in page


@pytest.mark.parametrize("error", [OperationalError, RuntimeError])
def test_a_page_of_an_error_says_in_which_language_it_is(
    sophie: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*arguments: object, **values: object) -> None:
        raise error

    monkeypatch.setattr("portal.views.pages.notices_for", fail)
    sophie.raise_request_exception = False
    for language in ("fr", "en"):
        sophie.post("/langue/", {"language": language})
        assert f'<html lang="{language}">' in sophie.get("/mes-services/").content.decode()


def test_what_staff_typed_stands_in_no_page_of_an_unavailable_service(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.contrib.sessions.backends.base.SessionBase.get", _database_away)
    client.raise_request_exception = False
    answer = client.post("/admin/login/", {"username": "proviseure", "password": "un-secret"})
    assert answer.status_code == 503
    assert "un-secret" not in answer.content.decode()
    assert "rechargez-la" in answer.content.decode()
