"""A way to somebody else's HTTP service that the test can shut: what stands behind it is real, and never knows."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOLD_SECONDS = 300
FORWARDED = {"content-type", "location", "set-cookie", "cache-control"}


@dataclass(frozen=True)
class Mode:
    """How requests are answered: passed on or not, after how many seconds, with which status; or not at all."""

    passes: bool = True
    delay: float = 0
    status: int = 0
    answers: bool = True


OPEN = Mode()
SLOW = Mode(delay=4)
NEVER = Mode(passes=False, answers=False)
"""The request is taken, never passed on and never answered."""
ANSWER_LOST = Mode(answers=False)
"""The request is passed on and accepted, the answer never comes back."""


def failing(status: int) -> Mode:
    return Mode(passes=False, status=status)


@dataclass
class Gate:
    """Stands at `url` before the service on 127.0.0.1:`port`; `mode` says what becomes of the next requests."""

    port: int
    mode: Mode = OPEN
    held: int = 0
    """Requests that wait for an answer which does not come."""
    _let_go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.own_port: int = free.getsockname()[1]
        self.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.own_port}"

    def listen(self) -> None:
        """Accept connections; doing it twice is harmless."""
        if self._server is None:
            self._server = _Server(("127.0.0.1", self.own_port), _Request)
            self._server.gate = self  # type: ignore[attr-defined]
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def shut(self, mode: Mode) -> None:
        """Answer the next requests in this way."""
        self._let_go.clear()
        self.mode = mode

    def open(self) -> None:
        """Pass everything on again, and drop who still waits."""
        self.mode = OPEN
        self._let_go.set()
        self.listen()

    def hold(self) -> None:
        """Keep a request without an answer until the gate opens."""
        with self._lock:
            self.held += 1
        self._let_go.wait(HOLD_SECONDS)
        with self._lock:
            self.held -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed while they wait."""


class _Request(BaseHTTPRequestHandler):
    def _handle(self) -> None:
        gate: Gate = self.server.gate  # type: ignore[attr-defined]
        mode = gate.mode
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(mode.delay)
        answer = self._pass_on(gate, body) if mode.passes else (mode.status, [], b'{"message": "a fault of the test"}')
        if not mode.answers:
            gate.hold()
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _handle  # noqa: N815 - the names that the library calls

    def _pass_on(self, gate: Gate, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection("127.0.0.1", gate.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body or None, headers | {"Host": self.headers.get("Host", "")})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() in FORWARDED]
        return response.status, kept, content

    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal."""
