"""How long a session lasts, and what becomes of what was typed when it ended meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from accounts.connections import note_activity
from accounts.kept_forms import keep_form
from accounts.sessions import MAX_AGE, RENEWED_AT_SESSION_KEY, SIGNED_IN_AT_SESSION_KEY, same_site_path
from accounts.views.failures import with_next

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
            elif now - request.session.get(
                RENEWED_AT_SESSION_KEY, signed_in_at
            ) >= RENEWAL_INTERVAL and not _only_asks_how_long(request):
                request.session[RENEWED_AT_SESSION_KEY] = now
                if request.user.is_authenticated:
                    note_activity(request, user=request.user, at=timezone.now())
        return self.get_response(request)


def _only_asks_how_long(request: HttpRequest) -> bool:
    """Tell whether this is the page's own question about the session: it must not make it last."""
    return request.method in ("GET", "HEAD") and request.path == reverse("accounts:session")


class SignInRequired(LoginRequiredMiddleware):
    """Lead who is not signed in to the sign-in, and back to the page they were on, with what they had typed."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if request.resolver_match and request.resolver_match.app_name == "admin":
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        next_url = request.get_full_path()
        if request.method == "POST" and not keep_form(request):
            # the act itself is not done twice: back to the page where its button stands
            next_url = same_site_path(request.headers.get("Referer", ""), request) or resolve_url(
                settings.LOGIN_REDIRECT_URL
            )
        address = with_next(reverse("accounts:profile"), next_url)
        return HttpResponseClientRedirect(address) if "HX-Request" in request.headers else redirect(address)
