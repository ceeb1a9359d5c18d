"""What each page of the school's side begins with, and the list of these pages.

The addresses stand under `/admin/etablissements/<UAI>/`: each room lists its own in `staff_urls.py`, the staff's site
(`portal.staff_site`) guards and serves them. A page that is to stand in the side menu registers itself here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from schools.models import Division, Role, School, Student
from schools.policies import StaffAct, may
from schools.staff import divisions_of_staff, memberships_in, students_of_staff


@dataclass(frozen=True, kw_only=True)
class StaffPage:
    """A page of the side menu. `url_name` stands in the `admin` namespace and takes the school's UAI."""

    title: str | Promise
    url_name: str
    act: StaffAct
    position: int


_pages: dict[str, StaffPage] = {}
_titles: dict[str, str | Promise] = {}


def register(page: StaffPage) -> None:
    """Put a page in the side menu; called from `AppConfig.ready`."""
    _pages[page.url_name] = page


def pages_for(school: School, roles: Iterable[Role]) -> list[tuple[str, str]]:
    """Return the titles and addresses of the pages that these roles open in this school, in order. No query."""
    held = list(roles)
    allowed = [page for page in _pages.values() if any(may(role, page.act) for role in held)]
    return [
        (str(page.title), reverse(f"admin:{page.url_name}", args=[school.uai]))
        for page in sorted(allowed, key=lambda page: page.position)
    ]


def name_pages(titles: Mapping[str, str | Promise]) -> None:
    """Say what pages outside the side menu are called, by the names of their addresses; from `AppConfig.ready`."""
    _titles.update(titles)


def title_of(url_name: str) -> str:
    """Return what a page is called, by the name of its address: in the side menu, or as `name_pages` said."""
    page = _pages.get(url_name)
    return str(page.title if page else _titles.get(url_name, url_name))


@dataclass(frozen=True)
class StaffScope:
    """One school, what this person is in it, and the instant of the request."""

    request: HttpRequest
    school: School
    roles: frozenset[Role]
    now: datetime

    @property
    def user(self) -> Any:
        return self.request.user

    def may(self, act: StaffAct) -> bool:
        return any(may(role, act) for role in self.roles)

    def require(self, act: StaffAct) -> None:
        """Raise PermissionDenied unless one of this person's roles does the act."""
        if not self.may(act):
            raise PermissionDenied

    def divisions(self, act: StaffAct, *, school_year: int) -> QuerySet[Division]:
        """Return the classes of a year in which this person may do the act, in the order of their codes."""
        reached = divisions_of_staff(self.request.user, act)
        return reached.filter(school=self.school, school_year=school_year).order_by("code")

    def students(self, act: StaffAct) -> QuerySet[Student]:
        """Return the school's pupils for whom this person may do the act, those who left included."""
        return students_of_staff(self.request.user, act).filter(school=self.school)

    def render(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Render a page in the frame of the administration; instants are in the school's own zone."""
        frame = {**admin.site.each_context(self.request), "scope": self, "school": self.school, "roles": self.roles}
        with timezone.override(self.school.zone):
            return render(self.request, template, {**frame, **context}, status=status)


def staff_scope(request: HttpRequest, uai: str, act: StaffAct) -> StaffScope:
    """Return the scope of a page. Raises Http404 for another's school, PermissionDenied for another's act."""
    found = [each for each in memberships_in(request) if each.school.uai == uai]
    if not found:
        raise Http404
    scope = StaffScope(request, found[0].school, frozenset(Role(each.role) for each in found), timezone.now())
    scope.require(act)
    return scope
