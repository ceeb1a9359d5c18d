"""Moving a choice when the answer that the list waits for is lost on the way: the plain page does it instead."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Profile
from accounts.sessions import SIGNED_IN_AT_SESSION_KEY
from orientation.models import Draft
from tests.browser.chromium import ANSWER_WITHIN
from tests.factories import Family, dubois_family, sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

START = datetime.datetime(2027, 5, 20, 18, 0, tzinfo=datetime.UTC)
WISHES: list[dict[str, object]] = [
    {"pathway": code, "specialities": [], "note": ""} for code in ("stmg", "sti2d", "st2s")
]


@pytest.fixture
def family() -> Iterator[Family]:
    """The Dubois, at eight in the evening, with three choices."""
    with time_machine.travel(START, tick=True):
        dubois = dubois_family()
        Draft.objects.create(student=dubois.emma, phase=dubois.phase, wishes=WISHES, version=1, changed_at=START)
        yield dubois


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, family: Family) -> Iterator[Page]:
    """Sophie's list of choices, in a browser whose console may say that an answer was an error."""
    client = sign_in(Client(), family.sophie.user, Profile.GUARDIAN)
    session = client.session
    session[SIGNED_IN_AT_SESSION_KEY] = START.timestamp()
    session.save()
    context = chromium.new_context(locale="fr-FR")
    context.set_default_timeout(ANSWER_WITHIN)
    context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}])
    opened = context.new_page()
    opened.goto(live_server.url + reverse("orientation:choices", args=[family.emma.public_id, "choix-definitifs"]))
    yield opened
    context.close()


def order(family: Family) -> list[str]:
    return [wish["pathway"] for wish in Draft.objects.get(student=family.emma).wishes]


def test_the_rank_of_the_pressed_button_goes_with_the_plain_form(page: Page, family: Family) -> None:
    asked: list[str] = []

    def lose(route: Route) -> None:
        if "hx-request" not in route.request.headers:
            return route.continue_()
        asked.append(route.request.url)
        return route.fulfill(status=502, body="")

    page.route("**/deplacer/", lose)
    with page.expect_navigation():
        page.locator("#descendre-stmg").click()
    expect(page.get_by_text("Choix déplacé au rang 2.")).to_be_visible()
    assert order(family) == ["sti2d", "stmg", "st2s"]
    with page.expect_navigation():
        page.locator("#monter-st2s").click()
    expect(page.locator(".ranks > li").nth(1)).to_contain_text("ST2S")
    assert order(family) == ["sti2d", "st2s", "stmg"]
    assert len(asked) == 2, "each was first tried without leaving the page"
