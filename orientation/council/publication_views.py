"""Telling the families of a class, and taking it back: each is a page that says what will happen, then a POST."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from orientation.council import services
from orientation.council.pages import Place, place_of
from orientation.council.queries import families_having_read, mails_of, recipients_of, standing_publications
from orientation.errors import NotAllowed, OrientationError
from orientation.models import PhaseKind
from schools.policies import StaffAct


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, uai: str, kind: PhaseKind, division: int) -> HttpResponse:
    """Say who will be told and what is missing, then tell the class."""
    place = place_of(request, uai, kind, division, StaffAct.STEER)
    if request.method == "GET":
        return _before_publishing(place)
    try:
        services.publish_division(
            phase=place.phases.phase, division=place.division, by=place.scope.user, at=place.scope.now
        )
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except OrientationError as refusal:
        return _before_publishing(place, refusal=str(refusal), status=409)
    messages.success(request, _("La classe %(division)s est publiée.") % {"division": place.division})
    return redirect("admin:council", uai, kind, division)


def _before_publishing(place: Place, *, refusal: str = "", status: int = 200) -> HttpResponse:
    told = [line for line in place.lines if not line.is_published]
    context = {
        "title": _("Publier la classe %(division)s") % {"division": place.division},
        "told": told,
        "unready": [line for line in told if not line.is_complete],
        "without_choice": [line for line in told if line.submission is None],
        "recipients": recipients_of([line.student for line in told]),
        "obstacle": services.obstacle_to_publishing(place.phases, at=place.scope.now),
        "refusal": refusal,
    }
    return place.scope.render("orientation/staff/council_publish.html", {**place.context, **context}, status=status)


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, uai: str, kind: PhaseKind, division: int) -> HttpResponse:
    """Say what can still be taken back, then take the publication back."""
    place = place_of(request, uai, kind, division, StaffAct.STEER)
    if request.method == "GET":
        return _before_withdrawing(place)
    standing = place.phases.phase.publications.filter(division=place.division)
    asked = request.POST.get("publication", "")
    publication = get_object_or_404(standing, pk=asked if asked.isdecimal() and len(asked) < 19 else None)
    try:
        services.withdraw_publication(publication=publication, by=place.scope.user, at=place.scope.now)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except OrientationError as refusal:
        return _before_withdrawing(place, refusal=str(refusal), status=409)
    messages.success(request, _("La publication est retirée : la classe peut être modifiée, puis publiée de nouveau."))
    return redirect("admin:council", uai, kind, division)


def _before_withdrawing(place: Place, *, refusal: str = "", status: int = 200) -> HttpResponse:
    publication = standing_publications(place.phases.phase, [place.division]).first()
    context = {
        "title": _("Retirer la publication de la classe %(division)s") % {"division": place.division},
        "publication": publication,
        "families": families_having_read(publication) if publication else 0,
        "mails": mails_of(publication) if publication else None,
        "refusal": refusal,
    }
    return place.scope.render("orientation/staff/council_withdraw.html", {**place.context, **context}, status=status)
