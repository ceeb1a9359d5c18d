"""The whole product running on this machine: databases, providers, mail, web, worker and scheduler.

For `python -m demo`, and for the tests: `with Stack(port=0) as stack: …`.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import environ
import psycopg

from demo import embedded
from demo.people import PASSWORD
from demo.processes import DemoFailed, Process, check_port, free_ports, wait_for, wait_until
from demo.static_files import gathered

BASE = Path(__file__).resolve().parent.parent
FOLDER = BASE / "var" / "demo"
STATIC = FOLDER / "static"
HOST = "localhost"
PREPARE_SECONDS = 180
START_SECONDS = 180
MAIL_DOMAIN = "courriel.scolarite.example"


@dataclass(frozen=True)
class Addresses:
    """Where everything is, once it runs; the state file holds these, by the same names."""

    site: str
    admin: str
    educonnect: str
    franceconnect: str
    agents: str
    mailbox: str
    database_url: str
    redis_url: str
    password: str
    folder: str
    pid: int


@dataclass
class Stack:
    """Everything that `make demo` starts. A context manager; leaving it stops what it started, and nothing else.

    `port` is the site's: 0 takes a free one. `folder` receives the logs. `given` is the environment in
    which `DATABASE_URL` and `REDIS_URL` are looked for; embedded servers stand in where they are missing.
    """

    port: int = 8000
    folder: Path = FOLDER
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    say: Callable[[str], None] = lambda message: None

    def __post_init__(self) -> None:
        self.processes: list[Process] = []
        self.timings: dict[str, float] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def exports(self) -> Path:
        """Where the SIECLE exports lie that a head can import in the administration."""
        return self.folder / "siecle"

    # --- starting -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start everything and wait until all of it answers. Raises DemoFailed."""
        began = time.monotonic()
        if self.port:
            check_port(self.port)
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        with self._timed("databases"):
            self.database_url = self._database()
            self.redis_url = self._redis()
        self.environment = self._environment()
        self._exit.callback(self._stop_processes)
        self._start_outside_world()
        self._prepare()
        with self._timed("services"):
            self._start_services()
            self._wait_for_outside_world()
        self.addresses = self._addresses()
        self.timings["all"] = time.monotonic() - began

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.timings[what] = time.monotonic() - began

    def _database(self) -> str:
        if url := self.given.get("DATABASE_URL"):
            return url
        self.say("PostgreSQL démarre…")
        return self._exit.enter_context(embedded.postgresql())

    def _redis(self) -> str:
        if url := self.given.get("REDIS_URL"):
            return url
        return self._exit.enter_context(embedded.redis())

    def _environment(self) -> dict[str, str]:
        """The environment of every process: the machine's, without anything else that the product would read."""
        # all at once, and after Redis has taken its own: a free port may be given out again
        site_port, self.educonnect_port, self.franceconnect_port, self.agents_port, self.mail_port = free_ports(5)
        self.port = self.port or site_port
        prefixes = ("DJANGO_", "ANYMAIL_", "EMAIL_", "EDUCONNECT_", "FRANCECONNECT_", "AGENTS_", "TRUSTED_PROXY")
        inherited = {name: value for name, value in self.given.items() if not name.startswith(prefixes)}
        ours = {
            "DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "scolarite.settings",
            "DJANGO_DEBUG": "off",
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
            "DJANGO_ALLOWED_HOSTS": HOST,
            "SITE_URL": f"http://{HOST}:{self.port}",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "CELERY_BEAT_SCHEDULE_FILENAME": str(self.folder / "celerybeat-schedule"),
            "DEFAULT_FROM_EMAIL": f"Scolarité Services <ne-pas-repondre@{MAIL_DOMAIN}>",
            "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
            "ANYMAIL_MAILGUN_API_KEY": secrets.token_urlsafe(24),
            "ANYMAIL_MAILGUN_SENDER_DOMAIN": MAIL_DOMAIN,
            "ANYMAIL_MAILGUN_API_URL": f"http://127.0.0.1:{self.mail_port}/v3",
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": secrets.token_urlsafe(24),
            "PYTHONUNBUFFERED": "1",
        }
        for name, port, path in (
            ("EDUCONNECT", self.educonnect_port, ""),
            ("FRANCECONNECT", self.franceconnect_port, "/api/v2"),
            ("AGENTS", self.agents_port, ""),
        ):
            ours[f"{name}_ISSUER"] = f"http://127.0.0.1:{port}{path}"
            ours[f"{name}_CLIENT_ID"] = f"demonstration-{name.lower()}"
            ours[f"{name}_CLIENT_SECRET"] = secrets.token_urlsafe(24)
        for name in ours:
            inherited.pop(f"{name}_FILE", None)  # it would win over the value
        return inherited | ours

    def _prepare(self) -> None:
        """Fill the database while the static files are gathered."""
        self.say("La base et les fichiers se préparent…")
        with gathered(STATIC, base=BASE) as gathering, self._timed("static"):
            self.environment["STATIC_ROOT"] = str(gathering.root)
            collect = ("collectstatic", "--no-input", "--verbosity", "0")
            static = None if gathering.is_complete else self._manage(*collect)
            with self._timed("migrate"):
                self._manage("migrate", "--no-input", "--verbosity", "0").finish(PREPARE_SECONDS)
            if not self._is_loaded():
                with self._timed("load_demo"):
                    self._manage("load_demo", "--exports", str(self.exports)).finish(PREPARE_SECONDS)
            if static:
                static.finish(PREPARE_SECONDS)
        self.processes = [process for process in self.processes if process.is_alive]

    def _is_loaded(self) -> bool:
        """Whether a database that was given holds a demonstration already; the embedded one is always empty."""
        if "DATABASE_URL" not in self.given:
            return False
        parts = environ.Env.db_url_config(self.database_url)
        names = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        given: dict[str, Any] = {name: parts[key] for name, key in names.items() if parts[key]}
        with psycopg.connect(**given) as connection:
            row = connection.execute("SELECT EXISTS (SELECT FROM schools_school)").fetchone()
        return bool(row and row[0])

    def _start_outside_world(self) -> None:
        self._run("educonnect", "demo.providers", "educonnect", "--port", str(self.educonnect_port))
        self._run("franceconnect", "demo.providers", "franceconnect", "--port", str(self.franceconnect_port))
        self._run("agents", "demo.providers", "agents", "--port", str(self.agents_port))
        self._run("courriel", "demo.mail_provider", "--port", str(self.mail_port))

    def _wait_for_outside_world(self) -> None:
        for url in (
            f"{self.environment['EDUCONNECT_ISSUER']}/.well-known/openid-configuration",
            f"{self.environment['FRANCECONNECT_ISSUER']}/.well-known/openid-configuration",
            f"{self.environment['AGENTS_ISSUER']}/.well-known/openid-configuration",
            f"http://127.0.0.1:{self.mail_port}/api/messages",
        ):
            wait_until(url, seconds=START_SECONDS, check=self.check)

    def _start_services(self) -> None:
        self.say("Les services démarrent…")
        # threads: a browser's idle connection must not hold a whole worker
        self._run(
            *("web", "gunicorn", "scolarite.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"),
            *("--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "3", "--access-logfile", "-"),
        )
        celery = ("celery", "--app", "scolarite", "--workdir", str(BASE))
        alone = ("--without-mingle", "--without-gossip")
        worker = self._run("worker", *celery, "worker", "--concurrency", "2", "--loglevel", "INFO", *alone)
        self._run("beat", *celery, "beat", "--loglevel", "INFO")
        wait_until(
            f"http://127.0.0.1:{self.port}/sante/pret/",
            headers={"Host": f"{HOST}:{self.port}"},
            seconds=START_SECONDS,
            check=self.check,
        )
        wait_for(lambda: " ready." in worker.log.read_text(), what="worker", seconds=START_SECONDS, check=self.check)

    def _manage(self, *arguments: str) -> Process:
        return self._start(arguments[0], [sys.executable, str(BASE / "manage.py"), *arguments])

    def _run(self, name: str, module: str, *arguments: str) -> Process:
        return self._start(name, [sys.executable, "-m", module, *arguments])

    def _start(self, name: str, command: list[str]) -> Process:
        environment = self.environment | {"PYTHONPATH": str(BASE)}
        process = Process(name, command, environment, self.folder / "logs" / f"{name}.log")
        process.start()
        self.processes.append(process)
        return process

    def _addresses(self) -> Addresses:
        site = self.environment["SITE_URL"]
        return Addresses(
            site=f"{site}/",
            admin=f"{site}/admin/",
            educonnect=self.environment["EDUCONNECT_ISSUER"],
            franceconnect=self.environment["FRANCECONNECT_ISSUER"],
            agents=self.environment["AGENTS_ISSUER"],
            mailbox=f"http://127.0.0.1:{self.mail_port}/",
            database_url=self.database_url,
            redis_url=self.redis_url,
            password=PASSWORD,
            folder=str(self.folder),
            pid=os.getpid(),
        )

    # --- running ------------------------------------------------------------------------------------------------

    def write_state(self, path: Path) -> None:
        """Write the addresses for another program, all at once: a file that is there is complete."""
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(json.dumps(asdict(self.addresses), indent=2, ensure_ascii=False))
        partial.chmod(0o600)
        partial.replace(path)

    def check(self) -> None:
        """Raise DemoFailed when something that was started has died."""
        for process in self.processes:
            process.check()

    def check_databases(self) -> None:
        """Raise DemoFailed when an embedded server does not answer any more."""
        for name, url in (("PostgreSQL", self.database_url), ("Redis", self.redis_url)):
            if self.given.get("DATABASE_URL" if name == "PostgreSQL" else "REDIS_URL"):
                continue
            if not _accepts(url):
                raise DemoFailed(f"{name} s’est arrêté.")

    def watch(self, *, seconds: float = 0.5) -> None:
        """Come back only by raising DemoFailed, when something dies."""
        while True:
            self.check()
            self.check_databases()
            time.sleep(seconds)

    # --- stopping -----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop everything that was started: what uses something before what it uses. Doing it twice is harmless."""
        self._exit.close()

    def _stop_processes(self) -> None:
        for process in reversed(self.processes):
            process.ask_to_stop()
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()


def _accepts(url: str) -> bool:
    """Whether a server listens at the address of an embedded database."""
    parts = urlsplit(url)
    try:
        if parts.port:
            socket.create_connection((parts.hostname or "", parts.port), timeout=2).close()
            return True
        with socket.socket(socket.AF_UNIX) as opened:
            folder = Path(parts.path.removeprefix("/")).parent
            opened.connect(str(Path("/") / folder / ".s.PGSQL.5432"))
            return True
    except OSError:
        return False
