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
FIRST_MONTH = 8


def is_uai(text: str) -> bool:
    """Whether the text has the shape of a UAI: seven digits and a capital letter."""
    return _UAI.fullmatch(text) is not None


def time_zone_of(uai: str) -> TimeZone:
    """Return the zone of the department that the first three digits of a UAI name; Paris for the mainland."""
    return _ZONES.get(uai[:3], TimeZone.METROPOLE)


def school_year_at(instant: datetime) -> int:
    """Return the year in which the school year of an aware instant began: it turns on 1 August, in Paris."""
    local = instant.astimezone(ZoneInfo("Europe/Paris"))
    return local.year if local.month >= FIRST_MONTH else local.year - 1
