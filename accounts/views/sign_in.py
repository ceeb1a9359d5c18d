"""Choosing a profile, then a provider (seed, step 1)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Profile, Provider
from accounts.oidc.discovery import is_on
from accounts.sessions import next_url_of
from accounts.views.failures import sign_in_page, with_next


@login_not_required
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """Let people choose what they sign in as."""
    next_url = next_url_of(request.GET)
    context = {
        "guardian_url": sign_in_page(Profile.GUARDIAN, next_url),
        "student_url": sign_in_page(Profile.STUDENT, next_url),
        "next_url": next_url,
    }
    return render(request, "accounts/profile.html", context)


@login_not_required
@require_safe
def guardian(request: HttpRequest) -> HttpResponse:
    """Offer a guardian the two providers."""
    return _providers_page(request, Profile.GUARDIAN)


@login_not_required
@require_safe
def student(request: HttpRequest) -> HttpResponse:
    """Offer a student ÉduConnect."""
    return _providers_page(request, Profile.STUDENT)


def _providers_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    next_url = next_url_of(request.GET)
    context = {
        "profile": profile,
        "next_url": next_url,
        "profile_url": with_next(reverse("accounts:profile"), next_url),
        "educonnect_is_on": is_on(Provider.EDUCONNECT.value),
        "franceconnect_is_on": is_on(Provider.FRANCECONNECT.value),
        "offers_franceconnect": profile is Profile.GUARDIAN,
    }
    return render(request, "accounts/providers.html", context)
