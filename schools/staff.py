"""Which schools, classes and pupils a member of staff reaches, at this moment."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from schools.models import Division, Role, School, StaffMembership, Student
from schools.policies import ROLES_OF_ACT, StaffAct, is_limited_to_own_classes

_WHOLE_SCHOOL = frozenset(role for role in Role if not is_limited_to_own_classes(role))


def memberships_of(user: AbstractBaseUser | AnonymousUser, roles: Collection[Role]) -> QuerySet[StaffMembership]:
    """Return this account's memberships with one of these roles; none for who is deactivated."""
    if not user.is_active or user.pk is None:
        return StaffMembership.objects.none()
    return StaffMembership.objects.filter(user_id=user.pk, role__in=list(roles))


def memberships_in(request: HttpRequest) -> list[StaffMembership]:
    """Return what the person of this request is in which schools, by school and role. One query per request."""
    user = getattr(request, "user", None) or AnonymousUser()
    found: tuple[int | None, list[StaffMembership]] | None = getattr(request, "_staff_memberships", None)
    if found is None or found[0] != user.pk:
        held = (
            memberships_of(user, frozenset(Role)).select_related("school").order_by("school__name", "school_id", "role")
        )
        found = (user.pk, list(held))
        request._staff_memberships = found  # type: ignore[attr-defined]
    return found[1]


def schools_of_staff(user: AbstractBaseUser | AnonymousUser, roles: Collection[Role]) -> QuerySet[School]:
    """Return the schools in which this account has one of these roles."""
    return School.objects.filter(pk__in=memberships_of(user, roles).values("school_id"))


def divisions_of_staff(user: AbstractBaseUser | AnonymousUser, act: StaffAct) -> QuerySet[Division]:
    """Return the classes, of every year, in which this account may do the act: a form teacher's are their own."""
    found = memberships_of(user, ROLES_OF_ACT[act])
    whole = found.filter(role__in=_WHOLE_SCHOOL).values("school_id")
    return Division.objects.filter(Q(school__in=whole) | Q(pk__in=found.values("divisions")))


def students_in_reach(request: HttpRequest, act: StaffAct) -> Q:
    """Return what `students_of_staff` says as a condition, from the memberships that this request has read.

    It names schools and classes by number, so that PostgreSQL finds the pupils by an index however many there are.
    """
    held = [each for each in memberships_in(request) if each.role in ROLES_OF_ACT[act]]
    reached = Q(school_id__in={each.school_id for each in held if each.role in _WHOLE_SCHOOL})
    limited = [each.pk for each in held if each.role not in _WHOLE_SCHOOL]
    if limited:
        classes = StaffMembership.divisions.through.objects.filter(staffmembership_id__in=limited)
        reached |= Q(division_id__in=list(classes.values_list("division_id", flat=True)), left_on=None)
    return reached


def students_of_staff(user: AbstractBaseUser | AnonymousUser, act: StaffAct) -> QuerySet[Student]:
    """Return the pupils for whom this account may do the act, those who left included, but to a form teacher."""
    found = memberships_of(user, ROLES_OF_ACT[act])
    whole = found.filter(role__in=_WHOLE_SCHOOL).values("school_id")
    return Student.objects.filter(Q(school__in=whole) | Q(division__in=found.values("divisions"), left_on=None))
