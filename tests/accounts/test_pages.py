"""What every page of signing in and out holds to."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from accounts import refusals
from accounts.models import Profile
from accounts.refusals import SignInRefused, WrongProfile
from accounts.views.failures import refuse
from schools.models import Guardian
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider

REFUSALS = [
    refusal
    for refusal in vars(refusals).values()
    if isinstance(refusal, type) and issubclass(refusal, SignInRefused) and refusal is not SignInRefused
]


class Outline(HTMLParser):
    """The headings, labels and attributes of a page's content."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page[page.index("<main") : page.index("</main>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.attributes |= set(values)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag == "label":
            self.labelled.add(values["for"] or "")
        if tag == "input" and values.get("type") != "hidden":
            self.fields.add(values["id"] or "")
        if values.get("id"):
            self.ids.append(values["id"] or "")
        assert tag not in ("script", "style")


def assert_sound(page: str) -> None:
    outline = Outline(page)
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip([0, *outline.headings], outline.headings, strict=False))
    assert outline.fields <= outline.labelled
    assert len(outline.ids) == len(set(outline.ids))
    assert not {name for name in outline.attributes if name == "style" or name.startswith("on")}
    text = page[page.index("<main") : page.index("</main>")]
    assert "&#x27;" not in text  # a straight apostrophe, escaped
    assert "&amp;#" not in text


@pytest.mark.parametrize(
    "path",
    [
        "/connexion/",
        "/connexion/?next=/mes-services/",
        "/connexion/representant/",
        "/connexion/eleve/",
        "/deconnexion/retour/",
    ],
)
def test_a_page_without_a_sign_in(browser: Browser, path: str) -> None:
    response = browser.get(path)

    assert response.status_code == 200
    assert_sound(response.content.decode())


def test_the_question_of_the_proof(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    browser.sign_in(franceconnect)

    for page in (
        browser.get("/connexion/verification/"),
        browser.prove("2012-01-01", "2012-01-02"),
        browser.prove("", "2012-02-31"),
    ):
        assert_sound(page.content.decode())


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_what_happened_and_what_to_do(rf: Any, refusal: type[SignInRefused]) -> None:
    instance = WrongProfile(Profile.STUDENT) if refusal is WrongProfile else refusal()
    request = rf.get("/connexion/educonnect/retour/")
    request.session = {}
    request.user = type("Nobody", (), {"is_authenticated": False})()
    request.resolver_match = None

    response = refuse(request, instance, provider="educonnect", profile=Profile.GUARDIAN, next_url="/mes-services/")

    page = response.content.decode()
    assert response.status_code == refusal.status
    assert_sound(page)
    for text in (refusal.title, refusal.explanation, refusal.advice):
        assert str(text) in page
    assert "Numéro d’incident" in page
    assert "Changer de profil" in page


def test_a_guardian_is_offered_both_providers_and_a_student_one(
    browser: Browser, educonnect: Provider, franceconnect: Provider
) -> None:
    guardian = browser.get("/connexion/representant/").content.decode()
    student = browser.get("/connexion/eleve/").content.decode()

    assert 'action="/connexion/educonnect/"' in guardian
    assert 'action="/connexion/franceconnect/"' in guardian
    assert 'action="/connexion/educonnect/"' in student
    assert "FranceConnect" not in student[student.index("<main") : student.index("</main>")]
