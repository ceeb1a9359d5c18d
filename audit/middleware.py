"""Who acts during a request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.context import acting_request


class ActingUser:
    """Note what a request writes as done by whoever is signed in. Stands right after AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = "admin" if request.path.startswith(reverse("admin:index")) else "portail"
        with acting_request(request, origin=origin):
            return self.get_response(request)
