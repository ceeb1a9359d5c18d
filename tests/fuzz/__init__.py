"""Input that nobody thought of, made by hypothesis: a bounded run in the suite, a long one by `make fuzz`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from hypothesis import HealthCheck, settings


def bounded(percent: int) -> settings:
    """Run this part of the examples of the profile: a hundred in the suite, thousands by `make fuzz`."""
    return settings(
        max_examples=max(1, settings().max_examples * percent // 100),
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


@contextmanager
def undone() -> Iterator[None]:
    """Let the database check all that it holds, then undo what one example wrote."""
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)
