"""The folded names that PostgreSQL keeps beside a student's own are those that Python folds a search to."""

from __future__ import annotations

from datetime import date

import pytest

from schools.models import Student
from schools.names import fold
from tests.factories import school, student

pytestmark = pytest.mark.django_db

NAMES = [
    ("D’Élan-Müller", "", "Anne Sophie"),
    ("LEFÈVRE", "Nuñez", "Zoë"),
    ("Œuvrard", "", "Lætitia"),
    ("  Weiß ", "de   la Tour", "Ângela-Ćira"),
    ("O'Brien", "", "Seán 2"),
    ("Nguyễn", "", "Đặng"),
    ("المغربي", "", "Leïla"),
]


@pytest.mark.parametrize(("family_name", "usual_name", "given_name"), NAMES)
def test_the_database_folds_names_as_we_do(family_name: str, usual_name: str, given_name: str) -> None:
    created = student(school(), family_name=family_name, usual_name=usual_name, given_name=given_name)
    created.refresh_from_db()
    assert created.folded_names == fold(family_name, usual_name, given_name)


def test_what_an_import_writes_in_bulk_is_folded_too() -> None:
    place = school()
    [row] = Student.objects.bulk_create(
        [Student(school=place, ine="1", family_name="Élie", given_name="Noé", birth_date=date(2011, 1, 1))]
    )
    row.family_name = "Hélias"
    Student.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["family_name"])
    assert Student.objects.get().folded_names == "HELIAS NOE"
