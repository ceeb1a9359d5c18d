"""The two steps by which staff enter: the password, then the code where it is asked of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp import login as note_device
from django_otp.models import Device

from accounts import limits
from accounts.models import Provider, User
from accounts.oidc.discovery import is_on
from accounts.sessions import next_url_of, open_staff_session
from accounts.staff import passwords, second_factor
from accounts.staff.errors import StaffError, Suspended
from accounts.staff.forms import CodeForm, PasswordForm
from accounts.views.failures import with_next
from operations.metrics import BY_PASSWORD, SIGN_INS


def staff_page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page of the staff's sign-in in the frame of the administration."""
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)


def next_url(request: HttpRequest) -> str:
    """Return the page asked for before signing in, or an empty string; never the sign-in itself."""
    asked = next_url_of(request.POST) or next_url_of(request.GET)
    return "" if urlsplit(asked).path == reverse("admin:login") else asked


def onward(request: HttpRequest) -> HttpResponse:
    """Lead who has signed in to the second step while it is asked of them, then to the page they asked for."""
    asked = next_url(request)
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type
    if second_factor.may_enter(request):
        return redirect(asked or reverse("admin:index"))
    step = "admin:second_factor" if second_factor.is_active_for(user) else "admin:second_factor_setup"
    return redirect(with_next(reverse(step), asked))


def is_staff_session(request: HttpRequest) -> bool:
    """Whether a member of staff has taken the first step in this session, which is not a family's."""
    user = request.user
    return user.is_active and user.is_staff and second_factor.is_own_session(request)


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask the name and the password, or offer the agents' provider."""
    if request.method != "POST":
        return onward(request) if is_staff_session(request) else _password_page(request, PasswordForm())
    limits.check(request, "staff_sign_in")
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _password_page(request, form, status=422)
    name, password = form.cleaned_data["username"], form.cleaned_data["password"]
    try:
        user = passwords.check_password(request=request, name=name, password=password, at=timezone.now())
    except StaffError as refusal:
        SIGN_INS.labels(BY_PASSWORD, type(refusal).__name__).inc()
        form.add_error(None, str(refusal))
        return _password_page(request, form, status=_status(refusal))
    open_staff_session(request, user)
    return onward(request)


def _status(refusal: StaffError) -> int:
    return 429 if isinstance(refusal, Suspended) else 422


def _password_page(request: HttpRequest, form: PasswordForm, *, status: int = 200) -> HttpResponse:
    asked = next_url(request)
    context = {
        "title": _("Connexion des personnels"),
        "form": form,
        "next_url": asked,
        "agents_url": with_next(reverse("accounts:agents"), asked) if is_on(Provider.AGENTS.value) else "",
        "is_another_session": request.user.is_authenticated,
    }
    return staff_page(request, "admin/login.html", context, status=status)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the application, or a recovery code."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type; LoginRequiredMiddleware holds it
    if not is_staff_session(request):
        return redirect(with_next(reverse("admin:login"), next_url(request)))
    if second_factor.has_given_code(user) or not second_factor.is_active_for(user):
        return onward(request)
    form = CodeForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _code_page(request, user, form, status=422 if form.is_bound else 200)
    try:
        device = second_factor.check_code(user=user, code=form.cleaned_data["code"])
    except StaffError as refusal:
        form.add_error("code", str(refusal))
        return _code_page(request, user, form, status=_status(refusal))
    note_second_step(request, device)
    _say_what_is_left(request, user, device)
    return onward(request)


def note_second_step(request: HttpRequest, device: Device) -> None:
    """Note in the session that a code was given, under a fresh key."""
    note_device(request, device)
    request.session.cycle_key()


def _say_what_is_left(request: HttpRequest, user: User, device: Device) -> None:
    if second_factor.is_recovery(device):
        left = second_factor.remaining_codes(user)
        said = ngettext("Il vous reste %(count)d code de secours.", "Il vous reste %(count)d codes de secours.", left)
        messages.warning(request, said % {"count": left})


def _code_page(request: HttpRequest, user: User, form: CodeForm, *, status: int) -> HttpResponse:
    context = {
        "title": _("Code de vérification"),
        "form": form,
        "next_url": next_url(request),
        "remaining": second_factor.remaining_codes(user),
    }
    return staff_page(request, "accounts/staff/code.html", context, status=status)
