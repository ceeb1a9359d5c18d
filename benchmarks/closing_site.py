"""The product on the closing evening, whole: nginx, two web processes, worker, scheduler, a provider, a mail server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import environ
import psutil  # type: ignore[import-untyped]
import psycopg
from redis import Redis

from benchmarks.load import cpu_seconds, tree
from benchmarks.shared import SignedIn
from benchmarks.sink import Sink, listening
from benchmarks.visitors import Asked, Browser, Family
from demo.processes import Process, free_ports, wait_until
from tests.deployment.files import BASE
from tests.deployment.running import Deployment

COMPONENTS = ("nginx", "web", "PostgreSQL", "worker", "beat", "Valkey")


@dataclass
class ClosingDeployment(Deployment):
    """The deployment, with other values of some variables."""

    given: dict[str, str] = field(default_factory=dict)

    def _environment(self) -> dict[str, str]:
        return super()._environment() | self.given


@dataclass
class ClosingSite:
    """A context manager; `students` is the size of the data set."""

    students: int
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> ClosingSite:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def _start(self) -> None:
        self.folder = Path(self._exit.enter_context(TemporaryDirectory(prefix="scolarite-closing-")))
        self.sink: Sink = self._exit.enter_context(listening())
        (port,) = free_ports(1)
        self.provider = f"http://127.0.0.1:{port}"
        given = {
            "EDUCONNECT_ISSUER": self.provider,
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.sink.port}",
        }
        self.deployment = deployment = self._exit.enter_context(ClosingDeployment(self.folder, given=given))
        self.environment = deployment.environment | {"DEMO": "1", "DJANGO_SETTINGS_MODULE": "scolarite.settings"}
        self.program("manage.py", "load_scale", "--students", str(self.students))
        url = (deployment.secrets / "database_url").read_text().strip()
        parts = environ.Env.db_url_config(url)
        self._database: dict[str, Any] = {"host": parts["HOST"], "dbname": parts["NAME"], "user": parts["USER"]}
        folder = Path(str(self.query("SHOW data_directory")[0][0]))
        self._pids = {"PostgreSQL": int((folder / "postmaster.pid").read_text().splitlines()[0])}
        with Redis.from_url((deployment.secrets / "redis_url").read_text().strip()) as redis:
            self._pids["Valkey"] = int(redis.info("server")["process_id"])

    # --- preparing ------------------------------------------------------------------------------------------------

    def close_in(self, seconds: float, families: int) -> None:
        """Let final choices close in so many seconds, and know the families that come, half of them with a draft."""
        said = self.program("-m", "benchmarks.closing", str(seconds), str(families))
        (self.folder / "families.json").write_text(said)
        read = json.loads(said)
        self.closes_at: float = read["closes_at"]
        self.phases: list[int] = read["phases"]
        self.families = [Family(**each) for each in read["families"]]
        self.heads = [SignedIn(**each) for each in read["heads"]]
        self.readers = [SignedIn(**each) for each in read["readers"]]
        self._start_provider()

    def _start_provider(self) -> None:
        environment = {
            "DEMO": "1",
            "PATH": self.environment["PATH"],
            "SITE_URL": self.deployment.site,
            "EDUCONNECT_CLIENT_ID": self.environment["EDUCONNECT_CLIENT_ID"],
            "EDUCONNECT_CLIENT_SECRET": (self.deployment.secrets / "educonnect_client_secret").read_text().strip(),
        }
        port = self.provider.rpartition(":")[2]
        program = ["-m", "benchmarks.educonnect", str(self.folder / "families.json"), "--port", port]
        command = ["env", f"--chdir={BASE}", "python", *program]
        process = Process("educonnect", command, environment, self.folder / "educonnect.log")
        process.start()
        self._exit.callback(process.stop)
        wait_until(f"{self.provider}/.well-known/openid-configuration", seconds=60, check=process.check)

    def program(self, *arguments: str) -> str:
        """Run a Python program of the repository to its end; return what it prints. Raises SystemExit."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=BASE,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    # --- asking ---------------------------------------------------------------------------------------------------

    def browser(self, number: int, asked: list[Asked]) -> Browser:
        """Return the browser of one person, with an address of its own."""
        address = f"127.{1 + number // 60_000 % 200}.{number // 250 % 240}.{1 + number % 250}"
        return Browser(self.deployment.plain, self.deployment.site, address, asked)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask PostgreSQL itself."""
        with psycopg.connect(**self._database) as connection:
            return connection.execute(statement, values or None).fetchall()

    # --- measuring ------------------------------------------------------------------------------------------------

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds that each component has used until now."""
        return {name: cpu_seconds(list(self.processes(name))) for name in COMPONENTS}

    def processes(self, component: str) -> Iterable[psutil.Process]:
        """Return the processes of a component, with what they started."""
        running = self.deployment.processes
        names = {"nginx": ["nginx-plain"], "web": list(self.deployment.web_ports)}.get(component, [component])
        pids = [self._pids[component]] if component in self._pids else [running[name].running.pid for name in names]
        return [each for pid in pids for each in tree(pid)]
