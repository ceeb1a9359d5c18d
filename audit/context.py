"""Who acts, told to PostgreSQL together with each write, so that the triggers of the trail can note it.

Each writing statement is sent with `SELECT set_config(…, true)` before it, in the same round trip: local to the
transaction, so that a connection taken up again by somebody else carries nothing over, PgBouncer's included. It needs
client-side parameters (`server_side_binding` off, the default): two statements do not go together otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql as composed

from audit.models import NAME_MAX_LENGTH

_BEFORE = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_WRITE = re.compile(_BEFORE + r"(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE | re.DOTALL)
_WRITE_IN_WITH = re.compile(
    _BEFORE + r"WITH\b.*\b(INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class _Acting:
    user_pk: Callable[[], int | None]
    origin: str


_acting: ContextVar[_Acting | None] = ContextVar("acting", default=None)


@contextmanager
def acting(user: Any = None, *, origin: str) -> Iterator[None]:
    """Note what is written meanwhile as done by this account, None for nobody's, by this way ("admin", "tâche …").

    The account is only looked at when something is written, so that a request's lazy user may be given.
    """
    if len(origin) > NAME_MAX_LENGTH:
        raise ValueError(f"an origin has {NAME_MAX_LENGTH} characters at most: {origin}")
    token = _acting.set(_Acting(lambda: user.pk if user is not None else None, origin))
    try:
        yield
    finally:
        _acting.reset(token)


@contextmanager
def acting_request(request: Any, *, origin: str) -> Iterator[None]:
    """Note what is written meanwhile as done by whoever is signed in to this request at that instant."""
    token = _acting.set(_Acting(lambda: request.user.pk, origin))
    try:
        yield
    finally:
        _acting.reset(token)


def watch(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Have every write of this connection say who acts; received when a connection is opened."""
    if _tell_who_acts not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _tell_who_acts)


def _tell_who_acts(
    execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    cursor = context["cursor"].cursor
    connection = context["connection"]
    # a cursor with a name is declared on the server, to read only
    if getattr(cursor, "name", None) or not _is_write(text := _text(statement, cursor)):
        return execute(statement, params, many, context)
    acting_now = _acting.get()
    if acting_now is None and not connection.in_atomic_block:
        return execute(statement, params, many, context)  # nobody's: there is nobody before them to forget
    setting = _setting(acting_now, cursor)
    if many:  # many rows go in pipeline mode, one statement at a time
        with transaction.atomic(using=connection.alias, savepoint=False):
            cursor.execute(setting)
            return execute(statement, params, many, context)
    if params is not None:
        setting = setting.replace("%", "%%")
    result = execute(f"{setting}; {text}", params, many, context)
    cursor.nextset()
    return result


def _text(statement: Any, cursor: Any) -> str:
    return statement.as_string(cursor) if isinstance(statement, composed.Composable) else str(statement)


def _is_write(text: str) -> bool:
    return bool(_WRITE.match(text) or _WRITE_IN_WITH.match(text))


def _setting(acting_now: _Acting | None, cursor: Any) -> str:
    """Return the statement by which the transaction knows who acts; nobody forgets who acted before in it.

    What looking the account up writes is nobody's: Django signs the session anew when the secret key has changed.
    """
    pk = None
    if acting_now:
        with acting(origin=acting_now.origin):
            pk = acting_now.user_pk()
    actor, origin = ("" if pk is None else str(pk)), (acting_now.origin if acting_now else "")
    quoted_actor, quoted_origin = composed.quote(actor, cursor), composed.quote(origin, cursor)
    return f"SELECT set_config('audit.actor', {quoted_actor}, true), set_config('audit.origin', {quoted_origin}, true)"
