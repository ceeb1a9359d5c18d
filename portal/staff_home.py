"""The home of the school's side: the campaign of each school of this person, at a glance."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest
from django.utils import timezone

from orientation.followup.home import SchoolHome, home_of
from schools.models import Role
from schools.policies import StaffAct
from schools.staff import memberships_in
from schools.staff_pages import StaffScope


def homes_of(request: HttpRequest) -> list[SchoolHome]:
    """Return what the home says of each school, in the order of the menu; empty for who is of no school (operator)."""
    now = timezone.now()
    homes = []
    for _pk, found in groupby(memberships_in(request), key=lambda each: each.school_id):
        held = list(found)
        scope = StaffScope(request, held[0].school, frozenset(Role(each.role) for each in held), now)
        if scope.may(StaffAct.READ):
            homes.append(home_of(scope))
    return homes
