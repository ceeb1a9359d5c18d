"""The product as it is deployed, on the data set, with the floors beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import environ
import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.load import Cost, Request, run, tree
from benchmarks.shared import CSRF, TABLE, SignedIn
from demo.processes import Process, free_ports, wait_until
from tests.deployment.files import BASE
from tests.deployment.running import Deployment

FLOOR_LISTS = 2_000
SECONDS = 1_800
"""For loading the country."""


@dataclass(frozen=True)
class Server:
    """One gunicorn: the product on one of the databases, or a floor."""

    process: Process
    port: int


@dataclass
class Site:
    """Everything that is measured, running. A context manager.

    `students` and `fewer` are the sizes of two databases, `drafts` how many families are there to validate theirs.
    """

    students: int
    fewer: int
    drafts: int
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Site:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def _start(self) -> None:
        folder = Path(self._exit.enter_context(TemporaryDirectory(prefix="scolarite-bench-")))
        self.deployment = deployment = self._exit.enter_context(Deployment(folder))
        for name in ("beat", "worker"):  # what they do meanwhile is not the pages' cost
            deployment.kill(name)
        self.database_url = (deployment.secrets / "database_url").read_text().strip()
        self.environment = deployment.environment | {
            "DEMO": "1",
            "RATE_LIMITS": "off",
            "DJANGO_SETTINGS_MODULE": "scolarite.settings",
        }
        small = self._database("small")
        bare = self._database("bare")
        self.once("migrate-small", ["manage.py", "migrate", "-v0"], small)
        self.once("load", ["manage.py", "load_scale", "--students", str(self.students)], self.environment)
        self._query("VACUUM ANALYZE")  # as autovacuum would within the hour: its work is not the pages' cost
        self.once("load-small", ["manage.py", "load_scale", "--students", str(self.fewer)], small)
        self.once("migrate-bare", ["-m", "benchmarks.floor.bare.prepare", str(FLOOR_LISTS)], bare)
        self._query(f"CREATE TABLE {TABLE} (list bigint, rank smallint, label text)")
        self._query(f"CREATE INDEX ON {TABLE} (list)")
        self.people = self._people(self.environment, self.drafts)
        self.people_of_small = self._people(small, 40)
        self.bare_sessions = json.loads((folder / "migrate-bare.log").read_text())
        self.servers = {
            "product": Server(deployment.processes["web-1"], deployment.web_ports["web-1"]),
            "small": self._serve("small", "scolarite.wsgi", small),
            "dressed": self._serve("dressed", "benchmarks.floor.dressed.wsgi", self.environment),
            "bare": self._serve("bare", "benchmarks.floor.bare.wsgi", bare),
        }
        self.postgresql = self._postmaster()

    # --- databases ------------------------------------------------------------------------------------------------

    def _database(self, name: str) -> dict[str, str]:
        """Make an empty database beside the product's; return the environment of programs that use it."""
        self._query(f'CREATE DATABASE "{name}"')
        url = self.database_url.rpartition("/")[0] + f"/{name}"
        file = self.deployment.secrets / f"{name}_database_url"
        file.write_text(url)
        return self.environment | {
            "DATABASE_URL_FILE": str(file),
            "FLOOR_DATABASE_URL": url,
            "FLOOR_SECRET_KEY": "a-key-of-the-floor-that-protects-nothing-at-all-0123456789",
        }

    def _query(self, statement: str) -> list[tuple[object, ...]]:
        where = environ.Env.db_url_config(self.database_url)
        with psycopg.connect(
            host=where["HOST"], dbname=where["NAME"], user=where["USER"], autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _postmaster(self) -> int:
        folder = Path(str(self._query("SHOW data_directory")[0][0]))
        return int((folder / "postmaster.pid").read_text().splitlines()[0])

    # --- programs -------------------------------------------------------------------------------------------------

    def once(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        """Run a Python program to its end, from the repository."""
        process = Process(name, ["env", f"--chdir={BASE}", "python", *arguments], environment, self._log(name))
        process.start()
        process.finish(SECONDS)

    def _log(self, name: str) -> Path:
        return self.deployment.folder / f"{name}.log"

    def _people(self, environment: dict[str, str], count: int) -> dict[str, list[SignedIn]]:
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.people", str(count)],
            env=environment,
            cwd=BASE,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return {name: [SignedIn(**each) for each in people] for name, people in json.loads(said).items()}

    def background(self, name: str, command: list[str], environment: dict[str, str]) -> Process:
        """Start a program of the repository that goes on until it is stopped."""
        process = Process(name, ["env", f"--chdir={BASE}", *command], environment, self._log(name))
        process.start()
        return process

    def _serve(self, name: str, application: str, environment: dict[str, str]) -> Server:
        (port,) = free_ports(1)
        command = ["gunicorn", "--config", "deploy/gunicorn.conf.py", application, "--bind", f"127.0.0.1:{port}"]
        process = self.background(name, command, environment)
        self._exit.callback(process.stop)
        wait_until(f"http://127.0.0.1:{port}/sante/vivant/", headers=self.headers, seconds=60, check=process.check)
        return Server(process, port)

    # --- measuring ------------------------------------------------------------------------------------------------

    @property
    def headers(self) -> dict[str, str]:
        """What nginx would say of a browser that asks by https."""
        return {"Host": self.deployment.site.partition("//")[2], "X-Forwarded-Proto": "https"}

    def measure(self, server: str, requests: list[Request], *, seconds: int = 4, once: bool = False) -> Cost:
        """Send requests to one of the servers, and return the CPU of it and of PostgreSQL for each."""
        asked = self.servers[server]

        def processes() -> list[psutil.Process]:
            return [*tree(asked.process.running.pid), *tree(self.postgresql)]

        return run(asked.port, requests, origin=self.deployment.site, processes=processes, seconds=seconds, once=once)


def address_of(number: int) -> str:
    """Return the address of one family's browser, of a range kept for examples."""
    return f"198.51.{100 + number // 250 % 100}.{number % 250 + 1}"


def csrf(body: str = "") -> str:
    """Return the body of a POST with its token."""
    return f"csrfmiddlewaretoken={CSRF}" + (f"&{body}" if body else "")
