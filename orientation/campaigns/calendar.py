"""The dates of a campaign, checked: what no campaign can have, and what is to be read twice. No query."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from orientation.campaigns.errors import Caution, DateProblem
from orientation.models import Phase, PhaseKind, PhaseState
from schools.calendar import is_school_day, public_holiday
from schools.models import School
from schools.siecle.territories import school_year_at
from schools.times import spoken_instant

SHORTEST_WRITING = timedelta(days=3)
"""Families of whom one works at night or is away still see the phase; shorter is asked twice."""

_NIGHT_ENDS = time(7)
_SUNDAY = 6


@dataclass(frozen=True)
class Period:
    """When a phase opens and closes: aware instants, the closing one excluded."""

    opens_at: datetime
    closes_at: datetime


Timetable = Mapping[PhaseKind, Period]


def fingerprint(timetable: Timetable) -> str:
    """Return what a form sends back to say which dates it showed."""
    said = [
        f"{kind} {timetable[kind].opens_at.timestamp()} {timetable[kind].closes_at.timestamp()}" for kind in timetable
    ]
    return hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest()[:20]


def with_exact_instants(new: Period, old: Period | None) -> Period:
    """Return the new period, with the exact instant that stands where the form, which has no seconds, left it."""

    def kept(typed: datetime, stands: datetime) -> datetime:
        return stands if stands.replace(second=0, microsecond=0) == typed else typed

    return Period(kept(new.opens_at, old.opens_at), kept(new.closes_at, old.closes_at)) if old else new


def date_problems(timetable: Timetable) -> list[DateProblem]:
    """Return what no campaign can have: a phase that ends before it starts, phases out of order, a council answering
    families who still write."""
    problems = [
        DateProblem(kind, "closes_on", _("La fermeture doit venir après l’ouverture."))
        for kind, period in _in_order(timetable)
        if period.closes_at <= period.opens_at
    ]
    for (kind, period), (later_kind, later) in pairwise(_in_order(timetable)):
        names = {"phase": later_kind.label, "before": kind.label}
        if later.opens_at < period.opens_at:
            message = _("« %(phase)s » ne peut pas ouvrir avant « %(before)s ».") % names
        elif kind.is_written_by_families and later.opens_at < period.closes_at:
            message = _("« %(phase)s » ne peut pas ouvrir avant la fermeture de « %(before)s ».") % names
        else:
            continue
        problems.append(DateProblem(later_kind, "opens_on", message))
    return problems


def date_cautions(timetable: Timetable, *, stands: Timetable, school: School, at: datetime) -> list[Caution]:
    """Return what is to be read twice in the dates that are not those that stand (`stands` may be empty)."""
    changed = {kind for kind in timetable if timetable[kind] != stands.get(kind)}
    cautions: list[Caution] = []
    for kind, period in _in_order(timetable):
        before = stands.get(kind)
        if before is None or period.opens_at != before.opens_at:
            cautions += _of_opening(kind, period.opens_at, school, at)
        if before is None or period.closes_at != before.closes_at:
            cautions += _of_closing(kind, period.closes_at, school, at)
        is_short = period.closes_at - period.opens_at < SHORTEST_WRITING
        if kind in changed and kind.is_written_by_families and is_short:
            cautions.append(_caution("short", kind, _("« %(phase)s » : les familles ont moins de trois jours.")))
    for (kind, period), (later_kind, later) in pairwise(_in_order(timetable)):
        if changed & {kind, later_kind}:
            cautions += _between(kind, period, later_kind, later, school)
    return cautions


def state_cautions(timetable: Timetable, *, stands: Timetable, at: datetime) -> list[Caution]:
    """Return which phases would open or shut as soon as these dates are saved."""
    text = _("« %(phase)s » passe de « %(before)s » à « %(after)s » dès l’enregistrement.")
    cautions = []
    for kind, period in _in_order(timetable):
        before, after = (_state(each, at) for each in (stands.get(kind, period), period))
        if before is not after:
            cautions.append(_caution("state", kind, text, before=before.label, after=after.label))
    return cautions


def _state(period: Period, at: datetime) -> PhaseState:
    return Phase(opens_at=period.opens_at, closes_at=period.closes_at).state_at(at)


def standing_cautions(stands: Timetable, school: School, at: datetime) -> list[Caution]:
    """Return what is to be read twice in the dates that stand, of the phases that are not over."""
    ahead = {kind: period for kind, period in stands.items() if at < period.closes_at}
    cautions = date_cautions(ahead, stands={}, school=school, at=at)
    return [each for each in cautions if not each.key.startswith("opening past")]


def _in_order(timetable: Timetable) -> list[tuple[PhaseKind, Period]]:
    return [(kind, timetable[kind]) for kind in PhaseKind if kind in timetable]


def _caution(code: str, kind: PhaseKind, text: str, **values: object) -> Caution:
    detail = " ".join(str(value) for value in values.values())
    return Caution(f"{code} {kind} {detail}", text % {"phase": kind.label, **values})


def _of_opening(kind: PhaseKind, instant: datetime, school: School, at: datetime) -> Iterator[Caution]:
    when = spoken_instant(instant, school)
    if instant <= at:
        yield _caution("opening past", kind, _("« %(phase)s » : l’ouverture est déjà passée, le %(when)s."), when=when)
    elif (reason := _idle_day(instant.astimezone(school.zone).date(), school)) is not None:
        text = _("« %(phase)s » ouvre un jour chômé : %(when)s%(reason)s.")
        yield _caution("opening idle", kind, text, when=when, reason=reason)


def _of_closing(kind: PhaseKind, instant: datetime, school: School, at: datetime) -> Iterator[Caution]:
    local, when = instant.astimezone(school.zone), spoken_instant(instant, school)
    if instant <= at:
        text = _(
            "« %(phase)s » : la fermeture est déjà passée, le %(when)s. La phase sera fermée dès l’enregistrement."
        )
        yield _caution("closing past", kind, text, when=when)
    elif local.date() == at.astimezone(school.zone).date():
        yield _caution("closing today", kind, _("« %(phase)s » ferme aujourd’hui même : %(when)s."), when=when)
    if local.time() < _NIGHT_ENDS and instant > at:
        text = _("« %(phase)s » ferme en pleine nuit : %(when)s. L’usage est 23 h 59.")
        yield _caution("closing at night", kind, text, when=when)
    if instant > at and (reason := _idle_day(local.date(), school)) is not None:
        text = _("« %(phase)s » ferme un jour chômé : %(when)s%(reason)s. Personne ne pourra aider les familles.")
        yield _caution("closing idle", kind, text, when=when, reason=reason)


def _idle_day(day: date, school: School) -> str | None:
    """Return what is added to a day on which nobody works: the holiday's name, nothing on a Sunday; else None."""
    if holiday := public_holiday(day, school):
        return f", {holiday}"
    return "" if day.weekday() == _SUNDAY else None


