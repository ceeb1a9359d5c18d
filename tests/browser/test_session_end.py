"""The end of a session, announced two minutes before: the page's clock and the server's are moved together."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Profile
from accounts.sessions import SIGNED_IN_AT_SESSION_KEY
from tests.browser.conftest import OpenPage
from tests.factories import dubois_family, sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

START = datetime.datetime(2027, 5, 20, 18, 0, tzinfo=datetime.UTC)


@pytest.fixture
def page(open_page: OpenPage, live_server: LiveServer) -> Iterator[Page]:
    """Sophie's list of choices, at eight in the evening."""
    with time_machine.travel(START, tick=True):
        family = dubois_family()
        client = sign_in(Client(), family.sophie.user, Profile.GUARDIAN)
        session = client.session
        session[SIGNED_IN_AT_SESSION_KEY] = START.timestamp()
        session.save()
        opened = open_page(360)
        opened.context.add_cookies(
            [{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}]
        )
        opened.clock.install(time=START)
        opened.goto(f"{live_server.url}/mes-services/orientation/{family.emma.public_id}/choix-definitifs/")
        yield opened


def later(page: Page, minutes: int) -> time_machine.travel:
    """Move both clocks to so many minutes after the start, and let the page notice."""
    return time_machine.travel(START + datetime.timedelta(minutes=minutes), tick=True)


def test_it_is_said_two_minutes_before_and_one_button_goes_on(page: Page) -> None:
    warning = page.get_by_role("dialog", name="Votre session va se terminer")
    expect(warning).to_be_hidden()
    with later(page, 28):
        page.clock.fast_forward("28:05")
        expect(warning).to_be_visible()
        page.get_by_role("button", name="Rester connecté").click()
        expect(warning).to_be_hidden()
    with later(page, 50):
        page.clock.fast_forward("20:00")
        expect(page.get_by_role("heading", level=1)).to_have_text("Choix définitifs")
        expect(warning).to_be_hidden()


def test_once_it_is_over_the_page_says_so_and_leads_back(page: Page) -> None:
    with later(page, 31):
        page.clock.fast_forward("31:00")
        over = page.get_by_role("dialog", name="Votre session est terminée")
        expect(over).to_be_visible()
        expect(over.get_by_role("link", name="Se reconnecter")).to_be_focused()
        over.get_by_role("link", name="Se reconnecter").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Je sélectionne mon profil")
        assert "next=" in page.url
