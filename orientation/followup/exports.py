"""What the school takes away: tables as CSV (UTF-8 with BOM, semicolons), XLSX and ODS, safe in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import tablib
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orientation.followup.rows import FamilyRow
from orientation.followup.totals import Totals
from orientation.models import RANK_MAX, Choice, Phase, PhaseKind
from schools.models import School

Cell = str | int | datetime | None

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot hold, and so neither XLSX nor ODS."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class FileFormat(TextChoices):
    """The kinds of file; the values are their extensions."""

    CSV = "csv", gettext_lazy("CSV")
    XLSX = "xlsx", gettext_lazy("Excel (XLSX)")
    ODS = "ods", gettext_lazy("LibreOffice (ODS)")


CONTENT_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.ODS: "application/vnd.oasis.opendocument.spreadsheet",
}


@dataclass
class Table:
    """Rows to be written in a file; instants are aware."""

    title: str
    headers: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)


def written(table: Table, file_format: FileFormat, school: School) -> bytes:
    """Return the file. Instants are in the school's zone; a text that a spreadsheet would run gets an apostrophe."""
    data = tablib.Dataset(headers=list(table.headers), title=table.title[:31])
    for row in table.rows:
        data.append([_cell(value, file_format, school) for value in row])
    if file_format is FileFormat.CSV:
        return ("\ufeff" + str(data.export("csv", delimiter=";"))).encode()
    return bytes(data.export(file_format.value))


def file_name(school: School, phase: Phase, content: str, file_format: FileFormat, at: datetime) -> str:
    """Return the name of a file: UAI, phase, content and instant, without any name of a person."""
    local = timezone.localtime(at, school.zone)
    return f"{school.uai}_{phase.phase_kind.slug}_{content}_{local:%Y-%m-%d_%Hh%M}.{file_format.value}"


def _cell(value: Cell, file_format: FileFormat, school: School) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = timezone.localtime(value, school.zone).replace(tzinfo=None, microsecond=0)
        return f"{local:%d/%m/%Y %H:%M}" if file_format is FileFormat.CSV else local
    if isinstance(value, str):
        readable = _UNWRITABLE.sub(" ", value)
        return f"'{readable}" if readable.startswith(_DANGEROUS) else readable
    return value


def families_table(rows: Iterable[FamilyRow], phase: Phase) -> Table:
    """Return the filtered list, one row per pupil; no contact data, no INE."""
    kind = phase.phase_kind
    table = Table(
        title=_("Suivi"),
        headers=[
            _("Classe"),
            _("Nom"),
            _("Prénom"),
            _("État"),
            *_headers_of_phase(kind),
            _("Famille connectée"),
            _("Joignable"),
            _("Dernière relance"),
        ],
    )
    for row in rows:
        student = row.student
        table.rows.append(
            [
                str(student.division or ""),
                student.usual_name or student.family_name,
                student.given_name,
                str(row.state.label),
                *_cells_of_phase(row, kind),
                _("oui") if row.has_signed_in else _("non"),
                str(row.reachability.label),
                row.reminded_at,
            ]
        )
    return table


def _headers_of_phase(kind: PhaseKind) -> list[str]:
    if kind.is_written_by_families:
        return [_("N° de la demande"), _("Validée le"), _("Par")]
    if kind is PhaseKind.PROVISIONAL_OPINIONS:
        return [_("Accusé de réception le"), _("Par")]
    return [_("Propositions"), _("D’accord"), _("Pas d’accord"), _("Sans réponse"), _("Réponses différentes")]


def _cells_of_phase(row: FamilyRow, kind: PhaseKind) -> list[Cell]:
    if kind.is_written_by_families:
        done = row.submission
        return [done.number, done.submitted_at, done.attribution] if done else [None, None, None]
    if kind is PhaseKind.PROVISIONAL_OPINIONS:
        told = row.acknowledgement
        return (
            [told.acknowledged_at, told.attribution if told.entered_by_name else told.guardian_name]
            if told
            else [None, None]
        )
    given = [each.answer.agrees for each in row.answers if each.answer]
    return [
        len(row.answers),
        sum(given),
        len(given) - sum(given),
        len(row.answers) - len(given),
        _("oui") if any(each.differs for each in row.answers) else _("non"),
    ]


def ranks_table(rows: Iterable[FamilyRow], choices: dict[int, list[Choice]]) -> Table:
    """Return the validated choices, one row per pupil and one column per rank."""
    ranks = range(1, RANK_MAX + 1)
    table = Table(title=_("Choix par élève"), headers=[*_who_headers(), *(_rank(each) for each in ranks)])
    for row in rows:
        if row.submission:
            by_rank = {choice.rank: _in_words(choice) for choice in choices.get(row.submission.pk, [])}
            table.rows.append([*_who(row), *(by_rank.get(rank) for rank in ranks)])
    return table


def choices_table(rows: Iterable[FamilyRow], choices: dict[int, list[Choice]]) -> Table:
    """Return the validated choices, one row per choice."""
    table = Table(
        title=_("Choix"),
        headers=[*_who_headers(), _("Rang"), _("Voie"), _("Spécialités"), _("Hors établissement"), _("Précision")],
    )
    for row in rows:
        for choice in choices.get(row.submission.pk, []) if row.submission else []:
            specialities = list(choice.choice_specialities.all())
            table.rows.append(
                [
                    *_who(row),
                    choice.rank,
                    choice.label,
                    ", ".join(each.label for each in specialities),
                    ", ".join(each.label for each in specialities if each.is_elsewhere),
                    choice.note,
                ]
            )
    return table


def totals_table(totals: Totals) -> Table:
    """Return what families ask for, one row per thing counted."""
    table = Table(title=_("Totaux"), headers=[_("Rubrique"), _("Libellé"), _("Au rang 1"), _("À tous les rangs")])
    for title, demands in (
        (_("Voie"), totals.pathways),
        (_("Spécialité de 1re générale"), totals.taught),
        (_("Spécialité hors établissement"), totals.elsewhere),
        (_("Spécialité d’une série"), totals.series),
    ):
        table.rows += [[title, demand.label, demand.first, demand.any_rank] for demand in demands]
    for title, groupings in ((_("Spécialités ensemble"), totals.groupings), (_("Deux spécialités"), totals.pairs)):
        table.rows += [[title, " + ".join(each.labels), each.pupils, None] for each in groupings]
    return table


def _rank(rank: int) -> str:
    return _("Rang %(rank)d") % {"rank": rank}


def _who_headers() -> list[str]:
    return [_("Classe"), _("Nom"), _("Prénom"), _("N° de la demande"), _("Validée le"), _("Par")]


def _who(row: FamilyRow) -> list[Cell]:
    student, done = row.student, row.submission
    names: list[Cell] = [str(student.division or ""), student.usual_name or student.family_name, student.given_name]
    return [*names, done.number, done.submitted_at, done.attribution] if done else [*names, None, None, None]


def _in_words(choice: Choice) -> str:
    specialities = [
        _("%(label)s (hors établissement)") % {"label": each.label} if each.is_elsewhere else each.label
        for each in choice.choice_specialities.all()
    ]
    words = f"{choice.label} ({', '.join(specialities)})" if specialities else choice.label
    return f"{words} — {choice.note}" if choice.note else words
