"""A row of the outbox made into a message: subject, text and HTML."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils import translation

from notifications import kinds
from notifications.languages import versions
from notifications.models import OutboxMessage

METADATA_KEY = "outbox"
"""Under this name the mail provider keeps the row's id, and gives it back with each event."""


def message_id(message: OutboxMessage) -> str:
    """Return the Message-ID: the same at every attempt."""
    return f"<{message.pk}@{urlsplit(settings.SITE_URL).hostname}>"


def build_email(message: OutboxMessage, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """Render a row in its language, the French text below where that is another.

    Raises what the kind's templates raise, and kinds.UnknownKindError.
    """
    kind = kinds.get(message.kind)
    told = _told(message)
    subject = told[0]["subject"]
    with translation.override(message.language):
        context = {**_context(message), **told[0], "versions": told}
        text = _text(kind.text_template, context)
        html = render_to_string(kind.html_template, context)
    email = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[message.address],
        reply_to=[answered] if (answered := kind.reply_to(message)) else None,
        connection=connection,
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated", **_unsubscribing(message)},
    )
    email.attach_alternative(html, "text/html")
    for name, value in {
        # anymail's own attributes; the SMTP backend does not look at them
        "metadata": {METADATA_KEY: str(message.pk)},
        "track_clicks": False,
        "track_opens": False,
    }.items():
        setattr(email, name, value)
    return email


def subject_of(message: OutboxMessage) -> str:
    """Return the subject of a message, in its language; it names nobody. Raises as `build_email` does."""
    return _subject(message, versions(message.context, message.language)[0])


def text_of(message: OutboxMessage) -> str:
    """Return the text of a message, in its language, as it is sent. Raises as `build_email` does."""
    kind = kinds.get(message.kind)
    told = _told(message)
    with translation.override(message.language):
        return _text(kind.text_template, {**_context(message), **told[0], "versions": told})


def _text(template: str, context: dict[str, Any]) -> str:
    return re.sub(r"\n{3,}", "\n\n", _plain(template, context)).strip() + "\n"


def _told(message: OutboxMessage) -> list[dict[str, Any]]:
    """Return what a message says with its subject, once per language."""
    return [{**each, "subject": _subject(message, each)} for each in versions(message.context, message.language)]


def _subject(message: OutboxMessage, version: dict[str, Any]) -> str:
    with translation.override(version["language"]):
        context = {**_context(message), **version}
        return " ".join(_plain(kinds.get(message.kind).subject_template, context).split())


def _unsubscribing(message: OutboxMessage) -> dict[str, str]:
    """Return the headers by which a mail reader offers to stop such messages (RFC 8058)."""
    url = kinds.get(message.kind).unsubscribe(message)
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url else {}


def _context(message: OutboxMessage) -> dict[str, Any]:
    return {
        "site_title": settings.BRAND["site_title"],
        "site_url": settings.SITE_URL,
        "is_demonstration": not settings.BRAND["state"],
        "unsubscribe_url": kinds.get(message.kind).unsubscribe(message),
    }


def _plain(template: str, context: dict[str, Any]) -> str:
    """Render a text without HTML's escapes, which Django would apply whatever the template's name."""
    backend = get_template(template)
    return backend.template.render(Context(context, autoescape=False))  # type: ignore[attr-defined]
