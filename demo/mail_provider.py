"""A mail provider that speaks Mailgun's HTTP API, keeps what it is sent, and shows it: the demonstration's mailbox.

`DEMO=1 python -m demo.mail_provider --port 8300`. Sends no mail. Reports each delivery and refusal to the product's
webhook, signed as Mailgun signs (https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/).
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import os
import queue
import secrets
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import getaddresses, parseaddr
from zoneinfo import ZoneInfo

import requests
from flask import Flask, Response, abort, jsonify, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from demo.providers.state import NotADemonstrationError, refuse_outside_demo
from demo.web import make_app, serve

NAME = "Boîte aux lettres"
PARIS_TIME = ZoneInfo("Europe/Paris")
KEPT_MESSAGES = 5000
HANG_SECONDS = 120
FAULTS = ("ok", "500", "429", "hang")
EVENT_DELAY = 0.2
RETRY_DELAYS = (1, 2, 4, 8, 16)
"""Seconds between the tries to report an event."""

Answer = str | tuple[str, int] | AnyResponse | tuple[AnyResponse, int]


@dataclass(frozen=True)
class Account:
    """What the product's settings and this provider have agreed on; the environment names are those it reads."""

    domain: str
    api_key: str
    signing_key: str
    site_url: str
    bounce_prefixes: tuple[str, ...] = ("refusee",)
    """How the local part of an address begins whose mail is refused."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Account:
        """Read the `ANYMAIL_MAILGUN_…` names, `SITE_URL` and `DEMO_BOUNCES` (prefixes, by commas). Raises KeyError."""
        return cls(
            domain=environ["ANYMAIL_MAILGUN_SENDER_DOMAIN"],
            api_key=environ["ANYMAIL_MAILGUN_API_KEY"],
            signing_key=environ["ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY"],
            site_url=environ["SITE_URL"].rstrip("/"),
            bounce_prefixes=tuple(filter(None, environ.get("DEMO_BOUNCES", "refusee").split(","))),
        )

    def refuses(self, address: str) -> bool:
        return address.lower().startswith(self.bounce_prefixes)


@dataclass
class Attachment:
    """A file of a message."""

    name: str
    content_type: str
    content: bytes


@dataclass
class Message:
    """A message as it was handed over."""

    number: int
    message_id: str
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    variables: dict[str, str]
    tags: list[str]
    attachments: list[Attachment]
    received_at: datetime
    events: list[Event] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Addresses alone, without names."""
        return [address for _, address in getaddresses(self.to) if address]

    def as_json(self) -> dict[str, object]:
        """What the tests read."""
        return {
            "number": self.number,
            "message_id": self.message_id,
            "from": self.sender,
            "to": self.recipients,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "variables": self.variables,
            "tags": self.tags,
            "attachments": [{"name": file.name, "type": file.content_type} for file in self.attachments],
            "received_at": self.received_at.isoformat(),
            "events": [event.as_json() for event in self.events],
        }


@dataclass
class Event:
    """What became of a message for one recipient, and whether the product has been told."""

    recipient: str
    is_refused: bool
    payload: dict[str, object]
    attempts: int = 0
    is_reported: bool = False

    def as_json(self) -> dict[str, object]:
        """What the tests read."""
        kind = "failed" if self.is_refused else "delivered"
        return {"event": kind, "to": self.recipient, "attempts": self.attempts, "reported": self.is_reported}


