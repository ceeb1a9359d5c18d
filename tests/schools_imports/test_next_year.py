"""The export of a year that has not begun moves every pupil out of the campaign that runs: asked twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schools.models import ImportState, School, Student
from tests.factories import sign_in
from tests.schools.exports import YEAR, Pair
from tests.schools_imports.conftest import Send, confirm, in_school, page_of, worked

JULY = datetime(2027, 7, 5, 9, tzinfo=UTC)


@pytest.fixture
def july(november: Any, head: Any, place: School) -> None:
    november.move_to(JULY)
    sign_in(head, place.staff.get().user, None)


def test_next_year_s_classes_ask_for_an_explicit_tick(july: None, head: Any, place: School, send: Send) -> None:
    in_school(Pair(stamp="01/06/2027 08:00:00"), at=JULY)
    send(Pair(year=YEAR + 1, stamp="05/07/2027 08:00:00"), school_year=YEAR + 1)
    one = worked()
    assert [caution["code"] for caution in one.summary["cautions"]] == ["next_year"]
    assert "2027-2028" in one.summary["cautions"][0]["text"]
    assert "campagne" in page_of(head, one)
    assert confirm(head, one).status_code == 422
    assert confirm(head, one, "next_year").status_code == 302
    assert worked().state == ImportState.DONE
    assert {each.division.school_year for each in Student.objects.all() if each.division} == {YEAR + 1}


def test_the_year_that_runs_and_a_school_without_classes_ask_for_none(
    july: None, head: Any, place: School, send: Send
) -> None:
    send(Pair(year=YEAR + 1, stamp="05/07/2027 08:00:00"), school_year=YEAR + 1)
    assert worked().summary["cautions"] == []


def test_once_the_year_has_begun_nothing_is_asked(november: Any, head: Any, place: School, send: Send) -> None:
    in_school(Pair())
    november.move_to(datetime(2027, 9, 1, 9, tzinfo=UTC))
    sign_in(head, place.staff.get().user, None)
    send(Pair(year=YEAR + 1, stamp="01/09/2027 08:00:00"), school_year=YEAR + 1)
    assert worked().summary["cautions"] == []
