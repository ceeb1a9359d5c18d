"""The deployment on this machine: the commands of docker-compose.yml as processes, behind a real nginx."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo import embedded
from demo.processes import Process, free_ports, wait_for, wait_until
from tests.deployment import files, nginx

HOST = "localhost"
MAIL_DOMAIN = "courriel.scolarite.example"
SECONDS = 90


@dataclass
class Deployment:
    """Everything that `docker compose up` would start, but for the containers. A context manager.

    `image` is what the image's working directory would hold, laid out from the Dockerfile; `run` is /tmp and
    /run/secrets. Databases and the mail provider are the demonstration's.
    """

    folder: Path
    services: dict[str, files.Service] = field(default_factory=files.services)

    def __post_init__(self) -> None:
        self.image = self.folder / "app"
        self.run = self.folder / "run"
        self.secrets = self.folder / "secrets"
        self.processes: dict[str, Process] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    # --- starting -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        program = nginx.require()
        for folder in (self.image, self.run, self.secrets):
            folder.mkdir()
        files.lay_out_image(self.image)
        database_url = self._exit.enter_context(embedded.postgresql())
        redis_url = self._exit.enter_context(embedded.redis())
        self.http, self.https, self.nginx_health, self.plain, self.plain_health, self.mail, *web = free_ports(8)
        self.web_ports = dict(zip(("web-1", "web-2"), web, strict=True))
        self.site = f"https://{HOST}:{self.https}"
        self.certificate = self._write_certificate()
        self._write_secrets(database_url, redis_url)
        self.environment = self._environment()
        self._exit.callback(self._stop)
        self._collect_static_files()
        self.held = self._files_of_image()
        self._one_shot()
        self._start_mail_provider()
        names = [*self.web_ports, "worker", "beat"]
        for name in names:
            self._start_service(name)
        for name in names:
            self._wait_for_service(name)
        self._start_nginx(program)

    def _write_secrets(self, database_url: str, redis_url: str) -> None:
        values = {"database_url": database_url, "redis_url": redis_url}
        for name in {secret for service in files.product_services().values() for secret in service["secrets"]}:
            (self.secrets / name).write_text(values.get(name, secrets.token_urlsafe(64)) + "\n")

    def _environment(self) -> dict[str, str]:
        """What a container of the product gets: the image's variables, a filled-in .env, and the service's own."""
        filled_in = files.example_values() | {
            "SITE_URL": self.site,
            "WEB_CONCURRENCY": "1",
            "ANYMAIL_MAILGUN_SENDER_DOMAIN": MAIL_DOMAIN,
            "ANYMAIL_MAILGUN_API_URL": f"http://127.0.0.1:{self.mail}/v3",
            "EDUCONNECT_ISSUER": "https://educonnect.example",
            "EDUCONNECT_CLIENT_ID": "client",
        }
        given = files.image_environment("production") | filled_in | self.services["web-1"]["environment"]
        ours = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
        return {name: self.here(value) for name, value in given.items()} | ours

    def here(self, text: str) -> str:
        """Return a value of a container with its folders replaced by ours."""
        places = {"/run/secrets": self.secrets, "/tmp": self.run, "/app": self.image}  # noqa: S108
        pattern = "|".join(rf"(?<![\w/]){re.escape(place)}(?=/|$|;)" for place in places)
        return re.sub(pattern, lambda match: str(places[match[0]]), text)

    def _collect_static_files(self) -> None:
        """Run what the Dockerfile runs, with its throw-away environment."""
        (command,) = [
            each.arguments for each in files.in_image("production", "RUN") if "collectstatic" in each.arguments
        ]
        # compiling is for the speed of the image's first start
        line = self.here(command).partition("&&")[0]
        environment = {
            name: value
            for name, value in self.environment.items()
            if name in {"PATH", "LANG", "HOME", "STATIC_ROOT", "PYTHONDONTWRITEBYTECODE"}
        }
        self._finish("collectstatic", ["sh", "-c", line], environment)

    def _one_shot(self) -> None:
        self._finish("migrate", self.services["migrate"]["command"], self.environment)

    def _finish(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        process = self._process(name, command, environment)
        process.finish(180)
        del self.processes[name]

    def _start_mail_provider(self) -> None:
        """Start the demonstration's, which is not in the image, with the account that the product will use."""
        given = {
            "DEMO": "1",
            "PATH": self.environment["PATH"],
            "SITE_URL": self.site,
            "ANYMAIL_MAILGUN_SENDER_DOMAIN": MAIL_DOMAIN,
            "ANYMAIL_MAILGUN_API_KEY": (self.secrets / "mailgun_api_key").read_text().strip(),
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": (self.secrets / "mailgun_webhook_signing_key").read_text().strip(),
        }
        # it reports to the site through nginx, whose certificate it trusts as one of a known authority
        program = (
            f"import certifi, sys; certifi.where = lambda: {str(self.certificate)!r}; "
            "from demo.mail_provider import main; sys.exit(main())"
        )
        command = [sys.executable, "-c", program, "--port", str(self.mail)]
        self._process("mail", command, given, folder=files.BASE)
        wait_until(f"http://127.0.0.1:{self.mail}/api/messages", seconds=SECONDS, check=self.check)

    def _start_service(self, name: str) -> None:
        """Start a service by its command; web processes share one machine here, so each has its own port."""
        port = self.web_ports.get(name)
        more = ["--bind", f"127.0.0.1:{port}"] if port else []
        self._process(name, [*self.services[name]["command"], *more], self.environment)

    def _wait_for_service(self, name: str) -> None:
        """Wait until it serves."""
        log = self.processes[name].log
        if port := self.web_ports.get(name):
            headers = {"Host": self.site.removeprefix("https://")}
            wait_until(f"http://127.0.0.1:{port}/sante/pret/", headers=headers, seconds=SECONDS, check=self.check)
        elif name == "worker":
            wait_for(lambda: " ready." in log.read_text(), what=name, seconds=SECONDS, check=self.check)

    def start_again(self, name: str) -> None:
        """Start a service that a test has stopped, unless it runs, and wait until it serves."""
        if name not in self.processes:
            self._start_service(name)
            self._wait_for_service(name)

    def _process(
        self, name: str, command: list[str], environment: dict[str, str], *, folder: Path | None = None
    ) -> Process:
        # the working directory is the image's; `env --chdir` because a Process has none of its own
        there = ["env", f"--chdir={folder or self.image}", *command]
        process = Process(name, there, environment, self.folder / f"{name}.log")
        process.start()
        self.processes[name] = process
        return process

    # --- nginx --------------------------------------------------------------------------------------------------

    def _start_nginx(self, program: str) -> None:
        """Start both: the one that ends TLS, and the one for which another proxy does."""
        for name, mode, port, health in (
            ("nginx", "tls", self.http, self.nginx_health),
            ("nginx-plain", "plain", self.plain, self.plain_health),
        ):
            configuration = self._adapted_configuration(name, mode=mode, http=port, health=health)
            command = [program, *self.services["nginx"]["entrypoint"][1:]]
            command[command.index("/etc/nginx/scolarite/nginx.conf")] = str(configuration)
            if os.geteuid() == 0:
                command += ["-g", "user root;"]  # only so that its workers may write into this folder
            self._process(name, command, {"PATH": "/usr/bin:/bin"})
            wait_until(f"http://127.0.0.1:{health}/nginx", seconds=10, check=self.check)

    def _adapted_configuration(self, name: str, *, mode: str, http: int, health: int) -> Path:
        """Copy the project's configuration, with other ports and folders, and the addresses of the web processes."""
        copy = self.folder / name
        shutil.copytree(files.BASE / "deploy" / "nginx", copy)
        run = self.run / name
        run.mkdir()
        volumes = files.interpolated(files.compose()["services"]["nginx"]["volumes"], {"PROXY_MODE": mode})
        entry = Path(volumes[1].split(":")[0]).name
        places = {
            "/etc/nginx/scolarite/": f"{copy}/",
            "/etc/nginx/entry.conf": str(copy / entry),
            "/run/secrets/": f"{self.secrets}/",
            "/tmp/": f"{run}/",  # noqa: S108
            "/dev/stdout": str(self.access_log),
            "listen 8080 ": f"listen 127.0.0.1:{http} ",
            "listen 8443 ": f"listen 127.0.0.1:{self.https} ",
            "127.0.0.1:8081": f"127.0.0.1:{health}",
            "resolver 127.0.0.11 valid=5s ipv6=off;": "",
            **{f"{web}:8000 resolve ": f"127.0.0.1:{port} " for web, port in self.web_ports.items()},
        }
        for file in copy.glob("*.conf"):
            pattern = "|".join(map(re.escape, places))
            file.write_text(re.sub(pattern, lambda match: places[match[0]], file.read_text()))
        return copy / "nginx.conf"

    @property
    def access_log(self) -> Path:
        return self.folder / "access.log"

    def _write_certificate(self) -> Path:
        """Make a throw-away certificate of localhost and its key, as nginx will find them mounted."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.now(UTC)
        names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        path = self.secrets / "tls_certificate"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.secrets / "tls_key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path

    # --- running ------------------------------------------------------------------------------------------------

    def browser(self) -> requests.Session:
        """Return a client that knows the certificate, and no proxy of the machine."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.certificate)
        return session

    def get(self, path: str, **options: Any) -> requests.Response:
        """Get a page as a stranger, without following redirects."""
        with self.browser() as browser:
            return browser.get(self.site + path, timeout=30, allow_redirects=False, **options)

    def manage(self, *arguments: str, name: str = "manage") -> str:
        """Run a management command as `docker compose run` would; return what it says."""
        process = self._process(name, ["python", "manage.py", *arguments], self.environment)
        process.finish(60)
        del self.processes[name]
        return process.log.read_text()

    def health(self, name: str, *arguments: str, **environment: str) -> int:
        """Run a service's own health check; return its code."""
        command = [*self.services[name]["healthcheck"]["test"][1:], *arguments]
        process = self._process(f"health-{name}", command, self.environment | environment)
        code = process.running.wait(60)
        del self.processes[f"health-{name}"]
        return code

    def logged(self, path: str, *, at_least: int = 0) -> list[dict[str, Any]]:
        """Return the lines of nginx's log about one path, once there are so many: it writes after it has answered."""
        self.wait_for(lambda: len(self._lines_about(path)) >= at_least, f"log of {path}", seconds=10)
        return self._lines_about(path)

    def _lines_about(self, path: str) -> list[dict[str, Any]]:
        written = self.access_log.read_text().rpartition("\n")[0]
        return [line for line in map(json.loads, written.splitlines()) if line["path"] == path]

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 40) -> None:
        """Wait until the condition holds, as long as everything runs."""
        wait_for(condition, what=what, seconds=seconds, check=self.check)

    def kill(self, name: str) -> None:
        """Let a service die at once, with all its processes, as when its machine does."""
        process = self.processes.pop(name)
        os.killpg(process.running.pid, 9)
        process.running.wait()

    def check(self) -> None:
        """Raise DemoFailed when something that should run has died."""
        for process in self.processes.values():
            process.check()

    def _files_of_image(self) -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in self.image.rglob("*")}

    def written_in_image(self) -> list[str]:
        """Return what was made, changed or deleted in the image's working directory since the services started."""
        return sorted({path for path, _ in self._files_of_image().items() ^ self.held.items()})

    def _stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.ask_to_stop()
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()
