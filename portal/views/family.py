"""Espace famille: the children, what was done and sent, and where one is signed in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import actor_of
from accounts.connections import connections_of, end_all_connections, end_connection, is_connection
from accounts.menu import notices_for, page_context
from accounts.views.sign_out import sign_out
from portal.family import LIMIT, children_of, history_of, mails_by, mails_to
from schools.models import School


@require_safe
def family(request: HttpRequest) -> HttpResponse:
    """Show the children whose file the account opens, who else answers for them, and what waits."""
    actor = actor_of(request)
    children = children_of(actor, notices_for(actor))
    return render(request, "portal/family.html", {**page_context(request), "children": children})


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show what each guardian and the school did about these children."""
    context = {"events": history_of(actor_of(request)), "limit": LIMIT}
    return render(request, "portal/family_history.html", {**page_context(request), **context})


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Show which e-mails were sent to this very person, and what they wrote to their schools."""
    actor = actor_of(request)
    context = {"received": mails_to(actor), "sent": mails_by(actor), "limit": LIMIT}
    return render(request, "portal/family_mails.html", {**page_context(request), **context})


@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """Show where this account is signed in."""
    actor = actor_of(request)
    context = {
        "connections": connections_of(actor.user, at=timezone.now()),
        "current": request.session.session_key,
        "school": actor.files[0].student.school if actor.files else School(),
    }
    return render(request, "portal/connections.html", {**page_context(request), **context})


@require_POST
def end_one(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End one session of this account; one that is already gone is no matter, and this very one is signed out."""
    user = actor_of(request).user
    if is_connection(public_id=public_id, user=user, session_key=request.session.session_key):
        return sign_out(request)
    if end_connection(public_id=public_id, by=user):
        messages.success(request, _("Cette connexion est fermée."))
    else:
        messages.info(request, _("Cette connexion était déjà fermée."))
    return redirect("portal:connections")


@require_POST
def end_all(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here and at the provider last."""
    user = actor_of(request).user
    answer = sign_out(request)
    end_all_connections(by=user)
    return answer
