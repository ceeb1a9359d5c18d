"""How long what families write to their schools is kept."""

from __future__ import annotations

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.retention import SECURITY, TRAIL_BATCH, Period, Rule, register
from portal.models import ContactMessage

ONE_YEAR = Period(years=1)


def register_rules() -> None:
    """Make the rules of this room known."""
    register(
        Rule(
            name="portal.contact_messages",
            what=_("Messages écrits à l’établissement par la page Contact"),
            kept=ONE_YEAR,
            since=_("après leur envoi"),
            past=_contact_messages,
        ),
        Rule(
            name="portal.admin_entries",
            what=_("Historique des pages d’administration"),
            kept=ONE_YEAR,
            since=_("après la modification"),
            basis=SECURITY,
            past=_admin_entries,
            batch=TRAIL_BATCH,
        ),
    )


def _contact_messages(at: datetime) -> QuerySet[ContactMessage]:
    return ContactMessage.objects.filter(sent_at__lte=ONE_YEAR.before(at))


def _admin_entries(at: datetime) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(action_time__lte=ONE_YEAR.before(at))
