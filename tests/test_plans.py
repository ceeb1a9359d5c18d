"""No page reads a table that grows with the country from end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo import embedded
from tests.production import ENVIRONMENT

BASE = Path(__file__).resolve().parents[1]
STUDENTS = 50_000


@pytest.mark.xdist_group("plans")
def test_no_page_reads_a_growing_table_from_end_to_end_with_fifty_thousand_pupils() -> None:
    with embedded.postgresql() as url:
        environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": url, "DEMO": "1"}
        environment |= {"DJANGO_SETTINGS_MODULE": "scolarite.settings", "DJANGO_DEBUG": "true"}

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [sys.executable, *arguments], env=environment, cwd=BASE, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        run("manage.py", "migrate", "-v0")
        run("manage.py", "load_scale", "--students", str(STUDENTS))
        found = json.loads(run("-m", "benchmarks.plans"))
        assert found == [], "\n\n".join(f"{each['page']}: {each['table']}\n{each['sql']}" for each in found)
