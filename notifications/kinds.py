"""What can be sent: each app registers its kinds of message in its `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifications.models import OutboxMessage

URGENT, NORMAL, BULK = 1, 5, 9
"""Priorities: what somebody is waiting for at their screen; what one act owes; what goes to everybody."""


class UnknownKindError(LookupError):
    """No app has registered this code."""


def always(message: OutboxMessage) -> bool:
    """Answer `still_wanted` for what stays true once said (a receipt)."""
    return True


def no_way_out(message: OutboxMessage) -> str:
    """Answer `unsubscribe` for what people are owed whether they like it or not."""
    return ""


def nobody_answers(message: OutboxMessage) -> str:
    """Answer `reply_to` for what the product says by itself."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of message (modèle).

    `code` is "<app>.<name>". The templates are `<template>.subject.txt`, `<template>.txt` and `<template>.html`;
    `template` is "<app>/mail/<name>" unless given. `still_wanted` is asked just before sending. `unsubscribe` gives the
    address at which one click, or one POST of the mail reader (RFC 8058), stops messages of this sort; empty for none.
    """

    code: str
    template: str = ""
    priority: int = NORMAL
    still_wanted: Callable[[OutboxMessage], bool] = always
    unsubscribe: Callable[[OutboxMessage], str] = no_way_out
    reply_to: Callable[[OutboxMessage], str] = nobody_answers
    """The address that an answer goes to; empty for the sender's own, which nobody reads."""

    @property
    def template_base(self) -> str:
        return self.template or self.code.replace(".", "/mail/", 1)

    @property
    def subject_template(self) -> str:
        return f"{self.template_base}.subject.txt"

    @property
    def text_template(self) -> str:
        return f"{self.template_base}.txt"

    @property
    def html_template(self) -> str:
        return f"{self.template_base}.html"


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known. Raises ValueError when its code is taken by a different one."""
    if _kinds.setdefault(kind.code, kind) != kind:
        raise ValueError(f"kind {kind.code} is already registered")


def codes() -> list[str]:
    """Return the codes of what can be sent, in their order."""
    return sorted(_kinds)


def get(code: str) -> Kind:
    """Return the kind of this code. Raises UnknownKindError."""
    try:
        return _kinds[code]
    except KeyError:
        raise UnknownKindError(code) from None
