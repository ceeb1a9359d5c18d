"""The tables of the data set, each with the columns that are given, and how their rows reach PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.backends.utils import CursorWrapper

COLUMNS = {
    "schools.School": "id uai name time_zone address phone email welcome_message",
    "schools.Division": "id school_id school_year code name",
    "accounts.User": (
        "id username password first_name last_name email is_staff is_superuser is_active date_joined last_login"
    ),
    "accounts.Identity": "id user_id provider subject created_at last_sign_in_at",
    "schools.StaffMembership": "id user_id school_id role source",
    "schools.Student": (
        "id public_id school_id division_id ine siecle_id family_name usual_name given_name birth_date mef_code user_id"
    ),
    "schools.Guardian": (
        "id school_id siecle_person_id civility family_name usual_name given_name folded_name address_lines "
        "postal_code town country phone work_phone mobile occupation school_email own_email pending_email "
        "mutes_reminders user_id"
    ),
    "schools.Guardianship": "id guardian_id student_id relationship level is_designated",
    "orientation.Campaign": (
        "id school_id school_year mef_prefixes intention_specialities final_specialities offer_declared_at "
        "single_writer reminder_delay_days notice_days"
    ),
    "orientation.Phase": "id campaign_id kind opens_at closes_at",
    "orientation.SpecialityOffer": "id school_id school_year speciality_id",
    "orientation.Draft": "id student_id phase_id version wishes is_validated changed_at changed_by_id",
    "orientation.DraftRevision": "id draft_id version wishes changed_at changed_by_id",
    "orientation.Submission": (
        "id public_id student_id phase_id number submitted_at submitted_by_id guardian_id guardian_name entered_by_name"
    ),
    "orientation.Choice": "id submission_id rank pathway_id label note",
    "orientation.ChoiceSpeciality": "id choice_id position speciality_id label is_elsewhere",
    "orientation.DivisionPublication": "id phase_id division_id published_at published_by_id",
    "orientation.CouncilSheet": (
        "id student_id phase_id submission_id publication_id version others_version changed_at changed_by_id"
    ),
    "orientation.CouncilAnswer": "id sheet_id pathway_id rank label verdict comment",
    "orientation.FamilyAnswer": (
        "id answer_id number agrees answered_at answered_by_id guardian_id guardian_name entered_by_name"
    ),
    "notifications.OutboxMessage": (
        "id kind recipient address language context deduplication_key priority state attempts due_at provider_id "
        "last_error created_at sent_at"
    ),
    "audit.Change": "id at table object_pk operation content school_id student_id actor_id origin transaction_id",
}
"""The columns that are given, in the order of the rows, for each table in the order of writing."""


class Rows:
    """Rows on their way to PostgreSQL; each `add` numbers its row and returns the number."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._last: dict[str, int] = defaultdict(int)

    def add(self, table: str, *values: Any) -> int:
        """Keep a row of a table whose first column is its number; return the number."""
        self._last[table] = number = self._last[table] + 1
        self._rows[table].append((number, *values))
        return number

    def add_named(self, table: str, *values: Any) -> None:
        """Keep a row of a table whose first column is given."""
        self._last[table] += 1
        self._rows[table].append(values)

    def copy(self, cursor: CursorWrapper) -> None:
        """Write by COPY what is kept, and forget it."""
        for label, columns in COLUMNS.items():
            if rows := self._rows.pop(label, None):
                _copy(cursor, apps.get_model(label), columns.split(), rows)

    def counts(self) -> dict[str, int]:
        """Return how many rows each table was given."""
        return dict(self._last)


def _copy(cursor: CursorWrapper, model: type[models.Model], columns: list[str], rows: Iterable[Any]) -> None:
    listed = ", ".join(f'"{column}"' for column in columns)
    with cursor.copy(f'COPY "{model._meta.db_table}" ({listed}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def missing_columns() -> dict[str, set[str]]:
    """Return the columns that a table wants and no row would give: none, unless the models have gone on."""
    missing = {}
    for label, columns in COLUMNS.items():
        fields = apps.get_model(label)._meta.concrete_fields
        wanted = [each for each in fields if not (each.null or each.generated or each.has_db_default())]
        if lacking := {str(each.column) for each in wanted} - set(columns.split()):
            missing[label] = lacking
    return missing


def number_on(cursor: CursorWrapper) -> None:
    """Let the tables' own numbering go on after the numbers that were given, and tell the planner what there is."""
    for label in COLUMNS:
        table, pk = apps.get_model(label)._meta.db_table, apps.get_model(label)._meta.pk
        if isinstance(pk, models.AutoField):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1)) FROM \"{table}\""  # noqa: S608
            )
    cursor.execute("ANALYZE")


def without_triggers(cursor: CursorWrapper) -> None:
    """Let rows in without triggers nor foreign keys, until the transaction ends. Raises DatabaseError if refused."""
    assert connection.in_atomic_block  # noqa: S101 - SET LOCAL means nothing outside
    cursor.execute("SET LOCAL session_replication_role = replica")
