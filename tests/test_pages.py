"""Every page of the gallery in Chromium, on a demonstration of its own, which no other test changes.

The bars of every page, all its styles, what it prints, and its weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from playwright.sync_api import Browser, Page

from benchmarks.weight import weigh
from scolarite.design_system import CLASS
from scolarite.staticfiles import DSFR, SHEETS, part_of_design_system
from tests.browser.conftest import check_page
from tests.browser.gallery import GALLERY, Shown
from tests.browser.visit import Visit, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

HEAVY = {
    "accueil",
    "mes-services",
    "orientation",
    "choix",
    "propositions",
    "ecole-accueil",
    "ecole-conseil",
    "ecole-suivi",
}
"""The first pages that people open, and those that weigh most; `make weight` weighs all of them."""
TELEPHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 800}, "color_scheme": "dark"}

PAPER: Any = {"width": 702, "height": 1032}
"""A4, less a margin of 12 mm, in CSS pixels."""
TO_PRESS = """[...document.querySelectorAll(
    'button, .button, .fr-btn, [type=submit], header nav a, footer a, .fr-sidemenu a, .staff-menu a, .fr-skiplinks a'
)].filter(each => each.checkVisibility()).map(each => each.textContent.trim())"""
CUT = """[...document.querySelectorAll('main *')].filter(each => {
    const box = each.getBoundingClientRect();
    return each.checkVisibility() && !each.closest('.fr-sr-only, .visually-hidden, svg')
        && box.width > 1 && box.right > document.documentElement.clientWidth + 1;
}).map(each => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def visit(chromium: Browser) -> Iterator[Visit]:
    with running() as product:
        yield Visit(product, chromium)


@pytest.fixture(scope="module")
def pages(visit: Visit) -> Iterator[dict[str, Page]]:
    """Hold one page per person, as on a telephone in the dark."""
    held: dict[str, Page] = {}
    yield held
    for page in held.values():
        page.context.close()


def _page_of(visit: Visit, pages: dict[str, Page], who: str) -> Page:
    if who not in pages:
        pages[who] = visit.context_of(who, **TELEPHONE).new_page()
    return pages[who]


def _classes(styles: str) -> set[str]:
    return set(CLASS.findall(styles))


@pytest.fixture(scope="module")
def lost() -> set[str]:
    """Return the classes that the design system draws, and that were left out of the part served."""
    config = apps.get_app_config("dsfr")
    whole = "".join(Path(config.path, "static", DSFR, name).read_text() for name in SHEETS)
    return _classes(whole) - _classes(part_of_design_system()[0])


@pytest.mark.parametrize("shown", GALLERY, ids=lambda shown: shown.name)
def test_each_page_holds_to_the_bars_and_has_all_its_styles(
    visit: Visit, pages: dict[str, Page], shown: Shown, lost: set[str]
) -> None:
    page = _page_of(visit, pages, shown.who)
    answer = page.goto(visit.address(shown))
    assert answer is not None
    assert answer.status == shown.status
    assert answer.request.redirected_from is None
    check_page(page)
    named = page.evaluate(
        "[...new Set([...document.querySelectorAll('[class]')].flatMap(each => [...each.classList]))]"
    )
    assert set(named) & lost == set()
    _check_paper(page)


def _check_paper(page: Page) -> None:
    """Hold a page to what paper asks: nothing to press nor to navigate by, nothing cut, dark words in any theme."""
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    try:
        assert page.evaluate(TO_PRESS) == []
        assert page.evaluate(CUT) == []
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(22, 22, 22)"
    finally:
        page.set_viewport_size(TELEPHONE["viewport"])
        page.emulate_media(media="screen")


def test_paper_shows_the_fields_with_what_is_in_them(visit: Visit, pages: dict[str, Page]) -> None:
    [shown] = [each for each in GALLERY if each.name == "fiche-renseignements"]
    page = _page_of(visit, pages, shown.who)
    page.goto(visit.address(shown))
    page.emulate_media(media="print")
    for field in page.locator("main :is(input[type=text], input[type=tel], select, textarea)").all():
        assert field.is_visible()
    page.emulate_media(media="screen")


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_the_heaviest_pages_are_light_and_do_not_move(visit: Visit, name: str) -> None:
    [shown] = [each for each in GALLERY if each.name == name]
    start = next(each for each in GALLERY if each.who == shown.who)
    for weight in weigh(visit, [start, shown] if start is not shown else [shown]):
        assert weight.faults == [], weight.shown.name
