"""Choosing a password by the link of an e-mail: the first time, or because it is forgotten."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.models import User
from accounts.staff import passwords
from accounts.staff.forms import NameForm
from accounts.views.staff_sign_in import staff_page
from audit.context import acting


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Owe a link to whom the name or address belongs; the answer is the same when it belongs to nobody."""
    if request.method == "POST":
        limits.check(request, "staff_sign_in")
    form = NameForm(request.POST or None)
    if form.is_bound and form.is_valid():
        passwords.owe_password_link(name=form.cleaned_data["username"], at=timezone.now())
        return redirect("admin:password_link_sent")
    context = {"title": _("Mot de passe oublié"), "form": form}
    return staff_page(request, "accounts/staff/forgotten.html", context, status=422 if form.is_bound else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def link_sent(request: HttpRequest) -> HttpResponse:
    """Say what will happen, without saying whether the account exists."""
    return staff_page(request, "accounts/staff/link_sent.html", {"title": _("Consultez votre messagerie")})


class ChosenPasswordForm(SetPasswordForm):
    """Django's, with labels that say what is typed; the validators are those of the settings."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.fields["new_password1"].label = gettext_lazy("Nouveau mot de passe")
        self.fields["new_password2"].label = gettext_lazy("Le même, une seconde fois")


class ChoosePassword(PasswordResetConfirmView):
    """The page behind the link, good once and for three days. The link moves to the session: it leaves the address."""

    form_class = ChosenPasswordForm
    template_name = "accounts/staff/choose_password.html"
    success_url = reverse_lazy("admin:login")
    reset_url_token = "choisir"  # noqa: S105 - what stands in the address in the token's place

    def get_user(self, uidb64: str) -> User | None:
        user: User | None = super().get_user(uidb64)
        return user if user and user.is_active and user.is_staff else None

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context = super().get_context_data(**values)
        title = _("Choisir votre mot de passe") if context["validlink"] else _("Ce lien n’est plus valable")
        return {**admin.site.each_context(self.request), **context, "title": title, "form": context["form"]}

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        # the link is its owner's, whoever is signed in to this browser
        with acting(form.user, origin="admin"):
            passwords.choose_password(
                user=form.user,
                password=form.cleaned_data["new_password1"],
                address=passwords.client_address(self.request),
            )
        self.request.session.pop("_password_reset_token", None)
        messages.success(self.request, _("Votre mot de passe est enregistré : connectez-vous."))
        return redirect(str(self.success_url))
