"""`manage.py export_person`: all that is kept of one person, into a file, to answer a written request.

Nothing of it is printed nor logged.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.commands import ActingCommand
from portal.own_data import own_data_json, own_data_pdf, person_of_record
from schools.management.records import add_record_arguments, record_of

_WRITERS = {".json": own_data_json, ".pdf": own_data_pdf}


class Command(ActingCommand):
    help = "Écrit dans un fichier toutes les données d’un élève ou d’un responsable (droit d’accès)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_record_arguments(parser)
        parser.add_argument("--output", required=True, type=Path, help="fichier à écrire, .json ou .pdf")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["output"]
        if target.suffix not in _WRITERS:
            raise CommandError(_("Le fichier à écrire finit par .json ou .pdf."))
        content = _WRITERS[target.suffix](person_of_record(record_of(options)), at=timezone.now())
        try:
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        except OSError as error:
            raise CommandError(_("Le fichier n’a pas pu être écrit : %(why)s.") % {"why": error.strerror}) from None
        self.stdout.write(_("Écrit : %(path)s") % {"path": target})
