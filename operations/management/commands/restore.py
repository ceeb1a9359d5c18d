"""Restore a backup into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.backups import BackupError, restore_backup


class Command(BaseCommand):
    help = "Restore a backup into an empty database, whole or not at all: DATABASE_URL's, or another."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="a file of `backup`, with its .sha256 beside it")
        parser.add_argument("--identity", type=Path, required=True, help="the file of the private key (age-keygen)")
        parser.add_argument("--into", metavar="URL", help="another database than DATABASE_URL's, to try a backup")

    def handle(self, *args: Any, **options: Any) -> None:
        into = options["into"]
        database = environ.Env.db_url_config(into) if into else settings.DATABASES["default"]
        try:
            restore_backup(options["backup"], database, identity=options["identity"])
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("restored")
