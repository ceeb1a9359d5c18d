"""Changing the language on a half-filled form: what was typed is still there, with JavaScript and without."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Profile
from accounts.sessions import SIGNED_IN_AT_SESSION_KEY
from tests.browser.conftest import OpenPage
from tests.factories import Family, dubois_family, sign_in, staff

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

START = datetime.datetime(2027, 5, 20, 18, 0, tzinfo=datetime.UTC)
TYPED = "Un début de phrase."


@pytest.fixture
def family() -> Iterator[Family]:
    """The Dubois, at eight in the evening."""
    with time_machine.travel(START, tick=True):
        dubois = dubois_family()
        dubois.school.email = "secretariat@veil.example"
        dubois.school.save()
        yield dubois


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def page(request: pytest.FixtureRequest, open_page: OpenPage, live_server: LiveServer, family: Family) -> Page:
    return signed_in(open_page(1280, javascript=request.param), live_server, sign_in_parent(family))


def sign_in_parent(family: Family) -> Client:
    return sign_in(Client(), family.sophie.user, Profile.GUARDIAN)


def signed_in(page: Page, site: LiveServer, client: Client) -> Page:
    session = client.session
    session[SIGNED_IN_AT_SESSION_KEY] = START.timestamp()
    session.save()
    page.context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": site.url}])
    return page


def choose(page: Page, language: str) -> None:
    """Press the button of the menu, which stands folded."""
    button = page.locator(f"button[name=language][value={language}]").first
    button.evaluate("button => button.form.requestSubmit(button)")
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_the_choice_being_made_stays(page: Page, live_server: LiveServer, family: Family) -> None:
    path = reverse("orientation:add_choice", args=[family.emma.public_id, "choix-definitifs"])
    page.goto(live_server.url + path)
    page.locator("#group-autre-parcours").check(force=True)
    page.locator("textarea[name=note]").fill(TYPED)
    choose(page, "en")
    expect(page.locator("#group-autre-parcours")).to_be_checked()
    expect(page.locator("textarea[name=note]")).to_have_value(TYPED)
    assert page.url == live_server.url + path


@pytest.mark.parametrize("address", ["portal:contact", "portal:contact_write"])
def test_the_message_to_the_school_stays(page: Page, live_server: LiveServer, family: Family, address: str) -> None:
    page.goto(live_server.url + reverse(address))
    page.locator("#id_subject").select_option(index=1)
    page.locator("#id_message").fill(TYPED)
    choose(page, "en")
    expect(page.locator("#id_message")).to_have_value(TYPED)
    expect(page.locator("#id_subject")).not_to_have_value("")


def test_what_a_school_types_stays_even_after_a_preview(
    open_page: OpenPage, live_server: LiveServer, family: Family
) -> None:
    page = signed_in(open_page(1280), live_server, sign_in(Client(), staff(family.school), None))
    page.goto(live_server.url + reverse("admin:school_message_new", args=[family.school.uai]))
    title, body, audience = (page.locator(f"[name={name}]") for name in ("title", "body", "audience"))
    title.fill("Réunion")
    audience.last.check()
    choose(page, "en")
    expect(title).to_have_value("Réunion")
    expect(audience.last).to_be_checked()
    body.fill(TYPED)
    page.locator("button[name=preview]").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    title.fill("Un autre titre")
    choose(page, "fr")
    expect(title).to_have_value("Un autre titre")
    expect(body).to_have_value(TYPED)
