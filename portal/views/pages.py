"""The pages around the services: what the site is, whom to ask, what the law wants said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from accounts.menu import notices_for, page_context, standings_for
from audit.retention import rules
from portal.accessibility import declaration
from portal.help import THEMES
from portal.site_map import FOR_ALL, SIGNED_IN, listed
from schools.messages.queries import NEWEST, newest_shown_to


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is in the four steps of the seed, and who may sign in."""
    return render(request, "portal/home.html")


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Show the menu of services, the children and what their schools say."""
    actor = actor_of(request)
    schools = {file.student.school_id: file.student.school for file in actor.files}
    standings = standings_for(actor)
    told = newest_shown_to([file.student.pk for file in actor.files], timezone.now())
    context = {
        "schools": [school for school in schools.values() if school.welcome_message],
        "notices": notices_for(actor),
        "tiles": [(file, standings[file.student.pk]) for file in actor.files],
        "newest": told[:NEWEST],
        "has_more": len(told) > NEWEST,
    }
    return render(request, "portal/services.html", {**page_context(request), **context})


@require_safe
@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    """Declare what was checked of accessibility, and what that allows to say today."""
    today = timezone.localdate()
    found = declaration()
    context = {"declaration": found, "audit": found.audit_on(today), "conformity": found.conformity_on(today)}
    return render(request, "portal/accessibility.html", context)


@require_safe
@login_not_required
def personal_data(request: HttpRequest) -> HttpResponse:
    """Say what is kept of people, and for how long: the very rules that erase it."""
    kept = dict.fromkeys((str(rule.what), f"{rule.kept} {rule.since}", str(rule.basis)) for rule in rules())
    return render(request, "portal/personal_data.html", {"legal": settings.LEGAL, "kept": list(kept)})


def _static_page(template: str, **context: Any) -> Callable[[HttpRequest], HttpResponse]:
    @require_safe
    @login_not_required
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, template, context)

    return page


assistance = _static_page("portal/assistance.html", themes=THEMES)
accessibility_plan = _static_page("portal/accessibility_plan.html", declaration=declaration())
legal = _static_page("portal/legal.html", legal=settings.LEGAL)
cookies = _static_page(
    "portal/cookies.html",
    session_cookie=settings.SESSION_COOKIE_NAME,
    csrf_cookie=settings.CSRF_COOKIE_NAME,
    language_cookie=settings.LANGUAGE_COOKIE_NAME,
)
terms = _static_page("portal/terms.html")


@require_safe
@login_not_required
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages of the site."""
    context = {"for_all": listed(FOR_ALL), "signed_in": listed(SIGNED_IN)}
    return render(request, "portal/sitemap.html", context)


@require_safe
@login_not_required
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say to whom a flaw is reported (RFC 9116)."""
    expires = (timezone.now() + timedelta(days=180)).replace(microsecond=0).isoformat()
    lines = [
        f"Contact: {settings.SITE_URL}/assistance/",
        f"Expires: {expires}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
