"""Templates are kept once per language, with their constants said, and say what Django's own loader would."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.template import Context, Engine
from django.template.base import TextNode
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation

PARENT = """{% load i18n static %}{% comment %}never said{% endcomment %}
    <p>{% translate "Fermer" %}{% block inside %}{% translate "Menu" %}{% endblock %}</p>
    <a href="{% url 'portal:home' %}">{% static "css/scolarite.css" %}</a>"""
CHILD = """{% extends "parent.html" %}{% load i18n %}
{% block inside %}{% if yes %}{% translate "Fermer" %}{% else %}{% translate "Menu" %}{% endif %}{% endblock %}"""
VARYING = """{% load i18n %}{% translate word %}{% url place %}{% url "portal:home" as home %}{{ home }}
{% language "en" %}{% translate "Fermer" %}{% endlanguage %}{% for each in word %}{% translate "Menu" %}{% endfor %}"""
TEMPLATES = {
    "parent.html": PARENT,
    "child.html": CHILD,
    "varying.html": VARYING,
    "plain.txt": "a\n    b",
    "app/mail/note.html": PARENT,
}


@pytest.fixture
def engine() -> Engine:
    libraries = {"i18n": "django.templatetags.i18n", "static": "django.templatetags.static"}
    loaders: list[Any] = [("operations.templates.Loader", [("django.template.loaders.locmem.Loader", TEMPLATES)])]
    return Engine(loaders=loaders, libraries=libraries)


def said(engine: Engine, name: str, language: str, **values: object) -> str:
    with translation.override(language):
        return str(engine.get_template(name).render(Context(values)))


def test_each_language_has_its_own_copy(engine: Engine) -> None:
    assert "Fermer" in said(engine, "parent.html", "fr")
    assert "Close" in said(engine, "parent.html", "en")
    assert "Fermer" in said(engine, "parent.html", "fr")


def test_constants_are_said_once_and_joined_with_the_text_around_them(engine: Engine) -> None:
    with translation.override("fr"):
        nodes = engine.get_template("parent.html").nodelist
    first, block, last = nodes
    assert isinstance(first, TextNode)
    assert first.s == "\n<p>Fermer"
    assert isinstance(last, TextNode)
    assert last.s == f'</p>\n<a href="{reverse("portal:home")}">{static("css/scolarite.css")}</a>'
    assert [each.s for each in block.nodelist] == ["Menu"]  # type: ignore[attr-defined]


def test_a_child_page_and_its_conditions_say_their_own(engine: Engine) -> None:
    assert "<p>FermerFermer</p>" in said(engine, "child.html", "fr", yes=True)
    assert "<p>CloseMenu</p>" in said(engine, "child.html", "en", yes=False)


def test_what_depends_on_the_page_is_said_by_the_page(engine: Engine) -> None:
    for language in ("fr", "en"):
        text = said(engine, "varying.html", language, word="Fermer", place="portal:contact")
        home, contact = reverse("portal:home"), reverse("portal:contact")
        word = {"fr": "Fermer", "en": "Close"}[language]
        assert text == f"{word}{contact}{home}\nClose{'Menu' * 6}"


def test_a_text_without_markup_keeps_its_indentation(engine: Engine) -> None:
    assert said(engine, "plain.txt", "fr") == "a\n    b"


def test_a_mail_says_its_words_when_it_is_rendered_for_its_parts_may_speak_several_languages(engine: Engine) -> None:
    with translation.override("fr"):
        template = engine.get_template("app/mail/note.html")
        with translation.override("en"):
            assert "Close" in template.render(Context())


def test_the_product_s_templates_come_by_it() -> None:
    frame = get_template("base.html")
    loader = frame.backend.engine.template_loaders[0]  # type: ignore[attr-defined]
    assert f"{settings.LANGUAGE_CODE} base.html" in loader.get_template_cache
