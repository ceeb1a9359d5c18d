"""The proof of decision 19: the birth dates of one's children, asked of everybody in the same way."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import limits, services
from accounts.forms import MAX_CHILDREN, BirthDatesForm, dates_typed, shown_children
from accounts.linking import Person
from accounts.models import Profile
from accounts.refusals import Expired, ProofLocked, SignInRefused
from accounts.sessions import PendingIdentity, keep_for_sign_out, open_session, pending_of
from accounts.views.failures import refuse


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def verification(request: HttpRequest) -> HttpResponse:
    """Ask the birth dates; the right ones tie the identity to its records and sign in."""
    pending = pending_of(request)
    if pending is None:
        return refuse(request, Expired(), profile=Profile.GUARDIAN)
    try:
        if request.method != "POST":
            return _question(request, pending, BirthDatesForm())
        limits.check(request, "linking")
        return _answer(request, pending)
    except SignInRefused as refusal:
        keep_for_sign_out(request, provider=pending.provider, id_token=pending.id_token)
        return refuse(request, refusal, provider=pending.provider, profile=Profile.GUARDIAN, next_url=pending.next_url)


def _answer(request: HttpRequest, pending: PendingIdentity) -> HttpResponse:
    children = shown_children(request.POST)
    if "add" in request.POST:
        said = dates_typed(request.POST, children)
        return _question(request, pending, BirthDatesForm(children=min(children + 1, MAX_CHILDREN), said=said))
    form = BirthDatesForm(request.POST, children=children)
    if not form.is_valid():
        return _question(request, pending, form)
    user = services.prove_guardian(_person(pending), birth_dates=form.birth_dates, at=timezone.now())
    if user is None:
        return _question(request, pending, form, is_wrong=True)
    open_session(
        request,
        user,
        backend=pending.backend,
        provider=pending.provider,
        profile=Profile.GUARDIAN,
        id_token=pending.id_token,
    )
    return redirect(pending.next_url or settings.LOGIN_REDIRECT_URL)


def _question(
    request: HttpRequest, pending: PendingIdentity, form: BirthDatesForm, *, is_wrong: bool = False
) -> HttpResponse:
    remaining = services.remaining_tries(_person(pending), at=timezone.now())
    if not remaining:
        raise ProofLocked
    context = {
        "form": form,
        "is_wrong": is_wrong,
        "remaining": remaining,
        "full_name": f"{pending.given_name} {pending.usual_name or pending.family_name}".strip(),
    }
    return render(request, "accounts/verification.html", context)


def _person(pending: PendingIdentity) -> Person:
    return Person(pending.provider, pending.subject, pending.family_name, pending.given_name)
