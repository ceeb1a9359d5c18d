"""Querysets composed once: of what every page of a family asks, composing costs more than PostgreSQL's answer.

The SQL stays Django's, and what is read is what the queryset says: models with their related objects and annotations,
or values of one column. PostgreSQL keeps the plan too: parameters travel beside the statement, which psycopg prepares
when a connection first sends it (never through PgBouncer: `prepare_threshold` is None there).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, Generic, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Expression, QuerySet
from django.db.models.query import get_related_populators
from psycopg.raw_cursor import RawCursorMixin

Row = TypeVar("Row")

_LIST = "(%s::bigint[])"
"""After `IN`, which PostgreSQL takes for one element: it is made `= ANY`, whose plan uses an index."""


_MARK = re.compile("%[%s]")
_NUMBER = re.compile(r"\$\d+")


class Parameter(Expression):
    """What a prepared queryset is given at each call, by its place; stands where a value would."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def as_sql(self, *_compiler: Any) -> tuple[str, list[Parameter]]:  # type: ignore[override]
        return "%s", [self]


class Keys(Parameter):
    """A list of keys that a prepared queryset is given: the right side of `__in`."""

    def as_sql(self, *_compiler: Any) -> tuple[str, list[Parameter]]:  # type: ignore[override]
        return _LIST, [self]


class _Cursor(RawCursorMixin, ServerBindingCursor):
    """A cursor whose parameters travel beside the statement, numbered, so that psycopg reads no statement to find them.

    It says to Django's log what it has sent.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        super().execute(query, params, prepare=True, **options)  # type: ignore[misc]
        if connection.queries_logged:
            marked = _NUMBER.sub("%s", query.replace("%", "%%"))
            sent = connection.ops.compose_sql(marked, params)  # type: ignore[attr-defined]
            self._query = SimpleNamespace(query=sent.encode())  # type: ignore[assignment]
        return self


@dataclass(frozen=True)
class _Composed:
    statement: str
    marks: tuple[object, ...]
    """The values of the statement, with a Parameter for each that a call gives."""
    read: Callable[[list[Any]], list[Any]]


class prepared(Generic[Row]):  # noqa: N801 - a decorator
    """Turn a function that composes a queryset into one that reads it: a list, by one statement at each call.

    The function is called once, with a Parameter for each of its own (a Keys for one annotated so): nothing in it
    may depend on the instant, the language or the request. `ending` is a clause that Django does not know.
    """

    def __init__(self, compose: Callable[..., QuerySet[Any, Row]], *, ending: str = "") -> None:
        self._compose, self._ending = compose, ending

    def __call__(self, *values: object) -> list[Row]:
        composed = self._composed
        params: list[Any] = [values[mark.place] if isinstance(mark, Parameter) else mark for mark in composed.marks]
        with connection.cursor() as cursor:
            cursor.cursor = _Cursor(connection.connection)  # Django's own writes them into the text
            cursor.execute(composed.statement, params)
            return composed.read(cursor.fetchall())

    def first(self, *values: object) -> Row | None:
        """Return the first row, None where there is none. All are read: the queryset says how many at most."""
        return next(iter(self(*values)), None)

    @cached_property
    def _composed(self) -> _Composed:
        names = inspect.signature(self._compose).parameters.values()
        parameters = [
            Keys(place) if each.annotation == Keys.__name__ else Parameter(place) for place, each in enumerate(names)
        ]
        queryset = self._compose(*parameters)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        statement, marks = compiler.as_sql()
        statement = statement.replace(f"IN {_LIST}", f"= ANY {_LIST}")
        one = itemgetter(0) if queryset.query.values_select else _model_reader(compiler)
        return _Composed(_numbered(f"{statement} {self._ending}"), tuple(marks), _reader(compiler, one))


def _numbered(statement: str) -> str:
    """Return the statement with PostgreSQL's own parameters, $1, $2…, where Django writes %s."""
    numbers = count(1)
    return _MARK.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", statement)


def _reader(compiler: Any, one: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    """Return what makes the queryset's objects of rows, as Django's own iterators do."""
    converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
    return lambda rows: [one(row) for row in (compiler.apply_converters(rows, converters) if converters else rows)]


def _model_reader(compiler: Any) -> Callable[[Any], Any]:
    info = compiler.klass_info
    model, first, last = info["model"], info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, _sql, _alias in compiler.select[first:last]]
    populators = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
    annotations = (compiler.annotation_col_map or {}).items()

    def one(row: Any) -> Any:
        found = model.from_db(DEFAULT_DB_ALIAS, names, row[first:last])
        for populator in populators:
            populator.populate(row, found)
        for name, position in annotations:
            setattr(found, name, row[position])
        return found

    return one
