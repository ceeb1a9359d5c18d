"""The core of the product runs through PgBouncer in transaction mode: nothing of it belongs to a session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.deployment import variables
from tests.operations.pgbouncer import find, pgbouncer

CORE = [
    "tests/orientation/test_pages.py",
    "tests/audit/test_triggers.py",
    "tests/notifications/test_enqueue.py",
]
"""Pages, the trail with who acts, and the outbox."""

PROGRAM = "import json; from scolarite.settings import DATABASES as d; print(json.dumps(d['default'], default=str))"


def databases(**environment: str) -> dict[str, Any]:
    import json

    code, output, errors = variables.load_settings(variables.ENVIRONMENT | environment, PROGRAM)
    assert code == 0, errors
    found: dict[str, Any] = json.loads(output)
    return found


def test_one_setting_leaves_out_all_that_belongs_to_a_session() -> None:
    assert not databases().get("DISABLE_SERVER_SIDE_CURSORS")
    through = databases(DATABASE_PGBOUNCER="on")
    assert through["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert through["OPTIONS"]["prepare_threshold"] is None
    assert "options" not in through["OPTIONS"]


def test_what_the_address_asks_of_postgresql_stays() -> None:
    url = "postgres://a:b@localhost/c?options=-c%20statement_timeout%3D9s"
    plain = databases(DATABASE_URL=url)["OPTIONS"]
    assert plain["options"] == "-c statement_timeout=9s -c plan_cache_mode=force_generic_plan"
    assert databases(DATABASE_URL=url, DATABASE_PGBOUNCER="on")["OPTIONS"]["options"] == "-c statement_timeout=9s"


@pytest.mark.skipif(not find(), reason="pgbouncer is missing. On Debian: apt-get install -y pgbouncer")
def test_the_core_of_the_suite_passes_through_pgbouncer(tmp_path: Path, django_db_blocker: Any) -> None:
    values = connection.settings_dict
    host, port = values["HOST"], int(values["PORT"] or 5432)
    name = f"bouncer_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with pgbouncer(tmp_path, host=host, port=port, user=values["USER"]) as server:
        try:
            run(CORE, database_url=f"{server}/{name}")
        finally:
            with (
                django_db_blocker.unblock(),
                psycopg.connect(host=host, port=port, user=values["USER"], dbname="postgres", autocommit=True) as each,
            ):
                each.execute(f'DROP DATABASE IF EXISTS "test_{name}" WITH (FORCE)')


def run(tests: list[str], *, database_url: str) -> None:
    """Run these tests in a process of their own, on a database that is reached by this address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ["-q", "--reuse-db", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=settings.BASE_DIR,
        env=kept | {"DATABASE_URL": database_url, "DATABASE_PGBOUNCER": "on"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