class Mailbox:
    """All messages, oldest first."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.received = 0
        self.fault = "ok"
        self.lock = threading.Lock()

    def add(self, message: Message) -> None:
        with self.lock:
            self.received += 1
            message.number = self.received
            self.messages.append(message)
            del self.messages[:-KEPT_MESSAGES]

    def find(self, number: int) -> Message:
        """Return the message, or answer 404."""
        with self.lock:
            return next((kept for kept in self.messages if kept.number == number), None) or abort(404)

    def to(self, address: str) -> list[Message]:
        """Return the messages whose recipients contain this text, newest first; all for an empty text."""
        with self.lock:
            kept = list(reversed(self.messages))
        wanted = address.strip().casefold()
        return [message for message in kept if any(wanted in to.casefold() for to in message.recipients)]


class Reporter:
    """Tells the product what became of its messages, in a thread, again and again until it has heard."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.waiting: queue.PriorityQueue[tuple[float, int, Event]] = queue.PriorityQueue()
        self.counter = 0
        threading.Thread(target=self._run, name="reporter", daemon=True).start()

    def report(self, message: Message) -> None:
        """Report the fate of the message for each recipient."""
        message.events = [self._event(message, recipient) for recipient in message.recipients]
        for event in message.events:
            self._put(event, EVENT_DELAY)

    def _event(self, message: Message, recipient: str) -> Event:
        is_refused = self.account.refuses(recipient)
        timestamp = time.time()
        data: dict[str, object] = {
            "id": secrets.token_urlsafe(16),
            "timestamp": timestamp,
            "recipient": recipient,
            "recipient-domain": recipient.rpartition("@")[2],
            "message": {
                "headers": {
                    "message-id": message.message_id.strip("<>"),
                    "from": message.sender,
                    "to": recipient,
                    "subject": message.subject,
                },
                "attachments": [],
                "size": len(message.text) + len(message.html),
            },
            "tags": message.tags,
            "user-variables": message.variables,
            "flags": {"is-routed": False, "is-authenticated": True, "is-system-test": False, "is-test-mode": False},
            **(REFUSED if is_refused else DELIVERED),
        }
        return Event(recipient, is_refused, {"signature": sign(self.account.signing_key), "event-data": data})

    def _put(self, event: Event, delay: float) -> None:
        self.counter += 1
        self.waiting.put((time.monotonic() + delay, self.counter, event))

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                due, _, event = self.waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                self._tell(session, event)

    def _tell(self, session: requests.Session, event: Event) -> None:
        try:
            response = session.post(f"{self.account.site_url}/courriel/evenements/", json=event.payload, timeout=5)
            event.is_reported = response.ok
        except requests.RequestException:
            event.is_reported = False
        event.attempts += 1
        if not event.is_reported and event.attempts <= len(RETRY_DELAYS):
            self._put(event, RETRY_DELAYS[event.attempts - 1])


DELIVERED: dict[str, object] = {
    "event": "delivered",
    "log-level": "info",
    "delivery-status": {"code": 250, "message": "OK", "description": "", "attempt-no": 1},
}
REFUSED: dict[str, object] = {
    "event": "failed",
    "log-level": "error",
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {
        "code": 550,
        "message": "5.1.1 The email account that you tried to reach does not exist",
        "description": "",
        "attempt-no": 1,
    },
}


def sign(key: str) -> dict[str, str]:
    """Return Mailgun's signature block: HMAC-SHA256 of the timestamp followed by the token."""
    timestamp, token = str(int(time.time())), secrets.token_hex(25)
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": timestamp, "token": token, "signature": signature}


class Api:
    """The addresses that programs call: Mailgun's one, and those of the tests."""

    def __init__(self, account: Account, mailbox: Mailbox) -> None:
        self.account = account
        self.mailbox = mailbox
        self.reporter = Reporter(account)

    def register(self, app: Flask) -> None:
        """Give each its address."""
        app.add_url_rule("/v3/<domain>/messages", view_func=self.send, methods=["POST"])
        app.add_url_rule("/api/messages", view_func=self.messages)
        app.add_url_rule("/api/messages", view_func=self.clear, methods=["DELETE"])
        app.add_url_rule("/api/fault", view_func=self.set_fault, methods=["POST"])

    def send(self, domain: str) -> Answer:
        """Mailgun's POST /v3/{domain}/messages."""
        if refusal := self._fault() or self._refusal(domain):
            return refusal
        message = read_message(domain)
        self.mailbox.add(message)
        self.reporter.report(message)
        return jsonify(id=message.message_id, message="Queued. Thank you.")

    def _fault(self) -> Answer | None:
        deadline = time.monotonic() + HANG_SECONDS
        while self.mailbox.fault == "hang" and time.monotonic() < deadline:
            time.sleep(0.1)
        if self.mailbox.fault == "429":
            response = jsonify(message="Too many requests")
            response.headers["Retry-After"] = "1"
            return response, 429
        if self.mailbox.fault in ("500", "hang"):
            return jsonify(message="Internal Server Error"), 500
        return None

    def _refusal(self, domain: str) -> Answer | None:
        given = request.authorization
        key = (given.password if given and given.type == "basic" and given.username == "api" else "") or ""
        if not secrets.compare_digest(key.encode(), self.account.api_key.encode()):
            return Response("Forbidden", 401, {"WWW-Authenticate": 'Basic realm="MG API"'}, mimetype="text/plain")
        if domain != self.account.domain:
            return jsonify(message=f"Domain not found: {domain}"), 404
        for name in ("from", "to"):
            if not request.form.get(name):
                return jsonify(message=f"'{name}' parameter is missing"), 400
            if not all("@" in parseaddr(value)[1] for value in request.form.getlist(name)):
                return jsonify(message=f"'{name}' parameter is not a valid address. please check documentation"), 400
        if not (request.form.get("text") or request.form.get("html")):
            return jsonify(message="Need at least one of 'text' or 'html' parameters specified"), 400
        return None

    def messages(self) -> Answer:
        """The mailbox, newest first; `?to=` keeps the recipients that contain a text."""
        return jsonify([message.as_json() for message in self.mailbox.to(request.args.get("to", ""))])

    def clear(self) -> Answer:
        with self.mailbox.lock:
            self.mailbox.messages.clear()
        return "", 204

    def set_fault(self) -> Answer:
        """Choose how the next messages are answered, until told otherwise."""
        mode = (request.get_json(silent=True) or {}).get("mode")
        if mode not in FAULTS:
            return jsonify(error=f"mode must be one of {', '.join(FAULTS)}"), 400
        self.mailbox.fault = mode
        return jsonify(mode=mode)


