"""What every template may read. No query of its own: the account is read only by pages that have one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.actors import PROFILE_SESSION_KEY
from accounts.languages import way_back
from accounts.models import Profile
from accounts.sessions import remaining_seconds
from portal.accessibility import declaration
from portal.help import anchor_for


@dataclass(frozen=True)
class Link:
    """A labelled address of a menu."""

    label: str
    url: str
    is_current: bool = False


def site(request: HttpRequest) -> dict[str, Any]:
    """The brand, the menus, who is signed in and the addresses of other sites (decisions 20 and 27)."""
    return {
        "brand": settings.BRAND,
        "links": settings.EXTERNAL_LINKS,
        "navigation": _navigation(request),
        "footer_links": _footer_links(get_language(), timezone.localdate()),
        "account": _account(request),
        "languages": settings.LANGUAGES,
        "way_back": way_back(request),
        "help_anchor": anchor_for(request.resolver_match.view_name) if request.resolver_match else "",
    }


@lru_cache(maxsize=len(settings.LANGUAGES))
def _entries(_language: str) -> list[Link]:
    return [
        Link(_("Accueil"), reverse("portal:home")),
        Link(_("Mes services"), reverse("portal:services")),
        Link(_("Contact"), reverse("portal:contact")),
        Link(_("Espace famille"), reverse("portal:family")),
    ]


def _navigation(request: HttpRequest) -> list[Link]:
    home, *others = _entries(get_language())
    here = request.path
    return [
        replace(home, is_current=here == home.url),
        *(replace(each, is_current=here.startswith(each.url)) for each in others),
    ]


@lru_cache(maxsize=len(settings.LANGUAGES))
def _footer_links(_language: str, day: date) -> list[Link]:
    conformity = declaration().conformity_on(day)
    return [
        Link(_("Plan du site"), reverse("portal:sitemap")),
        Link(_("Accessibilité : %(state)s") % {"state": conformity.label}, reverse("portal:accessibility")),
        Link(_("Mentions légales"), reverse("portal:legal")),
        Link(_("Données personnelles"), reverse("portal:personal_data")),
        Link(_("Gestion des cookies"), reverse("portal:cookies")),
        Link(_("Conditions d’utilisation"), reverse("portal:terms")),
        Link(_("Assistance"), reverse("portal:assistance")),
    ]


def _account(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"is_signed_in": False, "remaining": 0}
    profile = request.session.get(PROFILE_SESSION_KEY)
    return {
        "is_signed_in": True,
        "name": str(user),
        "profile": Profile(profile).label if profile else "",
        "remaining": remaining_seconds(request),
    }
