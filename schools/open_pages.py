"""What a page that is left open asks by itself, again and again: how long that makes the session last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest

View = TypeVar("View", bound=Callable[..., Any])


def asked_by_an_open_page(*, lasts: int, by_htmx: bool = False) -> Callable[[View], View]:
    """Mark a view whose GET an open page asks by itself: the session lasts `lasts` seconds after the person's last act.

    0 where such a question never makes it last. With `by_htmx` only those are the page's own that htmx sends.
    """

    def mark(view: View) -> View:
        view.asked_by_an_open_page = OpenPage(lasts, by_htmx)  # type: ignore[attr-defined]
        return view

    return mark


@dataclass(frozen=True)
class OpenPage:
    """What `asked_by_an_open_page` says of a view."""

    lasts: int
    by_htmx: bool

    def asks(self, request: HttpRequest) -> bool:
        """Whether this request is the page's own."""
        return request.method in ("GET", "HEAD") and (not self.by_htmx or "HX-Request" in request.headers)
