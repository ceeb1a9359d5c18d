"""Every page of the gallery: the bars of every page, nothing lost of the design system, and light."""

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
from tests.browser.conftest import Product, check_page
from tests.browser.gallery import GALLERY, Shown, Visit

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


@pytest.fixture(scope="module")
def visit(chromium: Browser, product: Product) -> Visit:
    return Visit(product, chromium)


@pytest.fixture(scope="module")
def pages(visit: Visit) -> Iterator[dict[str, Page]]:
    """Hold one page per person, as on a telephone in the dark."""
    options: dict[str, Any] = {"viewport": {"width": 360, "height": 800}, "color_scheme": "dark"}
    held = {who: visit.context_of(who, **options).new_page() for who in {shown.who for shown in GALLERY}}
    yield held
    for page in held.values():
        page.context.close()


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
    page = pages[shown.who]
    answer = page.goto(visit.address(shown))
    assert answer is not None
    assert answer.status == shown.status
    assert answer.request.redirected_from is None
    check_page(page)
    named = page.evaluate(
        "[...new Set([...document.querySelectorAll('[class]')].flatMap(each => [...each.classList]))]"
    )
    assert set(named) & lost == set()


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_the_heaviest_pages_are_light_and_do_not_move(visit: Visit, name: str) -> None:
    [shown] = [each for each in GALLERY if each.name == name]
    start = next(each for each in GALLERY if each.who == shown.who)
    for weight in weigh(visit, [start, shown] if start is not shown else [shown]):
        assert weight.faults == [], weight.shown.name
