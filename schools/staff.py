"""Which schools a member of staff works for."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from schools.models import Role, School


def schools_of_staff(user: AbstractBaseUser | AnonymousUser, roles: Collection[Role]) -> QuerySet[School]:
    """Return the schools in which this account has one of these roles, at this moment."""
    if not user.is_active or user.pk is None:
        return School.objects.none()
    return School.objects.filter(staff__user_id=user.pk, staff__role__in=list(roles)).distinct()
