"""How what comes in is read: in UTF-8, or not at all."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.functional import cached_property
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """A request whose body, said to be in anything but UTF-8, is of no known type, so that no form reads it.

    Python also counts as encodings what gives no text (`hex`) or text that no table takes (`unicode_escape`); Django
    fails on the first before any middleware, and believes the second.
    """

    def __init__(self, asked: dict[str, Any]) -> None:
        super().__init__(asked if _is_in_utf_8(asked.get("CONTENT_TYPE", "")) else {**asked, "CONTENT_TYPE": ""})

    @cached_property
    def COOKIES(self) -> dict[str, str]:  # type: ignore[override] # noqa: N802 - Django's name
        """What the browser keeps for us; without a NUL (`"\\000"`), which no row of a session can hold."""
        return {name: value for name, value in super().COOKIES.items() if "\0" not in value}


class Handler(WSGIHandler):
    """What gunicorn calls."""

    request_class = Request


def _is_in_utf_8(content_type: str) -> bool:
    try:
        _type, parameters = parse_header_parameters(content_type)
    except ValueError:  # a parameter in no known encoding (RFC 2231)
        return False
    return parameters.get("charset", "utf-8").lower() == "utf-8"
