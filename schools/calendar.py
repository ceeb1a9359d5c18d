"""Which days are worked where a school stands: for the checks of dates, and for delays in *jours ouvrables*."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays

from schools.models.school import School, TimeZone

_SATURDAY, _SUNDAY = 5, 6

_SUBDIVISIONS = {
    TimeZone.METROPOLE: None,  # the zone does not tell Alsace-Moselle, which has two days more
    TimeZone.GUADELOUPE: "971",
    TimeZone.MARTINIQUE: "972",
    TimeZone.GUYANE: "973",
    TimeZone.REUNION: "974",
    TimeZone.MAYOTTE: "976",
    TimeZone.SAINT_PIERRE: "PM",
    TimeZone.NOUVELLE_CALEDONIE: "NC",
    TimeZone.POLYNESIE: "PF",
    TimeZone.WALLIS: "WF",
}
"""The territory of each zone, as the library `holidays` names it."""


@lru_cache(maxsize=256)
def _holidays_of_year(zone: TimeZone, year: int) -> holidays.HolidayBase:
    return holidays.France(subdiv=_SUBDIVISIONS[zone], years=[year], language="fr", expand=False)


def public_holiday(day: date, school: School) -> str:
    """Return the French name of the public holiday of the school's territory on this day, or an empty string."""
    return _holidays_of_year(TimeZone(school.time_zone), day.year).get(day) or ""


def is_public_holiday(day: date, school: School) -> bool:
    """Whether this day is a public holiday (jour férié) of the school's territory."""
    return bool(public_holiday(day, school))


def is_working_day(day: date, school: School) -> bool:
    """Whether this is a *jour ouvrable*: Monday to Saturday, less the territory's public holidays (decision 13)."""
    return day.weekday() != _SUNDAY and not is_public_holiday(day, school)


def is_school_day(day: date, school: School) -> bool:
    """Whether classes may be held: Monday to Friday, less public holidays. School holidays are not known."""
    return day.weekday() < _SATURDAY and not is_public_holiday(day, school)
