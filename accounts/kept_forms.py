"""What was typed into a form and not sent, kept in the session: its author signed in again, or changed the language.

A form asks for it by carrying `author_token` in the field AUTHOR_FIELD: what one person typed is never shown to
another who signs in on the same machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest, QueryDict

from accounts.models import User

AUTHOR_FIELD = "typed_by"
SESSION_KEY = "kept_form"
MAX_AGE = 3600
"""Seconds for which it waits."""

MAX_LENGTH = 20_000
"""Bytes of the largest form that is kept."""


@dataclass(frozen=True)
class KeptForm:
    """A form as it was sent to `path`, by the account `author`."""

    path: str
    data: QueryDict
    author: int


def author_token(user: User) -> str:
    """Return what a form carries to say whose it is."""
    return signing.dumps(user.pk, salt=AUTHOR_FIELD)


def keep_form(request: HttpRequest, *, path: str = "") -> bool:
    """Keep the form of this request for its author, if it says who that is: for the page at `path`, or at its own."""
    author = _author(request.POST.get(AUTHOR_FIELD, ""))
    body = request.POST.urlencode()
    if author is None or len(body) > MAX_LENGTH:
        return False
    kept = {"path": path or request.path, "body": body, "author": author, "kept_at": time.time()}
    request.session[SESSION_KEY] = kept
    return True


def take_kept_form(request: HttpRequest, user: User) -> QueryDict | None:
    """Return, once, what this account had typed into the form of this address."""
    kept = request.session.get(SESSION_KEY)
    if kept is None or kept["path"] != request.path:
        return None
    del request.session[SESSION_KEY]
    if kept["author"] != user.pk or time.time() - kept["kept_at"] > MAX_AGE:
        return None
    return QueryDict(kept["body"])


def _author(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=AUTHOR_FIELD))
    except (signing.BadSignature, ValueError, TypeError):
        return None
