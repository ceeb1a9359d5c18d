"""What the pages of imports read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from notifications.languages import in_french
from schools.imports.preview import NOTES, SECTIONS, Line
from schools.models import ImportState, School, SiecleImport

SHOWN = 50
"""Lines of a section on the page; the rest is in the report."""

HISTORY = 30
"""Imports on the page."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def imports_waiting() -> dict[str, float]:
    """Return how many imports wait for a worker or are with one, for the metrics. One query."""
    states = [ImportState.UPLOADED, ImportState.CHECKING, ImportState.APPLYING]
    return {"imports_waiting": SiecleImport.objects.filter(state__in=states).count()}


@dataclass(frozen=True)
class Section:
    """What a plan does of one kind, as the page shows it. `total` counts all its lines, `lines` are the first ones."""

    code: str
    title: str
    total: int
    lines: list[Line]

    @property
    def is_about_files(self) -> bool:
        return self.code in NOTES

    @property
    def hidden(self) -> int:
        return self.total - len(self.lines)


def imports_of(school: School) -> QuerySet[SiecleImport]:
    """Return the school's imports, the newest first, with the people who acted; without their lines."""
    found = SiecleImport.objects.without_lines().filter(school=school)
    return found.select_related("uploaded_by", "confirmed_by", "cancelled_by")


def history_of(school: School) -> list[SiecleImport]:
    """Return the latest imports of a school. One query."""
    return list(imports_of(school)[:HISTORY])


def sections_of(siecle_import: SiecleImport, *, with_contact: bool) -> list[Section]:
    """Return what a plan does, section by section, empty ones left out. One query."""
    counts = siecle_import.summary.get("counts", {})
    return [
        Section(
            code=code,
            title=str(title),
            total=counts[code],
            lines=[_fit(line, with_contact) for line in siecle_import.lines.get(code, [])[:SHOWN]],
        )
        for code, title in SECTIONS.items()
        if counts.get(code)
    ]


@in_french
def report_of(siecle_import: SiecleImport, *, with_contact: bool) -> str:
    """Return the report for a spreadsheet: semicolons, and nothing that a spreadsheet would compute. One query."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, delimiter=";")
    writer.writerow([_("Rubrique"), _("Fichier"), _("Ligne"), _("Personne"), _("Détail"), _("Avant"), _("Après")])
    for row in _rows(siecle_import, with_contact):
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return sheet.getvalue()


def _rows(siecle_import: SiecleImport, with_contact: bool) -> Iterator[list[str]]:
    counts = siecle_import.summary.get("counts", {})
    for code, title in SECTIONS.items():
        lines = siecle_import.lines.get(code, [])
        for line in lines:
            fit = _fit(line, with_contact)
            start = [str(title), line.get("file", ""), str(line.get("line", "")), line.get("who", "")]
            if fit["what"] or not fit.get("changes"):
                yield [*start, fit["what"], "", ""]
            for change in fit.get("changes", []):
                yield [*start, *change[:3]]
        if counts.get(code, 0) > len(lines):
            missing = counts[code] - len(lines)
            yield [str(title), "", "", "", _("et %(count)s autres lignes, non détaillées") % {"count": missing}, "", ""]


def _fit(line: Line, with_contact: bool) -> dict[str, Any]:
    """Return the line without the contact data that its reader may not read."""
    if with_contact or not line.get("changes"):
        return line
    return {**line, "changes": [change for change in line["changes"] if not change[3]]}
