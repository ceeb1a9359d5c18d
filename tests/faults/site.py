"""The product as `make demo` starts it, on servers that can be killed and behind gates that can be shut."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from demo.processes import Process, wait_for, wait_until
from demo.stack import BASE, HOST, PREPARE_SECONDS, Stack
from tests.faults.clients import Family
from tests.faults.gate import Gate
from tests.faults.servers import STARTING, Database, Redis, kill_tree

NOT_OURS = ("DATABASE_URL", "REDIS_URL", "SITE_URL", "DEFAULT_FROM_EMAIL", "LOG_LEVEL", "PYTEST_")
"""What the tests' own environment would impose on the processes."""


class Site(Stack):
    """Web, worker, scheduler, mail provider and ÉduConnect of `demo`, each a process of its own. A context manager.

    `place` is where PostgreSQL keeps its data; by default a folder of its own.
    """

    def __init__(self, *, families: int, place: Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="scolarite-faults-")
        given = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
        # one account and one address do here what a whole school would
        super().__init__(port=0, folder=Path(self._temporary.name), given=given | {"RATE_LIMITS": "off"})
        self.count = families
        self.place = place

    def __exit__(self, *arguments: object) -> None:
        super().__exit__(*arguments)
        self._temporary.cleanup()

    # --- starting -----------------------------------------------------------------------------------------------

    def _database(self) -> str:
        place = self.place or Path(tempfile.mkdtemp(prefix="scolarite-pg-", dir=self.folder))
        for folder in (self.folder, place):
            folder.chmod(0o755)  # PostgreSQL runs under its own account when the test is root
        self.database = Database(place)
        self._exit.callback(self.database.stop)
        return self.database.url

    def _redis(self) -> str:
        self.redis = Redis(self.folder)
        self._exit.callback(self.redis.stop)
        return self.redis.url

    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        self.mail, self.openid = Gate(self.mail_port), Gate(self.educonnect_port)
        for gate in (self.mail, self.openid):
            self._exit.callback(gate.close)
            self._exit.callback(gate.open)
        return environment | {
            "ANYMAIL_MAILGUN_API_URL": f"{self.mail.url}/v3",
            "EDUCONNECT_ISSUER": self.openid.url,
        }

    def _start_outside_world(self) -> None:
        self._run(
            *("educonnect", "demo.providers", "educonnect"),
            *("--port", str(self.educonnect_port), "--issuer", self.openid.url),
        )
        self._run("courriel", "demo.mail_provider", "--port", str(self.mail_port))

    def _wait_for_outside_world(self) -> None:
        for url in (f"{self.openid.url}/.well-known/openid-configuration", f"{self.mailbox}/api/messages"):
            wait_until(url, seconds=STARTING, check=self.check)

    def _is_loaded(self) -> bool:
        """Write our own families instead of the demonstration's."""
        written = self.folder / "world.json"
        self._run("world", "tests.faults.world", str(self.count), str(written)).finish(PREPARE_SECONDS)
        self.world: dict[str, Any] = json.loads(written.read_text())
        self._families = [Family(self.site, **each) for each in self.world["families"]]
        return True

    # --- running ------------------------------------------------------------------------------------------------

    @property
    def site(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self.mail_port}"

    def take(self, count: int) -> list[Family]:
        """Return families that no fault has met yet."""
        taken, self._families = self._families[:count], self._families[count:]
        assert len(taken) == count, "no family is left"
        return taken

    def process(self, name: str) -> Process:
        return next(process for process in self.processes if process.name == name)

    def kill(self, *names: str) -> None:
        """Kill these processes and all that they started, at once: nobody gets to say goodbye."""
        for name in names:
            kill_tree(self.process(name).running.pid)
            self.process(name).running.wait()

    def kill_children(self, name: str) -> None:
        """Kill what a process started, and leave it to start others."""
        for child in psutil.Process(self.process(name).running.pid).children(recursive=True):
            kill_tree(child.pid)

    def start_again(self, *names: str, environment: dict[str, str] | None = None) -> None:
        """Start what was killed, as a supervisor would, and wait until it serves."""
        for name in names:
            process = self.process(name)
            process.environment = dict(self.environment) | {"PYTHONPATH": str(BASE)} | (environment or {})
            process.start()
        for name in names:
            if name == "web":
                self.wait_for_web()
            elif name == "worker":
                wait_for(self._worker_is_ready, what=name, seconds=STARTING)

    def _worker_is_ready(self) -> bool:
        return " ready." in self.process("worker").log.read_text()

    def wait_for_web(self) -> None:
        headers = {"Host": f"{HOST}:{self.port}"}
        wait_until(f"http://127.0.0.1:{self.port}/sante/pret/", headers=headers, seconds=STARTING)

    @contextmanager
    def blocked(self, table: str, *, mode: str = "SHARE ROW EXCLUSIVE") -> Iterator[psycopg.Connection[Any]]:
        """Hold a table, so that whoever writes to it stops there, in the middle of their transaction."""
        with self.database.connect() as connection:
            connection.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield connection

    def wait_for_waiting(self, count: int) -> int:
        """Wait until this many transactions stand still at what `blocked` holds; return how many do."""
        wait_for(lambda: self.database.waiting() >= count, what="transactions", seconds=STARTING)
        return self.database.waiting()


def pause(seconds: float) -> None:
    """Let the fault last."""
    time.sleep(seconds)
