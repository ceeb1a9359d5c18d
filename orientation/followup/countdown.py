"""How long is left, in words."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from orientation.models import Phase, PhaseState
from schools.models import School
from schools.times import spoken_instant


def days_until(instant: datetime, *, at: datetime, school: School) -> int:
    """Return the number of midnights, in the school's zone, between two instants."""
    return (timezone.localdate(instant, school.zone) - timezone.localdate(at, school.zone)).days


def countdown(phase: Phase, *, at: datetime, school: School) -> str:
    """Return what comes next for a phase: “ferme dans 3 jours, le jeudi 20 mai 2027 à 23 h 59 (heure de Paris)”."""
    state = phase.state_at(at)
    instant = phase.opens_at if state is PhaseState.UPCOMING else phase.closes_at
    verb = {PhaseState.UPCOMING: _("ouvre"), PhaseState.OPEN: _("ferme"), PhaseState.CLOSED: _("a fermé")}[state]
    return _("%(verb)s %(delay)s, le %(instant)s") % {
        "verb": verb,
        "delay": in_days(days_until(instant, at=at, school=school)),
        "instant": spoken_instant(instant, school),
    }


def in_days(days: int) -> str:
    """Return a distance in days as it is said from today.

    >>> in_days(3)
    'dans 3 jours'
    """
    if days < -1:
        return _("il y a %(days)d jours") % {"days": -days}
    if days == -1:
        return _("hier")
    if days == 0:
        return _("aujourd’hui")
    if days == 1:
        return _("demain")
    return _("dans %(days)d jours") % {"days": days}
