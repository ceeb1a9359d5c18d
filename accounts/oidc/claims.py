"""Reading claims that providers write in more than one way."""

from __future__ import annotations

from typing import Any

from accounts.refusals import ProviderLied

MAX_LENGTH = 255


def text(claims: dict[str, Any], name: str) -> str:
    """Return a claim that is one text, or an empty string. A list of one is taken too."""
    values = texts(claims, name)
    return values[0] if values else ""


def texts(claims: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return a claim that may be one text or a list of them. Raises ProviderLied for anything else."""
    value = claims.get(name)
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) and len(item) <= MAX_LENGTH for item in values):
        raise ProviderLied
    return tuple(item.strip() for item in values if item.strip())


def subject(claims: dict[str, Any]) -> str:
    """Return `sub`. Raises ProviderLied when it is missing or is no text."""
    value = claims.get("sub")
    if not isinstance(value, str) or not value or len(value) > MAX_LENGTH:
        raise ProviderLied
    return value