def read_message(domain: str) -> Message:
    """Return the message that the current request hands over."""
    form = request.form
    headers = {name[2:]: value for name, value in form.items() if name.startswith("h:")}
    given_id = next((value for name, value in headers.items() if name.lower() == "message-id"), "")
    return Message(
        number=0,
        message_id=given_id or f"<{datetime.now(UTC):%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{domain}>",
        sender=form["from"],
        to=[address for name in ("to", "cc", "bcc") for address in form.getlist(name)],
        subject=form.get("subject", ""),
        text=form.get("text", ""),
        html=form.get("html", ""),
        headers=headers,
        variables={name[2:]: value for name, value in form.items() if name.startswith("v:")},
        tags=form.getlist("o:tag"),
        attachments=[
            Attachment(file.filename or "piece-jointe", file.mimetype, file.read())
            for field_name in ("attachment", "inline")
            for file in request.files.getlist(field_name)
        ],
        received_at=datetime.now(UTC),
    )


class Pages:
    """What people see of the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    def register(self, app: Flask) -> None:
        """Give each its address."""
        app.add_url_rule("/", view_func=self.index)
        app.add_url_rule("/messages/<int:number>/", view_func=self.message)
        app.add_url_rule("/messages/<int:number>/html", view_func=self.html)
        app.add_url_rule("/messages/<int:number>/pieces-jointes/<int:index>", view_func=self.attachment)

    def index(self) -> Answer:
        address = request.args.get("destinataire", "")
        return render_template("mail/index.html", messages=self.mailbox.to(address), address=address)

    def message(self, number: int) -> Answer:
        return render_template("mail/message.html", message=self.mailbox.find(number))

    def html(self, number: int) -> Answer:
        """The HTML part alone, for a frame: it can load nothing and run nothing; its links open elsewhere."""
        response = Response(f'<base target="_blank">{self.mailbox.find(number).html}')
        sandbox = "sandbox allow-popups allow-popups-to-escape-sandbox"
        policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; {sandbox}"
        response.headers["Content-Security-Policy"] = policy
        return response

    def attachment(self, number: int, index: int) -> Answer:
        files = self.mailbox.find(number).attachments
        if index >= len(files):
            abort(404)
        response = Response(files[index].content, mimetype=files[index].content_type)
        response.headers.set("Content-Disposition", "attachment", filename=files[index].name)
        return response


def create_app(account: Account) -> Flask:
    """Return the provider. Raises NotADemonstrationError outside the demonstration and the tests."""
    refuse_outside_demo()
    app = make_app(NAME, folder="mail", site_url=account.site_url)
    app.jinja_env.filters["paris_time"] = lambda instant: f"{instant.astimezone(PARIS_TIME):%d/%m/%Y à %H:%M:%S}"
    mailbox = Mailbox()
    Api(account, mailbox).register(app)
    Pages(mailbox).register(app)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.mail_provider", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    try:
        refuse_outside_demo()
        account = Account.from_environment()
    except NotADemonstrationError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"{error.args[0]} is missing from the environment", file=sys.stderr)
        return 2
    serve(create_app(account), port=options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
