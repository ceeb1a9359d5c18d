"""Starting, watching and stopping the demonstration's processes; finding ports; waiting for an answer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

TAIL_LINES = 20
STOP_SECONDS = 10


class DemoFailed(Exception):
    """The demonstration cannot start or go on; the message says why, in French, for whoever typed the command."""


class PortTaken(DemoFailed):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Le port {port} est déjà utilisé par un autre programme. "
            f"Choisissez-en un autre, par exemple : make demo PORT={port + 1}"
        )


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody uses, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def free_port() -> int:
    """Return one port of 127.0.0.1 that nobody uses."""
    return free_ports(1)[0]


def check_port(port: int) -> None:
    """Raise PortTaken when somebody listens on this port of localhost, whichever address that is."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise PortTaken(port) from error
    try:
        socket.create_connection(("::1", port), timeout=1).close()
    except OSError:
        return
    raise PortTaken(port)


@dataclass
class Process:
    """One process of the demonstration, with what it starts itself: a session of its own, a log file of its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path

    def start(self) -> None:
        """Start it; what it writes goes to its log."""
        with self.log.open("wb") as output:
            self.running = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal reaches the runner alone, which stops all in order
            )

    @property
    def is_alive(self) -> bool:
        return self.running.poll() is None

    def tail(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    def failure(self, what: str) -> DemoFailed:
        """Return the error that says what happened to this process, with the end of its log."""
        return DemoFailed(f"{self.name} {what}. Fin de son journal ({self.log}) :\n{self.tail()}")

    def check(self) -> None:
        """Raise DemoFailed when it has stopped."""
        if not self.is_alive:
            raise self.failure(f"s’est arrêté (code {self.running.returncode})")

    def finish(self, seconds: float) -> None:
        """Wait until it has done its work. Raises DemoFailed when it fails or takes too long."""
        try:
            code = self.running.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise self.failure(f"n’a pas fini en {seconds:.0f} secondes") from error
        if code:
            raise self.failure(f"a échoué (code {code})")

    def ask_to_stop(self) -> None:
        """Tell it to stop, without waiting."""
        self._signal(signal.SIGTERM, to_group=False)

    def stop(self) -> None:
        """Tell it to stop, wait, and leave nothing of its session alive."""
        self.ask_to_stop()
        try:
            self.running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL, to_group=True)
            self.running.wait()
        self._signal(signal.SIGKILL, to_group=True)

    def _signal(self, number: signal.Signals, *, to_group: bool) -> None:
        try:
            if to_group:
                os.killpg(self.running.pid, number)
            elif self.is_alive:
                os.kill(self.running.pid, number)
        except ProcessLookupError:
            pass


def wait_until(
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Wait until the address answers 200; `check` may raise in between. Raises DemoFailed when it takes too long."""
    wait_for(lambda: _answers(url, headers), what=url, seconds=seconds, check=check)


def wait_for(
    condition: Callable[[], bool], *, what: str, seconds: float, check: Callable[[], None] = lambda: None
) -> None:
    """Wait until the condition holds. Raises DemoFailed when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        check()
        if time.monotonic() > deadline:
            raise DemoFailed(f"{what} ne répond pas après {seconds:.0f} secondes.")
        time.sleep(0.05)


def _answers(url: str, headers: Mapping[str, str] | None) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the machine has no business with 127.0.0.1
            return session.get(url, headers=headers, timeout=5, allow_redirects=False).status_code == 200
    except requests.RequestException:
        return False
