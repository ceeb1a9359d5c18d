"""Querysets composed once read what the same queryset would, with any values, by one statement."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext

from operations.prepared import Keys, Parameter, prepared
from schools.models import Guardianship, Student
from tests.factories import guardian, school, student

pytestmark = pytest.mark.django_db


@prepared
def _ties(uai: Parameter, given_name: Parameter) -> QuerySet[Guardianship]:
    return (
        Guardianship.objects.filter(student__school__uai=uai, guardian__given_name=given_name)
        .select_related("guardian", "student__school", "student__division")
        .annotate(name=F("student__given_name"))
        .order_by("pk")
    )


@prepared
def _names(pks: Keys) -> QuerySet[Student, str]:
    return Student.objects.filter(pk__in=pks).order_by("pk").values_list("given_name", flat=True)


def tie_of(uai: str, given_name: str) -> Guardianship:
    place = school(uai)
    pupil = student(place, given_name=f"Enfant de {given_name}")
    guardian(place, given_name, "Dubois", pupil)
    return Guardianship.objects.get(student=pupil)


@pytest.fixture
def ties() -> list[Guardianship]:
    return [tie_of("0759901X", "Claire"), tie_of("0339902Y", "Marc"), tie_of("0139903Z", "Zoé")]


def test_each_call_reads_with_its_own_values_in_their_places(ties: list[Guardianship]) -> None:
    for tie in ties:
        found = _ties(tie.student.school.uai, tie.guardian.given_name)
        assert tie in found
        assert {each.guardian.given_name for each in found} == {tie.guardian.given_name}
    assert _ties("0000000X", ties[0].guardian.given_name) == []
    assert _ties.first("0000000X", ties[0].guardian.given_name) is None


def test_what_is_read_is_whole_with_its_related_objects_and_annotations(ties: list[Guardianship]) -> None:
    uai, given_name = ties[1].student.school.uai, ties[1].guardian.given_name
    with CaptureQueriesContext(connection) as queries:
        found = _ties.first(uai, given_name)
        assert found is not None
        assert found.student.school.uai == uai
        assert found.name == found.student.given_name  # type: ignore[attr-defined]
        assert found.guardian.given_name == given_name
        assert found.student.division is None or found.student.division.pk
    assert len(queries) == 1
    assert "schools_guardianship" in queries[0]["sql"]
    assert not found._state.adding


def test_values_of_a_list_of_any_length(ties: list[Guardianship]) -> None:
    pks = [tie.student_id for tie in ties]
    for some in ([], pks[:1], pks):
        assert _names(some) == list(
            Student.objects.filter(pk__in=some).order_by("pk").values_list("given_name", flat=True)
        )


def test_many_calls_are_planned_once(ties: list[Guardianship]) -> None:
    for _ in range(8):
        _names([ties[0].student_id])
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%ANY%'")
        generic, custom = cursor.fetchone()
    assert generic > 0
    assert custom == 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_one_thread_composed_another_reads_on_its_own_connection() -> None:
    tie = tie_of("0759901X", "Claire")
    assert _names([tie.student_id]) == [tie.student.given_name]
    found: list[str] = []

    def read() -> None:
        found.extend(_names([tie.student_id]))
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [tie.student.given_name]
