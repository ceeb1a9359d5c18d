"""The council's page in a real Chromium: what is typed is kept by itself, and is never lost nor written over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from orientation.council.lines import answers_of
from orientation.council.rules import Answer
from orientation.models import Phase, PhaseKind
from schools.models import Role
from tests.browser.chromium import ANSWER_WITHIN
from tests.factories import Family, sign_in, staff
from tests.orientation_council.conftest import Council

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

Open = Callable[..., Page]


@pytest.fixture
def council(dubois: Family) -> Council:
    """Emma and Noé of 2DE3, whose council sits now."""
    found = Council(dubois, PhaseKind.PROPOSALS)
    now = timezone.now()
    ago, ahead = now - timedelta(days=20), now + timedelta(days=9)
    Phase.objects.filter(pk=found.writing.pk).update(opens_at=ago, closes_at=now - timedelta(days=2))
    Phase.objects.filter(pk=found.phase.pk).update(opens_at=now - timedelta(days=1), closes_at=ahead)
    found.ask("generale", "stmg")
    found.ask("stmg", of=found.classmate("Noé", "Petit"))
    return found


@pytest.fixture
def open_as(chromium: Browser, live_server: object, council: Council) -> Iterator[Open]:
    """Open the class as a member of staff; an error of the page's own scripts fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(
        user: User, width: int = 1280, *, javascript: bool = True, query: str = "", name: str = "council"
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 768}, locale="fr-FR", java_script_enabled=javascript
        )
        context.set_default_timeout(ANSWER_WITHIN)
        context.add_cookies([cookie_of(user, str(live_server))])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        arguments = [council.school.uai, council.kind, council.division.pk]
        place = reverse(f"admin:{name}", args=arguments[:1] if name == "councils" else arguments)
        page.goto(f"{live_server}{place}{query}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not errors


def look(page: Page) -> None:
    """Have the page ask for what others entered, as it does every ten seconds."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def cookie_of(user: User, site: str) -> Any:
    signed_in = sign_in(Client(), user, None)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": signed_in.cookies[name].value, "url": site}


def kept(council: Council) -> tuple[Answer, ...]:
    return answers_of(council.sheet)


def test_a_line_is_kept_as_it_is_typed_with_the_keyboard_alone(open_as: Open, council: Council) -> None:
    page = open_as(council.deputy)
    emma = page.get_by_role("article", name="Dubois Emma")
    emma.get_by_role("link", name="Élève suivant").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(emma.get_by_role("status")).to_contain_text("Enregistré à")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("Moyennes trop basses.")
    expect(emma.get_by_role("status")).to_contain_text("rang 2 sans réponse")
    expect(page.locator("form.is-unkept")).to_have_count(0)
    assert kept(council) == (Answer("generale", "no", "Moyennes trop basses."), Answer("stmg"))
    expect(emma.get_by_role("textbox").first).to_be_focused()
    emma.get_by_role("group", name="1re STMG").get_by_label("Oui").check()
    expect(emma.get_by_role("status")).to_contain_text("Complet")
    expect(page.locator("#progression")).to_contain_text("1 sur 2")


def test_a_proposition_is_added_recommended_specialities_ticked_and_the_focus_follows(
    open_as: Open, council: Council
) -> None:
    page = open_as(council.deputy)
    emma = page.get_by_role("article", name="Dubois Emma")
    emma.get_by_text("Spécialités recommandées").click()
    emma.get_by_role("checkbox", name="numérique et sciences informatiques").check()
    expect(emma.get_by_role("status")).to_contain_text("Enregistré")
    emma.get_by_label("Ajouter une proposition").select_option("st2s")
    emma.get_by_role("button", name="Ajouter").click()
    expect(emma.get_by_text("Proposée par le conseil")).to_be_visible()
    expect(emma.get_by_role("heading")).to_be_focused()
    assert kept(council)[0].recommended == {"nsi"}
    emma.get_by_label("Non").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("form.is-unkept")).to_have_count(0)
    expect(emma.get_by_text("Proposée par le conseil")).to_be_visible()
    assert kept(council)[0].verdict == "no"
    emma.get_by_role("button", name="Retirer").click()
    expect(emma.get_by_text("Proposée par le conseil")).to_have_count(0)


def test_two_people_on_a_class_see_each_other_and_lose_nothing(open_as: Open, council: Council) -> None:
    deputy, head = open_as(council.deputy), open_as(council.head)
    noe = head.get_by_role("article", name="Petit Noé")
    noe.get_by_label("Oui").check()
    expect(noe.get_by_role("status")).to_contain_text("Complet")
    look(deputy)
    expect(deputy.get_by_role("article", name="Petit Noé").get_by_label("Oui")).to_be_checked()
    expect(deputy.get_by_role("article", name="Petit Noé")).to_contain_text("par camille.proviseure")
    mine = deputy.get_by_role("article", name="Dubois Emma")
    mine.get_by_role("textbox").first.focus()
    theirs = head.get_by_role("article", name="Dubois Emma")
    theirs.get_by_label("Oui").first.check()
    expect(theirs.get_by_role("status")).to_contain_text("Enregistré")
    look(deputy)
    expect(mine.locator("[data-news]")).to_contain_text("camille.proviseure")
    deputy.keyboard.type("Trop juste.")
    expect(mine.get_by_role("button", name="Garder la mienne")).to_be_visible()
    expect(mine).to_contain_text("Trop juste.")
    assert kept(council)[0] == Answer("generale", "yes")
    mine.get_by_role("button", name="Garder la mienne").click()
    expect(mine.get_by_role("textbox").first).to_have_value("Trop juste.")
    assert kept(council)[0] == Answer("generale", "", "Trop juste.")


def test_the_others_version_is_kept_when_one_says_so(open_as: Open, council: Council) -> None:
    page = open_as(council.deputy)
    now = timezone.now()
    council.save(Answer("generale", "yes"), by=council.head, at=now)
    emma = page.get_by_role("article", name="Dubois Emma")
    emma.get_by_label("Non").first.check()
    emma.get_by_role("link", name="Garder la sienne").click()
    expect(emma.get_by_label("Oui").first).to_be_checked()
    assert kept(council)[0] == Answer("generale", "yes")


def test_without_network_it_is_said_on_the_line_and_kept_once_it_is_back(open_as: Open, council: Council) -> None:
    page = open_as(council.deputy)
    emma = page.get_by_role("article", name="Dubois Emma")
    page.context.set_offline(True)
    emma.get_by_label("Non").first.check()
    expect(emma.get_by_role("status")).to_contain_text("pas de réponse du réseau")
    expect(emma.get_by_label("Non").first).to_be_checked()
    page.context.set_offline(False)
    expect(emma.get_by_role("status")).to_contain_text("Enregistré à")
    assert kept(council)[0].verdict == "no"


def test_after_the_session_ended_what_was_typed_is_kept_once_signed_in_again(
    open_as: Open, council: Council, live_server: object
) -> None:
    page = open_as(council.deputy)
    emma = page.get_by_role("article", name="Dubois Emma")
    Session.objects.all().delete()
    emma.get_by_role("textbox").first.fill("Trop juste.")
    expect(emma.get_by_role("status")).to_contain_text("votre session a pris fin")
    expect(page.get_by_role("alert")).to_contain_text("Se reconnecter")
    expect(emma.get_by_role("textbox").first).to_have_value("Trop juste.")
    page.context.clear_cookies()
    page.context.add_cookies([cookie_of(council.deputy, str(live_server))])
    look(page)
    expect(emma.get_by_role("status")).to_contain_text("Enregistré à")
    assert kept(council)[0].comment == "Trop juste."


def test_without_javascript_each_line_has_its_button(open_as: Open, council: Council) -> None:
    page = open_as(council.deputy, javascript=False)
    emma = page.get_by_role("article", name="Dubois Emma")
    emma.get_by_label("Non").first.check()
    emma.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("La ligne de Emma Dubois est enregistrée.")).to_be_visible()
    assert kept(council)[0].verdict == "no"


def test_the_projection_follows_what_is_entered_and_turns_with_the_arrows(open_as: Open, council: Council) -> None:
    page = open_as(council.head, query="?projection=1")
    expect(page.get_by_role("heading", name="Dubois Emma")).to_be_visible()
    council.save(Answer("generale", "no", "Moyennes trop basses."), at=timezone.now())
    expect(page.get_by_text("Moyennes trop basses.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Petit Noé")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 1024, 360])
def test_nothing_scrolls_sideways_and_axe_finds_nothing(open_as: Open, council: Council, width: int) -> None:
    council.save(Answer("generale", "no", "Moyennes trop basses."), at=timezone.now())
    for user, name, query in (
        (council.deputy, "council", ""),
        (staff(council.school, Role.COUNSELLOR), "council", ""),
        (council.head, "council", "?projection=1"),
        (council.head, "councils", ""),
        (council.head, "publish_council", ""),
        (council.head, "withdraw_council", ""),
    ):
        page = open_as(user, width, name=name, query=query)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