def _between(
    kind: PhaseKind, period: Period, later_kind: PhaseKind, later: Period, school: School
) -> Iterator[Caution]:
    names: dict[str, object] = {"later": later_kind.label}
    if later.opens_at < period.closes_at:
        text = _(
            "« %(later)s » ouvre avant la fermeture de « %(phase)s » : tant que les deux sont ouvertes, la page "
            "d’accueil des familles met « %(phase)s » en avant."
        )
        yield _caution("overlap", kind, text, **names)
    elif kind.is_written_by_families and not _has_school_day_between(period.closes_at, later.opens_at, school):
        text = _(
            "Aucun jour de classe (du lundi au vendredi, hors jours fériés) entre la fermeture de « %(phase)s » et "
            "l’ouverture de « %(later)s » : le conseil de classe doit pouvoir se tenir entre les deux."
        )
        yield _caution("no school day", kind, text, **names)


def _has_school_day_between(closes_at: datetime, opens_at: datetime, school: School) -> bool:
    day, last = (instant.astimezone(school.zone).date() for instant in (closes_at, opens_at))
    for _each in range(14):  # two weeks hold a school day whatever the holidays
        day += timedelta(days=1)
        if day >= last:
            return False
        if is_school_day(day, school):
            return True
    return True


def same_weekday_later(instant: datetime, years: int, zone: ZoneInfo) -> datetime:
    """Return the instant, `years` later, of the same weekday nearest to the same date, at the same local hour."""
    local = instant.astimezone(zone)
    day = local.date()
    anniversary = date(day.year + years, day.month, min(day.day, 28) if day.month == 2 else day.day)
    gap = (day.weekday() - anniversary.weekday() + 3) % 7 - 3
    return datetime.combine(anniversary + timedelta(days=gap), local.time(), tzinfo=zone).astimezone(UTC)


def shifted(timetable: Timetable, years: int, zone: ZoneInfo) -> dict[PhaseKind, Period]:
    """Return the dates of a campaign, `years` later, on the same weekdays."""
    return {
        kind: Period(
            same_weekday_later(period.opens_at, years, zone), same_weekday_later(period.closes_at, years, zone)
        )
        for kind, period in _in_order(timetable)
    }


_PROPOSED = {
    PhaseKind.INTENTIONS: (1, 15, time(8), 25),
    PhaseKind.PROVISIONAL_OPINIONS: (3, 8, time(18), 18),
    PhaseKind.FINAL_CHOICES: (4, 25, time(8), 25),
    PhaseKind.PROPOSALS: (6, 1, time(18), 11),
}
"""From which day on each phase opens, at what hour, and how many days later it closes: second and third terms of a year
that begins in September."""

_SOUTH_IS_LATER = 5
"""Months between these terms and those of a school year that begins in February."""


def proposed(school_year: int, school: School) -> dict[PhaseKind, Period]:
    """Return dates to begin with, on days of class, in the second and third terms of a school year."""
    in_one_calendar_year = (
        school_year_at(datetime(school_year, 3, 1, tzinfo=school.zone), school.time_zone) == school_year
    )
    dates = {}
    for kind, (month, day, hour, length) in _PROPOSED.items():
        if in_one_calendar_year:
            first = date(school_year, month + _SOUTH_IS_LATER, day)
        else:
            first = date(school_year + 1, month, day)
        opens_on = _first_monday_or_after(first, school)
        closes_on = opens_on + timedelta(days=length)
        while not is_school_day(closes_on, school):
            closes_on -= timedelta(days=1)
        dates[kind] = Period(
            datetime.combine(opens_on, hour, tzinfo=school.zone).astimezone(UTC),
            datetime.combine(closes_on, time(23, 59), tzinfo=school.zone).astimezone(UTC),
        )
    return dates


def _first_monday_or_after(day: date, school: School) -> date:
    day += timedelta(days=-day.weekday() % 7)
    while not is_school_day(day, school):
        day += timedelta(days=1)
    return day
