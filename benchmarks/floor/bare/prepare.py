"""`python -m benchmarks.floor.bare.prepare COUNT`: the tables of the bare floor, its lists, and a session for each."""

from __future__ import annotations

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.floor.bare.settings"

import django

django.setup()

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.floor.bare.models import RankedList, Row  # noqa: E402


def main(count: int) -> list[tuple[int, str]]:
    """Make so many lists of eleven rows; return each with the key of a session that holds it."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    lists = RankedList.objects.bulk_create(RankedList(title=f"Liste {number}") for number in range(count))
    Row.objects.bulk_create(
        Row(ranked_list=each, rank=rank, label=f"1re technologique : série {rank}")
        for each in lists
        for rank in range(1, 12)
    )
    return [(each.pk, _session(each.pk)) for each in lists[:200]]


def _session(of: int) -> str:
    session = SessionStore()
    session["of"] = of
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
