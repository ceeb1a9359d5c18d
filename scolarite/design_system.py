"""The part of the design system that the pages use, cut out of what django-dsfr ships: one style sheet, one script.

A rule of the style sheet is kept when every class that it asks for is named somewhere: in a template, in Python or in a
script, ours or the design system's. What is cut are the other components, then the colours that nothing reads any more.
A class named by other means would lose its rules: `make gallery` shows every page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

CLASS = re.compile(r"\bfr-[a-z0-9_-]+")
_WORD = re.compile(r"[\"'`]([a-z][a-z0-9_-]*)\b")
_SELECTED = re.compile(r"\.((?:[\w-]|\\.)+)")
_BEGUN = re.compile(r"\[class[*^]=['\"]? ?(fr-[\w-]+)['\"]?\]")
_NEGATED = re.compile(r":not\([^()]*\)")
_READ = re.compile(r"var\((--[\w-]+)")
_NAMED = re.compile(r"[\"'`](--[\w-]+)")
_URL = re.compile(r"url\((['\"]?)([^'\")]+)\1\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NOTICE = "/*! DSFR v1.14.4, in part | SPDX-License-Identifier: MIT | restricted use (see terms and conditions) */\n"
MARIANNE, FALLBACK = "Marianne", "Marianne-secours"
INLINE_BYTES = 4_000
"""A drawing up to this size travels within the style sheet: a request of its own costs more than it weighs."""


@dataclass(frozen=True)
class Names:
    """What the pages may name: classes, beginnings of classes that are completed at run time, words of scripts."""

    classes: frozenset[str]
    words: frozenset[str]

    @classmethod
    def read(cls, texts: Iterable[str], scripts: Iterable[str]) -> Names:
        """Collect them from our templates, Python and scripts, and from the scripts of the design system."""
        classes = {name for text in texts for name in CLASS.findall(text)}
        words = {word for script in scripts for word in _WORD.findall(script)}
        return cls(frozenset(classes | {f"fr-{word}" for word in words}), frozenset(words))

    def hold(self, name: str) -> bool:
        """Whether a class can stand on a page. Scripts add states to a block: `fr-modal` becomes `fr-modal--opened`."""
        if not name.startswith("fr-") or name in self.classes:
            return True
        block, dashes, state = name.rpartition("--")
        return bool(dashes) and (f"{block}--" in self.classes or (state in self.words and block in self.classes))

    def may_select(self, selector: str) -> bool:
        """Whether something on a page can answer to a selector: `:not(.fr-…)` asks for nothing."""
        selector = _NEGATED.sub("", selector)
        return all(self.hold(name.replace("\\", "")) for name in _SELECTED.findall(selector)) and all(
            any(name.startswith(beginning) for name in self.classes) for beginning in _BEGUN.findall(selector)
        )


@dataclass(frozen=True)
class Block:
    """`head{declarations}`, or `@media …{blocks}`."""

    head: str
    declarations: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()

    def __str__(self) -> str:
        return f"{self.head}{{{';'.join(self.declarations)}{''.join(map(str, self.blocks))}}}"

    def all_declarations(self) -> Iterator[str]:
        yield from self.declarations
        for block in self.blocks:
            yield from block.all_declarations()


def style_sheet(sheets: list[tuple[str, str]], *, names: Names, ours: str, drawing: Callable[[str], bytes]) -> str:
    """Return the rules of these sheets (path and text) that the pages use, minified as they came.

    `ours` is the text of our own sheets, whose colours are the design system's; `drawing` reads a file by its path.
    Addresses are relative to the folder of the first sheet.
    """
    blocks = [
        block
        for path, text in sheets
        for each in _parse(_COMMENT.sub("", text).replace('@charset "UTF-8";', ""))
        if (block := _used(_moved(each, path, drawing), names))
    ]
    return NOTICE + "".join(str(block) for block in [*_fallbacks(), *_without_unread(blocks, _READ.findall(ours))])


def script(modules: Iterable[str]) -> str:
    """Return these modules of the design system as one: each in a block, for their names are the same."""
    return NOTICE + "\n".join(f"{{{_COMMENT.sub('', text, count=1)}\n}}" for text in modules)


def _used(block: Block, names: Names) -> Block | None:
    """Return what of a block the pages use."""
    if block.blocks:
        kept = tuple(used for each in block.blocks if (used := _used(each, names)))
        return Block(block.head, (), kept) if kept else None
    if block.head == "@font-face":
        return _face(block)
    if block.head.startswith("@"):
        return block
    selectors = [selector for selector in _split(block.head, ",") if names.may_select(selector)]
    return Block(",".join(selectors), block.declarations) if selectors else None


def _without_unread(blocks: list[Block], read_by_us: Iterable[str]) -> list[Block]:
    """Drop the custom properties that no declaration reads, until none is left."""
    read = set(read_by_us)
    values: dict[str, set[str]] = {}
    for declaration in (each for block in blocks for each in block.all_declarations()):
        name, _colon, value = declaration.partition(":")
        if name.startswith("--"):
            values.setdefault(name, set()).update(_READ.findall(value))
        else:
            read.update(_READ.findall(value))
    waiting = list(read)
    while waiting:
        found = values.get(waiting.pop(), set()) - read
        read |= found
        waiting.extend(found)

    def kept(block: Block) -> Block | None:
        declarations = tuple(
            each for each in block.declarations if not each.startswith("--") or each.partition(":")[0] in read
        )
        inner = tuple(each for child in block.blocks if (each := kept(child)))
        return Block(block.head, declarations, inner) if declarations or inner else None

    return [each for block in blocks if (each := kept(block))]


# --- The typeface ---------------------------------------------------------------------------------------------------


def _face(block: Block) -> Block | None:
    """Keep the upright faces of Marianne in the three weights that pages use, in the one format that all browsers read.

    Slanted words are slanted by the browser. Optional: text is set in what is there when the page is painted, and
    never set again, so that nothing moves.
    """
    values = dict(each.partition(":")[::2] for each in block.declarations)
    is_used = values["font-family"] == MARIANNE and values["font-style"] == "normal" and values["font-weight"] != "300"
    if not is_used:
        return None
    source = next(each for each in _split(values["src"], ",") if "woff2" in each)
    values |= {"src": source, "font-display": "optional"}
    return Block(block.head, tuple(f"{name}:{value}" for name, value in values.items()))


FALLBACKS = (
    ("Arial", "Liberation Sans", 400, 108.27),
    ("Arial Bold", "Liberation Sans Bold", 700, 101.37),
)
"""What stands in for Marianne on a slow line, with its width in percent of Marianne's over a paragraph in French."""
ASCENT, DESCENT = 110, 40
"""Marianne's own, in percent of its size."""


