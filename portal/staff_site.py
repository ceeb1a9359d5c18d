"""The site of the school's staff: Django admin, with the pages by which a school runs its campaign."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from accounts import staff_urls as account_pages
from accounts.sessions import PROVIDER_SESSION_KEY
from accounts.staff.second_factor import may_enter
from accounts.views.sign_out import sign_out
from accounts.views.staff_sign_in import sign_in
from orientation import staff_urls as orientation_pages
from portal.staff_home import homes_of
from portal.staff_menu import home_title, staff_context
from schools import staff_urls as school_pages

ROOMS = (school_pages, account_pages, orientation_pages)


class StaffSite(AdminSite):
    """What staff enter at `/admin/`. Every page of a school names it by its UAI."""

    site_header = site_title = _("Scolarité Services — administration")
    enable_nav_sidebar = False
    empty_value_display = "—"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("connexion/", include(account_pages.sign_in_urlpatterns)),
            path("etablissements/<str:uai>/", include(self._guarded())),
            *super().get_urls(),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this is active staff, who gave a code of their second factor where it is asked of them."""
        return may_enter(request)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return sign_in(request)

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """End the session; who came through the agents' provider ends it there too."""
        if PROVIDER_SESSION_KEY in request.session:
            return sign_out(request)
        return super().logout(request, extra_context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {**context, **staff_context(request, context["available_apps"])}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {"homes": homes_of(request), "title": home_title(request)}
        return super().index(request, {**(extra_context or {}), **context})

    def _guarded(self) -> list[Any]:
        """Return the rooms' pages, each open to who may enter this site only."""
        return [
            path(str(page.pattern), self.admin_view(page.callback), name=page.name)
            for room in ROOMS
            for page in room.urlpatterns
        ]
