"""`manage.py import_siecle FILE…`: import the two SIECLE exports of a school."""

from __future__ import annotations

import hashlib
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.commands import ActingCommand
from schools.imports.errors import ImportRefusal
from schools.imports.services import import_at_once
from schools.siecle import (
    Counts,
    ImportReport,
    Note,
    SiecleError,
    is_uai,
    read_pair,
    school_year_at,
    time_zone_of,
)


class Command(ActingCommand):
    help = "Importe les élèves et les responsables d’un établissement : ses deux exports SIECLE, XML ou zip."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FICHIER", help="les deux exports, dans un ordre quelconque")
        parser.add_argument("--uai", help="refuse les fichiers d’un autre établissement")
        parser.add_argument("--year", type=int, help="année où commence l’année scolaire (par défaut : l’actuelle)")
        parser.add_argument("--create-school", action="store_true", help="crée l’établissement s’il est inconnu")
        parser.add_argument("--name", default="", help="nom de l’établissement créé")
        parser.add_argument("--accept-older", action="store_true", help="accepte un export plus ancien que le dernier")

    def handle(self, *args: Any, **options: Any) -> None:
        uai = options["uai"]
        if uai is not None and not is_uai(uai):
            raise CommandError(_("Un UAI a sept chiffres et une lettre majuscule."))
        now = timezone.now()

        def year_of(found: str) -> int:
            return options["year"] if options["year"] is not None else school_year_at(now, time_zone_of(found))

        try:
            report = import_at_once(
                read_pair(options["files"], expected_year=year_of, expected_uai=uai),
                files=[_described(path) for path in options["files"]],
                at=now,
                create_school=options["create_school"],
                school_name=options["name"],
                accept_older=options["accept_older"],
            )
        except (SiecleError, ImportRefusal) as refusal:
            raise CommandError(_("Import refusé, rien n’est écrit. %(reason)s") % {"reason": refusal}) from refusal
        self._tell(report)

    def _tell(self, report: ImportReport) -> None:
        self.stdout.write(
            _("Établissement %(uai)s, année scolaire %(year)s-%(next)s")
            % {"uai": report.uai, "year": report.school_year, "next": report.school_year + 1}
        )
        self.stdout.write(_("Élèves : %(counts)s") % {"counts": _counted(report.students, _("archivés"))})
        if report.students_returned:
            self.stdout.write(_("  dont revenus : %(count)s") % {"count": report.students_returned})
        if report.students_ignored:
            self.stdout.write(_("  déjà partis, non repris : %(count)s") % {"count": report.students_ignored})
        self.stdout.write(_("Responsables : %(counts)s") % {"counts": _counted(report.guardians)})
        self.stdout.write(_("Liens : %(counts)s") % {"counts": _counted(report.links, _("supprimés"))})
        self._tell_notes(_("Lignes refusées"), report.refused)
        self._tell_notes(_("À savoir"), report.warnings)

    def _tell_notes(self, title: str, notes: list[Note]) -> None:
        if not notes:
            return
        self.stdout.write(f"{title} : {len(notes)}")
        for note in notes:
            self.stdout.write(
                _("  %(file)s, ligne %(line)s : %(reason)s")
                % {"file": note.file, "line": note.line, "reason": note.reason}
            )


def _described(path: str) -> dict[str, Any]:
    """Return what the history keeps of a file."""
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": os.path.basename(path), "size": os.path.getsize(path), "sha256": digest}


def _counted(counts: Counts, ended: str = "") -> str:
    text = _("%(created)s créés, %(changed)s modifiés, %(unchanged)s inchangés") % {
        "created": counts.created,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
    }
    return f"{text}, {counts.ended} {ended}" if ended else text
