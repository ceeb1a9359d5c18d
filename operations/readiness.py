"""Whether the database is as this release needs it."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader


@cache
def _expected() -> frozenset[tuple[str, str]]:
    """Return the migrations that this release's files hold; they do not change while it runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


def missing_migrations() -> list[str]:
    """Return the migrations that this release needs and the database has not, "schools.0009_messages". One query.

    Those that a newer release has applied are no trouble: migrations are additive. Raises DatabaseError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    return sorted(f"{app}.{name}" for app, name in _expected() - applied)
