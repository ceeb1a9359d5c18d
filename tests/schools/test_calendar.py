"""Which days are worked, where the school stands."""

from __future__ import annotations

from datetime import date

import pytest

from schools.calendar import is_public_holiday, is_school_day, is_working_day, public_holiday
from schools.models import School, TimeZone


def school_in(zone: TimeZone) -> School:
    return School(uai="0759901X", time_zone=zone)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (TimeZone.METROPOLE, date(2027, 5, 17)),  # lundi de Pentecôte
        (TimeZone.GUADELOUPE, date(2027, 5, 27)),
        (TimeZone.MARTINIQUE, date(2027, 5, 22)),
        (TimeZone.GUYANE, date(2027, 6, 10)),
        (TimeZone.REUNION, date(2027, 12, 20)),
        (TimeZone.MAYOTTE, date(2027, 4, 27)),
        (TimeZone.SAINT_PIERRE, date(2027, 7, 14)),
        (TimeZone.NOUVELLE_CALEDONIE, date(2027, 9, 24)),
        (TimeZone.POLYNESIE, date(2027, 3, 26)),
        (TimeZone.WALLIS, date(2027, 4, 28)),
    ],
)
def test_each_territory_has_its_own_holidays(zone: TimeZone, day: date) -> None:
    assert is_public_holiday(day, school_in(zone))
    assert not is_working_day(day, school_in(zone))
    common = day in (date(2027, 5, 17), date(2027, 7, 14))
    elsewhere = TimeZone.REUNION if zone is TimeZone.METROPOLE else TimeZone.METROPOLE
    assert is_public_holiday(day, school_in(elsewhere)) is common


def test_every_zone_of_a_school_has_a_calendar() -> None:
    for zone in TimeZone:
        assert is_public_holiday(date(2027, 7, 14), school_in(zone)), zone
        assert not is_public_holiday(date(2027, 6, 3), school_in(zone)), zone


def test_a_saturday_is_a_working_day_and_no_school_day_and_a_sunday_is_neither() -> None:
    paris = school_in(TimeZone.METROPOLE)
    saturday, sunday = date(2027, 6, 5), date(2027, 6, 6)
    assert (is_working_day(saturday, paris), is_school_day(saturday, paris)) == (True, False)
    assert (is_working_day(sunday, paris), is_school_day(sunday, paris)) == (False, False)
    assert is_school_day(date(2027, 6, 7), paris)
    assert not is_school_day(date(2027, 5, 6), paris), "Ascension"


def test_a_holiday_is_named_in_french() -> None:
    assert public_holiday(date(2027, 12, 20), school_in(TimeZone.REUNION)) == "Abolition de l'esclavage"
    assert public_holiday(date(2027, 12, 21), school_in(TimeZone.REUNION)) == ""


def test_asking_about_one_year_does_not_fill_another() -> None:
    paris = school_in(TimeZone.METROPOLE)
    assert not is_public_holiday(date(2029, 5, 17), paris)
    assert is_public_holiday(date(2029, 5, 10), paris), "Ascension 2029"
