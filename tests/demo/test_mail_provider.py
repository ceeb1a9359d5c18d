"""The demonstration's mail provider: anymail's own Mailgun backend on one side, its own webhook view on the other."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailAPIError, AnymailRequestsAPIError
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.core.exceptions import SuspiciousOperation
from django.core.mail import EmailMultiAlternatives
from django.test import RequestFactory
from flask import Flask, request

from demo.mail_provider import Account, create_app, sign
from demo.providers.state import NotADemonstrationError
from tests.demo.conftest import ANSWER_WITHIN, running

DOMAIN = "courriel.scolarite.example"
SENDER = f"Scolarité Services <ne-pas-repondre@{DOMAIN}>"


class Webhook:
    """The product's end of the webhook: keeps what it is posted; answers 503 as often as told."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.failures = 0

    def app(self) -> Flask:
        app = Flask("webhook")
        app.add_url_rule("/courriel/evenements/", "events", self.receive, methods=["POST"])
        return app

    def receive(self) -> tuple[str, int]:
        if self.failures:
            self.failures -= 1
            return "", 503
        self.bodies.append(request.get_data())
        return "", 200


@pytest.fixture
def webhook() -> Iterator[tuple[Webhook, str]]:
    kept = Webhook()
    with running(lambda _: kept.app()) as address:
        yield kept, address


@pytest.fixture
def account(webhook: tuple[Webhook, str]) -> Account:
    return Account(domain=DOMAIN, api_key="cle", signing_key="cle-de-signature", site_url=webhook[1])


