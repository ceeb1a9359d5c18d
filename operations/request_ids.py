"""The number under which all that one request does stands in the logs: nginx's, the web's and the worker's.

It is nginx's where nginx stands before us, and ours otherwise. It says nothing of who asked.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
NONE = "-"
"""What stands in a line that belongs to no request."""

_SHAPE = re.compile(r"[0-9a-f]{32}")
_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def current_request_id() -> str:
    """Return the number of the request, or of the task, that runs here; `-` outside any."""
    return _current.get()


def new_request_id() -> str:
    return secrets.token_hex(16)


def start_as(value: str) -> None:
    """Have what this thread logs from now on carry this number."""
    _current.set(value)


def end(**_arguments: Any) -> None:
    """Forget the number: the request, or the task, is over."""
    _current.set(NONE)


@contextmanager
def request_id(value: str) -> Iterator[None]:
    """Have what is logged meanwhile carry this number."""
    token = _current.set(value)
    try:
        yield
    finally:
        _current.reset(token)


class RequestIds:
    """Give each request its number, and its answer the header that says it. Stands before all other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = _given(request) or new_request_id()
        start_as(number)  # until `request_finished`: Django writes its own line after all middleware
        response = self.get_response(request)
        response[HEADER] = number
        return response


def _given(request: HttpRequest) -> str:
    """Return the proxy's number: a browser's own is never taken, it could be another's or a text of any kind."""
    number = request.headers.get(HEADER, "") if settings.TRUSTED_PROXY else ""
    return number if _SHAPE.fullmatch(number) else ""
