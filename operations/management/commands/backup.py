"""Back up the database, encrypted, and delete the backups that are too old."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from operations.backups import BackupError, delete_old, make_backup


class Command(BaseCommand):
    help = "Back up the database, encrypted for BACKUP_RECIPIENTS, and delete the backups that are too old."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=Path(settings.BACKUP_FOLDER), help="where backups go")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        folder = options["folder"]
        try:
            path = make_backup(
                settings.DATABASES["default"], folder=folder, recipients=settings.BACKUP_RECIPIENTS, at=now
            )
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{path} ({path.stat().st_size} bytes)")
        for old in delete_old(folder, keep_days=settings.BACKUP_KEEP_DAYS, at=now):
            self.stdout.write(f"deleted {old}")
