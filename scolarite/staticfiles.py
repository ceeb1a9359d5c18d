"""Which static files are served: django-dsfr ships 17 MB of design system, of which the pages use a small part."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder
from django.core.files.storage import Storage

DSFR = "dsfr/dist/"
LINKED = {
    DSFR + path
    for path in (
        "dsfr.main.min.css",
        "dsfr.module.min.js",
        "utility/icons/icons-arrows/icons-arrows.main.min.css",
        "utility/icons/icons-design/icons-design.main.min.css",
        "utility/icons/icons-system/icons-system.main.min.css",
        "utility/icons/icons-user/icons-user.main.min.css",
        "artwork/dark.svg",
        "artwork/light.svg",
        "artwork/system.svg",
    )
}
"""The files of the design system that templates name; a test holds this list to the templates."""

_URL = re.compile(r"url\(['\"]?([^'\")?#]+)")


class LinkedFilesFinder(AppDirectoriesFinder):
    """The apps' files, but of the design system only what a template names and what that leads to."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Storage]]:
        for path, storage in super().list(ignore_patterns):
            if not path.startswith("dsfr/") or path in self._linked(storage):
                yield path, storage

    def _linked(self, storage: Any) -> set[str]:
        if not hasattr(self, "_linked_files"):
            self._linked_files = LINKED | {
                target for path in LINKED if path.endswith(".css") for target in _targets(path, storage)
            }
        return self._linked_files


def _targets(path: str, storage: Storage) -> Iterator[str]:
    """Return what a style sheet of the design system draws and sets its text with."""
    with storage.open(path) as sheet:
        text = sheet.read().decode()
    for url in _URL.findall(text):
        if not url.startswith("data:"):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), url))
