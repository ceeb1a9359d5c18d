"""Gathering the static files once, not at each start: compressing the design system takes longer than all the rest."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scolarite.design_system import CLASS
from scolarite.staticfiles import naming_texts

COMPLETE = ".complete"
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Gathering:
    """Where the static files of these very sources stand, and whether they are all there."""

    root: Path
    is_complete: bool


@contextmanager
def gathered(folder: Path, *, base: Path) -> Iterator[Gathering]:
    """Yield where the static files of the sources in `base` stand; if they do not yet, the caller gathers them there.

    Leaving without an error says that they do now. Each state of the sources has its own place, so that a running
    demonstration keeps its files; two that start together wait for each other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = folder / fingerprint(base)
        _forget_others(folder, root)
        complete = root / COMPLETE
        if not complete.exists():
            shutil.rmtree(root, ignore_errors=True)
        yield Gathering(root, complete.exists())
        root.mkdir(exist_ok=True)
        complete.touch()
        os.utime(root)  # used today


def fingerprint(base: Path) -> str:
    """Return a text that changes when a static file, what makes them, or a class that pages name does."""
    makers = ("settings/site.py", "settings/static.py", "staticfiles.py", "design_system.py")
    sources = [base / "requirements/base.txt", *(base / "scolarite" / name for name in makers)]
    for folder in (base / "static", *sorted(base.glob("*/static"))):
        sources += sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in sources:
        status = path.stat()
        digest.update(f"{path.relative_to(base)} {status.st_size} {status.st_mtime_ns}\n".encode())
    classes = {name for text in naming_texts(base) for name in CLASS.findall(text)}
    digest.update(" ".join(sorted(classes)).encode())
    return digest.hexdigest()[:16]


def _forget_others(folder: Path, root: Path) -> None:
    """Delete what no start has used for a day."""
    for other in folder.iterdir():
        if other.is_dir() and other != root and other.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
