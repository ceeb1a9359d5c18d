"""How long the trail itself is kept."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.models import Change, Reading
from audit.retention import SECURITY, TRAIL_BATCH, Period, Rule, held, register

CHANGES_KEPT = Period(years=3)
"""At most: what the trail says of erased rows goes with them."""

READINGS_KEPT = Period(years=1)


def register_rules() -> None:
    """Make the rules of the trail known."""
    register(
        Rule(
            name="audit.changes",
            what=_(
                "Journal des modifications (effacé avec les données dont il parle, et au plus tard à cette échéance)"
            ),
            kept=CHANGES_KEPT,
            since=_("après la modification ; plus longtemps si un recours est en cours"),
            basis=SECURITY,
            past=_changes,
            batch=TRAIL_BATCH,
        ),
        Rule(
            name="audit.readings",
            what=_("Consultations d’un dossier par le personnel"),
            kept=READINGS_KEPT,
            since=_("après la consultation"),
            basis=SECURITY,
            past=_readings,
            batch=TRAIL_BATCH,
        ),
    )


def _changes(at: datetime) -> QuerySet[Change]:
    return Change.objects.filter(at__lte=CHANGES_KEPT.before(at)).exclude(held("student_id", at))


def _readings(at: datetime) -> QuerySet[Reading]:
    return Reading.objects.filter(at__lte=READINGS_KEPT.before(at))
