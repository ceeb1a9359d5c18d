"""Which static files are served: django-dsfr ships 17 MB of design system, of which the pages use a small part.

That part is cut out when the files are gathered: one style sheet and one script (`scolarite/design_system.py`), the
fonts that the first names, and the drawings that our own sheets name.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder
from django.core.files.storage import FileSystemStorage, Storage

from scolarite import design_system

DSFR = "dsfr/dist/"
STYLES, SCRIPT = f"{DSFR}part.css", f"{DSFR}part.js"
SHEETS = (
    "dsfr.main.min.css",
    *(f"utility/icons/icons-{name}/icons-{name}.main.min.css" for name in ("arrows", "design", "system", "user")),
)
MODULES = (
    "core/core",
    "scheme/scheme",
    *(f"component/{name}/{name}" for name in ("navigation", "modal", "header", "sidemenu", "display")),
)
"""The design system's files that the part is cut out of, in its own order."""
LIBRARY_TEMPLATES = ("france_connect.html",)
"""Those of django-dsfr that our templates draw by its tags."""

_FONT = re.compile(r"url\((fonts/[^)]+)\)")
_DRAWN = re.compile(r"url\(['\"]?\.\./(dsfr/[^'\")]+)")


def naming_texts(base: Path) -> Iterator[str]:
    """Yield our texts that can name a class of the design system: templates, scripts, and the Python of each room."""
    yield from (path.read_text() for path in sorted((base / "templates").rglob("*.html")))
    yield from (path.read_text() for path in sorted((base / "static" / "js").glob("*.js")))
    for room in sorted(path.parent for path in base.glob("*/apps.py")):
        yield from (path.read_text() for path in sorted(room.rglob("*.py")))


def our_styles(base: Path) -> str:
    """Return the text of all our style sheets, which draw with the design system's colours and drawings."""
    return "".join(path.read_text() for path in sorted((base / "static" / "css").glob("*.css")))


class LinkedFilesFinder(AppDirectoriesFinder):
    """The apps' files, but of the design system only the part that pages use and what that leads to."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Storage]]:
        for path, storage in super().list(ignore_patterns):
            if not path.startswith("dsfr/") or path in self._kept:
                yield path, storage
        for path in (STYLES, SCRIPT):
            yield path, self._part

    def find(self, path: str, *args: Any, **kwargs: Any) -> Any:
        if path not in (STYLES, SCRIPT):
            return super().find(path, *args, **kwargs)
        found = self._part.path(path)
        return [found] if kwargs.get("find_all") else found

    @cached_property
    def _kept(self) -> set[str]:
        with self._part.open(STYLES) as sheet:
            fonts = {DSFR + font for font in _FONT.findall(sheet.read().decode())}
        return fonts | set(_DRAWN.findall(our_styles(Path(settings.BASE_DIR))))

    @cached_property
    def _part(self) -> FileSystemStorage:
        """The two files made here, in a folder that goes when the process ends.

        Not when the finder does: two threads that both ask first make one each, and one of the two is forgotten.
        """
        folder = tempfile.mkdtemp(prefix="scolarite-dsfr-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        storage = FileSystemStorage(location=folder)
        styles, script = part_of_design_system()
        for name, text in ((STYLES, styles), (SCRIPT, script)):
            path = Path(storage.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return storage


def part_of_design_system() -> tuple[str, str]:
    """Return the style sheet and the script that the pages need."""
    base, library = Path(settings.BASE_DIR), Path(apps.get_app_config("dsfr").path)
    dist = library / "static" / DSFR
    modules = [(dist / f"{name}.module.min.js").read_text() for name in MODULES]
    drawn = [(library / "templates" / "dsfr" / name).read_text() for name in LIBRARY_TEMPLATES]
    styles = design_system.style_sheet(
        [(name, (dist / name).read_text()) for name in SHEETS],
        names=design_system.Names.read([*naming_texts(base), *drawn], modules),
        ours=our_styles(base),
        drawing=lambda name: (dist / name).read_bytes(),
    )
    return styles, design_system.script(modules)
