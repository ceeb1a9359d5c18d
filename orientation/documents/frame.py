"""What the frame of every printed piece says; `typst/page.typ` draws it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _


def frame(*, heading: str, title: str, footer: str) -> dict[str, Any]:
    """Return the words of the frame: whose site, that a demonstration is one, what stands below each page."""
    is_demonstration = not settings.BRAND["state"]
    return {
        "title": title,
        "heading": heading,
        "site": settings.BRAND["site_title"],
        "entity": "" if is_demonstration else " ".join(settings.BRAND["entity_lines"]),
        "notice": _(
            "Démonstration : ce document ne vient pas du service officiel du ministère et n’a aucune valeur officielle."
        )
        if is_demonstration
        else "",
        "notice_short": _("Démonstration, sans valeur officielle") if is_demonstration else "",
        "footer": footer,
        "page": _("Page {page} sur {pages}"),
    }
