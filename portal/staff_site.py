"""The site of the school's staff: Django admin, with the pages by which a school runs its campaign."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _

from orientation import staff_urls as orientation_pages
from portal.staff_menu import staff_context
from schools import staff_urls as school_pages

ROOMS = (school_pages, orientation_pages)


class StaffSite(AdminSite):
    """What staff enter at `/admin/`. Every page of a school names it by its UAI."""

    site_header = site_title = _("Scolarité Services — administration")
    index_title = _("Mon établissement")
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("etablissements/<str:uai>/", include(self._guarded())), *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {**context, **staff_context(request, context["available_apps"])}

    def _guarded(self) -> list[Any]:
        """Return the rooms' pages, each open to who may enter this site only."""
        return [
            path(str(page.pattern), self.admin_view(page.callback), name=page.name)
            for room in ROOMS
            for page in room.urlpatterns
        ]
