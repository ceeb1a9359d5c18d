"""The school's side of orientation in Django admin: campaigns, their phases, and what the school teaches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orientation.models import Campaign, Pathway, PathwayGroup, Phase, Speciality
from orientation.school_services import declare_offer
from schools.admin import ListedFiltersAdmin, SchoolScopedAdmin
from schools.models import School
from schools.staff import schools_of_staff
from schools.staff_forms import StaffFormsMixin


class CampaignForm(forms.ModelForm):
    """A campaign together with the school's offer of specialities for its year."""

    offer = forms.ModelMultipleChoiceField(
        queryset=Speciality.objects.filter(pathway__group=PathwayGroup.GENERAL, is_active=True),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=_("Spécialités de 1re générale enseignées dans l’établissement"),
    )
    offer_is_complete = forms.BooleanField(
        required=False,
        label=_("Cette offre est complète"),
        help_text=_(
            "À cocher même si l’établissement n’enseigne aucune spécialité : sans cela, aucune saisie n’ouvre."
        ),
    )

    class Meta:
        model = Campaign
        fields = [
            "school",
            "school_year",
            "mef_prefixes",
            "intention_specialities",
            "final_specialities",
            "single_writer",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # what families validated belongs to this school and this year
            for name in {"school", "school_year"} & self.fields.keys():
                self.fields[name].disabled = True
            self.fields["offer"].initial = Speciality.objects.filter(
                offers__school_id=self.instance.school_id, offers__school_year=self.instance.school_year
            )
            self.fields["offer_is_complete"].initial = self.instance.offer_declared_at is not None


class PhaseForm(forms.ModelForm):
    """The dates of a phase; what it is does not change once it is there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "kind" in self.fields:
            self.fields["kind"].disabled = True

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or {}
        opens_at, closes_at = values.get("opens_at"), values.get("closes_at")
        if isinstance(opens_at, datetime) and isinstance(closes_at, datetime) and opens_at >= closes_at:
            self.add_error("closes_at", _("La fermeture doit venir après l’ouverture."))
        return values


class PhaseInline(StaffFormsMixin, admin.StackedInline):
    model = Phase
    form = PhaseForm
    extra = 0
    max_num = 4
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Phase]:
        return super().get_queryset(request).select_related("campaign__school")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # the campaign itself is scoped

    has_add_permission = has_change_permission = has_view_permission


@admin.register(Campaign)
class CampaignAdmin(SchoolScopedAdmin):
    """One campaign: its phases, in the school's own time, and the offer."""

    form = CampaignForm
    inlines = [PhaseInline]
    list_display = ["school", "school_year", "offer_declared_at"]
    fields = [
        "school",
        "school_year",
        "mef_prefixes",
        "intention_specialities",
        "final_specialities",
        "single_writer",
        "offer",
        "offer_is_complete",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return super().get_queryset(request).select_related("school")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "school":
            kwargs["queryset"] = schools_of_staff(request.user, self.write_roles)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show and read dates in the school's own time zone (decision 8)."""
        campaign = self.get_object(request, object_id) if object_id else None
        school = campaign.school if campaign else self._school_to_be(request)
        if school is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with timezone.override(school.zone):
            context = {**(extra_context or {}), "subtitle": school.get_time_zone_display()}
            response = super().changeform_view(request, object_id, form_url, context)
            return response.render() if hasattr(response, "render") else response

    def _school_to_be(self, request: HttpRequest) -> School | None:
        """Return the school of a campaign being created: the one chosen in the form, at first the member's first."""
        schools = schools_of_staff(request.user, self.write_roles)
        chosen = request.POST.get("school", "")
        return schools.filter(pk=chosen).first() if chosen.isdecimal() else schools.first()

    def save_model(self, request: HttpRequest, obj: Campaign, form: CampaignForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        declare_offer(
            campaign=obj,
            specialities=form.cleaned_data["offer"],
            is_complete=form.cleaned_data["offer_is_complete"],
            at=timezone.now(),
        )


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
