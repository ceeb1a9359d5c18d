"""The pages by which the school writes to its families."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schools.messages import queries
from schools.messages.errors import MayNotWriteMessages, MessageRefused
from schools.messages.forms import MessageForm, new_values, values_of
from schools.messages.services import change_message, end_message, write_message
from schools.models import SchoolMessage
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope

PAGE_SIZE = 20


@require_safe
def index(request: HttpRequest, uai: str) -> HttpResponse:
    """What the school told, tells and will tell its families."""
    scope = staff_scope(request, uai, StaffAct.READ)
    page = Paginator(queries.messages_of(scope.school), PAGE_SIZE).get_page(request.GET.get("page"))
    return scope.render(
        "schools/staff/messages.html",
        {
            "title": _("Actualités"),
            "page": page,
            "told": [(message, message.standing_at(scope.now)) for message in page],
            "may_write": scope.may(StaffAct.STEER),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uai: str) -> HttpResponse:
    """A new message."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    form = _form(scope, initial=new_values(uuid.uuid4(), scope.school, scope.now))
    if request.method != "POST" or "preview" in request.POST or not form.is_valid():
        return _page(scope, form, title=_("Nouvelle actualité"))
    key = form.cleaned_data["key"]
    try:
        write_message(school=scope.school, key=key, content=form.content, by=scope.user, at=scope.now)
    except MessageRefused as refusal:
        return _refused(scope, form, refusal, title=_("Nouvelle actualité"))
    messages.success(request, _("L’actualité est enregistrée."))
    return redirect("admin:school_messages", uai)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, uai: str, pk: int) -> HttpResponse:
    """One message, to be changed."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    message = _message(scope, pk)
    form = _form(scope, initial=values_of(message))
    title = _("Modifier l’actualité")
    if request.method != "POST" or "preview" in request.POST or not form.is_valid():
        return _page(scope, form, title=title, message=message)
    seen = _instant(form.cleaned_data["seen"])
    try:
        change_message(message=message, content=form.content, seen=seen, by=scope.user, at=scope.now)
    except MessageRefused as refusal:
        return _refused(scope, form, refusal, title=title, message=message)
    messages.success(request, _("L’actualité est modifiée."))
    return redirect("admin:school_messages", uai)


@require_POST
def end(request: HttpRequest, uai: str, pk: int) -> HttpResponse:
    """Take a message away from the families' pages now."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    try:
        end_message(message=_message(scope, pk), by=scope.user, at=scope.now)
    except MayNotWriteMessages as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    messages.success(request, _("L’actualité n’est plus affichée aux familles."))
    return redirect("admin:school_messages", uai)


def _message(scope: StaffScope, pk: int) -> SchoolMessage:
    return get_object_or_404(queries.messages_of(scope.school), pk=pk)


def _form(scope: StaffScope, *, initial: dict[str, Any]) -> MessageForm:
    return MessageForm(
        scope.request.POST or None,
        school=scope.school,
        levels=queries.levels_of(scope.school),
        divisions=queries.divisions_of(scope.school, scope.now),
        initial=initial,
    )


def _page(scope: StaffScope, form: MessageForm, *, status: int = 0, **context: Any) -> HttpResponse:
    preview = form.data.get("body", "") if "preview" in scope.request.POST else ""
    status = status or (422 if form.errors else 200)
    return scope.render(
        "schools/staff/message_form.html", {"form": form, "preview": preview, "message": None, **context}, status=status
    )


def _refused(scope: StaffScope, form: MessageForm, refusal: MessageRefused, **context: Any) -> HttpResponse:
    """Show the form again with the reason, what was typed still in it; 403 for who lost the right meanwhile."""
    if isinstance(refusal, MayNotWriteMessages):
        raise PermissionDenied(str(refusal))
    form.add_error(None, str(refusal))
    return _page(scope, form, status=409, **context)


def _instant(text: str) -> datetime:
    """Return the instant that the form sent back; what is no instant is older than any message."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