@pytest.fixture
def provider(account: Account, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[str]:
    monkeypatch.setenv("DEMO", "1")
    with running(lambda _: create_app(account)) as address:
        settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
        settings.ANYMAIL = {
            "MAILGUN_API_KEY": account.api_key,
            "MAILGUN_SENDER_DOMAIN": DOMAIN,
            "MAILGUN_API_URL": f"{address}/v3",
            "MAILGUN_WEBHOOK_SIGNING_KEY": account.signing_key,
            "REQUESTS_TIMEOUT": (5, 5),
        }
        yield address


def letter(to: str = "claire@familles.example", **extra: Any) -> Any:
    """Return a message; anymail adds attributes to Django's class, hence the type."""
    message = EmailMultiAlternatives("Choix définitifs validés", "Bonjour, https://exemple.example/suite", SENDER, [to])
    message.attach_alternative("<p>Bonjour <a href='https://exemple.example/suite'>suite</a></p>", "text/html")
    for name, value in extra.items():
        setattr(message, name, value)
    return message


def mailbox(address: str, to: str = "") -> list[dict[str, Any]]:
    return requests.get(f"{address}/api/messages", params={"to": to}, timeout=ANSWER_WITHIN).json()


def eventually(condition: Callable[[], Any]) -> Any:
    """Return the first true value of the condition."""
    deadline = time.monotonic() + ANSWER_WITHIN
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    return condition()


def test_message_of_anymail_is_kept_whole(provider: str) -> None:
    message = letter(
        extra_headers={"Message-ID": "<numero-7@scolarite.example>", "X-Genre": "reçu"},
        reply_to=["lycee@ecole.example"],
        metadata={"outbox": "7"},
        tags=["recu"],
    )
    message.attach("reçu.pdf", b"%PDF-", "application/pdf")
    message.send()
    assert message.anymail_status.message_id == "<numero-7@scolarite.example>"

    (kept,) = mailbox(provider)
    assert kept["message_id"] == "<numero-7@scolarite.example>"
    assert kept["from"] == SENDER
    assert kept["to"] == ["claire@familles.example"]
    assert kept["subject"] == "Choix définitifs validés"
    assert kept["text"].startswith("Bonjour")
    assert kept["html"].startswith("<p>Bonjour")
    assert kept["headers"]["Reply-To"] == "lycee@ecole.example"
    assert kept["variables"] == {"outbox": "7"}
    assert kept["tags"] == ["recu"]
    assert kept["attachments"] == [{"name": "reçu.pdf", "type": "application/pdf"}]
    file = requests.get(f"{provider}/messages/1/pieces-jointes/0", timeout=ANSWER_WITHIN)
    assert (file.content, file.headers["Content-Disposition"].split(";")[0]) == (b"%PDF-", "attachment")
    assert requests.get(f"{provider}/messages/1/pieces-jointes/1", timeout=ANSWER_WITHIN).status_code == 404


def test_message_without_id_is_given_one(provider: str) -> None:
    message = letter()
    message.send()
    assert mailbox(provider)[0]["message_id"] == message.anymail_status.message_id
    assert message.anymail_status.message_id.endswith(f"@{DOMAIN}>")


def test_pages_show_newest_first_and_filter(provider: str) -> None:
    for to in ("a@familles.example", "b@familles.example"):
        letter(to).send()
    page = requests.get(provider, timeout=ANSWER_WITHIN).text
    assert page.index("b@familles.example") < page.index("a@familles.example")
    assert [kept["number"] for kept in mailbox(provider, to="A@FAMILLES")] == [1]
    filtered = requests.get(provider, params={"destinataire": "a@"}, timeout=ANSWER_WITHIN).text
    assert "b@familles.example" not in filtered
    message = requests.get(f"{provider}/messages/1/", timeout=ANSWER_WITHIN).text
    assert 'href="https://exemple.example/suite"' in message
    assert 'sandbox="allow-popups' in message
    assert requests.get(f"{provider}/messages/9/", timeout=ANSWER_WITHIN).status_code == 404


def test_html_part_can_run_and_load_nothing(provider: str) -> None:
    letter().send()
    response = requests.get(f"{provider}/messages/1/html", timeout=ANSWER_WITHIN)
    assert "<p>Bonjour" in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_mailbox_can_be_emptied(provider: str) -> None:
    letter().send()
    assert requests.delete(f"{provider}/api/messages", timeout=ANSWER_WITHIN).status_code == 204
    assert mailbox(provider) == []
    assert "Aucun message" in requests.get(provider, timeout=ANSWER_WITHIN).text


@pytest.mark.parametrize(
    ("to", "event", "reason"),
    [("claire@familles.example", "delivered", None), ("refusee.1@familles.example", "bounced", "bounced")],
)
def test_fate_is_reported_as_anymail_reads_it(
    provider: str, webhook: tuple[Webhook, str], to: str, event: str, reason: str | None
) -> None:
    message = letter(to, metadata={"outbox": "7"})
    message.send()
    body = eventually(lambda: webhook[0].bodies)[0]
    (received,) = read_by_anymail(body)
    assert (received.event_type, received.reject_reason, received.recipient) == (event, reason, to)
    assert received.message_id == message.anymail_status.message_id
    assert received.metadata == {"outbox": "7"}
    assert eventually(lambda: mailbox(provider)[0]["events"][0]["reported"])


def test_anymail_refuses_another_signature(provider: str, webhook: tuple[Webhook, str]) -> None:
    letter().send()
    body = eventually(lambda: webhook[0].bodies)[0]
    with pytest.raises(SuspiciousOperation):
        read_by_anymail(body, signing_key="autre-cle")


def read_by_anymail(body: bytes, signing_key: str = "cle-de-signature") -> list[Any]:
    """Return the events of a webhook's body after anymail has checked its signature."""
    view = MailgunTrackingWebhookView(webhook_signing_key=signing_key)
    posted = RequestFactory().post("/courriel/evenements/", body, content_type="application/json")
    view.validate_request(posted)
    return view.parse_events(posted)


def test_each_report_is_signed_anew() -> None:
    assert sign("cle")["token"] != sign("cle")["token"]


def test_report_is_tried_again_until_heard(
    provider: str, webhook: tuple[Webhook, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.mail_provider.RETRY_DELAYS", (0.05, 0.05))
    webhook[0].failures = 2
    letter().send()
    assert eventually(lambda: webhook[0].bodies)
    assert eventually(lambda: mailbox(provider)[0]["events"][0]["reported"])
    assert mailbox(provider)[0]["events"][0]["attempts"] == 3


def test_report_is_given_up_after_the_last_try(
    provider: str, webhook: tuple[Webhook, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.mail_provider.RETRY_DELAYS", (0.01, 0.01))
    webhook[0].failures = 100
    letter().send()
    assert eventually(lambda: mailbox(provider)[0]["events"][0]["attempts"] == 3)
    time.sleep(0.1)
    assert mailbox(provider)[0]["events"][0] == {
        "event": "delivered",
        "to": "claire@familles.example",
        "attempts": 3,
        "reported": False,
    }


@pytest.mark.parametrize(("mode", "status"), [("500", 500), ("429", 429)])
def test_fault_is_answered_until_mended_and_nothing_is_kept(provider: str, mode: str, status: int) -> None:
    set_fault(provider, mode)
    with pytest.raises(AnymailRequestsAPIError) as refused:
        letter().send()
    assert refused.value.status_code == status
    assert mailbox(provider) == []
    set_fault(provider, "ok")
    letter().send()
    assert len(mailbox(provider)) == 1


def test_hanging_provider_answers_nothing_until_mended(provider: str, settings: Any) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": (1, 0.3)}
    set_fault(provider, "hang")
    with pytest.raises(AnymailAPIError):
        letter().send()
    assert mailbox(provider) == []
    set_fault(provider, "500")  # the request that hangs ends without being kept


def set_fault(address: str, mode: str) -> None:
    requests.post(f"{address}/api/fault", json={"mode": mode}, timeout=ANSWER_WITHIN).raise_for_status()


def test_unknown_fault_is_refused(provider: str) -> None:
    assert requests.post(f"{provider}/api/fault", json={"mode": "feu"}, timeout=ANSWER_WITHIN).status_code == 400
    assert requests.post(f"{provider}/api/fault", data="x", timeout=ANSWER_WITHIN).status_code == 400


@pytest.mark.parametrize(
    ("key", "domain", "changed", "status"),
    [
        ("autre", DOMAIN, {}, 401),
        ("cle", "autre.example", {}, 404),
        ("cle", DOMAIN, {"from": ""}, 400),
        ("cle", DOMAIN, {"to": ""}, 400),
        ("cle", DOMAIN, {"to": "sans-arobase"}, 400),
        ("cle", DOMAIN, {"text": ""}, 400),
    ],
)
def test_wrong_call_is_refused_as_mailgun_does(
    provider: str, key: str, domain: str, changed: dict[str, str], status: int
) -> None:
    data = {"from": SENDER, "to": "a@familles.example", "subject": "s", "text": "t", **changed}
    response = requests.post(f"{provider}/v3/{domain}/messages", data=data, auth=("api", key), timeout=ANSWER_WITHIN)
    assert response.status_code == status
    assert mailbox(provider) == []


def test_many_senders_at_once_lose_nothing(provider: str) -> None:
    names = [secrets.token_hex(4) for _ in range(40)]
    senders = [threading.Thread(target=lambda name=name: letter(f"{name}@familles.example").send()) for name in names]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    kept = mailbox(provider)
    assert sorted(message["to"][0].partition("@")[0] for message in kept) == sorted(names)
    assert sorted(message["number"] for message in kept) == list(range(1, 41))


def test_refuses_outside_the_demonstration(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO", raising=False)
    with pytest.raises(NotADemonstrationError):
        create_app(account)


def test_account_comes_from_the_names_the_product_reads() -> None:
    account = Account.from_environment(
        {
            "ANYMAIL_MAILGUN_SENDER_DOMAIN": DOMAIN,
            "ANYMAIL_MAILGUN_API_KEY": "cle",
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": "signature",
            "SITE_URL": "http://localhost:8000/",
            "DEMO_BOUNCES": "refusee,perdue",
        }
    )
    assert account.site_url == "http://localhost:8000"
    assert [account.refuses(f"{name}@x.example") for name in ("perdue.2", "claire")] == [True, False]
