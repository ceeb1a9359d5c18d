"""Django admin for the school's staff: each member sees their own schools only, and does what their role allows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from schools.models import Role, School
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
