"""The portal's own entries in the menu of services, in the order of the seed."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actors import Actor, StudentFile
from accounts.menu import MenuEntry, Service


def _news(actor: Actor, file: StudentFile | None) -> MenuEntry:
    return MenuEntry(_("Actualités"), reverse("portal:news"))


def _grants(actor: Actor, file: StudentFile | None) -> MenuEntry:
    reason = _("Ce service n’est pas ouvert ici.")
    return MenuEntry(_("Bourse de lycée"), "", reason=reason, elsewhere=settings.EXTERNAL_LINKS["bourses"])


def _contact_data(actor: Actor, file: StudentFile | None) -> MenuEntry:
    return MenuEntry(_("Fiche de renseignements"), reverse("portal:contact_data"))


SERVICES = [
    Service(code="news", position=10, entry=_news),
    Service(code="grants", position=20, entry=_grants),
    Service(code="contact_data", position=40, entry=_contact_data),
]
