"""The page that says why somebody could not sign in, and its line in the log."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.incidents import new_incident
from accounts.models import Profile, Provider
from accounts.refusals import SignInRefused, WrongProfile
from operations.metrics import SIGN_INS

logger = logging.getLogger(__name__)


def refuse(
    request: HttpRequest,
    refusal: SignInRefused,
    *,
    provider: str = "",
    profile: Profile | None = None,
    next_url: str = "",
) -> HttpResponse:
    """Show the refusal under an incident number, which stands in the log with the classes of what went wrong only."""
    incident = new_incident()
    SIGN_INS.labels(provider or "none", type(refusal).__name__).inc()
    cause = type(refusal.__cause__).__name__ if refusal.__cause__ else "-"
    logger.log(
        refusal.level,
        "sign-in refused: incident=%s provider=%s refusal=%s cause=%s",
        incident,
        provider or "-",
        type(refusal).__name__,
        cause,
    )
    context = {
        "refusal": refusal,
        "incident": incident,
        "profile_url": with_next(reverse("accounts:profile"), next_url),
        "staff_url": with_next(reverse("admin:login"), next_url) if provider == Provider.AGENTS else "",
        "retry_url": _retry_url(provider, profile, next_url) if refusal.can_retry else "",
        "other_profile": "",
        "other_profile_url": "",
        "provider_label": Provider(provider).label if provider else "",
        "offers_sign_out": bool(provider) and refusal.keeps_provider_session,
    }
    if isinstance(refusal, WrongProfile):
        account_profile = Profile(refusal.account_profile)
        context["other_profile"] = account_profile.label
        context["other_profile_url"] = sign_in_url(Provider.EDUCONNECT.value, account_profile, next_url)
    return render(request, "accounts/failure.html", context, status=refusal.status)


def _retry_url(provider: str, profile: Profile | None, next_url: str) -> str:
    if provider == Provider.AGENTS:
        return with_next(reverse("accounts:agents"), next_url)
    return sign_in_page(profile, next_url)


def sign_in_page(profile: Profile | None, next_url: str) -> str:
    """Return the address of our page of the profile, or of the choice between them."""
    names = {Profile.GUARDIAN: "accounts:guardian", Profile.STUDENT: "accounts:student", None: "accounts:profile"}
    return with_next(reverse(names[profile]), next_url)


def sign_in_url(provider: str, profile: Profile, next_url: str) -> str:
    """Return the address that leads to the provider."""
    values = {"profil": profile.value} if provider == Provider.EDUCONNECT else {}
    return with_next(reverse(f"accounts:{provider}"), next_url, **values)


def with_next(url: str, next_url: str, **values: str) -> str:
    query = urlencode(values | ({"next": next_url} if next_url else {}))
    return f"{url}?{query}" if query else url
