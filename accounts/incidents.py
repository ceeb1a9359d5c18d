"""Numbers that people quote on the telephone: of an incident, of a message; one form of them in the whole product."""

from __future__ import annotations

import secrets
from uuid import UUID

from operations.request_ids import NONE, current_request_id


def new_incident() -> str:
    """Return the number of an incident: it stands on the page and in the log. `AB12-CD34`.

    It begins the request's own number, by which all that the request did is found in every log.
    """
    number = current_request_id()
    return _quotable(secrets.token_hex(4) if number == NONE else number[:8])


def number_of(key: UUID) -> str:
    """Return the number by which a row is quoted, made from its key."""
    return _quotable(key.hex[:8])


def _quotable(eight: str) -> str:
    return f"{eight[:4]}-{eight[4:]}".upper()
