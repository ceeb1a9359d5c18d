"""What a UAI and an instant say of a school: its time zone, and the school year it is in."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from schools.models import TimeZone

_UAI = re.compile(r"[0-9]{7}[A-Z]")
_ZONES = {
    "971": TimeZone.GUADELOUPE,
    "972": TimeZone.MARTINIQUE,
    "973": TimeZone.GUYANE,
    "974": TimeZone.REUNION,
    "975": TimeZone.SAINT_PIERRE,
    "976": TimeZone.MAYOTTE,
    "977": TimeZone.GUADELOUPE,  # Saint-Barthélemy, and 978 Saint-Martin: on Guadeloupe's time
    "978": TimeZone.GUADELOUPE,
    "983": TimeZone.NOUVELLE_CALEDONIE,
    "984": TimeZone.POLYNESIE,
    "985": TimeZone.MAYOTTE,  # its code before 2008
    "986": TimeZone.WALLIS,
    "987": TimeZone.POLYNESIE,  # 987 and 988 are the codes of Insee, 984 and 983 those of the Éducation nationale
    "988": TimeZone.NOUVELLE_CALEDONIE,
}
_FIRST_MONTH = 8
_FIRST_MONTH_IN_THE_SOUTH = 2
_SOUTHERN = {TimeZone.NOUVELLE_CALEDONIE, TimeZone.WALLIS}
"""Where the school year is that of the calendar: from February to December."""

_BESIDE_THE_TURN = 2
"""Months before the turn, and from it on, during which the files of both years are at hand."""


def is_uai(text: str) -> bool:
    """Whether the text has the shape of a UAI: seven digits and a capital letter."""
    return _UAI.fullmatch(text) is not None


def time_zone_of(uai: str) -> TimeZone:
    """Return the zone of the department that the first three digits of a UAI name; Paris for the mainland."""
    return _ZONES.get(uai[:3], TimeZone.METROPOLE)


def school_year_at(instant: datetime, time_zone: str = TimeZone.METROPOLE) -> int:
    """Return the year in which the school year of an aware instant began, in a school of this zone.

    It turns on 1 August, and on 1 February in Nouvelle-Calédonie and in Wallis-et-Futuna.
    """
    local = instant.astimezone(ZoneInfo(time_zone))
    return local.year if local.month >= _first_month(time_zone) else local.year - 1


def school_year_begins_at(year: int, time_zone: str = TimeZone.METROPOLE) -> datetime:
    """Return the aware instant at which the school year of this year begins, and the former one ends."""
    return datetime(year, _first_month(time_zone), 1, tzinfo=ZoneInfo(time_zone))


def school_years_around(instant: datetime, time_zone: str) -> list[int]:
    """Return the school year of an instant and, two months before and after it turns, the other one; later first."""
    year = school_year_at(instant, time_zone)
    months = (instant.astimezone(ZoneInfo(time_zone)).month - _first_month(time_zone)) % 12
    if months < _BESIDE_THE_TURN:
        return [year, year - 1]
    if months >= 12 - _BESIDE_THE_TURN:
        return [year + 1, year]
    return [year]


def _first_month(time_zone: str) -> int:
    return _FIRST_MONTH_IN_THE_SOUTH if time_zone in _SOUTHERN else _FIRST_MONTH
