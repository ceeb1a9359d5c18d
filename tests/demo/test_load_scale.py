"""The data set of national size is what the product itself would have written."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from demo.management.commands.load_scale import Command
from demo.scale.people import PUPILS_OF_A_SCHOOL
from demo.scale.tables import COLUMNS, missing_columns
from orientation.models import Draft, FamilyAnswer, Phase, PhaseKind, Submission
from orientation.queries import submission_wishes, wishes_of
from orientation.rules import Catalogue, problems_of_list
from schools.models import Guardian, Guardianship, School, Student

STUDENTS = PUPILS_OF_A_SCHOOL + 40
"""One school on its closing evening, and a part of another whose propositions are told."""

pytestmark = pytest.mark.django_db


def test_the_data_set_gives_every_column_that_the_models_want() -> None:
    assert missing_columns() == {}


def test_it_has_the_people_asked_for_and_refuses_a_base_that_has_some() -> None:
    call_command(Command(), students=STUDENTS, stdout=StringIO(), stderr=StringIO())

    assert Student.objects.count() == STUDENTS
    assert School.objects.count() == 2
    assert 1.8 < Guardian.objects.count() / STUDENTS < 1.95
    assert Guardianship.objects.legal().count() == Guardian.objects.count()
    with pytest.raises(CommandError, match="n’est pas vide"):
        call_command(Command(), students=1, stdout=StringIO())


def test_its_lists_keep_the_rules_and_its_rows_the_foreign_keys() -> None:
    call_command(Command(), students=STUDENTS, stdout=StringIO(), stderr=StringIO())
    connection.check_constraints([apps.get_model(label)._meta.db_table for label in COLUMNS])

    catalogue = Catalogue.load()
    for phase in Phase.objects.select_related("campaign").filter(
        kind__in=(PhaseKind.INTENTIONS, PhaseKind.FINAL_CHOICES)
    ):
        lists = [wishes_of(each) for each in Draft.objects.filter(phase=phase)]
        lists += [submission_wishes(each) for each in Submission.objects.filter(phase=phase)]
        assert lists
        for wishes in lists:
            found = problems_of_list(wishes, catalogue=catalogue, speciality_count=phase.speciality_count)
            assert not any(found)
    assert FamilyAnswer.objects.filter(answer__verdict="").count() == 0


def test_the_product_goes_on_numbering_where_the_data_set_ends() -> None:
    call_command(Command(), students=10, stdout=StringIO(), stderr=StringIO())

    assert School.objects.create(uai="0750001A", name="Lycée neuf").pk == 2


def test_two_runs_write_the_same_people_and_choices() -> None:
    def written() -> list[object]:
        call_command(Command(), students=30, stdout=StringIO(), stderr=StringIO())
        rows = list(Student.objects.values_list("public_id", "ine", "family_name", "birth_date").order_by("pk"))
        lists = list(
            Submission.objects.values_list("pk", "public_id", "number", "choices__label").order_by(
                "pk", "choices__rank"
            )
        )
        return [*rows, *lists]

    first = written()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for label in COLUMNS:
            cursor.execute(f'DELETE FROM "{apps.get_model(label)._meta.db_table}"')  # noqa: S608
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert written() == first
