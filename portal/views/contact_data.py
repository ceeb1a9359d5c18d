"""Fiche de renseignements: one's own coordinates, e-mail address (decision 15) and wish for reminders."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actors import actor_of
from accounts.kept_forms import AUTHOR_FIELD, author_token, take_kept_form
from accounts.menu import page_context
from audit.context import acting
from portal.contact_data_form import ContactForm, initial_of, told_fields
from portal.forms import EmailForm, RemindersForm
from schools.contact import ContactError, Proposal, TooManyProposalsError, confirm_email, email_status, propose_email
from schools.contact_changes.queries import OwnData, own_data, own_links
from schools.contact_changes.services import change_contact_data
from schools.models import Guardian
from schools.muting import NotAReminderLinkError, choose_reminders, guardian_of_reminder_link, mute_by_link


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show one's own data and addresses, and take what is changed in them: two forms of one page."""
    guardian = _own_record(request)
    if guardian is None:
        return render(request, "portal/contact_data.html", {**_frame(request), "guardian": None})
    data = own_data(guardian)
    posted = request.POST if request.method == "POST" else None
    is_email = posted is not None and "email" in posted
    email_form = EmailForm(posted if is_email else None)
    form = _contact_form(request, data, None if is_email else posted)
    answer: HttpResponse | int = 200
    if posted is not None:
        answer = _propose(request, guardian, email_form) if is_email else _change(request, guardian, data, form)
    elif kept := take_kept_form(request, actor_of(request).user):
        messages.info(request, _("Voici ce que vous aviez saisi : il reste à valider."))
        typed = {name: str(kept[name]) for name in kept}
        email_form, form = EmailForm(initial=typed), _contact_form(request, data, None, typed)
    if isinstance(answer, HttpResponse):
        return answer
    context = _frame(request) | _told(guardian, data) | {"email_form": email_form, "form": form}
    context["typed_form"] = True
    context["fields"] = told_fields(form, data)
    return render(request, "portal/contact_data.html", context, status=answer)


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {
        **page_context(request, service="contact_data"),
        "author_field": AUTHOR_FIELD,
        "author_token": author_token(actor_of(request).user),
    }


def _told(guardian: Guardian, data: OwnData) -> dict[str, Any]:
    return {
        "guardian": guardian,
        "schools": data.schools,
        "links": own_links(data),
        "addresses": email_status(guardian),
        "email_states": data.states["email"],
    }


def _contact_form(
    request: HttpRequest, data: OwnData, posted: QueryDict | None, typed: dict[str, str] | None = None
) -> ContactForm:
    return ContactForm(
        posted,
        initial={**initial_of(data), **(typed or {})},
        school=data.schools[0],
        kept_occupation=data.values["occupation"],
    )


def _change(request: HttpRequest, guardian: Guardian, data: OwnData, form: ContactForm) -> HttpResponse | int:
    """Take what was typed; return where to go next, or the status of the page that says what is wrong."""
    if not form.is_valid():
        return 422
    changes = change_contact_data(guardian=guardian, values=form.values(), by=actor_of(request).user, at=timezone.now())
    if changes:
        names = ", ".join(dict.fromkeys(school.name for school in data.schools))
        messages.success(
            request, _("Vos renseignements sont enregistrés et transmis à : %(schools)s.") % {"schools": names}
        )
    else:
        messages.info(request, _("Rien n’a changé : il n’y a rien de nouveau à transmettre."))
    return redirect("portal:contact_data")


def _own_record(request: HttpRequest) -> Guardian | None:
    """Return a record of the person, if they are a legal guardian (or an adult student, their own)."""
    return next((file.guardian for file in actor_of(request).files if file.guardian), None)


def _propose(request: HttpRequest, guardian: Guardian, form: EmailForm) -> HttpResponse | int:
    """Take the address typed; return where to go next, or the status of the page that says what is wrong."""
    if not form.is_valid():
        return 422
    try:
        proposal = propose_email(
            guardian=guardian,
            address=form.cleaned_data["email"],
            by=actor_of(request).user,
            at=timezone.now(),
            confirm_url=lambda token: settings.SITE_URL + reverse("portal:confirm_email", args=[token]),
        )
    except ContactError as error:
        form.add_error("email", str(error))
        return 429 if isinstance(error, TooManyProposalsError) else 422
    if proposal is Proposal.ALREADY_USED:
        messages.info(request, _("Nous écrivons déjà à cette adresse : il n’y a rien à confirmer."))
    else:
        messages.success(
            request,
            _(
                "Un message vient d’être envoyé à cette adresse. Ouvrez le lien qu’il contient dans les 24 heures pour "
                "la confirmer ; jusque-là, l’ancienne adresse reste utilisée."
            ),
        )
    return redirect("portal:contact_data")


@require_POST
def reminders(request: HttpRequest) -> HttpResponse:
    """Take whether the person wants reminders."""
    guardian = _own_record(request)
    if guardian is None:
        raise PermissionDenied
    form = RemindersForm(request.POST)
    muted = form.is_valid() and not form.cleaned_data["wanted"]
    choose_reminders(guardian=guardian, muted=muted, by=actor_of(request).user, at=timezone.now())
    if muted:
        messages.success(request, _("C’est noté : vous ne recevrez plus de rappels."))
    else:
        messages.success(request, _("C’est noté : vous recevrez les rappels."))
    return redirect("portal:contact_data")


@login_not_required
@csrf_exempt  # the reader's mail program posts by itself, from no page of ours (RFC 8058); the link is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a click (mail scanners follow links), then stop the reminders of who received the link.

    The answer to the POST is the page itself: mail programs follow no redirect.
    """
    try:
        guardian = guardian_of_reminder_link(token)
        if request.method == "POST":
            mute_by_link(token=token, at=timezone.now())
    except NotAReminderLinkError as error:
        return render(request, "portal/mute_reminders.html", {"state": "refused", "reason": str(error)}, status=404)
    state = "muted" if request.method == "POST" or guardian.mutes_reminders else "ask"
    return render(request, "portal/mute_reminders.html", {"state": state})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a click (mail scanners follow links), then use the address. Whoever holds the link reads the mailbox."""
    if request.method != "POST":
        return render(request, "portal/confirm_email.html", {"state": "ask"})
    try:
        # whoever is signed in to this browser has no part in it: who holds the link is who reads that mailbox
        with acting(origin="lien de confirmation"):
            confirm_email(token=token, at=timezone.now())
    except ContactError as error:
        return render(request, "portal/confirm_email.html", {"state": "refused", "reason": str(error)}, status=409)
    return render(request, "portal/confirm_email.html", {"state": "confirmed"})
