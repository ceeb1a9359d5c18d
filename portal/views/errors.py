"""The pages for what went wrong: what happened, what to do, and a number to quote."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose protection expired: nothing was written, and the way back is offered."""
    return render(request, "errors/csrf.html", status=403)
