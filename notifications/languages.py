"""French is the language of what is kept and of what is official; a message may say the same in another one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

FRENCH = settings.LANGUAGE_CODE
TRANSLATED = "translated"
"""Under this name the context of a message in another language holds its words, where they are not the French ones."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


def in_french(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a function speak French whoever asks: what it makes is kept in tables, printed, or read by programs."""

    @wraps(function)
    def spoken(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with translation.override(FRENCH):
            return function(*args, **kwargs)

    return spoken


def worded(context: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return the context of a message with its lazy words said: in French, and beside in the language of who reads."""
    french = _said(context, FRENCH)
    if language == FRENCH:
        return french
    other = _said(context, language)
    return {**french, TRANSLATED: {name: value for name, value in other.items() if value != french[name]}}


def versions(context: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Return what a message says, once per language in which it says it: that of who reads, then French."""
    french = {name: value for name, value in context.items() if name != TRANSLATED}
    told = [{**french, "language": FRENCH}]
    if language != FRENCH:
        told.insert(0, {**french, **context.get(TRANSLATED, {}), "language": language})
    return told


def _said(context: Mapping[str, Any], language: str) -> dict[str, Any]:
    with translation.override(language):
        return {name: str(value) if isinstance(value, Promise) else value for name, value in context.items()}
