"""The site of the school's staff: Django admin, with the pages by which a school runs its campaign."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _

from orientation import staff_urls as orientation_pages
from schools import staff_urls as school_pages

ROOMS = (school_pages, orientation_pages)


class StaffSite(AdminSite):
    """What staff enter at `/admin/`. Every page of a school names it by its UAI."""

    site_header = site_title = _("Scolarité Services — administration")
    index_title = _("Mon établissement")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("etablissements/<str:uai>/", include(self._guarded())), *super().get_urls()]

    def _guarded(self) -> list[Any]:
        """Return the rooms' pages, each open to who may enter this site only."""
        return [
            path(str(page.pattern), self.admin_view(page.callback), name=page.name)
            for room in ROOMS
            for page in room.urlpatterns
        ]
