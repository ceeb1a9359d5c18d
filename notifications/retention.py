"""How long e-mails are kept."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.retention import TRAIL_BATCH, Period, Rule, register
from notifications.models import UNSETTLED, OutboxMessage

MAILS_KEPT = Period(years=1)


def register_rules() -> None:
    """Make the rules of this room known."""
    register(
        Rule(
            name="notifications.mails",
            what=_("Courriels envoyés (adresse, contenu, et ce qu’ils sont devenus)"),
            kept=MAILS_KEPT,
            since=_("après leur création"),
            past=_mails,
            batch=TRAIL_BATCH,
        )
    )


def _mails(at: datetime) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.exclude(state__in=UNSETTLED).filter(created_at__lte=MAILS_KEPT.before(at))
