"""The pages for what went wrong: what happened, what to do, and a number to quote."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

from accounts.incidents import new_incident

logger = logging.getLogger(__name__)

ADMIN = "/admin/"
"""Where the school's side begins; said here, for these pages must not look anything up."""


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose protection expired: nothing was written, and the way back is offered."""
    return _page(request, "csrf", 403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "400", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "403", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without reading anything: whatever failed may fail again. The incident number stands in the log."""
    incident = new_incident()
    logger.error("incident %s", incident)
    back = ADMIN if request.path.startswith(ADMIN) else "/"
    return render(None, "errors/500.html", {"incident": incident, "back": back}, status=500)


def _page(request: HttpRequest, name: str, status: int) -> HttpResponse:
    """Render the page of an error in the frame of where it happened: the families' side or the school's."""
    folder = "admin/errors" if request.path.startswith(ADMIN) else "errors"
    return render(request, f"{folder}/{name}.html", status=status)
