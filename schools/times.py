"""Saying instants to families: never a date without its hour, never an hour without its zone (decision 8)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from schools.models.school import School, TimeZone


def spoken_instant(instant: datetime, school: School) -> str:
    """Return an aware instant in words, in the school's time zone.

    >>> spoken_instant(datetime(2026, 6, 4, 21, 59, tzinfo=UTC), school)
    'jeudi 4 juin 2026 à 23 h 59 (heure de Paris)'
    """
    local = timezone.localtime(instant, school.zone)
    hour = f"{local.hour}\u00a0h\u00a0{local.minute:02}" if local.minute else f"{local.hour}\u00a0h"
    return _("%(day)s à %(hour)s (%(zone)s)") % {
        "day": date_format(local, "l j F Y"),
        "hour": hour,
        "zone": TimeZone(school.time_zone).label,
    }
