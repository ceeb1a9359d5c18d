"""The journal's two pages: what happened in the school, and what happened to one object. Nothing writes here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from audit.models import Change
from schools.journal import queries, wording
from schools.journal.forms import JournalForm, Trail
from schools.journal.queries import Page
from schools.journal.tables import kind_of
from schools.models import School
from schools.policies import StaffAct
from schools.staff_pages import staff_scope


@require_safe
def journal(request: HttpRequest, uai: str) -> HttpResponse:
    """Search the school's trail."""
    scope = staff_scope(request, uai, StaffAct.READ_JOURNAL)
    form = JournalForm(scope.school, data=request.GET)
    page: Page[Any] = Page([], None)
    if form.is_valid():
        search = queries.search_readings if _trail(request) is Trail.READINGS else queries.search_changes
        page = search(scope.school, form.cleaned_data, before=_before(request))
    context = {"title": _("Journal"), "form": form, **_shown(request, page, scope.school)}
    return scope.render("schools/staff/journal.html", context)


@require_safe
def journal_object(request: HttpRequest, uai: str, table: str, pk: str) -> HttpResponse:
    """Read what happened to one object, and who read it."""
    scope = staff_scope(request, uai, StaffAct.READ_JOURNAL)
    page = queries.history_of(scope.school, table, pk, trail=_trail(request), before=_before(request))
    name = wording.name_of_object(table, pk, scope.school) if page.entries else _("n° %(number)s") % {"number": pk}
    title = _("Historique : %(kind)s %(name)s") % {"kind": kind_of(table), "name": name}
    context = {"title": title, "trails": Trail.choices, **_shown(request, page, scope.school)}
    return scope.render("schools/staff/journal_object.html", context)


def _trail(request: HttpRequest) -> Trail:
    return Trail.READINGS if request.GET.get("trace") == Trail.READINGS else Trail.CHANGES


def _before(request: HttpRequest) -> int | None:
    """Return the entry after which the page begins. Raises Http404 for what is no number."""
    text = request.GET.get("avant", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text) if text else None


def _shown(request: HttpRequest, page: Page[Any], school: School) -> dict[str, Any]:
    is_changes = bool(page.entries) and isinstance(page.entries[0], Change)
    say: Any = wording.say_changes if is_changes else wording.say_readings
    filters = request.GET.copy()
    filters.pop("avant", None)
    return {
        "lines": say(page.entries, school),
        "trail": _trail(request),
        "newest": _address(filters) if "avant" in request.GET else "",
        "older": _address(filters, avant=page.older) if page.older else "",
    }


def _address(filters: QueryDict, **more: Any) -> str:
    return "?" + urlencode([*((name, value) for name, value in filters.items() if value), *more.items()])
