"""Printed pieces: a typst template and its data become a tagged PDF/UA-1, the same everywhere and every time.

The templates stand in `typst/`, the only fonts they may use in `fonts/`. What people typed travels as data, never as
markup.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

_HERE = Path(__file__).parent
_local = threading.local()

_LINE_END = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_FORBIDDEN_IN_PDF = "\ufeff\ufffe\uffff"


def typeset(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF of a template; `at` is the aware instant that the document bears as its date.

    The same data at the same instant give the same bytes.
    """
    pdf = _compiler(template).compile(
        format="pdf",
        sys_inputs={"data": json.dumps(_printable(data))},
        pdf_standards=["ua-1"],
        timestamp=int(at.timestamp()),
    )
    assert isinstance(pdf, bytes)  # noqa: S101 - narrows the type; pages come apart only as pictures
    return pdf


def printable(text: str) -> str:
    """Return the text without what no page can show: control characters. Lines are kept."""
    lines = _LINE_END.sub("\n", text).replace("\t", " ")
    return "".join(
        each
        for each in lines
        if each == "\n" or (unicodedata.category(each) not in ("Cc", "Cs") and each not in _FORBIDDEN_IN_PDF)
    )


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: _printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value


@cache
def _fonts() -> typst.Fonts:
    """Read the fonts once per process; never those of the machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_HERE / "fonts"])


def _compiler(template: str) -> typst.Compiler:
    """Return this thread's compiler of a template: it cannot serve two threads at once, and is worth keeping."""
    compilers: dict[str, typst.Compiler] = _local.__dict__.setdefault("compilers", {})
    if template not in compilers:
        root = _HERE / "typst"
        compilers[template] = typst.Compiler(root / template, root=root, font_paths=_fonts())
    return compilers[template]
