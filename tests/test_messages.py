"""The catalogue of texts: it is what the sources hold, and says each of them in English."""

from __future__ import annotations

import gettext
import re

import polib
import pytest

from tests.messages import CATALOGUE, UNWRAPPED, content, gathered

IS_COMPLETE = True
"""Whether each text must have its English; False while translations are being taken in."""

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|%%")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE), wrapwidth=UNWRAPPED)


def test_it_holds_the_texts_of_the_sources_and_no_other(catalogue):
    found, warnings = gathered()

    assert warnings == ""
    assert content(catalogue) == content(found), "make messages, then translate what is new"


def test_nothing_is_uncertain_and_nothing_left_over(catalogue):
    assert not catalogue.metadata_is_fuzzy
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []


@pytest.mark.skipif(not IS_COMPLETE, reason="the English is being taken in")
def test_every_text_has_its_english(catalogue):
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []


def test_what_is_compiled_is_what_is_written(catalogue):
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    expected: dict[str | tuple[str, int], str] = {}
    for entry in catalogue:
        name = f"{entry.msgctxt}\x04{entry.msgid}" if entry.msgctxt else entry.msgid
        if not entry.translated():
            continue
        if entry.msgid_plural:
            expected |= {(name, number): text for number, text in entry.msgstr_plural.items()}
        else:
            expected[name] = entry.msgstr
    assert {key: text for key, text in vars(compiled)["_catalog"].items() if key} == expected, "make messages"


def test_unbreakable_spaces_are_written_as_they_are(catalogue):
    """An escape would be read as six signs by what gathers texts, and found at run time by nobody."""
    assert [entry.msgid for entry in catalogue if re.search(r"\\(u[0-9a-f]{4}|x[0-9a-f]{2}|N\{)", entry.msgid)] == []


def test_each_translation_keeps_the_places_of_its_text(catalogue):
    for entry in catalogue.translated_entries():
        wanted = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for number, text in enumerate(entry.msgstr_plural.values() or [entry.msgstr], start=1):
            found = set(PLACEHOLDER.findall(text))
            may_leave_out = bool(entry.msgid_plural) and number == 1  # “one pupil”
            assert found <= wanted if may_leave_out else found == wanted, entry.msgid


def test_no_french_sign_stands_in_an_english_text(catalogue):
    for entry in catalogue.translated_entries():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            assert not re.search("[«»\u202f]|\u00a0[:;?!»]", text), text
