"""What the session holds of a sign-in, from the first redirect to the provider until the sign-out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.actors import PROFILE_SESSION_KEY
from accounts.models import Profile, Provider, User
from operations.metrics import BY_PASSWORD, SIGN_INS, SIGNED_IN
from schools.open_pages import OpenPage

PROVIDER_SESSION_KEY = "oidc_provider"
ID_TOKEN_SESSION_KEY = "oidc_id_token"  # noqa: S105 - the name of a key
PENDING_SESSION_KEY = "pending_identity"
SIGNED_IN_AT_SESSION_KEY = "signed_in_at"
RENEWED_AT_SESSION_KEY = "renewed_at"
ACTED_AT_SESSION_KEY = "acted_at"
"""When the person last asked for something themselves; what an open page asks by itself is no act."""

MAX_AGE = 8 * 3600
"""Seconds that a session lasts however active one is; `settings.SESSION_COOKIE_AGE` is the delay without a request."""

RENEWAL_INTERVAL = 60
"""Seconds. The idle delay starts again at most once a minute, so that reading pages seldom writes."""

COUNCIL_MAX_AGE = 2 * 3600
"""Seconds that the council's page, left open, keeps the session after its last act: a council lasts."""

PENDING_MAX_AGE = 15 * 60
"""Seconds that a proven identity waits for its owner to say the birth dates."""


@dataclass
class SignInAttempt:
    """A return from a provider being handled: what the state entry remembered, and the token to sign out with.

    `profile` is None for staff. It travels on the request: the session is emptied when another account was signed in.
    """

    provider: str
    profile: Profile | None
    next_url: str
    id_token: str = ""


@dataclass(frozen=True)
class PendingIdentity:
    """Somebody whose identity a provider vouches for, and whom no record of a school could be tied to yet."""

    provider: str
    subject: str
    family_name: str
    given_name: str
    usual_name: str
    backend: str
    id_token: str = ""
    next_url: str = ""
    expires_at: float = 0.0


def attempt_of(request: HttpRequest | None) -> SignInAttempt | None:
    """Return the sign-in that this request returns from, if it does."""
    return getattr(request, "sign_in_attempt", None)


def next_url_of(values: Mapping[str, str]) -> str:
    """Return the page asked for before signing in, or an empty string. Paths of our own site only."""
    url = values.get("next", "")
    return url if url_has_allowed_host_and_scheme(url, allowed_hosts=None) else ""


def same_site_path(address: str, request: HttpRequest) -> str:
    """Return the path of an address of our own site, or an empty string."""
    parts = urlsplit(address)
    if parts.netloc != request.get_host():
        return ""
    return next_url_of({"next": f"{parts.path}?{parts.query}" if parts.query else parts.path})


def remaining_seconds(request: HttpRequest) -> int:
    """Return for how long the session still lasts if nothing more is asked for; 0 where nobody is signed in."""
    signed_in_at = request.session.get(SIGNED_IN_AT_SESSION_KEY)
    if signed_in_at is None:
        return 0
    renewed_at = request.session.get(RENEWED_AT_SESSION_KEY, signed_in_at)
    ends_at = min(renewed_at + settings.SESSION_COOKIE_AGE, signed_in_at + MAX_AGE)
    return max(0, int(ends_at - time.time()))


def renew(request: HttpRequest, *, page: OpenPage | None, now: float) -> bool:
    """Begin the idle delay again, for the person or for the page that they left open; whether it did.

    An open page renews as long as what it renews ends within its own delay.
    """
    session = request.session
    signed_in_at = session[SIGNED_IN_AT_SESSION_KEY]
    if now - session.get(RENEWED_AT_SESSION_KEY, signed_in_at) < RENEWAL_INTERVAL:
        return False
    if page is None:
        session[ACTED_AT_SESSION_KEY] = now
    elif now + settings.SESSION_COOKIE_AGE > session.get(ACTED_AT_SESSION_KEY, signed_in_at) + page.lasts:
        return False
    session[RENEWED_AT_SESSION_KEY] = now
    return True


def keep_pending(request: HttpRequest, pending: PendingIdentity) -> None:
    """Keep the identity for the proof, in place of whoever was signed in."""
    _leave(request)
    request.session[PENDING_SESSION_KEY] = asdict(pending) | {"expires_at": time.time() + PENDING_MAX_AGE}
    request.session.cycle_key()


def pending_of(request: HttpRequest) -> PendingIdentity | None:
    """Return the identity that waits for its proof in this session, unless it waited too long."""
    values: dict[str, Any] | None = request.session.get(PENDING_SESSION_KEY)
    if values is None:
        return None
    if values["expires_at"] < time.time():
        del request.session[PENDING_SESSION_KEY]
        return None
    return PendingIdentity(**values)


def keep_for_sign_out(request: HttpRequest, *, provider: str, id_token: str) -> None:
    """Let somebody who was refused here sign out of the provider: their session there is open."""
    _leave(request)
    _remember_provider(request, provider, id_token)


def open_session(
    request: HttpRequest, user: User, *, backend: str, provider: str, profile: Profile | None, id_token: str
) -> None:
    """Sign the account in. A session of another account is emptied first; the token to sign out with is the new one."""
    auth.login(request, user, backend=backend)
    SIGN_INS.labels(Provider(provider).value, SIGNED_IN).inc()
    request.session.pop(PENDING_SESSION_KEY, None)
    request.session.pop(PROFILE_SESSION_KEY, None)
    if profile:
        request.session[PROFILE_SESSION_KEY] = profile.value
    _remember_provider(request, provider, id_token)


def open_staff_session(request: HttpRequest, user: User) -> None:
    """Sign in a member of staff by their password: what the session held as a family's does not stay."""
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    SIGN_INS.labels(BY_PASSWORD, SIGNED_IN).inc()
    for name in (PROFILE_SESSION_KEY, PROVIDER_SESSION_KEY, ID_TOKEN_SESSION_KEY, PENDING_SESSION_KEY):
        request.session.pop(name, None)


def _remember_provider(request: HttpRequest, provider: str, id_token: str) -> None:
    request.session[PROVIDER_SESSION_KEY] = Provider(provider).value
    request.session[ID_TOKEN_SESSION_KEY] = id_token


def _leave(request: HttpRequest) -> None:
    """Another person has come to this browser: nothing of who was signed in stays."""
    if request.user.is_authenticated:
        auth.logout(request)
    request.session.pop(PENDING_SESSION_KEY, None)
