"""The previous release runs on this one's tables: during an upgrade both serve, and one may have to go back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tests.operations import releases

OURS = ("accounts", "audit", "notifications", "orientation", "portal", "schools")

ALLOWED: dict[tuple[str, str], str] = {}
"""Migrations that remove what the previous release had already stopped using: `("schools", "0012_x"): why`."""

CORE = [
    "tests/accounts/test_sign_in.py",
    "tests/orientation/test_pages.py",
]
"""Of the previous release's own tests: signing in, and the pages of choices, validating among them."""

with_history = pytest.mark.skipif(not releases.has_history(), reason=releases.WITHOUT_HISTORY)


def refusal(operation: Operation, *, new_models: set[str]) -> str:
    """Return why the previous release would not run once this operation is done, or an empty string."""
    match operation:
        case migrations.RemoveField() | migrations.RenameField() | migrations.DeleteModel() | migrations.RenameModel():
            return "takes away what the previous release reads or writes"
        case migrations.AlterModelTable():
            return "renames a table that the previous release names"
        case migrations.AddField() if operation.model_name.lower() not in new_models and not accepts_nothing(
            operation.field
        ):
            return "adds a column that the previous release does not fill in: give it a db_default or null=True"
        case migrations.AlterField() if operation.model_name.lower() not in new_models and not accepts_nothing(
            operation.field
        ):
            return "may refuse what the previous release writes: list it with the reason why it does not"
    return ""


def accepts_nothing(field: models.Field) -> bool:
    """Whether the database has a value of its own for a row that says nothing of this column."""
    return field.null or field.has_db_default() or field.many_to_many or getattr(field, "generated", False)


def refusals(operations: Iterable[Operation], *, new_models: set[str]) -> list[str]:
    """Return what is wrong with the operations of a migration, in those that it holds too."""
    found = []
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            found += refusals(operation.database_operations, new_models=new_models)
        if isinstance(operation, migrations.CreateModel):
            new_models.add(operation.name.lower())
        if why := refusal(operation, new_models=new_models):
            found.append(f"{type(operation).__name__} {operation.describe()}: {why}")
    return found


def test_what_this_release_changes_in_the_tables_leaves_the_previous_one_running() -> None:
    new_models: set[str] = set()
    found = {}
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        is_new = name > releases.PREVIOUS["migrations"].get(app, "")
        if app in OURS and is_new and (app, name) not in ALLOWED:
            found[f"{app}.{name}"] = refusals(migration.operations, new_models=new_models)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("operation", "is_refused"),
    [
        (migrations.RemoveField("Student", "ine"), True),
        (migrations.RenameField("Student", "ine", "number"), True),
        (migrations.DeleteModel("Student"), True),
        (migrations.AddField("Student", "nick", models.CharField(max_length=9, default="")), True),
        (migrations.AddField("Student", "nick", models.CharField(max_length=9, default="", db_default="")), False),
        (migrations.AddField("Student", "nick", models.CharField(max_length=9, null=True)), False),
        (migrations.AddField("Pet", "nick", models.CharField(max_length=9)), False),
        (migrations.AlterField("Student", "ine", models.CharField(max_length=9)), True),
        (migrations.AlterField("Student", "ine", models.CharField(max_length=99, null=True)), False),
        (migrations.SeparateDatabaseAndState([migrations.RemoveField("Student", "ine")]), True),
    ],
)
def test_the_check_sees_what_would_stop_the_previous_release(operation: Operation, is_refused: bool) -> None:
    create = migrations.CreateModel("Pet", [("id", models.BigAutoField(primary_key=True))])
    assert bool(refusals([create, operation], new_models=set())) is is_refused


@with_history
def test_the_last_migrations_of_the_previous_release_are_those_that_it_is_said_to_have() -> None:
    assert releases.migrations_of_previous() == releases.PREVIOUS["migrations"]


@pytest.fixture
def migrated_by_us(django_db_blocker: Any) -> Iterator[str]:
    """The name of a database that this release has migrated, without the `test_` that pytest puts before it."""
    name = f"previous_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "test_{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "test_{name}"')
    try:
        run(["manage.py", "migrate", "--no-input", "--verbosity", "0"], folder=releases.BASE, database=f"test_{name}")
        yield name
    finally:
        with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "test_{name}" WITH (FORCE)')


def run(command: list[str], *, folder: Path, database: str) -> str:
    """Run Python in a release's folder, on a database of the tests' server; return what it said."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    ours = ("PYTEST_", "PYTHONPATH", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=kept | {"DATABASE_URL": f"{server}/{database}", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@with_history
def test_the_previous_release_signs_in_shows_and_validates_on_the_tables_of_this_one(
    migrated_by_us: str, tmp_path: Path
) -> None:
    folder = tmp_path / "previous"
    releases.lay_out_previous(folder)
    options = ["-q", "--reuse-db", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
    said = run(["-m", "pytest", *options, *CORE], folder=folder, database=migrated_by_us)
    assert " passed" in said
    assert "Creating" not in said
