"""`manage.py load_scale --students N`: a country's worth of invented pupils in an empty database, to measure on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.commands import ActingCommand
from demo.scale.loading import load
from schools.models import School

NATIONAL = 560_000


class Command(ActingCommand):
    help = "Charge un jeu d’essai de la taille demandée dans une base vide, pour mesurer le produit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--students", type=int, default=NATIONAL, help="nombre d’élèves (par défaut : le pays)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["students"] < 1:
            raise CommandError(_("Il faut au moins un élève."))
        if School.objects.exists() or User.objects.exists():
            raise CommandError(_("La base n’est pas vide : le jeu d’essai se charge seulement dans une base vide."))
        try:
            counts = load(students=options["students"], now=timezone.now(), tell=self._tell)
        except DatabaseError as error:
            raise CommandError(_("Refusé par la base : %(reason)s") % {"reason": error}) from error
        for table, count in counts.items():
            self.stdout.write(f"{count:>12,}  {table}".replace(",", " "))

    def _tell(self, done: int) -> None:
        self.stderr.write(_("%(count)s élèves…") % {"count": done}, ending="\r")
