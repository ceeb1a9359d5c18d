"""Gathering the static files once, not at each start: compressing the design system takes longer than all the rest."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STAMP = ".fingerprint"


@contextmanager
def gathered(root: Path, *, base: Path) -> Iterator[bool]:
    """Yield whether `root` already holds the static files of the sources in `base`; if not, the caller gathers them.

    Leaving without an error says that they are there now. Two demonstrations that start together wait for each other.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root.parent / f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = fingerprint(base)
        stamp = root / STAMP
        is_current = stamp.exists() and stamp.read_text() == wanted
        if not is_current:
            stamp.unlink(missing_ok=True)
        yield is_current
        stamp.write_text(wanted)


def fingerprint(base: Path) -> str:
    """Return a text that changes when a static file, a setting about them, or the version of a library does."""
    sources = [
        base / "requirements" / "base.txt",
        base / "scolarite" / "settings.py",
        base / "scolarite" / "staticfiles.py",
    ]
    for folder in (base / "static", *sorted(base.glob("*/static"))):
        sources += sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in sources:
        status = path.stat()
        digest.update(f"{path.relative_to(base)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
