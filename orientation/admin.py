"""Orientation in Django admin: the way to each school's campaigns, and the catalogue."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orientation.models import Campaign, Pathway, Speciality
from schools.admin import ListedFiltersAdmin, ReadOnlyAdmin


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """The campaigns of the member's schools; each leads to the page by which the school steers it.

    That page stands in the menu, under the school's name: this list does not.
    """

    list_display = ["school", "year", "page"]
    fields = ["school", "year", "page"]
    readonly_fields = ["year", "page"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return super().get_queryset(request).select_related("school")

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}

    @admin.display(description=_("année scolaire"), ordering="school_year")
    def year(self, campaign: Campaign) -> str:
        return f"{campaign.school_year}-{campaign.school_year + 1}"

    @admin.display(description=_("page de la campagne"))
    def page(self, campaign: Campaign) -> SafeString:
        address = reverse("admin:campaign_year", args=[campaign.school.uai, campaign.school_year])
        said = gettext("Phases, offre et réglages %(year)s") % {"year": self.year(campaign)}
        return format_html('<a href="{}">{}</a>', address, said)


class CatalogueAdmin(ListedFiltersAdmin):
    """The catalogue, edited by the operator alone; what was chosen once is never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Drafts and submissions name these: they do not change once they are there."""
        return [name for name in ("code", "group", "pathway") if obj and hasattr(obj, name)]

    @admin.display(description=_("proposé"), ordering="is_active")
    def is_proposed(self, row: Pathway | Speciality) -> str:
        return gettext("oui") if row.is_active else gettext("non")


@admin.register(Pathway)
class PathwayAdmin(CatalogueAdmin):
    list_display = ["label", "group", "position", "is_proposed"]


@admin.register(Speciality)
class SpecialityAdmin(CatalogueAdmin):
    list_display = ["label", "pathway", "family", "position", "is_proposed"]
    list_filter = ["pathway"]
