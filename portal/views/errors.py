"""The pages for what went wrong: what happened, what to do, and a number to quote."""

from __future__ import annotations

import logging
import sys

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
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


RETRY_AFTER = 30
"""Seconds after which programs may ask again while the database is away."""


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without reading anything: whatever failed may fail again. The incident number stands in the log.

    A database that is away, or full, is not an error of ours: 503, and what was typed can be sent again from the page.
    """
    incident = new_incident()
    logger.error("incident %s", incident)
    if isinstance(sys.exception(), (InterfaceError, OperationalError)):
        return _unavailable(request, incident)
    back = ADMIN if request.path.startswith(ADMIN) else "/"
    return render(None, "errors/500.html", {"incident": incident, "back": back}, status=500)


def _unavailable(request: HttpRequest, incident: str) -> HttpResponse:
    context = {
        "incident": incident,
        "address": request.get_full_path(),
        "is_sent": request.method == "POST",
        "typed": typed_in(request),
    }
    response = render(None, "errors/503.html", context, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "private, no-store"
    return response


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of a family's form, to be sent again; the school's forms carry passwords and files."""
    if request.path.startswith(ADMIN):
        return []
    try:
        return [(name, str(value)) for name, values in request.POST.lists() for value in values]
    except (BadRequest, RequestDataTooBig, SuspiciousOperation, UnreadablePostError):
        return []


def _page(request: HttpRequest, name: str, status: int) -> HttpResponse:
    """Render the page of an error in the frame of where it happened: the families' side or the school's."""
    folder = "admin/errors" if request.path.startswith(ADMIN) else "errors"
    return render(request, f"{folder}/{name}.html", status=status)
