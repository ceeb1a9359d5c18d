"""The school's page of changed coordinates: what guardians say and SIECLE does not yet."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from schools.contact_changes import queries
from schools.contact_changes.errors import ChangeRefused, MayNotFollowChanges, ReasonMissing
from schools.contact_changes.export import changes_file
from schools.contact_changes.services import REASON_MAX_LENGTH, mark_exported, note_taken, refuse_change
from schools.models import ContactChange
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope

PAGE_SIZE = 25
"""Guardians on a page."""


class ReasonForm(forms.Form):
    """Why a change is refused; a text that no table takes is none."""

    reason = forms.CharField(required=False)


@require_safe
def index(request: HttpRequest, uai: str) -> HttpResponse:
    """What waits to be taken into SIECLE, guardian by guardian."""
    return _page(staff_scope(request, uai, StaffAct.READ_CONTACT))


@require_POST
def export(request: HttpRequest, uai: str) -> HttpResponse:
    """The file of all that waits; what stands in it is marked, so that its author reads it."""
    scope = staff_scope(request, uai, StaffAct.EXPORT)
    try:
        changes = mark_exported(school=scope.school, by=scope.user, at=scope.now)
    except MayNotFollowChanges as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    content = changes_file(changes, queries.people_with_changes(scope.school), scope.school)
    local = timezone.localtime(scope.now, scope.school.zone)
    name = f"{scope.school.uai}_coordonnees_{local:%Y-%m-%d_%Hh%M}.csv"
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
def take(request: HttpRequest, uai: str, pk: int) -> HttpResponse:
    """Note that SIECLE has a change."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    try:
        note_taken(change=_change(scope, pk), by=scope.user, at=scope.now)
    except ChangeRefused as refusal:
        return _refused(scope, refusal)
    messages.success(request, _("C’est noté : cette modification est reprise dans SIECLE."))
    return redirect("admin:contact_changes", uai)


@require_POST
def refuse(request: HttpRequest, uai: str, pk: int) -> HttpResponse:
    """Refuse a change, with the reason that its author will read."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        refuse_change(change=_change(scope, pk), reason=reason, by=scope.user, at=scope.now)
    except ReasonMissing as refusal:
        return _page(scope, refused=pk, refusal=str(refusal), status=422)
    except ChangeRefused as refusal:
        return _refused(scope, refusal)
    messages.success(request, _("C’est noté : cette modification n’est pas reprise, son auteur en lira le motif."))
    return redirect("admin:contact_changes", uai)


def _change(scope: StaffScope, pk: int) -> ContactChange:
    return get_object_or_404(ContactChange.objects.filter(guardian__school=scope.school), pk=pk)


def _page(scope: StaffScope, *, refused: int = 0, refusal: str = "", status: int = 200) -> HttpResponse:
    page = Paginator(queries.people_with_changes(scope.school), PAGE_SIZE).get_page(scope.request.GET.get("page"))
    return scope.render(
        "schools/staff/contact_changes.html",
        {
            "title": _("Coordonnées modifiées"),
            "page": page,
            "people": queries.told_people(page),
            "may_export": scope.may(StaffAct.EXPORT),
            "may_settle": scope.may(StaffAct.IMPORT),
            "refused": refused,
            "refusal": refusal,
            "reason_max_length": REASON_MAX_LENGTH,
        },
        status=status,
    )


def _refused(scope: StaffScope, refusal: ChangeRefused) -> HttpResponse:
    """Show the page as it is now, with the reason; 403 for who has lost the right meanwhile."""
    if isinstance(refusal, MayNotFollowChanges):
        raise PermissionDenied(str(refusal))
    return _page(scope, refusal=str(refusal), status=409)
