"""What every answer of the site carries."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from whitenoise.middleware import WhiteNoiseFileResponse  # type: ignore[import-untyped]

from accounts.limits import TooManyRequests
from portal.views.errors import ADMIN, typed_in

GetResponse = Callable[[HttpRequest], HttpResponse]

NO_DEVICES = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
    )
)
"""What no page of the site is for: the devices of a browser. Other files do nothing, and would weigh more."""


class IsolatedPages:
    """Keep every answer, static files and errors included, to this site's own pages. Stands before all others."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not isinstance(response, WhiteNoiseFileResponse):
            response.headers.setdefault("Permissions-Policy", NO_DEVICES)
        return response


class TooManyRequestsPage:
    """Answer who has reached a limit with a page that says when to try again, and sends again what was typed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyRequests):
            return None
        folder = "admin/errors" if request.path.startswith(ADMIN) else "errors"
        context = {
            "minutes": -(-exception.seconds // 60),
            "address": request.get_full_path(),
            "typed": typed_in(request),
        }
        response = render(request, f"{folder}/429.html", context, status=429)
        response["Retry-After"] = str(exception.seconds)
        return response


class PersonalPagesAreNotCached:
    """Keep pages out of every cache: each of them may show somebody's name (and the back button asks again)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


class RobotsMiddleware:
    """Keep a demonstration out of search engines (decision 20)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not settings.BRAND["state"]:
            response["X-Robots-Tag"] = "noindex"
        return response
