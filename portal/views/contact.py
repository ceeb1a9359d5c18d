"""Contact: the coordinates of the schools of one's children, and a message to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.actors import StudentFile, actor_of
from accounts.kept_forms import AUTHOR_FIELD, author_token, take_kept_form
from portal.contact import ContactRefused, TooManyMessages, write_to_school
from portal.contact_forms import MESSAGE_MAX_LENGTH, ContactForm
from portal.models import ContactMessage, ContactSubject


@require_safe
@login_not_required
def contact(request: HttpRequest) -> HttpResponse:
    """Give the coordinates of the schools of the children, and a form; to strangers, say where to look."""
    if not request.user.is_authenticated:
        return render(request, "portal/contact.html", {"schools": [], "form": None})
    files = actor_of(request).files
    return _page(request, "portal/contact.html", files, _form_to_fill(request, files))


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """The message alone: what is wrong in it, or what was typed before the session ended."""
    files = actor_of(request).files
    if not files:
        raise Http404
    if request.method != "POST":
        return _page(request, "portal/contact_form.html", files, _form_to_fill(request, files))
    form = ContactForm(request.POST, files=_reachable(files))
    answer = _send(request, form) if form.is_valid() else 422
    if isinstance(answer, HttpResponse):
        return answer
    return _page(request, "portal/contact_form.html", files, form, status=answer)


def _form_to_fill(request: HttpRequest, files: Sequence[StudentFile]) -> ContactForm:
    """Return the form empty, or with what its author had typed."""
    kept = take_kept_form(request, actor_of(request).user)
    if kept:
        messages.info(request, _("Voici ce que vous aviez saisi : il reste à l’envoyer."))
    return ContactForm(files=_reachable(files), initial=kept.dict() if kept else None)


@require_safe
def sent(request: HttpRequest, key: UUID) -> HttpResponse:
    """Confirm a message to its author, with the number to quote."""
    message = get_object_or_404(
        ContactMessage.objects.select_related("school"), key=key, sent_by=actor_of(request).user
    )
    return render(request, "portal/contact_sent.html", {"message": message, "school": message.school})


def _send(request: HttpRequest, form: ContactForm) -> HttpResponse | int:
    """Send the message; return where to go next, or the status of the page that says why it was refused."""
    values = form.cleaned_data
    limits.check(request, "contact", school=form.file.student.school)
    try:
        message = write_to_school(
            file=form.file,
            subject=ContactSubject(values["subject"]),
            text=values["message"],
            wants_answer_by_email=values["wants_answer"],
            key=values["key"],
            by=actor_of(request).user,
            at=timezone.now(),
        )
    except ContactRefused as refusal:
        form.add_error(None, str(refusal))
        return 429 if isinstance(refusal, TooManyMessages) else 409
    return redirect("portal:contact_sent", message.key)


def _reachable(files: Sequence[StudentFile]) -> list[StudentFile]:
    """Return the files whose school can be written to."""
    return [file for file in files if file.student.school.email]


def _page(
    request: HttpRequest, template: str, files: Sequence[StudentFile], form: ContactForm, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "schools": list({file.student.school_id: file.student.school for file in files}.values()),
        "form": form if form.reached else None,
        "max_length": MESSAGE_MAX_LENGTH,
        "typed_form": bool(form.reached),
        "author_field": AUTHOR_FIELD,
        "author_token": author_token(actor_of(request).user),
    }
    return render(request, template, context, status=status)
