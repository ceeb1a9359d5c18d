"""The gallery shows every page: a new address is shown, or excepted with a reason."""

from __future__ import annotations

import re

from django.contrib import admin
from django.urls import Resolver404, get_resolver, resolve

from tests.browser.gallery import EXCEPTED, GALLERY, Shown
from tests.browser.visit import QUERIES
from tests.test_addresses import names

SAMPLES = {
    **dict.fromkeys(("lea", "emma", "lina"), "00000000-0000-4000-8000-000000000000"),
    "pathway": "stmg",
    "import": "/admin/etablissements/0339905V/imports/00000000-0000-4000-8000-000000000000/",
    "conflict": "/mes-services/orientation/00000000-0000-4000-8000-000000000000/choix-definitifs/conflit/"
    "00000000-0000-4000-8000-000000000000/",
}
"""What stands in for a place that is not a number."""
LISTS = ("add", "delete", "history")
"""Views of the admin's lists without a page of ours: nobody adds nor deletes there, the history is the journal's."""


def name_of(shown: Shown) -> str:
    """Return the name of the address that a page of the gallery stands for."""
    path = re.sub(r"{(\w+)}", lambda place: SAMPLES.get(place[1], "1"), shown.path).partition("?")[0]
    try:
        return resolve(path).view_name
    except Resolver404:
        return "nowhere"


def test_every_address_is_shown_or_excepted_with_a_reason() -> None:
    of_lists = {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"
        for model in admin.site._registry
        for view in LISTS
    }
    shown = {name_of(each) for each in GALLERY}
    missing = set(names(get_resolver().url_patterns)) - shown - set(EXCEPTED) - of_lists
    assert missing == set(), "show them in tests/browser/gallery.py, or except them there"


def test_nothing_is_excepted_that_is_shown_or_gone() -> None:
    known = set(names(get_resolver().url_patterns))
    shown = {name_of(each) for each in GALLERY} - {"admin:None"}
    assert set(EXCEPTED) <= known
    assert set(EXCEPTED) & shown == set()


def test_names_and_places_of_the_gallery_are_told_apart_and_found() -> None:
    assert len({each.name for each in GALLERY}) == len(GALLERY)
    places = {place for each in GALLERY for place in re.findall(r"{(\w+)}", each.path)}
    assert places == set(QUERIES)
