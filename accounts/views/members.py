"""A school's staff, managed by its head."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.staff import members as services
from accounts.staff.errors import NotTheirHead, StaffError
from accounts.staff.forms import InvitationForm, MemberForm
from accounts.staff.second_factor import ROLES_WITH_SECOND_FACTOR
from schools.models import StaffMembership
from schools.policies import StaffAct
from schools.siecle.territories import school_year_at
from schools.staff_pages import StaffScope, staff_scope


def _scope(request: HttpRequest, uai: str) -> StaffScope:
    return staff_scope(request, uai, StaffAct.MANAGE_STAFF)


def _year(scope: StaffScope) -> int:
    return school_year_at(scope.now, scope.school.time_zone)


def _member(scope: StaffScope, number: int) -> StaffMembership:
    """Return one of the school's memberships. Raises Http404."""
    return get_object_or_404(services.members_of(scope.school, school_year=_year(scope)), pk=number)


def _back(scope: StaffScope) -> HttpResponse:
    return redirect("admin:staff_members", scope.school.uai)


def _refused(refusal: StaffError) -> int:
    return 403 if isinstance(refusal, NotTheirHead) else 409


@require_safe
def members(request: HttpRequest, uai: str) -> HttpResponse:
    """List who is of the staff, with what."""
    scope = _scope(request, uai)
    rows = [
        {
            "member": member,
            "is_waiting": services.is_waiting(member),
            "needs_second_factor": member.role in ROLES_WITH_SECOND_FACTOR,
        }
        for member in services.members_of(scope.school, school_year=_year(scope))
    ]
    return scope.render("accounts/staff/members.html", {"title": _("Personnels"), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, uai: str) -> HttpResponse:
    """Invite somebody."""
    scope = _scope(request, uai)
    classes = scope.divisions(StaffAct.MANAGE_STAFF, school_year=_year(scope))
    form = InvitationForm(request.POST or None, divisions=classes)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            member = services.invite(school=scope.school, invitation=form.invitation, by=scope.user, at=scope.now)
        except StaffError as refusal:
            form.add_error(None, str(refusal))
            status = _refused(refusal)
        else:
            messages.success(request, _("Invitation envoyée à %(address)s.") % {"address": member.user.email})
            return _back(scope)
    return _form_page(scope, form, _("Inviter une personne"), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, uai: str, number: int) -> HttpResponse:
    """Change a member's role or classes."""
    scope = _scope(request, uai)
    member, year = _member(scope, number), _year(scope)
    classes = scope.divisions(StaffAct.MANAGE_STAFF, school_year=year)
    form = MemberForm(request.POST or None, member=member, divisions=classes)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        chosen = list(form.cleaned_data["divisions"])
        try:
            services.change(member=member, role=form.chosen_role, divisions=chosen, school_year=year, by=scope.user)
        except StaffError as refusal:
            form.add_error(None, str(refusal))
            status = _refused(refusal)
        else:
            messages.success(request, _("Modification enregistrée."))
            return _back(scope)
    return _form_page(scope, form, str(member.user), member=member, status=status)


def _form_page(
    scope: StaffScope, form: Any, title: str, *, member: StaffMembership | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "member": member,
        "may_reset": member is not None and services.may_reset_second_factor(member),
        "is_waiting": member is not None and services.is_waiting(member),
    }
    return scope.render("accounts/staff/member_form.html", context, status=status)


@require_POST
def invite_again(request: HttpRequest, uai: str, number: int) -> HttpResponse:
    """Send the invitation again."""
    scope = _scope(request, uai)
    member = _member(scope, number)
    try:
        services.invite_again(member=member, by=scope.user, at=scope.now)
    except StaffError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Invitation envoyée à %(address)s.") % {"address": member.user.email})
    return _back(scope)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, uai: str, number: int) -> HttpResponse:
    """Ask whether to remove a member, then do it."""
    scope = _scope(request, uai)
    member = _member(scope, number)
    refused = ""
    if request.method == "POST":
        try:
            services.remove(member=member, by=scope.user)
        except StaffError as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("%(name)s n’a plus cette fonction.") % {"name": member.user})
            return _back(scope)
    context = {"title": _("Retirer un membre du personnel"), "member": member, "refused": refused}
    return scope.render("accounts/staff/member_remove.html", context, status=409 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def reset_second_factor(request: HttpRequest, uai: str, number: int) -> HttpResponse:
    """Ask whether to reset a member's second factor, then do it."""
    scope = _scope(request, uai)
    member = _member(scope, number)
    refused = ""
    if request.method == "POST":
        try:
            services.reset_second_factor(member=member, by=scope.user)
        except StaffError as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("Double authentification réinitialisée : %(name)s.") % {"name": member.user})
            return _back(scope)
    context = {"title": _("Réinitialiser la double authentification"), "member": member, "refused": refused}
    return scope.render("accounts/staff/member_reset.html", context, status=409 if refused else 200)
