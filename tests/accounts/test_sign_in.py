"""Signing in through each provider, when all goes well."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Identity, User
from schools.models import Guardian
from tests.accounts import people
from tests.accounts.conftest import PROOF, SERVICES, Browser
from tests.accounts.provider import Provider


def test_a_guardian_signs_in_through_educonnect(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    response = browser.sign_in(educonnect)

    assert (response.status_code, response["Location"]) == (302, SERVICES)
    claire.refresh_from_db()
    assert claire.user == browser.user
    assert browser.user is not None
    assert not browser.user.has_usable_password()
    assert (browser.user.first_name, browser.user.last_name) == ("Claire", "MARTIN")
    assert browser.session["profile"] == "representant"


def test_signing_in_again_finds_the_same_account(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.sign_in(educonnect)
    Browser().sign_in(educonnect)

    assert User.objects.count() == Identity.objects.count() == 1


def test_the_redirect_uri_is_built_on_our_address_and_not_on_the_host_header(
    browser: Browser, educonnect: Provider, settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    response = browser.get("/connexion/educonnect/", {"profil": "eleve"}, headers={"host": "elsewhere.example"})

    query = parse_qs(urlsplit(response["Location"]).query)
    assert query["redirect_uri"] == ["http://testserver/connexion/educonnect/retour/"]


def test_a_return_may_say_whose_it_is(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.get(f"{browser.go_to_educonnect(educonnect)}&iss={educonnect.issuer}")

    assert browser.user


@pytest.mark.parametrize("level", ["eidas1", "eidas2", "eidas3"])
def test_franceconnect_states_the_level_asked_for_or_a_better_one(
    browser: Browser, franceconnect: Provider, claire: Guardian, level: str
) -> None:
    franceconnect.id_token = {"acr": level}

    assert browser.sign_in(franceconnect)["Location"] == PROOF


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic"], None])
def test_the_secret_is_sent_as_the_provider_asks(
    browser: Browser, educonnect: Provider, claire: Guardian, methods: list[str] | None
) -> None:
    educonnect.auth_methods = methods

    browser.sign_in(educonnect)

    assert browser.user


@pytest.mark.parametrize(("offered", "used"), [(["S256"], True), (["plain"], False), ([], False)])
def test_educonnect_gets_a_code_challenge_where_it_takes_one(
    browser: Browser, educonnect: Provider, claire: Guardian, offered: list[str], used: bool
) -> None:
    educonnect.challenge_methods = offered

    browser.sign_in(educonnect)

    assert browser.user
    assert ("code_verifier" in educonnect.token_requests[0]) is used


def test_franceconnect_never_gets_a_code_challenge(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    franceconnect.challenge_methods = ["S256"]

    browser.sign_in(franceconnect)

    assert "code_verifier" not in franceconnect.token_requests[0]


@pytest.mark.parametrize("is_signed", [True, False])
def test_userinfo_is_taken_signed_or_not(
    browser: Browser, educonnect: Provider, claire: Guardian, is_signed: bool
) -> None:
    educonnect.userinfo_is_signed = is_signed

    browser.sign_in(educonnect)

    assert browser.user


def test_the_affiliation_may_be_one_text(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    educonnect.claims["FrEduCtPersonAffiliation"] = "resp2d"

    browser.sign_in(educonnect)

    assert browser.user


def test_one_comes_back_to_the_page_asked_for(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    response = browser.sign_in(educonnect, next="/mes-services/orientation/?onglet=2")

    assert response["Location"] == "/mes-services/orientation/?onglet=2"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http://testserver.evil.example/", "\\\\evil"],
)
def test_one_never_comes_back_to_another_site(
    browser: Browser, educonnect: Provider, claire: Guardian, url: str
) -> None:
    assert browser.sign_in(educonnect, next=url)["Location"] == SERVICES


def test_two_tabs_each_come_back_to_their_own_page(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    first = browser.go_to_educonnect(educonnect, next="/mes-services/un/")
    second = browser.go_to_educonnect(educonnect, next="/mes-services/deux/")

    assert browser.get(first)["Location"] == "/mes-services/un/"
    assert browser.get(second)["Location"] == "/mes-services/deux/"


def test_a_second_return_of_the_same_browser_leads_to_its_services(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    back = browser.go_to_educonnect(educonnect)
    browser.get(back)

    response = browser.get(back)

    assert response["Location"] == SERVICES
    assert educonnect.calls.count("token") == 1


def test_signing_in_as_somebody_else_leaves_nothing_of_the_first(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    staff = User.objects.create_user("proviseure", password="a-long-password-1", is_staff=True)
    browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session["left_behind"] = "by the staff account"
    session.save()

    browser.sign_in(educonnect)

    assert browser.user != staff
    assert "left_behind" not in browser.session
    assert browser.session["oidc_id_token"]
    assert browser.session["oidc_provider"] == "educonnect"


def test_the_session_changes_its_key_at_sign_in(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    back = browser.go_to_educonnect(educonnect)
    before = browser.session.session_key

    browser.get(back)

    assert browser.session.session_key != before


def test_a_family_does_not_enter_the_administration(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.sign_in(educonnect)

    response = browser.get("/admin/")

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_the_password_of_a_member_of_staff_still_works(client, db: None, educonnect: Provider) -> None:
    User.objects.create_user("proviseure", password="a-long-password-1", is_staff=True)

    assert client.login(username="proviseure", password="a-long-password-1")
    assert educonnect.calls == []


def test_a_deactivated_account_loses_its_open_session(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.sign_in(educonnect)
    User.objects.update(is_active=False)

    response = browser.get("/connexion/verification/")

    assert response.wsgi_request.user.is_anonymous


def test_nothing_is_asked_of_the_provider_before_somebody_signs_in(client, db: None, educonnect: Provider) -> None:
    client.get("/connexion/")
    client.get("/connexion/representant/")

    assert educonnect.calls == []


def test_the_profile_of_a_student_and_the_files_of_two_schools(
    browser: Browser, educonnect: Provider, db: None
) -> None:
    files = [people.student(people.school(), ine="070000001AA") for _ in range(2)]
    educonnect.claims |= {"FrEduCtPersonAffiliation": ["eleve2d"], "FrEduCtEleveINE": "070000001aa"}

    browser.sign_in(educonnect, "eleve")

    for file in files:
        file.refresh_from_db()
        assert file.user == browser.user
    assert browser.session["profile"] == "eleve"


def test_a_session_that_another_request_replaced_meanwhile_ends_on_a_page(
    browser: Browser, educonnect: Provider, claire: Guardian, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = browser.go_to_educonnect(educonnect)

    def is_gone(*arguments: object, **options: object) -> None:
        raise UpdateError

    monkeypatch.setattr(SessionStore, "save", is_gone)
    response = browser.get(back)

    assert response.status_code == 400
    assert "Cette page de connexion n’est plus valable" in response.content.decode()
