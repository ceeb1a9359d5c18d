"""The sessions of an account, which its owner may read and end: an ended one is dead at its next request."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import SignedInSession, User
from accounts.sessions import MAX_AGE

_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""What a browser writes of itself, in the order in which to look: most of them write the names of others too."""

_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def device_of(user_agent: str) -> str:
    """Return a browser and a system in words, for their owner to recognise: `Firefox, Windows`. Empty for neither.

    A family needs no version; a library of a thousand patterns would bring nothing that these words lack.
    """
    found = [
        next((label for sign, label in names.items() if sign in user_agent), "") for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(each for each in found if each)


def note_activity(request: HttpRequest, *, user: User, at: datetime) -> None:
    """Note that this session is in use: at the sign-in, then when it is renewed (once a minute at most)."""
    if request.session.session_key is None:
        request.session.create()
    key = request.session.session_key
    if SignedInSession.objects.filter(session_id=key, user=user).update(last_seen_at=at):
        return
    device = device_of(request.META.get("HTTP_USER_AGENT", ""))
    values = {"user": user, "signed_in_at": at, "last_seen_at": at, "device": device}
    SignedInSession.objects.update_or_create(session_id=key, defaults=values)


def connections_of(user: User, *, at: datetime) -> QuerySet[SignedInSession]:
    """Return the sessions of this account that still live, the latest used first. One query."""
    return SignedInSession.objects.filter(
        user=user, session__expire_date__gt=at, signed_in_at__gt=at - timedelta(seconds=MAX_AGE)
    ).order_by("-last_seen_at", "-pk")


def is_connection(*, public_id: UUID, user: User, session_key: str | None) -> bool:
    """Whether this connection is the session of this key. One query."""
    return SignedInSession.objects.filter(user=user, public_id=public_id, session_id=session_key).exists()


@transaction.atomic
def end_connection(*, public_id: UUID, by: User) -> bool:
    """End one session of one's own account; whether there was one. Ending it twice is harmless."""
    return _end(SignedInSession.objects.filter(user=by, public_id=public_id))


@transaction.atomic
def end_all_connections(*, by: User) -> bool:
    """End every session of one's own account, the one that asks included; whether there was one."""
    return _end(SignedInSession.objects.filter(user=by))


def _end(chosen: QuerySet[SignedInSession]) -> bool:
    keys = list(chosen.values_list("session_id", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    chosen.delete()  # what a former release left of sessions already gone
    return bool(keys)
