"""Nobody's telephone rings at night for a reminder."""

from __future__ import annotations

from datetime import datetime, timedelta

from orientation.models import Phase

MORNING, EVENING = 8, 21
"""Hours of the school's zone between which reminders leave."""


def leaving_at(phase: Phase, at: datetime) -> datetime:
    """Return when what is owed at this instant leaves: at once, or at eight in the morning in the school's zone.

    At once, too, when the phase closes before that morning.
    """
    local = at.astimezone(phase.campaign.school.zone)
    if MORNING <= local.hour < EVENING:
        return at
    day = local + timedelta(days=1) if local.hour >= EVENING else local
    morning = day.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return morning if morning < phase.closes_at else at
