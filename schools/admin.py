"""Django admin for the school's staff: each member sees their own schools only, and does what their role allows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.contrib.admin.widgets import AdminTextareaWidget, RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.languages import in_french
from schools.contact import email_status
from schools.contact_changes.fields import siecle_value, spoken_value
from schools.contact_changes.queries import OWN_FIELDS
from schools.models import ContactField, Guardian, Guardianship, Role, School, Student
from schools.names import fold
from schools.policies import StaffAct
from schools.services import (
    DESIGNATING_ROLES,
    DesignationError,
    MayNotDesignate,
    designate_guardian,
    withdraw_designation,
)
from schools.staff import divisions_of_staff, memberships_in, schools_of_staff, students_in_reach
from schools.times import spoken_instant


class ListedFiltersAdmin(admin.ModelAdmin):
    """An admin whose rows are filtered by what `list_filter` offers, and by nothing else.

    Django lets the address bar ask about any field of the model, and so spell out those that no page shows.
    """

    show_full_result_count = False
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})}}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        listed = self.list_filter if request is None else self.get_list_filter(request)
        return any(lookup in self._parameters(each) for each in listed)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer related rows without the links that open windows of their own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def _parameters(self, listed: Any) -> set[str]:
        """Return the parameters in the address of what is one entry of `list_filter`."""
        if isinstance(listed, type):
            return {str(getattr(listed, "parameter_name", ""))}
        name = listed[0] if isinstance(listed, tuple | list) else listed
        field: Any = get_fields_from_path(self.model, name)[-1]
        target = f"{name}__{field.target_field.name}" if field.is_relation else name
        return {name, f"{name}__isnull", f"{target}__exact"}


class SchoolScopedAdmin(ListedFiltersAdmin):
    """An admin whose rows all belong to a school.

    `school_path` leads from the model to its school; `read_roles` and `write_roles` say who may do what there.
    Django's own permissions are not used: a role in a school is the permission.
    """

    school_path = "school"
    read_roles: frozenset[Role] = frozenset(Role)
    write_roles: frozenset[Role] = frozenset({Role.HEAD, Role.DEPUTY})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        schools = schools_of_staff(request.user, self.read_roles)
        return super().get_queryset(request).filter(**{f"{self.school_path}__in": schools})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._has_role(request, None, self.read_roles)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has_role(request, obj, self.read_roles)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has_role(request, None, self.write_roles)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has_role(request, obj, self.write_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the object's trail in the school's journal."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        where = [self.school_of(obj).uai, self.opts.db_table, obj.pk]
        return HttpResponseRedirect(reverse("admin:journal_object", args=where))

    def school_of(self, obj: Model) -> School:
        """Return the school of a row, along `school_path`."""
        found: Any = obj
        for name in self.school_path.split("__"):
            found = getattr(found, name)
        assert isinstance(found, School)  # noqa: S101 - narrows the type
        return found

    def _has_role(self, request: HttpRequest, obj: Model | None, roles: frozenset[Role]) -> bool:
        schools = {each.school_id for each in memberships_in(request) if each.role in roles}
        return bool(schools) if obj is None else self.school_of(obj).pk in schools


class DivisionFilter(admin.RelatedFieldListFilter):
    """Filter by one of the classes that the member reaches."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_value_display: Any = gettext("aucune")

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        reached = divisions_of_staff(request.user, StaffAct.READ).values("pk")
        return list(field.get_choices(include_blank=False, limit_choices_to={"pk__in": reached}))


class ReadOnlyAdmin(SchoolScopedAdmin):
    """What SIECLE says is corrected in SIECLE, and imported again."""

    write_roles: frozenset[Role] = frozenset()


class PeopleAdmin(ReadOnlyAdmin):
    """People, found by their names whatever the accents, capitals and hyphens."""

    search_fields = ["family_name", "given_name", "usual_name"]
    folded_field = ""
    """What `schools.names.fold` makes of the names."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        for word in search_term.split():
            found = Q(usual_name__icontains=word)
            if folded := fold(word):
                found |= Q(**{f"{self.folded_field}__contains": folded})
            queryset = queryset.filter(found)
        return queryset, False


class LegalGuardianInline(admin.TabularInline):
    """A student's legal guardians, without their contact data, and which of them is designated to write."""

    model = Guardianship
    verbose_name_plural = _("représentants légaux")
    fields = readonly_fields = ("name", "link", "designation")
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # the student is scoped

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # SIECLE says who is a guardian

    has_change_permission = has_delete_permission = has_add_permission

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        may_designate = schools_of_staff(request.user, DESIGNATING_ROLES).filter(pk=OuterRef("student__school"))
        links = Guardianship.objects.legal().select_related("guardian")
        return links.annotate(may_designate=Exists(may_designate)).order_by("guardian__family_name", "pk")

    @admin.display(description=_("représentant légal"))
    def name(self, link: Guardianship) -> str:
        return link.guardian.full_name

    @admin.display(description=_("lien"))
    def link(self, link: Guardianship) -> str:
        return link.get_relationship_display()

    @admin.display(description=_("désigné pour saisir"))
    def designation(self, link: Guardianship) -> str | SafeString:
        said = gettext("oui") if link.is_designated else gettext("non")
        if not getattr(link, "may_designate", False):
            return said
        # a button of the page's own form, which carries the token against forgery
        return format_html(
            '{} <button type="submit" class="button" formaction="{}" name="{}" value="{}">{}</button>',
            said,
            reverse("admin:schools_student_designate", args=[link.student_id]),
            "withdraw" if link.is_designated else "designate",
            link.guardian_id,
            gettext("Ne plus désigner") if link.is_designated else gettext("Désigner pour saisir"),
        )


