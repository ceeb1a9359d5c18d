"""Orientation as the menu of services shows it (decision 9)."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor, StudentFile
from accounts.menu import MenuEntry, Service
from orientation.models import PhaseState
from orientation.queries import phases_of
from schools.times import spoken_instant


def _entry(actor: Actor, file: StudentFile | None) -> MenuEntry:
    label = _("Orientation")
    if file is None:
        return MenuEntry(label, reverse("orientation:choose"))
    phases = phases_of(file.student)
    url = reverse("orientation:home", args=[file.student.public_id])
    if not phases:
        return MenuEntry(label, "", reason=_("Pas de campagne d’orientation pour cette classe."))
    now = timezone.now()
    current = phases.current_at(now)
    if current is None or current.state_at(now) is PhaseState.OPEN:
        return MenuEntry(label, url)
    if current.state_at(now) is PhaseState.UPCOMING:
        reason = _("Saisie fermée pour le moment. Ouverture le %(instant)s.") % {
            "instant": spoken_instant(current.opens_at, file.student.school)
        }
    else:
        reason = _("La campagne est terminée.")
    return MenuEntry(label, url, reason=reason)


ORIENTATION = Service(code="orientation", position=30, entry=_entry)
