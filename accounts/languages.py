"""In which language the product speaks to somebody: as their account says, else as their browser was told, else French.

Not as the browser asks by itself (`Accept-Language`): the State's sites open in French (docs/translating.md).
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.models import User
from accounts.sessions import same_site_path

LANGUAGES = dict(settings.LANGUAGES)


def choose_language(*, language: str, by: User) -> None:
    """Keep on an account the language that its owner reads. Raises ValueError for one that there is not."""
    if language not in LANGUAGES:
        raise ValueError(language)
    if by.language != language:
        by.language = language
        by.save(update_fields=["language"])


def of_browser(request: HttpRequest) -> str:
    """Return the language that was chosen in this browser; empty where none was."""
    language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return language if language in LANGUAGES else ""


def of_request(request: HttpRequest) -> str:
    """Return the language of the answer. One statement, the account's, which every page asks; none for a visitor."""
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    of_account = request.user.language if has_session and request.user.is_authenticated else ""
    return of_account or of_browser(request) or settings.LANGUAGE_CODE


def way_back(request: HttpRequest) -> str:
    """Return the page to show again in another language: this one, or the one whose form led here."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    return same_site_path(request.headers.get("Referer", ""), request) or "/"


class SpokenLanguage:
    """Answer in the language of who asks. Stands after SessionLimits, which may have ended the session.

    What is sent once the view has answered, a file row by row, is French as all that leaves the screen.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = of_request(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie"])
        return response
