"""A PgBouncer in transaction mode before the tests' PostgreSQL, where the machine has one.

`python -m tests.operations.pgbouncer --install` gets Debian's where apt can be used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from demo.processes import Process, free_port, wait_for

CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
reserve_pool_size = 0
max_client_conn = 100
server_reset_query_always = 0
logfile =
pidfile =
"""
FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/local/bin"


def find() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path=FOLDERS)


def install() -> bool:
    """Make sure that it is there; return whether it is. Its service is asked not to start."""
    if not find() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "pgbouncer"]
        subprocess.run(command, env=environment, check=False)
    return find() is not None


@contextmanager
def pgbouncer(folder: Path, *, host: str, port: int, user: str) -> Iterator[str]:
    """Start it and yield the beginning of a DATABASE_URL, up to the database's name."""
    listen = free_port()
    program = find()
    assert program
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(CONFIGURATION.format(host=host, port=port, user=user, listen=listen))
    command = [program, str(configuration)]
    if os.geteuid() == 0:  # it refuses to be root; the folder of PostgreSQL's socket may be open to its owner alone
        command[1:1] = ["-u", Path(host).owner() if Path(host).is_dir() else "nobody"]
    process = Process("pgbouncer", command, {"PATH": "/usr/bin:/bin"}, folder / "pgbouncer.log")
    process.start()
    try:
        wait_for(lambda: _accepts(listen, user), what="pgbouncer", seconds=20, check=process.check)
        yield f"postgresql://{user}@127.0.0.1:{listen}"
    finally:
        process.stop()


def _accepts(port: int, user: str) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, user=user, dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


if __name__ == "__main__":
    if "--install" not in sys.argv:
        sys.exit(2)
    if not install():
        sys.exit("pgbouncer could not be installed: its test will be skipped")
