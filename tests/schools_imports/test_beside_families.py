"""An import and the families' writes go side by side: neither waits for the other, so neither can block the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from schools.models import Student
from schools.siecle import apply_import, read_pair
from tests.schools.exports import YEAR, Pair, Pupil
from tests.schools_imports.conftest import NOW, in_school

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def import_within_a_second(pair: Pair) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        apply_import(read_pair(pair.files(), expected_year=YEAR), at=NOW)
    finally:
        connection.close()


def test_rows_that_name_a_pupil_do_not_hold_back_the_import_that_changes_them(place):
    in_school(Pair(pupils=[Pupil()]))
    changed = Pair(pupils=[Pupil(divisions=("2DE9",))])
    with ThreadPoolExecutor(1) as pool, transaction.atomic(), connection.cursor() as cursor:
        # what every insertion of a draft, a submission, a sheet or a reminder does with its pupil
        cursor.execute("SELECT 1 FROM schools_student FOR KEY SHARE")
        pool.submit(import_within_a_second, changed).result()
    assert str(Student.objects.get().division) == "2DE9"


def test_a_pupil_s_new_national_number_is_written_too(place):
    in_school(Pair(pupils=[Pupil()]))
    student = Student.objects.get()
    renumbered = Pair(pupils=[Pupil(ine="987654321AB", old_ine=student.ine)])
    apply_import(read_pair(renumbered.files(), expected_year=YEAR), at=NOW)
    student.refresh_from_db()
    assert student.ine == "987654321AB"
