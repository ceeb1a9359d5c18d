"""Signing out at both ends."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session

from accounts.models import User
from schools.models import Guardian
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider

SIGNED_OUT = "Vous êtes déconnecté"
STILL_OPEN = "n’a pas confirmé la fin de votre session"


def test_the_local_session_ends_before_the_provider_is_asked(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(educonnect)
    id_token, key = browser.session["oidc_id_token"], browser.session.session_key

    response = browser.post("/deconnexion/")

    assert browser.user is None
    assert not Session.objects.filter(session_key=key).exists()
    url = urlsplit(response["Location"])
    query = parse_qs(url.query)
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{educonnect.issuer}/session/end"
    assert query["id_token_hint"] == [id_token]
    assert query["post_logout_redirect_uri"] == ["http://testserver/deconnexion/retour/"]
    assert len(query["state"][0]) >= 32
    assert set(query) == {"id_token_hint", "post_logout_redirect_uri", "state"}


def test_the_return_says_it_is_done(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.sign_in(educonnect)
    state = parse_qs(urlsplit(browser.post("/deconnexion/")["Location"]).query)["state"][0]

    page = browser.get("/deconnexion/retour/", {"state": state}).content.decode()

    assert SIGNED_OUT in page
    assert STILL_OPEN not in page
    assert "oidc_logout" not in browser.session


@pytest.mark.parametrize("query", [{}, {"state": "another"}])
def test_a_return_that_the_provider_did_not_make_says_so(
    browser: Browser, educonnect: Provider, claire: Guardian, query: dict[str, str]
) -> None:
    browser.sign_in(educonnect)
    browser.post("/deconnexion/")

    page = browser.get("/deconnexion/retour/", query).content.decode()

    assert SIGNED_OUT in page
    assert STILL_OPEN in page


def test_signing_out_works_while_the_provider_is_down(
    browser: Browser, educonnect: Provider, claire: Guardian, settings
) -> None:
    browser.sign_in(educonnect)
    settings.OIDC_PROVIDERS["educonnect"]["OIDC_OP_ISSUER"] = "http://127.0.0.1:1/down"

    response = browser.post("/deconnexion/")

    assert response["Location"] == "/deconnexion/retour/"
    assert browser.user is None
    assert STILL_OPEN in browser.get("/deconnexion/retour/").content.decode()


def test_signing_out_works_where_the_provider_has_no_sign_out(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    educonnect.discovery = {"end_session_endpoint": None}
    browser.sign_in(educonnect)

    assert browser.post("/deconnexion/")["Location"] == "/deconnexion/retour/"


def test_staff_sign_out_here_only(browser: Browser, db: None) -> None:
    staff = User.objects.create_user("proviseure", is_staff=True)
    browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")

    assert browser.post("/deconnexion/")["Location"] == "/deconnexion/retour/"
    assert STILL_OPEN not in browser.get("/deconnexion/retour/").content.decode()


def test_who_was_refused_here_signs_out_of_the_provider_too(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    assert "Se déconnecter de ÉduConnect" in browser.sign_in(educonnect, "eleve").content.decode()

    assert browser.post("/deconnexion/")["Location"].startswith(f"{educonnect.issuer}/session/end?id_token_hint=")


def test_a_link_does_not_sign_out(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.sign_in(educonnect)

    assert browser.get("/deconnexion/").status_code == 405
    assert browser.user


def test_another_site_does_not_sign_out(educonnect: Provider, claire: Guardian) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.sign_in(educonnect)

    assert browser.post("/deconnexion/").status_code == 403
    assert browser.user


def test_the_return_page_tells_who_is_signed_in_that_they_are(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(educonnect)

    page = browser.get("/deconnexion/retour/").content.decode()

    assert SIGNED_OUT not in page
    assert "Vous êtes connecté" in page
