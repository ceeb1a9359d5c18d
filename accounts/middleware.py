"""How long a session lasts: 30 minutes without a request (SESSION_COOKIE_AGE), 8 hours in all."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.contrib import auth
from django.http import HttpRequest, HttpResponse

from accounts.sessions import RENEWED_AT_SESSION_KEY, SIGNED_IN_AT_SESSION_KEY

MAX_AGE = 8 * 3600
RENEWAL_INTERVAL = 60
"""Seconds. The idle delay starts again at most once a minute, so that reading pages seldom writes."""


class SessionLimits:
    """Renew the session of who is active, and end it after a day's work. Stands after AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = time.time()
        signed_in_at = request.session.get(SIGNED_IN_AT_SESSION_KEY)
        if signed_in_at is not None:
            if now - signed_in_at >= MAX_AGE:
                auth.logout(request)
            elif now - request.session.get(RENEWED_AT_SESSION_KEY, signed_in_at) >= RENEWAL_INTERVAL:
                request.session[RENEWED_AT_SESSION_KEY] = now
        return self.get_response(request)
