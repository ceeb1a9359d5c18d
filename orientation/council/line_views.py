"""Keeping one pupil's line, and what is answered: a piece of the page to htmx, the page again without JavaScript."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget

from orientation.council import services
from orientation.council.errors import AnswersRefused, ListChangedSince
from orientation.council.forms import TypedLine
from orientation.council.lines import with_typed
from orientation.council.pages import Place, ShownLine, place_of
from orientation.council.views import note_class_read, show_class
from orientation.errors import NotAllowed, OrientationError
from orientation.models import PhaseKind
from schools.models import Student
from schools.policies import StaffAct


@require_http_methods(["GET", "POST"])
def line(request: HttpRequest, uai: str, kind: PhaseKind, division: int, student: int) -> HttpResponse:
    """Keep a line as it goes; GET gives it as it stands (*garder la sienne*)."""
    place = place_of(request, uai, kind, division, StaffAct.ENTER_COUNCIL)
    pupil = get_object_or_404(place.pupils, pk=student)
    if request.method == "GET":
        note_class_read(place)
        return _stands(place, pupil)
    typed = TypedLine.of(request.POST)
    try:
        services.save_sheet(
            student=pupil,
            phase=place.phases.phase,
            answers=typed.answers,
            version=typed.version,
            submission_id=typed.submission_id,
            by=place.scope.user,
            at=place.scope.now,
        )
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except OrientationError as refusal:
        return _refused(place, pupil, typed, refusal)
    return _saved(place, pupil, typed)


def _saved(place: Place, pupil: Student, typed: TypedLine) -> HttpResponse:
    if not place.scope.request.htmx:  # type: ignore[attr-defined]
        messages.success(place.scope.request, _("La ligne de %(pupil)s est enregistrée.") % {"pupil": pupil})
        return redirect(_address(place, pupil))
    if typed.is_reshaped:
        return _stands(place, pupil)
    shown = ShownLine(place.line_of(pupil), is_editable=True)
    return _piece(place, shown, "orientation/staff/council_saved.html")


def _stands(place: Place, pupil: Student) -> HttpResponse:
    """Answer with the whole line as it stands, and the focus in it."""
    if not place.scope.request.htmx:  # type: ignore[attr-defined]
        return redirect(_address(place, pupil))
    return _whole(place, place.shown(place.line_of(pupil), has_focus=True))


def _refused(place: Place, pupil: Student, typed: TypedLine, refusal: OrientationError) -> HttpResponse:
    """Say why a line was not kept; what was typed stays in the page."""
    is_wrong = isinstance(refusal, AnswersRefused)
    status = 422 if is_wrong else 409
    stands = place.line_of(pupil)
    if is_wrong or isinstance(refusal, ListChangedSince):
        fitting = typed.still_asked(stands.asked)
        shown = place.shown(with_typed(stands, fitting), error=str(refusal), has_focus=True)
    else:
        shown = place.shown(stands, mine=with_typed(stands, typed.answers), error=str(refusal), has_focus=True)
    if not place.scope.request.htmx:  # type: ignore[attr-defined]
        return show_class(place, instead={pupil.pk: shown}, status=status)
    if is_wrong and not typed.is_reshaped:
        return _piece(place, shown, "orientation/staff/council_state_oob.html", status=status)
    return _whole(place, shown, status=status)


def _piece(place: Place, shown: ShownLine, template: str, *, status: int = 200) -> HttpResponse:
    return place.render(template, {"shown": shown}, status=status)


def _whole(place: Place, shown: ShownLine, *, status: int = 200) -> HttpResponse:
    """Answer with a line to put in the place of the one on the page."""
    answer = _piece(place, shown, "orientation/staff/council_whole.html", status=status)
    return reswap(retarget(answer, f"#eleve-{shown.line.student.pk}"), "outerHTML")


def _address(place: Place, pupil: Student) -> str:
    arguments = [place.scope.school.uai, place.phases.kind, place.division.pk]
    return f"{reverse('admin:council', args=arguments)}#eleve-{pupil.pk}"