def _fallbacks() -> Iterator[Block]:
    """Give the stand-ins Marianne's width and height, so that lines and pages break alike with either."""
    for *names, weight, width in FALLBACKS:
        yield Block(
            "@font-face",
            (
                f"font-family:{FALLBACK}",
                f"font-weight:{weight}",
                "src:" + ",".join(f'local("{name}")' for name in names),
                f"size-adjust:{width}%",
                f"ascent-override:{ASCENT / width:.1%}",
                f"descent-override:{DESCENT / width:.1%}",
                "line-gap-override:0%",
            ),
        )


# --- Reading minified CSS -------------------------------------------------------------------------------------------


def _moved(block: Block, path: str, drawing: Callable[[str], bytes]) -> Block:
    """Bring a block's addresses to the folder above `path`'s, and its small drawings into it."""

    def address(match: re.Match[str]) -> str:
        if match[2].startswith("data:"):
            return match[0]
        target = (Path("/") / Path(path).parent / match[2].partition("#")[0].partition("?")[0]).resolve()
        relative = str(target).lstrip("/")
        if relative.endswith(".svg") and len(content := drawing(relative)) <= INLINE_BYTES:
            text = quote(content.decode().replace('"', "'").replace("\n", ""), safe=" =:/'")
            return f'url("data:image/svg+xml,{text}")'
        return f"url({relative})"

    def value(text: str) -> str:
        return _URL.sub(address, text).replace("Marianne,arial,", f"{MARIANNE},{FALLBACK},arial,")

    return Block(
        block.head,
        tuple(value(each) for each in block.declarations),
        tuple(_moved(each, path, drawing) for each in block.blocks),
    )


def _parse(text: str) -> Iterator[Block]:
    for head, body in _bodies(text):
        if head.startswith(("@media", "@supports", "@-moz-document", "@keyframes")):
            yield Block(head, (), tuple(_parse(body)))
        else:
            yield Block(head, tuple(_split(body, ";")))


def _bodies(text: str) -> Iterator[tuple[str, str]]:
    """Yield each `head{body}`; braces within the body are the body's."""
    depth, start, opened, head = 0, 0, 0, ""
    for index, sign in _outside_of_texts(text):
        if sign == "{":
            if not depth:
                head, opened = text[start:index].strip(), index + 1
            depth += 1
        elif sign == "}":
            depth -= 1
            if not depth:
                yield head, text[opened:index]
                start = index + 1


def _split(text: str, separator: str) -> list[str]:
    """Split where the separator stands in no text and in no parentheses."""
    parts, depth, start = [], 0, 0
    for index, sign in _outside_of_texts(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == separator and not depth:
            parts.append(text[start:index].strip())
            start = index + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def _outside_of_texts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the signs that are CSS: not those within quotes, nor after a backslash."""
    quoted, is_escaped = "", False
    for index, sign in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif sign == "\\":
            is_escaped = True
        elif quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "\"'":
            quoted = sign
        else:
            yield index, sign
