"""The trail's entries as the school reads them: who, what, and each value in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.models import UNTOLD, Change, Operation, Reading
from schools.journal.tables import column_name, field_of, kind_of, model_of, owner_of, told_columns
from schools.models import School, Student
from schools.staff_pages import title_of
from schools.times import spoken_instant

NAMED_KINDS = 9
"""How many kinds of objects are named on one page, at a query each; those beyond are told by number."""

Reference = tuple[type[models.Model], str]


@dataclass(frozen=True)
class Value:
    """One value of an entry. `before` is empty for a row created or deleted; `is_secret` for what is not told."""

    name: str
    before: str
    after: str
    is_secret: bool = False


@dataclass(frozen=True)
class Line:
    """One entry as it is shown. `table` and `object_pk` name the object whose own history may be opened.

    `is_whole` when the values are those of a row created or deleted.
    """

    pk: int
    at: datetime
    who: str
    what: str
    kind: str
    name: str
    student: str
    table: str
    object_pk: str
    values: list[Value]
    is_whole: bool = False


def say_changes(changes: Iterable[Change], school: School) -> list[Line]:
    """Return the lines of these changes, in their order. `NAMED_KINDS` + 2 queries at most."""
    changes = list(changes)
    names = _Names(school)
    for change in changes:
        names.want(get_user_model(), change.actor_id)
        names.want(Student, change.student_id)
        names.want(_object_model(change.table), change.object_pk, as_subject=True)
        for column, value in change.content.items():
            names.want(
                _related(change.table, column), *(value if change.operation == Operation.UPDATE and value else [value])
            )
    names.load()
    return [_change_line(change, names) for change in changes]


def say_readings(readings: Iterable[Reading], school: School) -> list[Line]:
    """Return the lines of these readings, in their order; queries as above."""
    readings = list(readings)
    names = _Names(school)
    for reading in readings:
        names.want(get_user_model(), reading.user_id)
        names.want(Student, reading.student_id)
        names.want(_object_model(reading.table), reading.object_pk, as_subject=True)
    names.load()
    return [
        Line(
            pk=reading.pk,
            at=reading.at,
            who=names.of(get_user_model(), reading.user_id),
            what=title_of(reading.page),
            values=[],
            **_object(reading, names),
        )
        for reading in readings
    ]


def name_of_object(table: str, pk: str, school: School) -> str:
    """Return the name of one object of the school."""
    names = _Names(school)
    names.want(_object_model(table), pk)
    names.load()
    return names.of(_object_model(table), pk)


class _Names:
    """The names of the objects that a page speaks of, read together: one query per kind."""

    def __init__(self, school: School) -> None:
        self.school = school
        self._wanted: dict[type[models.Model], set[str]] = defaultdict(set)
        self._subjects: set[type[models.Model]] = {get_user_model(), Student}
        self._found: dict[Reference, str] = {(School, str(school.pk)): str(school)}

    def want(self, model: type[models.Model] | None, *pks: Any, as_subject: bool = False) -> None:
        if model is not None and model is not School:
            self._wanted[model] |= {str(pk) for pk in pks if pk is not None}
            if as_subject:
                self._subjects.add(model)

    def load(self) -> None:
        # who did it and to what first, then the kinds of which most is said
        order = sorted(self._wanted, key=lambda model: (model not in self._subjects, -len(self._wanted[model])))
        for model in [each for each in order if self._wanted[each]][: NAMED_KINDS + 2]:
            heavy = [field.name for field in model._meta.concrete_fields if isinstance(field, models.JSONField)]
            rows = model._base_manager.select_related().defer(*heavy).filter(pk__in=self._wanted[model])
            self._found |= {(model, str(row.pk)): str(row) for row in rows}

    def of(self, model: type[models.Model] | None, pk: Any) -> str:
        return self._found.get((model, str(pk))) or _("n° %(number)s") % {"number": pk}  # type: ignore[arg-type]


def _object_model(table: str) -> type[models.Model] | None:
    model = model_of(table)
    return owner_of(model) if model else None


def _related(table: str, column: str) -> type[models.Model] | None:
    field = field_of(table, column)
    return field.related_model if field is not None and isinstance(field, models.ForeignKey) else None


def _object(entry: Change | Reading, names: _Names) -> dict[str, Any]:
    model = _object_model(entry.table)
    named = None if model is Student or entry.student_id is None else names.of(Student, entry.student_id)
    return {
        "kind": capfirst(kind_of(entry.table)),
        "name": names.of(model, entry.object_pk),
        "student": named or "",
        "table": model._meta.db_table if model else entry.table,
        "object_pk": entry.object_pk,
    }


def _change_line(change: Change, names: _Names) -> Line:
    is_whole = change.operation != Operation.UPDATE
    content = {column: change.content[column] for column in told_columns(change.table, change.content)}
    if is_whole:
        content = {column: kept for column, kept in content.items() if kept not in (None, "", [])}
    return Line(
        pk=change.pk,
        at=change.at,
        who=_who(change, names),
        what=change.get_operation_display(),
        values=[_value(change, column, kept, names) for column, kept in content.items()],
        is_whole=is_whole and bool(content),
        **_object(change, names),
    )


def _who(change: Change, names: _Names) -> str:
    if change.actor_id is None:
        by_hand = _("directement dans la base")
        return _("hors connexion (%(origin)s)") % {"origin": by_hand if change.origin == UNTOLD else change.origin}
    return names.of(get_user_model(), change.actor_id)


def _value(change: Change, column: str, kept: Any, names: _Names) -> Value:
    field = field_of(change.table, column)
    name = column_name(change.table, column)
    if change.operation != Operation.UPDATE:
        return Value(name, "", _said(field, kept, names))
    if kept is None:
        return Value(name, "", "", is_secret=True)
    before, after = kept
    return Value(name, _said(field, before, names), _said(field, after, names))


def _said(field: models.Field[Any, Any] | None, value: Any, names: _Names) -> str:
    """Return a value of the trail (JSON) in words."""
    if value is None or value in ("", []):
        return _("vide")
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, list):
        return ", ".join(_said(None, each, names) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} : {_said(None, each, names)}" for key, each in value.items())
    if isinstance(field, models.ForeignKey):
        return names.of(field.related_model, value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateTimeField):
        return spoken_instant(datetime.fromisoformat(value), names.school)
    if isinstance(field, models.DateField):
        return date_format(date.fromisoformat(value), "j F Y")
    return str(value)
