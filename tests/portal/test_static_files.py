"""The static files that are served are those that pages name, and what these lead to; of the design system, a part."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import find, get_finders

from scolarite import design_system
from scolarite.design_system import Names
from scolarite.staticfiles import LIBRARY_TEMPLATES, SCRIPT, STYLES, LinkedFilesFinder, part_of_design_system

NAMES = Names.read(['<p class="fr-modal fr-btn fr-alert--{{ level }}">'], ['selector("modal__body");add("opened")'])


@pytest.fixture(scope="module")
def styles() -> str:
    return part_of_design_system()[0]


def sheet(text: str, *, names: Names = NAMES, ours: str = "", path: str = "dsfr.css") -> str:
    """Cut a style sheet, and leave out what every one begins with."""
    cut = design_system.style_sheet([(path, text)], names=names, ours=ours, drawing=lambda _name: b"<svg/>")
    return cut.rpartition("line-gap-override:0%}")[2]


def test_a_rule_is_kept_when_all_the_classes_that_it_asks_for_are_named() -> None:
    assert sheet(".fr-btn{color:red}.fr-card{color:red}") == ".fr-btn{color:red}"
    assert sheet(".fr-btn,.fr-card,a{color:red}") == ".fr-btn,a{color:red}"
    assert sheet(".fr-card .fr-btn{color:red}") == ""
    assert sheet(".fr-btn:not(.fr-card){color:red}") == ".fr-btn:not(.fr-card){color:red}"
    assert sheet("@media print{.fr-btn{color:red}.fr-card{color:red}}") == "@media print{.fr-btn{color:red}}"
    assert sheet('a[class*=" fr-icon-"]{color:red}a[class^=fr-btn]{color:red}') == "a[class^=fr-btn]{color:red}"
    assert sheet("@media print{.fr-card{color:red}}") == ""


def test_what_templates_and_scripts_complete_at_run_time_is_kept() -> None:
    kept = ".fr-alert--info{color:red}.fr-modal--opened{color:red}.fr-modal__body{color:red}"
    assert sheet(kept + ".fr-btn--lg{color:red}") == kept


def test_colours_that_nothing_reads_are_dropped_one_after_the_other() -> None:
    text = ":root{--a:var(--b);--b:red;--c:var(--d);--d:red}.fr-btn{color:var(--a)}"
    assert sheet(text) == ":root{--a:var(--b);--b:red}.fr-btn{color:var(--a)}"
    assert sheet(text, ours="p{color:var(--d)}") == ":root{--a:var(--b);--b:red;--d:red}.fr-btn{color:var(--a)}"


def test_signs_within_texts_are_no_braces_nor_commas() -> None:
    text = """.fr-btn[title="a,b{"]:before{content:"};";background:url('data:image/svg+xml,<a b="c;d"/>')}"""
    assert sheet(text) == text


def test_drawings_travel_within_the_sheet() -> None:
    cut = sheet(".fr-btn{mask:url(../../icons/a.svg)}", path="utility/icons/x.css")
    assert cut == '.fr-btn{mask:url("data:image/svg+xml,%3Csvg/%3E")}'


def test_every_sheet_of_the_library_that_a_template_draws_is_read() -> None:
    tags = set()
    for template in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        tags |= set(re.findall(r"{% dsfr_(\w+)", template.read_text()))
    assert {f"{tag}.html" for tag in tags} == set(LIBRARY_TEMPLATES)


def test_no_file_of_the_design_system_is_named_but_those_served() -> None:
    finder = next(each for each in get_finders() if isinstance(each, LinkedFilesFinder))
    served = {path for path, _storage in finder.list([]) if path.startswith("dsfr/")}
    named = set()
    for template in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        named |= set(re.findall(r"{% static '(dsfr/[^']+)' %}", template.read_text()))
    assert {STYLES, SCRIPT} <= named <= served
    assert len([path for path in served if path.endswith("woff2")]) == 3
    assert not [path for path in served if path.endswith((".min.css", ".min.js"))]


def test_the_part_is_found_where_a_development_server_looks_for_it() -> None:
    assert Path(str(find(STYLES))).read_text() == part_of_design_system()[0]
    assert find("admin/js/core.js")
    assert find("dsfr/dist/part.map") is None


def test_the_part_holds_what_pages_show_and_little_else(styles: str) -> None:
    for name in ("fr-btn--secondary", "fr-modal--opened", "fr-alert--warning", "fr-icon-lock-line", "fr-collapse"):
        assert f".{name}" in styles, name
    for name in ("fr-card", "fr-pagination", "fr-consent", "fr-tabs", "fr-share"):
        assert f".{name}" not in styles, name
    assert "[data-fr-theme=dark]" in styles
    assert len(styles) < 220_000
