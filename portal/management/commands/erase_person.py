"""`manage.py erase_person`: erase of one person what no law has us keep, and say why the rest stays.

Says what it would do, unless `--yes`. Only counts are printed and logged.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from audit.commands import ActingCommand
from portal.erasure import erase_person
from portal.own_data import person_of_record
from schools.management.records import add_record_arguments, record_of


class Command(ActingCommand):
    help = "Efface, à la demande d’une personne, ce que la loi n’oblige pas à garder (sans --yes, le dit seulement)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_record_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="effacer vraiment")

    def handle(self, *args: Any, **options: Any) -> None:
        done = erase_person(person=person_of_record(record_of(options)), dry_run=not options["yes"])
        self.stdout.write(_("Effacé :") if options["yes"] else _("Serait effacé (ajoutez --yes pour effacer) :"))
        for table, count in sorted((+done.rows).items()):
            self.stdout.write(f"  {table}  {count}")
        self.stdout.write(_("Reste :"))
        for sentence in done.stays:
            self.stdout.write(f"  {sentence}")
