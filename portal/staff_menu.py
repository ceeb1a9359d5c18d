"""The menu and the account of the school's side: each school's pages, then the lists that this person may open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from schools.models import Role, School, StaffMembership
from schools.policies import StaffAct, may
from schools.staff import memberships_in
from schools.staff_pages import pages_for


@dataclass(frozen=True)
class Entry:
    """A line of the menu. `current` is the value of `aria-current`, empty where one is not."""

    label: str
    url: str
    current: str = ""


@dataclass(frozen=True)
class Section:
    """A titled group of lines: a school, or a room's lists."""

    title: str
    entries: list[Entry]


@dataclass(frozen=True)
class RolesInSchool:
    """What the person is in one school, in words."""

    school: School
    roles: str


def staff_context(request: HttpRequest, available_apps: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what the frame of each page shows of who is there and where they may go. One query per request."""
    held = list(_by_school(memberships_in(request)))
    sections = [(str(school), pages_for(school, (Role(each.role) for each in found))) for school, found in held]
    sections += [(str(app["name"]), _lists(app)) for app in available_apps]
    urls = [url for _title, pages in sections for _label, url in pages]
    # several addresses begin this one: the longest is the page one is in
    nearest = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    return {
        "staff_home": home_title(request),
        "staff_menu": [_section(title, pages, request.path, nearest) for title, pages in sections if pages],
        "staff_roles": [RolesInSchool(school, _roles_in_words(found)) for school, found in held],
        "is_staff_home": request.path == reverse("admin:index"),
        "reads_journal": not held
        or any(may(Role(each.role), StaffAct.READ_JOURNAL) for _school, found in held for each in found),
    }


def home_title(request: HttpRequest) -> str:
    """Return what the first page of the school's side is called for this person."""
    schools = {each.school_id for each in memberships_in(request)}
    if not schools:
        return _("Accueil")
    return _("Mes établissements") if len(schools) > 1 else _("Mon établissement")


def _by_school(memberships: list[StaffMembership]) -> Iterator[tuple[School, list[StaffMembership]]]:
    for _pk, found in groupby(memberships, key=lambda each: each.school_id):
        of_school = list(found)
        yield of_school[0].school, of_school


def _lists(app: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(model["name"]), model["admin_url"]) for model in app["models"] if model["admin_url"]]


def _section(title: str, pages: list[tuple[str, str]], path: str, nearest: str) -> Section:
    here = "page" if path == nearest else "true"
    return Section(title, [Entry(label, url, here if url == nearest else "") for label, url in pages])


def _roles_in_words(memberships: list[StaffMembership]) -> str:
    return ", ".join(str(Role(each.role).label) for each in memberships)
