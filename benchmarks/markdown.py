"""Tables as documents take them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Sequence

import psutil  # type: ignore[import-untyped]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out a table in Markdown: the first column to the left, the others to the right."""
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def origin(command: str) -> str:
    """Say by which command a table was made, when, and on what."""
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    return f"`{command}`, {time.strftime('%Y-%m-%d')}, {machine}"
