"""The pages of the council: the classes, one class line by line, what others enter meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.sessions import COUNCIL_MAX_AGE
from audit.services import note_reading
from orientation.council.lines import tokens_of
from orientation.council.pages import Place, ShownLine, classes_of, councils_of, place_of, title_of
from orientation.council.queries import campaign_at
from orientation.models import PhaseKind
from schools.open_pages import asked_by_an_open_page
from schools.policies import StaffAct
from schools.staff_pages import staff_scope


@require_safe
def councils(request: HttpRequest, uai: str) -> HttpResponse:
    """Show how far each class is in its two councils."""
    scope = staff_scope(request, uai, StaffAct.READ)
    campaign = campaign_at(scope.school, scope.now)
    found = councils_of(campaign) if campaign else []
    context = {
        "title": _("Conseils de classe"),
        "campaign": campaign,
        "councils": [(each, each.entry_began(scope.now)) for each in found],
        "classes": classes_of(scope, campaign, found) if campaign else [],
    }
    return scope.render("orientation/staff/councils.html", context)


@asked_by_an_open_page(lasts=COUNCIL_MAX_AGE, by_htmx=True)
@require_safe
def council(request: HttpRequest, uai: str, kind: PhaseKind, division: int) -> HttpResponse:
    """Show a class line by line, or one pupil for the whole room with `?projection=1`."""
    place = place_of(request, uai, kind, division, StaffAct.READ)
    note_class_read(place)
    if "projection" in request.GET:
        return _project(place, request.GET.get("eleve", ""))
    return show_class(place)


@asked_by_an_open_page(lasts=COUNCIL_MAX_AGE)
@require_safe
def news(request: HttpRequest, uai: str, kind: PhaseKind, division: int) -> HttpResponse:
    """Return the lines that differ from those the page knows (`connues=<pupil>:<token>,…`)."""
    place = place_of(request, uai, kind, division, StaffAct.READ)
    known = dict(each.split(":", 1) for each in request.GET.get("connues", "").split(",") if ":" in each)
    tokens = tokens_of(place.students, place.phases)
    changed = {key for key, token in tokens.items() if known.get(str(key), token) != token}
    if changed:
        note_class_read(place)
    lines = [place.shown(line) for line in place.lines if line.student.pk in changed] if changed else []
    return place.render("orientation/staff/council_news.html", {"lines": lines, "has_news": bool(changed)})


def note_class_read(place: Place) -> None:
    """Note that this person is shown lines of the class."""
    scope = place.scope
    note_reading(by=scope.user, school_id=scope.school.pk, subject=place.division, page="council", at=scope.now)


def show_class(place: Place, *, instead: Mapping[int, ShownLine] | None = None, status: int = 200) -> HttpResponse:
    """Show the class; `instead` puts other lines in the place of those of these pupils (what was refused)."""
    instead = instead or {}
    lines = [instead.get(line.student.pk) or place.shown(line) for line in place.lines]
    context = {**place.context, "title": title_of(place.phases.kind, place.division), "lines": lines}
    return place.scope.render("orientation/staff/council.html", context, status=status)


def _project(place: Place, asked: str) -> HttpResponse:
    """Show one pupil in large, the first unless another is asked for, for a room to read."""
    keys = [str(line.student.pk) for line in place.lines]
    at = keys.index(asked) if asked in keys else 0
    context = {
        **place.context,
        "title": title_of(place.phases.kind, place.division),
        "line": place.lines[at] if keys else None,
        "number": at + 1,
        "before": place.lines[at - 1].student if at else None,
        "after": place.lines[at + 1].student if at + 1 < len(keys) else None,
    }
    return place.scope.render("orientation/staff/council_projection.html", context)
