"""Who acted, as the trail knows it: in a request, a command, a task, and nobody else afterwards."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from accounts.models import User
from audit.context import acting
from audit.middleware import ActingUser
from audit.models import Change, Operation
from schools.models import Division, School, Student
from scolarite.celery import app
from tests import factories

pytestmark = pytest.mark.django_db


def last() -> tuple[int | None, str]:
    change = Change.objects.order_by("-pk")[0]
    return change.actor_id, change.origin


def setting(name: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0]


def test_a_write_is_told_with_its_account_and_origin() -> None:
    head = factories.account()
    with acting(head, origin="admin"):
        factories.school()
    assert last() == (head.pk, "admin")


def test_nobody_acts_where_only_an_origin_is_said() -> None:
    with acting(origin="commande import_siecle"):
        factories.school()
    assert last() == (None, "commande import_siecle")


def test_whoever_acts_within_is_the_one_who_acts_and_then_the_first_again() -> None:
    head, office = factories.account(), factories.account()
    with acting(head, origin="admin"):
        with acting(office, origin="portail"):
            place = factories.school()
        assert last() == (office.pk, "portail")
        School.objects.filter(pk=place.pk).update(phone="01")
        assert last() == (head.pk, "admin")


def test_who_acted_is_forgotten_within_the_same_transaction() -> None:
    head = factories.account()
    with transaction.atomic():
        with acting(head, origin="admin"):
            place = factories.school()
        School.objects.filter(pk=place.pk).update(phone="01")
    assert last() == (None, "sql")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("in_one_transaction", [True, False])
def test_a_connection_carries_nobody_over_to_the_next(in_one_transaction: bool) -> None:
    head = User.objects.create(username="proviseur")
    pid = connection.connection.info.backend_pid
    with acting(head, origin="admin"):
        if in_one_transaction:
            with transaction.atomic():
                place = factories.school()
        else:
            place = factories.school()
    assert last() == (head.pk, "admin")
    assert not setting("audit.actor")
    assert not setting("audit.origin")
    for _turn in range(4):  # back to the pool, and taken up again by somebody else
        connection.close()
        connection.ensure_connection()
        if connection.connection.info.backend_pid == pid:
            break
    assert connection.connection.info.backend_pid == pid
    School.objects.filter(pk=place.pk).update(phone="01")
    assert last() == (None, "sql")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_refused_write_carries_nobody_over_either() -> None:
    head = User.objects.create(username="proviseur")
    factories.school()
    with acting(head, origin="admin"), pytest.raises(IntegrityError):
        factories.school()
    assert not setting("audit.actor")


def test_a_write_is_one_statement_still() -> None:
    def write() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert School.objects.filter(pk=place.pk).update(phone="01") == 1
            divisions = Division.objects.bulk_create(
                Division(school=place, school_year=2026, code=f"2DE{number}") for number in range(1, 4)
            )
            assert all(each.pk for each in divisions)
            assert Division.objects.filter(school=place).delete()[0] == 3
        return len(queries)

    place, head = factories.school(), factories.account()
    count = write()
    with acting(head, origin="admin"):
        assert write() == count
    assert last() == (head.pk, "admin")


def test_raw_statements_keep_their_rows_counts_and_percents() -> None:
    place, head = factories.school(), factories.account()
    with acting(head, origin="100 % d’« origine »"), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_school SET phone = '50 %' RETURNING id, phone")
        assert cursor.fetchall() == [(place.pk, "50 %")]
        cursor.execute("UPDATE schools_school SET phone = %s || ' 100 %%' WHERE id = %s", ["01", place.pk])
        assert cursor.rowcount == 1
        cursor.execute(
            "WITH changed AS (UPDATE schools_school SET phone = %(phone)s RETURNING phone) SELECT phone FROM changed",
            {"phone": "02"},
        )
        assert cursor.fetchone() == ("02",)
        cursor.execute("-- why\n/* where */ UPDATE schools_school SET phone = '02 bis'")
        assert cursor.rowcount == 1
        cursor.execute(sql.SQL("UPDATE {} SET phone = %s").format(sql.Identifier("schools_school")), ["03"])
        assert cursor.rowcount == 1
    told = Change.objects.filter(operation=Operation.UPDATE).order_by("pk")
    assert [change.content["phone"][1] for change in told] == ["50 %", "01 100 %", "02", "02 bis", "03"]
    assert {(change.actor_id, change.origin) for change in told} == {(head.pk, "100 % d’« origine »")}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_rows_sent_at_once_have_their_author_too() -> None:
    place, head = factories.school(), User.objects.create(username="proviseur")
    with acting(head, origin="admin"), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO schools_division (school_id, school_year, code, name) VALUES (%s, 2026, %s, '')",
            [(place.pk, "2DE1"), (place.pk, "2DE2")],
        )
        assert cursor.rowcount == 2
    told = Change.objects.filter(table="schools_division")
    assert [(change.actor_id, change.origin) for change in told] == [(head.pk, "admin")] * 2


def test_rows_read_one_by_one_from_the_server_are_read_as_before(dubois: factories.Family) -> None:
    with acting(dubois.sophie.user, origin="portail"):
        assert list(Student.objects.iterator(chunk_size=1)) == [dubois.emma]
        assert Student.objects.select_for_update().get() == dubois.emma


def test_an_origin_too_long_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="characters"), acting(origin="x" * 81):
        pass  # pragma: no cover


def test_a_request_to_the_admin_acts_for_who_is_signed_in(client: Client) -> None:
    place = factories.school()
    head = factories.staff(place)
    factories.sign_in(client, head, None)
    answer = client.post(
        f"/admin/schools/school/{place.pk}/change/",
        {"name": "Lycée Ada-Lovelace", "time_zone": "Europe/Paris", "address": "", "phone": "", "email": ""},
    )
    assert answer.status_code == 302
    change = Change.objects.get(table="schools_school", operation=Operation.UPDATE)
    assert change.content["name"] == ["Lycée Simone-Veil", "Lycée Ada-Lovelace"]
    assert (change.actor_id, change.origin) == (head.pk, "admin")


def test_a_request_to_the_portal_acts_for_who_is_signed_in_by_then() -> None:
    sophie = factories.account("Sophie")

    def view(request: Any) -> Any:
        request.user = sophie  # signed in meanwhile
        factories.school()

    ActingUser(view)(RequestFactory().get("/mes-services/"))
    assert last() == (sophie.pk, "portail")


def test_a_command_acts_under_its_own_name(tmp_path: Any) -> None:
    place = factories.school()
    password = tmp_path / "password"
    password.write_text("une-phrase-de-passe-longue")
    call_command("create_head", uai=place.uai, username="proviseur", password_file=password, stdout=StringIO())
    assert last() == (None, "commande create_head")


def test_a_task_acts_under_its_own_name() -> None:
    place = factories.school()

    @app.task(name="tests.audit.rename_school")
    def rename_school() -> None:
        School.objects.filter(pk=place.pk).update(name="Lycée Ada-Lovelace")

    try:
        with acting(factories.account(), origin="admin"):
            rename_school.apply(throw=True)
    finally:
        app.tasks.unregister("tests.audit.rename_school")
    assert last() == (None, "tâche rename_school")


def test_the_tasks_of_the_product_are_made_so() -> None:
    from audit.tasks import ActingTask
    from notifications.tasks import send_due_messages

    assert isinstance(app.tasks[send_due_messages.name], ActingTask)
