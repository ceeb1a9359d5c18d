"""Choosing one's language: for a browser, for an account, and what of it reaches the answers."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.languages import choose_language
from accounts.models import Profile, User
from audit.models import Change
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS = "/langue/"


def choose(client: Client, language: str, **form: str):
    return client.post(ADDRESS, {"language": language, **form})


def language_of(client: Client, path: str = "/") -> str:
    response = client.get(path)
    language = response.headers["Content-Language"]
    assert f'<html lang="{language}"' in response.content.decode()
    return language


def signed_in(family: factories.Family) -> Client:
    return factories.sign_in(Client(), family.sophie.user, Profile.GUARDIAN)


def test_the_site_opens_in_french_whatever_the_browser_asks_for(client):
    response = client.get("/", headers={"Accept-Language": "en"})

    assert response.headers["Content-Language"] == "fr"
    assert "Cookie" in response.headers["Vary"]
    assert "Accept-Language" not in response.headers["Vary"]


def test_a_visitor_chooses_and_stays_on_the_page(client):
    response = choose(client, "en", next="/assistance/?question=1")

    assert (response.status_code, response.url) == (302, "/assistance/?question=1")
    assert language_of(client) == "en"
    choose(client, "fr")
    assert language_of(client) == "fr"


def test_the_cookie_is_for_this_site_alone_and_named_on_the_page_of_cookies(client):
    cookie = choose(client, "en").cookies[settings.LANGUAGE_COOKIE_NAME]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert bool(cookie["secure"]) == settings.SITE_IS_HTTPS
    assert settings.LANGUAGE_COOKIE_NAME in client.get("/cookies/").content.decode()


@pytest.mark.parametrize("elsewhere", ["https://ailleurs.example/", "//ailleurs.example/", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client, elsewhere):
    assert choose(client, "en", next=elsewhere).url == "/"


def test_an_unknown_language_changes_nothing(client, dubois):
    client = signed_in(dubois)
    choose(client, "de")

    assert language_of(client) == "fr"
    client.cookies = SimpleCookie({**{k: v.value for k, v in client.cookies.items()}, "langue": "de"})
    assert language_of(client) == "fr"
    dubois.sophie.user.refresh_from_db()
    assert dubois.sophie.user.language == ""
    with pytest.raises(ValueError):
        choose_language(language="de", by=dubois.sophie.user)


def test_a_get_changes_nothing_and_a_forged_form_is_refused(client):
    assert client.get(ADDRESS + "?language=en").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert choose(strict, "en").status_code == 403
    assert language_of(strict) == "fr"


def test_an_account_keeps_its_language_wherever_it_signs_in(dubois):
    choose(signed_in(dubois), "en")

    assert language_of(signed_in(dubois), "/mes-services/") == "en"
    assert User.objects.get(pk=dubois.sophie.user.pk).language == "en"
    assert language_of(Client()) == "fr"


def test_the_accounts_choice_counts_before_the_browsers(dubois):
    client = signed_in(dubois)
    choose(client, "en")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"

    assert language_of(client, "/mes-services/") == "en"


def test_a_language_chosen_before_signing_in_becomes_the_accounts(dubois):
    client = Client()
    choose(client, "en")
    client.force_login(dubois.sophie.user, backend="accounts.oidc.backends.EduConnectBackend")

    # force_login sends no cookies along, as a sign-in by a provider does
    request = client.get("/mes-services/").wsgi_request
    user_logged_in.send(User, request=request, user=dubois.sophie.user)

    assert User.objects.get(pk=dubois.sophie.user.pk).language == "en"


def test_the_choice_stands_in_the_trail_with_who_made_it(dubois):
    choose(signed_in(dubois), "en")

    change = Change.objects.filter(table="accounts_user").latest("pk")
    assert change.content["language"] == ["", "en"]
    assert change.actor_id == dubois.sophie.user.pk


def test_staff_choose_theirs_on_their_own_frame(admin_client, admin_user):
    page = admin_client.get("/admin/")
    assert f'action="{ADDRESS}"' in page.content.decode()

    choose(admin_client, "en", next="/admin/")
    assert language_of(admin_client, "/admin/") == "en"


def test_the_page_of_a_refused_form_leads_back_to_where_the_form_stood(dubois):
    client = signed_in(dubois)
    path = reverse("portal:contact_write")
    refused = client.post(path, {}, headers={"Referer": f"http://testserver{path}?x=1"})

    assert refused.status_code in (200, 422)
    assert f'name="next" value="{path}?x=1"' in refused.content.decode()


def test_a_request_leaves_no_language_behind(client):
    choose(client, "en")
    client.get("/")

    assert translation.get_language() == "fr"
