"""Django admin for the school's staff: each member sees their own schools only, and does what their role allows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from schools.contact import email_status
from schools.models import Guardian, Role, School, Student
from schools.staff import schools_of_staff


class SchoolScopedAdmin(admin.ModelAdmin):
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
        return schools_of_staff(request.user, self.read_roles).exists()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has_role(request, obj, self.read_roles)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has_role(request, None, self.write_roles)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has_role(request, obj, self.write_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def school_of(self, obj: Model) -> School:
        """Return the school of a row, along `school_path`."""
        found: Any = obj
        for name in self.school_path.split("__"):
            found = getattr(found, name)
        assert isinstance(found, School)  # noqa: S101 - narrows the type
        return found

    def _has_role(self, request: HttpRequest, obj: Model | None, roles: frozenset[Role]) -> bool:
        schools = schools_of_staff(request.user, roles)
        return schools.exists() if obj is None else schools.filter(pk=self.school_of(obj).pk).exists()


class SchoolRelatedFilter(admin.RelatedFieldListFilter):
    """Filter by a related row of the member's own schools only."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        schools = schools_of_staff(request.user, frozenset(Role))
        return list(field.get_choices(include_blank=False, limit_choices_to={"school__in": schools}))


class ReadOnlyAdmin(SchoolScopedAdmin):
    """What SIECLE says is corrected in SIECLE, and imported again."""

    write_roles: frozenset[Role] = frozenset()


@admin.register(Student)
class StudentAdmin(ReadOnlyAdmin):
    """The school's students, as the latest import knows them."""

    list_display = ["family_name", "given_name", "division", "mef_code", "left_on"]
    list_filter = [("division", SchoolRelatedFilter)]
    list_select_related = ["division"]
    search_fields = ["family_name", "given_name", "usual_name"]
    fields = ["school", "division", "family_name", "usual_name", "given_name", "birth_date", "mef_code", "left_on"]


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


@admin.register(Guardian)
class GuardianAdmin(ReadOnlyAdmin):
    """The guardians, and whether an e-mail reaches them. Form teachers do not read contact data."""

    read_roles = frozenset({Role.HEAD, Role.DEPUTY, Role.OFFICE})
    list_display = ["family_name", "given_name", "usable_email", "email_state"]
    list_filter = [ReachableFilter]
    search_fields = ["family_name", "given_name", "usual_name"]
    fields = ["school", "civility", "family_name", "usual_name", "given_name", "phone", "mobile", "email_state"]

    @admin.display(description=_("adresse utilisée"))
    def usable_email(self, guardian: Guardian) -> str:
        return guardian.usable_email or "—"

    @admin.display(description=_("adresses connues"))
    def email_state(self, guardian: Guardian) -> str:
        known = [f"{each.address} ({each.state.label})" for each in email_status(guardian)]
        return ", ".join(known) or str(_("aucune"))


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
