"""Instants of a school: never said without their hour and zone (decision 8), read in the school's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from schools.models.school import School, TimeZone


def spoken_instant(instant: datetime, school: School) -> str:
    """Return an aware instant in words, in the school's time zone.

    >>> spoken_instant(datetime(2026, 6, 4, 21, 59, tzinfo=UTC), school)
    'jeudi 4 juin 2026 à 23 h 59 (heure de Paris)'
    """
    local = timezone.localtime(instant, school.zone)
    return _("%(day)s à %(hour)s (%(zone)s)") % {
        "day": date_format(local, "l j F Y"),
        "hour": spoken_hour(local),
        "zone": TimeZone(school.time_zone).label,
    }


def spoken_hour(local: datetime) -> str:
    """Return the hour that this instant's own clock shows: `23 h 59`, `18 h`."""
    if local.minute:
        return _("%(hour)d h %(minute)02d") % {"hour": local.hour, "minute": local.minute}
    return _("%(hour)d h") % {"hour": local.hour}


spoken_instant_lazy = lazy(spoken_instant, str)
"""The same, said in the language of who reads it: for what e-mails hold."""


class LocalTimeRefused(ValueError):
    """An hour that the clocks of the school skip, or show twice, on that day. `str(error)` is the French sentence."""


def local_instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, that this day and hour name in the school's zone. Raises LocalTimeRefused."""
    first, second = (datetime.combine(day, hour, tzinfo=zone).replace(fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise LocalTimeRefused(
            _("Cette heure n’existe pas ce jour-là : les horloges passent à l’heure d’été. Choisissez une autre heure.")
        )
    if first.utcoffset() != second.utcoffset():
        raise LocalTimeRefused(
            _("Cette heure existe deux fois ce jour-là : passage à l’heure d’hiver. Choisissez une autre heure.")
        )
    return first.astimezone(UTC)
