"""What the commands that write are made of."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit.context import acting


class ActingCommand(BaseCommand):
    """A command whose writes say in the trail that they are its own."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with acting(origin=f"commande {type(self).__module__.rpartition('.')[2]}"):
            return super().execute(*args, **options)
