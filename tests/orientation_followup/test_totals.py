"""What families ask for, counted from the newest submissions only."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orientation.followup.charts import chart
from orientation.followup.totals import Demand, Totals, totals_of
from orientation.models import PhaseKind, Speciality
from schools.models import Role, Student
from tests.factories import Family, sign_in, staff, student
from tests.orientation_followup.builders import address, phase_of, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

TRIO = ["mathematiques", "nsi", "ses"]


def totals(family: Family) -> Totals:
    return totals_of(family.campaign, family.phase, students=Student.objects.all())


def pupil(family: Family, *choices: tuple[str, list[str]], elsewhere: tuple[str, ...] = ()) -> Student:
    made = student(family.school, "Léa", "Martin")
    submission(made, family.phase, family.sophie, choices, elsewhere=elsewhere)
    return made


def demands(found: list[Demand]) -> dict[str, tuple[int, int]]:
    return {each.label: (each.first, each.any_rank) for each in found}


def label(code: str) -> str:
    return Speciality.objects.get(code=code).label


def test_pathways_are_counted_at_rank_one_and_at_any(dubois: Family) -> None:
    pupil(dubois, ("generale", TRIO), ("stmg", []))
    pupil(dubois, ("stmg", []), ("generale", TRIO))
    pupil(dubois, ("stmg", []))
    found = totals(dubois)
    assert (found.pupils, found.validated) == (4, 3)
    assert demands(found.pathways) == {"1re générale": (1, 2), "1re STMG": (2, 3)}


def test_only_the_newest_submission_of_a_pupil_in_school_counts(dubois: Family) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie, [("stmg", ())])
    submission(dubois.emma, dubois.phase, dubois.sophie, [("generale", TRIO)])
    submission(dubois.emma, phase_of(dubois.campaign, PhaseKind.INTENTIONS), dubois.sophie, [("stmg", ())])
    Student.objects.filter(pk=pupil(dubois, ("stmg", [])).pk).update(left_on="2027-01-01")
    assert demands(totals(dubois).pathways) == {"1re générale": (1, 1)}


def test_specialities_taught_and_elsewhere_stand_apart(dubois: Family) -> None:
    pupil(dubois, ("generale", TRIO))
    pupil(dubois, ("stmg", []), ("generale", ["nsi", "svt"]), elsewhere=("svt",))
    found = totals(dubois)
    assert demands(found.taught) == {
        label("mathematiques"): (1, 1),
        label("nsi"): (1, 2),
        label("ses"): (1, 1),
    }
    assert demands(found.elsewhere) == {label("svt"): (0, 1)}


def test_sets_and_pairs_are_those_of_rank_one_most_asked_first(dubois: Family) -> None:
    for _ in range(2):
        pupil(dubois, ("generale", TRIO))
    pupil(dubois, ("generale", ["nsi", "svt", "mathematiques"]))
    pupil(dubois, ("stmg", []), ("generale", ["hggsp", "svt", "ses"]))
    found = totals(dubois)
    assert [each.pupils for each in found.groupings] == [2, 1]
    assert set(found.groupings[0].labels) == {label(code) for code in TRIO}
    assert found.pairs[0].pupils == 3
    assert set(found.pairs[0].labels) == {label("nsi"), label("mathematiques")}
    assert label("hggsp") not in str(found.pairs)


def test_the_same_set_in_another_order_is_one_set(dubois: Family) -> None:
    pupil(dubois, ("generale", TRIO))
    pupil(dubois, ("generale", TRIO[::-1]))
    [grouping] = totals(dubois).groupings
    assert grouping.pupils == 2


def test_specialities_of_series_are_named_with_their_series(dubois: Family) -> None:
    code = Speciality.objects.filter(pathway__code="stl").values_list("code", flat=True)[0]
    pupil(dubois, ("stl", [code]))
    [demand] = totals(dubois).series
    assert demand.label.startswith("1re STL — ")


def test_totals_cost_the_same_whatever_the_number_of_pupils(dubois: Family) -> None:
    phase = dubois.phase

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            totals_of(dubois.campaign, phase, students=Student.objects.all())
        return len(queries)

    pupil(dubois, ("generale", TRIO))
    assert cost() == 5
    for _ in range(10):
        pupil(dubois, ("generale", TRIO), ("stmg", []))
    assert cost() == 5


def test_the_page_shows_the_phase_asked_for(dubois: Family) -> None:
    pupil(dubois, ("generale", TRIO))
    client = sign_in(Client(), staff(dubois.school), None)
    page = client.get(address("totals", dubois.school))
    assert page.context["totals"].phase.phase_kind is PhaseKind.FINAL_CHOICES
    assert "1 élève sur 2 a des choix validés" in page.content.decode()
    page = client.get(address("totals", dubois.school, phase="intentions"))
    assert page.context["totals"].validated == 0
    assert client.get(address("totals", dubois.school, phase="propositions")).status_code == 404


def test_a_form_teacher_counts_their_own_class(dubois: Family) -> None:
    pupil(dubois, ("stmg", []))
    other = dubois.school.divisions.create(school_year=2026, code="2DE9")
    teacher = staff(dubois.school, Role.FORM_TEACHER, other)
    page = sign_in(Client(), teacher, None).get(address("totals", dubois.school))
    assert page.context["totals"].pupils == 0


def test_totals_are_exported(dubois: Family) -> None:
    pupil(dubois, ("generale", TRIO))
    client = sign_in(Client(), staff(dubois.school), None)
    found = client.get(address("totals_export", dubois.school, format="csv"))
    rows = list(csv.reader(StringIO(found.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Rubrique", "Libellé", "Au rang 1", "À tous les rangs"]
    assert ["Voie", "1re générale", "1", "1"] in rows
    assert any(row[0] == "Spécialités ensemble" and row[1].count(" + ") == 2 for row in rows)


def test_bars_are_on_one_scale_and_follow_each_other() -> None:
    drawn = chart(["a", "b"], [("x", [3, 1]), ("y", [0, 2]), ("z", [0, 0])])
    first, second, empty = drawn.bars
    assert [(each.x, each.width) for each in first.segments] == [("0.00", "75.00"), ("75.00", "25.00")]
    assert [(each.index, each.width) for each in second.segments] == [(1, "50.00")]
    assert empty.segments == ()


def test_a_chart_of_nothing_is_empty() -> None:
    assert chart(["a"], []).bars == ()
    assert chart(["a"], [("x", [0])]).bars[0].segments == ()
