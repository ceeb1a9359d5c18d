"""How long a session lasts."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.urls import resolve, reverse, reverse_lazy

from accounts.models import User
from schools.models import Guardian
from schools.open_pages import OpenPage
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider

MORNING = datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
PAGE = "/connexion/"
POLLS = re.compile(r'hx-trigger="[^"]*\bevery\b')


@pytest.fixture
def signed_in(browser: Browser, claire: Guardian) -> Browser:
    """A browser in which somebody signed in at eight."""
    with time_machine.travel(MORNING, tick=False):
        browser.force_login(User.objects.create_user("claire"), backend="accounts.oidc.backends.EduConnectBackend")
    return browser


def is_signed_in(browser: Browser, at: datetime.datetime) -> bool:
    with time_machine.travel(at, tick=False):
        return browser.get(PAGE).wsgi_request.user.is_authenticated


def test_half_an_hour_without_a_page_ends_it(signed_in: Browser) -> None:
    assert is_signed_in(signed_in, MORNING + 29 * MINUTE)
    assert is_signed_in(signed_in, MORNING + 58 * MINUTE)
    assert not is_signed_in(signed_in, MORNING + 89 * MINUTE)


def test_eight_hours_end_it_however_active_one_is(signed_in: Browser) -> None:
    for minutes in range(20, 480, 20):
        assert is_signed_in(signed_in, MORNING + minutes * MINUTE)

    assert not is_signed_in(signed_in, MORNING + 480 * MINUTE)
    assert not is_signed_in(signed_in, MORNING + 481 * MINUTE)


def test_reading_pages_writes_at_most_once_a_minute(signed_in: Browser) -> None:
    def writes(at: datetime.datetime) -> bool:
        with time_machine.travel(at, tick=False):
            return "session" in signed_in.get(PAGE).cookies

    assert not writes(MORNING + datetime.timedelta(seconds=59))
    assert writes(MORNING + datetime.timedelta(seconds=60))
    assert not writes(MORNING + datetime.timedelta(seconds=119))
    assert writes(MORNING + datetime.timedelta(seconds=120))


def test_a_visitor_gets_no_session(browser: Browser, educonnect: Provider) -> None:
    assert "session" not in browser.get(PAGE).cookies


def test_a_page_asked_for_after_the_end_says_so_and_keeps_its_address(browser: Browser) -> None:
    page = browser.get(PAGE, {"next": "/mes-services/orientation/"}).content.decode()

    assert "votre session a pris fin" in page
    assert "/connexion/representant/?next=%2Fmes-services%2Forientation%2F" in page


def test_the_page_asked_for_is_kept_up_to_the_provider(
    browser: Browser, educonnect: Provider, franceconnect: Provider
) -> None:
    page = browser.get("/connexion/representant/", {"next": "/mes-services/"}).content.decode()

    assert page.count('<input type="hidden" name="next" value="/mes-services/">') == 2


SESSION = "/connexion/session/"


def test_asking_how_long_is_left_does_not_make_it_last(signed_in: Browser) -> None:
    with time_machine.travel(MORNING + 28 * MINUTE, tick=False):
        assert signed_in.get(SESSION).json() == {"remaining": 120}
        assert signed_in.get(SESSION).json() == {"remaining": 120}
    assert not is_signed_in(signed_in, MORNING + 30 * MINUTE)


def test_the_button_asks_for_another_half_hour(signed_in: Browser) -> None:
    with time_machine.travel(MORNING + 28 * MINUTE, tick=False):
        assert signed_in.post(SESSION).json() == {"remaining": 1800}
    assert is_signed_in(signed_in, MORNING + 57 * MINUTE)


def test_nothing_makes_it_last_beyond_eight_hours(signed_in: Browser) -> None:
    for minutes in range(20, 460, 20):
        assert is_signed_in(signed_in, MORNING + minutes * MINUTE)
    with time_machine.travel(MORNING + 460 * MINUTE, tick=False):
        assert signed_in.post(SESSION).json() == {"remaining": 20 * 60}


def test_without_a_session_nothing_is_told(browser: Browser) -> None:
    assert browser.get(SESSION).status_code == 302


ASKED_BY_OPEN_PAGES = {
    "schools/staff/import.html": reverse_lazy("admin:import", args=["0750001A", uuid4()]),
    "orientation/staff/council.html": reverse_lazy("admin:council_news", args=["0750001A", "propositions", 1]),
    "orientation/staff/council_projection.html": reverse_lazy("admin:council", args=["0750001A", "propositions", 1]),
}
"""The pages that ask by themselves again and again, and what they ask for; `session.js` asks for `accounts:session`."""


def test_what_a_page_asks_again_and_again_is_known_as_no_act_of_a_person() -> None:
    folder = Path(settings.BASE_DIR, "templates")
    asking = {str(each.relative_to(folder)) for each in folder.rglob("*.html") if POLLS.search(each.read_text())}
    assert asking == set(ASKED_BY_OPEN_PAGES)
    for address in (*ASKED_BY_OPEN_PAGES.values(), reverse("accounts:session")):
        view: Any = resolve(str(address)).func
        assert isinstance(view.asked_by_an_open_page, OpenPage), address
