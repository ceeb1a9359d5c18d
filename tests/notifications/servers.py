"""A mail server and a provider's API, real ones on 127.0.0.1, which say what the test wants them to say."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SmtpServer(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps what it accepts; `answers` replaces its answer to a command for the next sessions."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SmtpSession)
        self.received: list[EmailMessage] = []
        self.envelopes: list[str] = []
        self.answers: dict[str, str] = {}
        self.sessions = 0
        self.pause = 0.0

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def message_ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.received]


class SmtpSession(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.server.sessions += 1
        self._say("220 test")
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command.split(" ")[0].split(":")[0].upper()
            if answer := self.server.answers.get(verb):
                self._say(answer)
            elif verb == "DATA":
                self._say("354 go on")
                self._take_message()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                if verb == "RCPT":
                    self.server.envelopes.append(command.partition("<")[2].partition(">")[0])
                self._say("250 ok")

    def _take_message(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        time.sleep(self.server.pause)
        if answer := self.server.answers.get("END"):
            self._say(answer)
            return
        self.server.received.append(message_from_bytes(b"".join(lines), policy=modern))
        self._say("250 accepted")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailgunServer(ThreadingHTTPServer):
    """Mailgun's sending API, as far as anymail uses it; `answer` is the status and body of the next requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailgunRequest)
        self.bodies: list[str] = []
        self.answer: tuple[int, dict[str, str]] = (200, {"id": "<accepted-1@mailgun.example>", "message": "Queued."})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v3"


class MailgunRequest(BaseHTTPRequestHandler):
    server: MailgunServer

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status, body = self.server.answer
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
