"""Turning one's second factor on, and one's recovery codes."""

from __future__ import annotations

from urllib.parse import quote

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.staff import second_factor
from accounts.staff.errors import WrongCode
from accounts.staff.forms import CodeForm
from accounts.views.failures import with_next
from accounts.views.staff_sign_in import is_staff_session, next_url, note_second_step, staff_page

KEY_SESSION_KEY = "second_factor_key"
"""The key shown on the page, until a code confirms that the application holds it."""


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Show the key to an application, and take the code that proves it was read; then the recovery codes, once.

    Who has a second factor already must have given a code of it: they then change their application here.
    """
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type; LoginRequiredMiddleware holds it
    if not is_staff_session(request):
        return redirect(with_next(reverse("admin:login"), next_url(request)))
    if second_factor.is_active_for(user) and not second_factor.has_given_code(user):
        return redirect(with_next(reverse("admin:second_factor"), next_url(request)))
    if request.method != "POST":
        request.session.setdefault(KEY_SESSION_KEY, second_factor.new_key())
        return _setup_page(request, user, CodeForm())
    if KEY_SESSION_KEY not in request.session:  # sent again once it has served
        return redirect(with_next(reverse("admin:second_factor_setup"), next_url(request)))
    return _confirm(request, user, CodeForm(request.POST))


def _confirm(request: HttpRequest, user: User, form: CodeForm) -> HttpResponse:
    if not form.is_valid():
        return _setup_page(request, user, form, status=422)
    key = request.session[KEY_SESSION_KEY]
    try:
        device, codes = second_factor.turn_on(user=user, key=key, code=form.cleaned_data["code"])
    except WrongCode as refusal:
        form.add_error("code", str(refusal))
        return _setup_page(request, user, form, status=422)
    del request.session[KEY_SESSION_KEY]
    note_second_step(request, device)
    return _codes_page(request, codes)


@never_cache
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them, once: they are kept nowhere but in the table that checks them."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type; LoginRequiredMiddleware holds it
    if not is_staff_session(request) or not second_factor.has_given_code(user):
        return redirect("admin:login")
    messages.success(request, _("Vos anciens codes de secours ne servent plus."))
    return _codes_page(request, second_factor.new_recovery_codes(user=user))


def _setup_page(request: HttpRequest, user: User, form: CodeForm, *, status: int = 200) -> HttpResponse:
    key = request.session[KEY_SESSION_KEY]
    is_active = second_factor.is_active_for(user)
    drawn = segno.make(second_factor.enrolment_address(user, key), error="m", micro=False)
    context = {
        "title": _("Double authentification") if is_active else _("Activer la double authentification"),
        "form": form,
        "next_url": next_url(request),
        "key": second_factor.spoken_key(key),
        "drawing": drawn.svg_data_uri(scale=5, border=4, dark="#000", light="#fff"),
        "is_active": is_active,
        "is_required": second_factor.is_required_of(user),
        "remaining": second_factor.remaining_codes(user) if is_active else 0,
    }
    return staff_page(request, "accounts/staff/second_factor_setup.html", context, status=status)


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    # an answer to a POST, without redirect: what is shown once must not be kept for another page
    intro = _("Codes de secours de Scolarité Services. Chacun sert une seule fois.")
    context = {
        "title": _("Vos codes de secours"),
        "codes": codes,
        "download": "data:text/plain;charset=utf-8," + quote("\r\n".join([intro, "", *codes, ""])),
        "onward_url": next_url(request) or reverse("admin:index"),
    }
    return staff_page(request, "accounts/staff/recovery_codes.html", context)
