"""Backups of the whole database: pg_dump's own format, encrypted on its way to the disk, never in the clear on it.

They are encrypted for public keys (age): the machine that makes them cannot read them, nor can who steals it. The
private key is kept elsewhere, and needed to restore alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import psycopg
import pyrage
from django.conf import settings
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from pyrage import x25519

PATTERN = "scolarite-*.dump.age"
MAGIC = b"PGDMP"
LIBRARIES = "lib"
"""Beside the programs of the image stand the libraries that they were made with."""

_NAMES = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}


class BackupError(Exception):
    """A backup that could not be made, read or restored; says why, without anything of what it holds."""


def make_backup(database: dict[str, Any], *, folder: Path, recipients: Sequence[str], at: datetime) -> Path:
    """Dump this database, of Django's settings, into a new file of the folder; return it. Raises BackupError.

    The file has its name only once it is complete; its digest stands beside it, as sha256sum writes it.
    """
    keys = _public_keys(recipients)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"scolarite-{at:%Y%m%dT%H%M%SZ}.dump.age"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            with _program("pg_dump", database, "--format=custom", "--no-owner", "--no-privileges") as dump:
                assert dump.stdout is not None  # noqa: S101 - narrows the type
                pyrage.encrypt_io(_Dump(dump.stdout), file, keys)
            os.fsync(file.fileno())
        digest_file(path).write_text(f"{digest(partial)}  {path.name}\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def restore_backup(path: Path, database: dict[str, Any], *, identity: Path) -> None:
    """Restore a backup into an empty database, whole or not at all. Raises BackupError."""
    key = _private_key(identity)
    check_digest(path)
    if _table_count(database):
        raise BackupError("the database holds tables already: restore into an empty one")
    arguments = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    with path.open("rb") as file, _program("pg_restore", database, *arguments) as restore:
        assert restore.stdin is not None  # noqa: S101 - narrows the type
        try:
            pyrage.decrypt_io(file, restore.stdin, [key])
            restore.stdin.close()
        except BrokenPipeError:
            pass  # pg_restore says why
        except (pyrage.DecryptError, OSError):
            raise BackupError("this key does not open the backup, or the backup is damaged") from None


def delete_old(folder: Path, *, keep_days: int, at: datetime) -> list[Path]:
    """Delete the backups that are older than so many days, but never the newest; return them."""
    backups = sorted(folder.glob(PATTERN))
    limit = f"scolarite-{at - timedelta(days=keep_days):%Y%m%dT%H%M%SZ}"
    old = [path for path in backups[:-1] if path.name < limit]
    for path in old:
        path.unlink()
        digest_file(path).unlink(missing_ok=True)
    return old


def digest_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_digest(path: Path) -> None:
    """Compare a backup with the digest that was taken when it was made. Raises BackupError."""
    try:
        expected = digest_file(path).read_text().split()[0]
        actual = digest(path)
    except (OSError, IndexError) as error:
        raise BackupError(f"the backup or its .sha256 cannot be read ({type(error).__name__})") from None
    if actual != expected:
        raise BackupError("the backup is not what was written: its digest differs")


class _Dump:
    """What pg_dump writes, once it is seen to be a dump."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.begun = False

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        if not self.begun and data and not data.startswith(MAGIC[: len(data)]):
            raise BackupError("pg_dump wrote no dump")
        self.begun = True
        return data


@contextmanager
def _program(name: str, database: dict[str, Any], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's programs on a database; it is over, and well, at the end. Raises BackupError."""
    connection = _connection(database)
    password = connection.pop("password", None)
    folder = Path(settings.POSTGRESQL_PROGRAMS)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    if settings.POSTGRESQL_PROGRAMS and (folder / LIBRARIES).is_dir():
        environment["LD_LIBRARY_PATH"] = str(folder / LIBRARIES)
    program = str(folder / name) if settings.POSTGRESQL_PROGRAMS else name
    command = [program, f"--dbname={make_conninfo(**connection)}", "--no-password", *arguments]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)  # noqa: S603
    except OSError as error:
        raise BackupError(f"{name} cannot be run ({type(error).__name__})") from None
    with process:
        assert process.stdin is not None  # noqa: S101 - narrows the type
        assert process.stderr is not None  # noqa: S101 - narrows the type
        try:
            yield process
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            said = process.stderr.read().decode(errors="replace")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise BackupError(f"{name} failed: {said.strip().partition(chr(10))[0]}")


def _connection(database: dict[str, Any]) -> dict[str, Any]:
    """Return how libpq reaches a database of Django's settings: what only the pool or Django knows is left out."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    given = {name: database[key] for key, name in _NAMES.items() if database.get(key)}
    return given | {key: value for key, value in database.get("OPTIONS", {}).items() if key in known}


def _table_count(database: dict[str, Any]) -> int:
    statement = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    try:
        with psycopg.connect(**_connection(database)) as connection:
            row = connection.execute(statement).fetchone()
    except psycopg.Error as error:
        raise BackupError(f"the database cannot be reached ({type(error).__name__})") from None
    return int(row[0]) if row else 0


def _public_keys(recipients: Sequence[str]) -> list[x25519.Recipient]:
    if not recipients:
        raise BackupError("BACKUP_RECIPIENTS is empty: nobody could read the backup")
    try:
        return [x25519.Recipient.from_str(each.strip()) for each in recipients]
    except pyrage.RecipientError:
        raise BackupError("BACKUP_RECIPIENTS: each is a public key of age, age1…") from None


def _private_key(path: Path) -> x25519.Identity:
    """Read the file that age-keygen writes."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
        (key,) = [line for line in lines if line and not line.startswith("#")]
        return x25519.Identity.from_str(key)
    except (OSError, ValueError, pyrage.IdentityError) as error:
        raise BackupError(f"no private key of age in this file ({type(error).__name__})") from None
