"""Which model stands behind a table of the trail, and what its columns are called."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.operations import TRIGGER

_CALLED = {"otp_totp_totpdevice": gettext_lazy("second facteur")}
"""What the tables of libraries are called here."""

_COLUMNS_CALLED = {
    ("otp_totp_totpdevice", "user_id"): gettext_lazy("compte"),
    ("otp_totp_totpdevice", "confirmed"): gettext_lazy("confirmé"),
    ("otp_totp_totpdevice", "key"): gettext_lazy("secret"),
}


def model_of(table: str) -> type[models.Model] | None:
    """Return the model of a table; that of a many-to-many field is its own. None for a table of the past."""
    found = (model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table)
    return next(found, None)


def owner_of(model: type[models.Model]) -> type[models.Model]:
    """Return the model whose objects a table's rows belong to: of a many-to-many table, the one with the field."""
    created_by: Any = model._meta.auto_created
    return created_by or model


def tables_of(model: type[models.Model]) -> list[str]:
    """Return the tables in which the changes of a model's objects stand: its own, and those of its fields."""
    through: list[Any] = [field.remote_field.through for field in model._meta.local_many_to_many]
    return [model._meta.db_table, *(each._meta.db_table for each in through if each._meta.auto_created)]


def kind_of(table: str) -> str:
    """Return what the rows of a table are called, in the singular."""
    model = model_of(table)
    if model is None or table in _CALLED:
        return str(_CALLED.get(table, table))
    owner = owner_of(model)
    if owner is model:
        return str(model._meta.verbose_name)
    field = next(each for each in owner._meta.local_many_to_many if each.remote_field.through is model)
    return _("%(object)s (%(field)s)") % {"object": owner._meta.verbose_name, "field": field.verbose_name}


def audited_kinds() -> list[tuple[str, str]]:
    """Return the tables of objects that the trail follows, with their names, in the order of these. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = %s", [TRIGGER]
        )
        tables = [name for (name,) in cursor.fetchall()]
    known = [table for table in tables if (model := model_of(table)) and owner_of(model) is model]
    return sorted(((table, capfirst(kind_of(table))) for table in known), key=lambda each: each[1])


def field_of(table: str, column: str) -> models.Field[Any, Any] | None:
    """Return the field that a column of a table keeps; None for a column of the past."""
    model = model_of(table)
    fields = model._meta.concrete_fields if model else ()
    return next((field for field in fields if field.column == column), None)


def column_name(table: str, column: str) -> str:
    """Return what a column of a table is called."""
    field: Any = field_of(table, column)
    if field is None or (table, column) in _COLUMNS_CALLED:
        return capfirst(str(_COLUMNS_CALLED.get((table, column), column)))
    # Django names the columns of a many-to-many table after the classes
    named = field.related_model._meta if field.model._meta.auto_created else field
    return capfirst(str(named.verbose_name))


def told_columns(table: str, content: dict[str, Any]) -> list[str]:
    """Return the columns of a change that are worth telling: neither its number, nor its version, nor its owner."""
    model = model_of(table)
    owner = owner_of(model) if model else None
    hidden = {"id", "version"}
    if model and owner is not model:
        hidden |= {str(field.column) for field in model._meta.concrete_fields if field.related_model is owner}
    return [column for column in content if column not in hidden]
