"""A language in which each text stands in brackets, and what of a page stands outside of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser

from django.template import engines
from django.utils.translation import trans_real

from portal import context_processors

OPEN, CLOSE = "⟦", "⟧"
UNSEEN = {"script", "style", "template"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SAID = ("title", "alt", "aria-label", "aria-description", "placeholder", "label")
"""Attributes that are shown or read aloud."""

_BLANK = re.compile(r"\s+")
_SUPERSCRIPT = re.compile(r"</?sup>")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_LETTER = re.compile(r"[^\W\d_]")


class _Bracketed(trans_real.DjangoTranslation):
    """A catalogue that puts each text in brackets; its places stay."""

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: float) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@contextmanager
def pseudo_locale(language: str = "en") -> Iterator[None]:
    """Let this language be the bracketed one."""
    real = trans_real.translation(language)
    trans_real._translations[language] = _Bracketed(language)  # type: ignore[attr-defined]
    _forget_what_was_said()
    try:
        yield
    finally:
        trans_real._translations[language] = real  # type: ignore[attr-defined]
        _forget_what_was_said()


def _forget_what_was_said() -> None:
    """Empty what is kept per language."""
    for loader in engines["django"].engine.template_loaders:  # type: ignore[attr-defined]
        loader.reset()
    context_processors._entries.cache_clear()
    context_processors._footer_links.cache_clear()


class _Reader(HTMLParser):
    """Collects the parts of a page that people read, with what is in brackets left out; brackets may span elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._stack: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        is_button = tag == "input" and values.get("type") in ("submit", "button", "reset")
        is_description = tag == "meta" and values.get("name") == "description"
        shown = [values[name] for name in SAID if name in values]
        shown += [values.get("value", "")] if is_button else []
        shown += [values.get("content", "")] if is_description else []
        for text in shown:
            self._keep(_outside(text, 0)[0])
        if tag not in VOID:
            self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._stack and self._stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not UNSEEN & set(self._stack):
            parts, self._depth = _outside(data, self._depth)
            self._keep(parts)

    def _keep(self, parts: Iterable[str]) -> None:
        self.found += [text for part in parts if _LETTER.search(text := _BLANK.sub(" ", part).strip())]


def _outside(text: str, depth: int) -> tuple[list[str], int]:
    """Return the parts of a text outside of brackets, and how many are open at its end."""
    parts = [""]
    for sign in text:
        if sign == OPEN:
            depth += 1
            parts.append("")
        elif sign == CLOSE:
            depth -= 1
        elif depth == 0:
            parts[-1] += sign
    return parts, depth


def as_known(data: Iterable[str]) -> frozenset[str]:
    """Return data as `unmarked` compares them."""
    return frozenset(_EDGES.sub("", _BLANK.sub(" ", each)).casefold() for each in data)


def unmarked(html: str, known: frozenset[str]) -> list[str]:
    """Return what people read on this page that is neither marked text nor made of what is known as data."""
    reader = _Reader()
    reader.feed(_SUPERSCRIPT.sub("", html))
    reader.close()
    assert reader._depth == 0, "a bracket was cut"
    return sorted({text for text in reader.found if not _is_made_of(text.casefold(), known)})


@cache
def _is_made_of(text: str, known: frozenset[str]) -> bool:
    """Whether nothing with letters is left of a text once the data are taken out of it, the longest first."""
    words = re.findall(r"[^\W_]+", text)
    for size in range(len(words), 0, -1):
        for start in range(len(words) - size + 1):
            pattern = r"[\W_]+".join(map(re.escape, words[start : start + size]))
            for match in re.finditer(rf"(?<![^\W_]){pattern}(?![^\W_])", text):
                if match[0] in known:
                    return all(
                        _is_made_of(rest, known)
                        for rest in (text[: match.start()], text[match.end() :])
                        if _LETTER.search(rest)
                    )
    return False
