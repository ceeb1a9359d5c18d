"""Plan du site: every page that has an address of its own. A test holds it to the addresses of the site."""

from __future__ import annotations

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Page = tuple[str, str | Promise]

FOR_ALL: list[Page] = [
    ("portal:home", _("Accueil")),
    ("accounts:profile", _("Connexion : choix du profil")),
    ("accounts:guardian", _("Connexion des représentants légaux")),
    ("accounts:student", _("Connexion des élèves")),
    ("portal:contact", _("Contact")),
    ("portal:assistance", _("Assistance")),
    ("portal:accessibility", _("Déclaration d’accessibilité")),
    ("portal:accessibility_plan", _("Schéma pluriannuel d’accessibilité")),
    ("portal:legal", _("Mentions légales")),
    ("portal:personal_data", _("Données personnelles")),
    ("portal:cookies", _("Gestion des cookies")),
    ("portal:terms", _("Conditions d’utilisation")),
    ("portal:sitemap", _("Plan du site")),
]

SIGNED_IN: list[Page] = [
    ("portal:services", _("Mes services")),
    ("portal:news", _("Actualités")),
    ("orientation:choose", _("Orientation")),
    ("portal:contact_data", _("Fiche de renseignements")),
    ("portal:family", _("Espace famille")),
    ("portal:family_history", _("Historique")),
    ("portal:family_mails", _("Courriels")),
    ("portal:connections", _("Mes connexions")),
    ("portal:own_data", _("Mes données")),
    ("portal:contact_write", _("Écrire à l’établissement")),
]


def listed(pages: list[Page]) -> list[tuple[str, str]]:
    """Return the addresses of these pages with their titles."""
    return [(reverse(name), str(title)) for name, title in pages]
