"""The operation of a migration by which a table comes to stand in the trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model

TRIGGER = "audit_record"


class Audited(Operation):
    """Record every change of a model's rows, whoever makes it.

    `school` and `student` lead from the model to what the change belongs to ("student__school", "pk"). `scope` is,
    instead of both, the SQL that returns `school_id, student_id` of the row `$1` (jsonb), one line per school.
    `without` names columns that are nobody's business; of those in `secret`, only that they changed is told.
    `many_to_many` is one of the model's fields: the rows of its table are then changes of the model's object.
    """

    reversible = True

    def __init__(
        self,
        model: str,
        *,
        school: str = "",
        student: str = "",
        scope: str = "",
        without: Sequence[str] = (),
        secret: Sequence[str] = (),
        many_to_many: str = "",
    ) -> None:
        self.model = model
        self.school, self.student, self.scope = school, student, scope
        self.without, self.secret, self.many_to_many = list(without), list(secret), many_to_many

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        given = {
            name: getattr(self, name)
            for name in ("school", "student", "scope", "without", "secret", "many_to_many")
            if getattr(self, name)
        }
        return type(self).__name__, [self.model], given

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = self._model(app_label, to_state)
        table, owner = self._table(model)
        scope = self.scope or f"SELECT {_path(model, self.school, owner)}, {_path(model, self.student, owner)}"
        arguments = [scope, owner, ",".join(self.without), ",".join(self.secret)]
        listed = ", ".join(schema_editor.quote_value(each) for each in arguments)
        schema_editor.execute(
            f"CREATE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON {schema_editor.quote_name(table)} "
            f"FOR EACH ROW EXECUTE FUNCTION audit_record({listed})",
            None,
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        table, _owner = self._table(self._model(app_label, from_state))
        schema_editor.execute(f"DROP TRIGGER {TRIGGER} ON {schema_editor.quote_name(table)}", None)

    def describe(self) -> str:
        return f"Record every change of {self.model}{f'.{self.many_to_many}' if self.many_to_many else ''}"

    def _model(self, app_label: str, state: ProjectState) -> type[Model]:
        """Return the model as it is at this point: of this app, or of another library's that is named ("app.Model")."""
        return state.apps.get_model(self.model if "." in self.model else f"{app_label}.{self.model}")

    def _table(self, model: type[Model]) -> tuple[str, str]:
        """Return the table and its column that names the object whose change a row's is."""
        if not self.many_to_many:
            return model._meta.db_table, str(model._meta.pk.column)
        field: Any = model._meta.get_field(self.many_to_many)
        return field.m2m_db_table(), field.m2m_column_name()


def _path(model: type[Model], path: str, owner: str) -> str:
    """Return the SQL of what a path of foreign keys leads to, from the row `$1`; NULL for no path."""
    if not path:
        return "NULL::bigint"
    steps = path.split("__")
    value = f"($1->>'{owner}')::bigint"  # the model's own row, that of a many-to-many table included
    if owner == model._meta.pk.column and steps[0] != "pk":
        field: Any = model._meta.get_field(steps[0])
        value, model, steps = f"($1->>'{field.column}')::bigint", field.related_model, steps[1:]
    for step in steps:
        if step != "pk":
            field = model._meta.get_field(step)
            value = f'(SELECT "{field.column}" FROM "{model._meta.db_table}" WHERE id = {value})'  # noqa: S608
            model = field.related_model
    return value