@admin.register(Student)
class StudentAdmin(PeopleAdmin):
    """The school's students, as the latest import knows them; the head says which guardian writes (decision 2)."""

    list_display = ["family_name", "given_name", "division", "mef_code", "left_on"]
    list_filter = [("division", DivisionFilter)]
    list_select_related = ["division"]
    folded_field = "folded_names"
    fields = ["school", "division", "family_name", "usual_name", "given_name", "birth_date", "mef_code", "left_on"]
    inlines = [LegalGuardianInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Form teachers find the pupils of their own classes only."""
        return super().get_queryset(request).filter(students_in_reach(request, StaffAct.READ))

    def get_urls(self) -> list[URLPattern]:
        address = path(
            "<path:object_id>/designation/",
            self.admin_site.admin_view(self.designation_view),
            name="schools_student_designate",
        )
        return [address, *super().get_urls()]

    def designation_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Designate one of the legal guardians to write, or take it back, as the button pressed says."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        student = self.get_object(request, unquote(object_id))
        if student is None:
            raise Http404
        is_designation = "designate" in request.POST
        chosen = request.POST.get("designate" if is_designation else "withdraw", "")
        if not chosen.isdecimal() or len(chosen) > 18:
            raise Http404
        guardian = get_object_or_404(Guardian, school=student.school, students=student, pk=chosen)
        try:
            self._designate(request, student, guardian, is_designation=is_designation)
        except MayNotDesignate as refusal:
            raise PermissionDenied from refusal
        except DesignationError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:schools_student_change", args=[student.pk]))

    @transaction.atomic
    def _designate(self, request: HttpRequest, student: Student, guardian: Guardian, *, is_designation: bool) -> None:
        if is_designation:
            designate_guardian(student=student, guardian=guardian, by=request.user, at=timezone.now())
            done = _("Désignation enregistrée : %(name)s.")
        else:
            withdraw_designation(student=student, guardian=guardian, by=request.user)
            done = _("Désignation retirée : %(name)s.")
        self.log_change(request, student, _designation_kept(guardian, is_designation=is_designation))
        self.message_user(request, done % {"name": guardian.full_name}, messages.SUCCESS)


@in_french
def _designation_kept(guardian: Guardian, *, is_designation: bool) -> str:
    """Return what the history of a pupil's record keeps of a designation."""
    kept, withdrawn = _("Responsable %(id)s : désignation pour saisir."), _("Responsable %(id)s : désignation retirée.")
    return str(kept if is_designation else withdrawn) % {"id": guardian.pk}


class ReachableFilter(admin.SimpleListFilter):
    """Which guardians an e-mail can reach."""

    title = _("peut être joint par courriel")
    parameter_name = "joignable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("oui", _("oui")), ("non", _("aucune adresse")), ("refus", _("adresse refusée"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        own = Q(own_email="") | Q(own_email_refused_at__isnull=False)
        from_school = Q(school_email="") | Q(school_email_refused_at__isnull=False)
        refused = Q(own_email_refused_at__isnull=False) | Q(school_email_refused_at__isnull=False)
        if self.value() == "oui":
            return queryset.exclude(own & from_school)
        if self.value() == "non":
            return queryset.filter(own & from_school)
        return queryset.filter(refused) if self.value() == "refus" else queryset


MOST_CHANGES = 30
"""Changes of a guardian's own data on their page."""


@admin.register(Guardian)
class GuardianAdmin(PeopleAdmin):
    """The guardians, and whether an e-mail reaches them. Form teachers do not read contact data."""

    read_roles = frozenset({Role.HEAD, Role.DEPUTY, Role.OFFICE})
    list_display = ["family_name", "given_name", "usable_email", "email_state"]
    list_filter = [ReachableFilter]
    folded_field = "folded_name"
    list_select_related = ["school"]
    fields = [
        "school",
        "civility",
        "family_name",
        "usual_name",
        "given_name",
        "coordinates",
        "email_state",
        "changes",
    ]

    @admin.display(description=_("adresse utilisée"))
    def usable_email(self, guardian: Guardian) -> str:
        return guardian.usable_email or "—"

    @admin.display(description=_("adresses connues"))
    def email_state(self, guardian: Guardian) -> str:
        known = [f"{each.address} ({each.state.label})" for each in email_status(guardian)]
        return ", ".join(known) or str(_("aucune"))

    @admin.display(description=_("coordonnées dans SIECLE"))
    def coordinates(self, guardian: Guardian) -> SafeString:
        told = [
            (capfirst(each.label), spoken_value(each, siecle_value(guardian, each), guardian.school) or "—")
            for each in OWN_FIELDS
        ]
        return format_html_join(mark_safe("<br>"), "{} : {}", told)

    @admin.display(description=_("modifications par le responsable"))
    def changes(self, guardian: Guardian) -> SafeString:
        """Tell what the guardian changed, newest first, and what became of it. One query."""
        told = [
            (
                capfirst(change.get_field_display()),
                spoken_value(ContactField(change.field), change.after, guardian.school) or "—",
                change.get_outcome_display(),
                spoken_instant(change.changed_at, guardian.school),
            )
            for change in guardian.contact_changes.order_by("-pk")[:MOST_CHANGES]
        ]
        return format_html_join(mark_safe("<br>"), "{} : {} ({}, {})", told) or format_html("{}", _("aucune"))


@admin.register(School)
class SchoolAdmin(SchoolScopedAdmin):
    """The school's own coordinates and message."""

    school_path = "pk"
    list_display = ["name", "uai", "time_zone"]
    fields = ["name", "uai", "time_zone", "address", "phone", "email", "welcome_message"]
    readonly_fields = ["uai"]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def school_of(self, obj: Model) -> School:
        assert isinstance(obj, School)  # noqa: S101 - narrows the type
        return obj
