"""How long the session still lasts, for the page that warns before it ends."""

from __future__ import annotations

import time

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.sessions import ACTED_AT_SESSION_KEY, RENEWED_AT_SESSION_KEY, remaining_seconds
from schools.open_pages import asked_by_an_open_page


@asked_by_an_open_page(lasts=0)
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Say how many seconds are left; a POST is the button that asks for a new half-hour."""
    if request.method == "POST":
        request.session[RENEWED_AT_SESSION_KEY] = request.session[ACTED_AT_SESSION_KEY] = time.time()
    return JsonResponse({"remaining": remaining_seconds(request)})
