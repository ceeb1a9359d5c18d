"""How long a session lasts, and what becomes of what was typed when it ended meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

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
from accounts.models import User
from accounts.sessions import MAX_AGE, SIGNED_IN_AT_SESSION_KEY, renew, same_site_path
from accounts.views.failures import with_next
from schools.open_pages import OpenPage


class SessionLimits:
    """Renew the session of who is active, and end it after a day's work. Stands after AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in_at = request.session.get(SIGNED_IN_AT_SESSION_KEY)
        if signed_in_at is not None and time.time() - signed_in_at >= MAX_AGE:
            auth.logout(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_arguments: Any) -> None:
        """Renew the session for a person, less long for a page that asks by itself."""
        if SIGNED_IN_AT_SESSION_KEY not in request.session:
            return
        page: OpenPage | None = getattr(view, "asked_by_an_open_page", None)
        page = page if page and page.asks(request) else None
        if renew(request, page=page, now=time.time()) and isinstance(request.user, User):
            note_activity(request, user=request.user, at=timezone.now())


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
