"""The school's side in a real browser: what every page is held to, by mouse, by keyboard, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import ANSWER_WITHIN
from tests.browser.conftest import Product, check_page, sign_in_staff

HEAD, OPERATOR = "proviseur.marseille", "operateur"
STUDENTS = "/admin/schools/student/"

OpenAs = Callable[..., Page]


@pytest.fixture(scope="session")
def sessions(chromium: Browser, product: Product) -> Callable[[str], Any]:
    """Give the cookies of somebody who has signed in, once per person: a code does not serve twice."""
    kept: dict[str, Any] = {}

    def session_of(login: str) -> Any:
        if login not in kept:
            context = chromium.new_context(locale="fr-FR")
            context.set_default_timeout(ANSWER_WITHIN)
            sign_in_staff(context.new_page(), product, login)
            kept[login] = context.storage_state()
            context.close()
        return kept[login]

    return session_of


@pytest.fixture
def open_as(chromium: Browser, sessions: Callable[[str], Any]) -> Iterator[OpenAs]:
    """Open a page as this member of staff; an error in its console fails the test."""
    contexts, errors = [], []

    def open_one(login: str = HEAD, width: int = 1280, *, javascript: bool = True, scheme: Any = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            locale="fr-FR",
            storage_state=sessions(login),
            java_script_enabled=javascript,
            color_scheme=scheme,
        )
        context.set_default_timeout(ANSWER_WITHIN)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


def addresses(page: Page, product: Product) -> list[str]:
    """Return every address of the menu and of the account, and the page of the first row of each list."""
    page.goto(f"{product.site}/admin/")
    found: list[str] = page.locator("#menu a, .staff-account a").evaluate_all("links => links.map(link => link.href)")
    for address in list(found):
        page.goto(address)
        row = page.locator("#result_list tbody th a").first
        if row.count():
            found.append(str(row.evaluate("link => link.href")))
    return found


@pytest.mark.parametrize("login", [HEAD, OPERATOR])
@pytest.mark.parametrize("width", [1280, 360])
def test_each_page_of_the_menu_and_of_a_row_holds_to_the_bars(
    open_as: OpenAs, product: Product, login: str, width: int
) -> None:
    page = open_as(login, width)
    for address in addresses(page, product):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        check_page(page)


def test_no_page_scrolls_sideways_at_320_pixels(open_as: OpenAs, product: Product) -> None:
    page = open_as(HEAD, 320)
    wide = []
    for address in addresses(page, product):
        page.goto(address)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(address)
    assert wide == []


def test_the_dark_theme_is_as_legible(open_as: OpenAs, product: Product) -> None:
    page = open_as(HEAD, scheme="dark")
    for address in addresses(page, product):
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
        results = Axe().run(page)
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def test_the_keyboard_reaches_the_content_by_the_first_link(open_as: OpenAs, product: Product) -> None:
    page = open_as()
    page.goto(product.site + STUDENTS)
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    expect(first).to_have_text("Contenu")
    expect(first).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main:focus")).to_have_count(1)
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_account_s_menu_opens_and_leads_out_by_keyboard_alone(open_as: OpenAs, product: Product) -> None:
    page = open_as()
    page.goto(product.site + STUDENTS)
    page.locator(".staff-account summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Changer de mot de passe")


@pytest.mark.parametrize("width", [1280, 360])
def test_without_javascript_the_menu_the_search_and_the_filters_serve(
    open_as: OpenAs, product: Product, width: int
) -> None:
    page = open_as(HEAD, width, javascript=False)
    page.goto(product.site + "/admin/schools/guardian/")
    link = page.locator("#menu").get_by_role("link", name="Élèves", exact=True)
    if width < 992:
        expect(link).to_be_hidden()
        page.locator(".staff-menu > summary").click()
    expect(link).to_be_visible()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Élèves")
    page.get_by_label("Rechercher parmi les élèves").fill("introuvable")
    page.get_by_role("button", name="Rechercher").click()
    expect(page.get_by_text("Rien ne correspond.")).to_be_visible()
    page.goto(product.site + STUDENTS)
    page.get_by_text("Filtrer la liste").click()
    page.locator("#changelist-filter li a").nth(1).click()
    expect(page.get_by_role("link", name="Effacer tous les filtres")).to_be_visible()


def test_a_refused_form_takes_the_focus_to_the_sum_of_its_errors(open_as: OpenAs, product: Product) -> None:
    page = open_as()
    page.goto(f"{product.site}/admin/schools/school/")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_label("Nom").first.fill("")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("[role=alert]:focus")).to_have_count(1)
    check_page(page)
    page.locator("[role=alert] a").first.click()
    expect(page.locator("#id_name")).to_be_focused()
