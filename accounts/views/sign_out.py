"""Signing out at both ends: here at once, then at the provider (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

import logging
import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Provider
from accounts.oidc.discovery import metadata
from accounts.oidc.settings import site_url
from accounts.refusals import SignInRefused
from accounts.sessions import ID_TOKEN_SESSION_KEY, PROVIDER_SESSION_KEY

LOGOUT_SESSION_KEY = "oidc_logout"

logger = logging.getLogger(__name__)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here whatever happens next, then send the person to the provider to end theirs there."""
    provider = request.session.get(PROVIDER_SESSION_KEY)
    id_token = request.session.get(ID_TOKEN_SESSION_KEY)
    auth.logout(request)
    if not provider or not id_token:
        return redirect("accounts:signed_out")
    state = secrets.token_urlsafe(32)
    request.session[LOGOUT_SESSION_KEY] = {"state": state, "provider": provider}
    try:
        endpoint = metadata(provider).end_session_endpoint
    except SignInRefused as refusal:
        logger.warning("sign-out at the provider: provider=%s refusal=%s", provider, type(refusal).__name__)
        endpoint = ""
    if not endpoint:
        return redirect("accounts:signed_out")
    query = {
        "id_token_hint": id_token,
        "state": state,
        "post_logout_redirect_uri": site_url(reverse("accounts:signed_out")),
    }
    separator = "&" if "?" in endpoint else "?"
    return HttpResponseRedirect(f"{endpoint}{separator}{urlencode(query)}")


@login_not_required
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that the person is signed out, and whether the provider confirmed it."""
    expected = request.session.pop(LOGOUT_SESSION_KEY, None)
    confirmed = expected is None or constant_time_compare(expected["state"], request.GET.get("state", ""))
    provider = expected["provider"] if expected else ""
    context = {
        "still_open_at": "" if confirmed else Provider(provider).label,
        "provider_url": "" if confirmed else settings.EXTERNAL_LINKS.get(provider, ""),
        "is_signed_in": request.user.is_authenticated,
    }
    return render(request, "accounts/signed_out.html", context)
