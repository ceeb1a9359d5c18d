"""To the provider and back: the two addresses of each provider."""

from __future__ import annotations

import secrets
from typing import Any, NoReturn
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.generic import View
from mozilla_django_oidc.utils import add_state_and_verifier_and_nonce_to_session, generate_code_challenge
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from accounts import limits
from accounts.models import Profile, Provider
from accounts.oidc.backends import ProofNeeded
from accounts.oidc.discovery import forget, is_on
from accounts.oidc.settings import ProviderSettings, callback_url
from accounts.refusals import (
    Cancelled,
    Deactivated,
    Expired,
    ProviderDown,
    ProviderLied,
    SignInRefused,
)
from accounts.sessions import SignInAttempt, keep_for_sign_out, keep_pending, next_url_of, open_session
from accounts.views.failures import refuse, with_next

STATES_SESSION_KEY = "oidc_states"
MIN_VERIFIER_LENGTH = 64


@method_decorator(login_not_required, name="dispatch")
class RequestView(ProviderSettings, OIDCAuthenticationRequestView):
    """Send the person to the provider, remembering with `state` which one, the profile, and the page asked for."""

    def __init__(self, **values: Any) -> None:
        View.__init__(self, **values)  # the library's own reads the endpoints, which may call the network

    def get(self, request: HttpRequest) -> HttpResponse:
        limits.check(request, "sign_in")
        profile = profile_asked(request, self.provider)
        next_url = next_url_of(request.GET)
        if profile is None and self.provider != Provider.AGENTS:
            return redirect(with_next(resolve_url("accounts:profile"), next_url))
        try:
            return HttpResponseRedirect(self.authorization_url(request, profile, next_url))
        except SignInRefused as refusal:
            return refuse(request, refusal, provider=self.provider, profile=profile, next_url=next_url)

    def authorization_url(self, request: HttpRequest, profile: Profile | None, next_url: str) -> str:
        """Return the provider's address for this person, the state kept in their session. Raises SignInRefused."""
        endpoint = self.get_settings("OIDC_OP_AUTHORIZATION_ENDPOINT")
        state = secrets.token_urlsafe(self.get_settings("OIDC_STATE_SIZE"))
        params = {
            "response_type": "code",
            "scope": self.get_settings("OIDC_RP_SCOPES"),
            "client_id": self.get_settings("OIDC_RP_CLIENT_ID"),
            "redirect_uri": callback_url(self.provider),
            "state": state,
            "nonce": secrets.token_urlsafe(self.get_settings("OIDC_NONCE_SIZE")),
            **self.get_settings("OIDC_AUTH_REQUEST_EXTRA_PARAMS", {}),
        }
        verifier = None
        if self.get_settings("OIDC_USE_PKCE"):
            verifier = secrets.token_urlsafe(MIN_VERIFIER_LENGTH)
            params |= {
                "code_challenge": generate_code_challenge(verifier, "S256"),
                "code_challenge_method": "S256",
            }
        add_state_and_verifier_and_nonce_to_session(request, state, params, verifier)
        request.session[STATES_SESSION_KEY][state] |= {
            "provider": self.provider,
            "profile": profile.value if profile else "",
            "next": next_url,
        }
        request.session.modified = True
        separator = "&" if "?" in endpoint else "?"
        return f"{endpoint}{separator}{urlencode(params)}"


@method_decorator(login_not_required, name="dispatch")
class CallbackView(ProviderSettings, OIDCAuthenticationCallbackView):
    """Take the person back from the provider, and open the session of their account, or say why not."""

    def get(self, request: HttpRequest) -> HttpResponse:
        limits.check(request, "sign_in")
        entry = request.session.get(STATES_SESSION_KEY, {}).get(request.GET.get("state", ""))
        if entry is None and request.user.is_authenticated:  # a second click: the first one signed in
            return redirect(self.landing(""))
        if entry is None or entry.get("provider") != self.provider:
            return refuse(request, Expired(), provider=self.provider)
        profile = Profile(entry["profile"]) if entry["profile"] else None
        attempt = SignInAttempt(self.provider, profile, entry["next"])
        request.sign_in_attempt = attempt  # type: ignore[attr-defined]
        try:
            self.check_answer(request)
            return super().get(request)
        except ProofNeeded as proof:
            keep_pending(request, proof.pending)
            return redirect("accounts:verification")
        except SignInRefused as refusal:
            return self.refused(request, attempt, refusal)
        except UpdateError:  # the same return, handled at the same instant, has replaced the session
            return refuse(request, Expired(), provider=self.provider)

    def check_answer(self, request: HttpRequest) -> None:
        """Raise SignInRefused when the provider sends no code. The state then has served."""
        if "code" not in request.GET or request.GET.get("error"):
            self.forget_state(request)
            error = request.GET.get("error")
            if error == "access_denied":
                raise Cancelled
            raise ProviderDown if error in ("server_error", "temporarily_unavailable") else ProviderLied
        issuer = request.GET.get("iss")  # RFC 9207: an answer may say whose it is
        if issuer is not None and issuer != self.get_settings("OIDC_OP_ISSUER"):
            self.forget_state(request)
            raise ProviderLied

    def forget_state(self, request: HttpRequest) -> None:
        del request.session[STATES_SESSION_KEY][request.GET["state"]]
        request.session.save()  # here, since Django saves nothing with an answer of 500 and above

    def refused(self, request: HttpRequest, attempt: SignInAttempt, refusal: SignInRefused) -> HttpResponse:
        if attempt.id_token and refusal.keeps_provider_session:
            keep_for_sign_out(request, provider=self.provider, id_token=attempt.id_token)
        if isinstance(refusal, ProviderDown | ProviderLied) and is_on(self.provider):
            forget(self.provider)
        return refuse(request, refusal, provider=self.provider, profile=attempt.profile, next_url=attempt.next_url)

    def login_success(self) -> HttpResponse:
        attempt: SignInAttempt = self.request.sign_in_attempt
        open_session(
            self.request,
            self.user,
            backend=self.user.backend,
            provider=self.provider,
            profile=attempt.profile,
            id_token=attempt.id_token,
        )
        return redirect(self.landing(attempt.next_url))

    def landing(self, next_url: str) -> str:
        """Return where who has signed in goes: staff to the second step of their sign-in, which leads on."""
        if self.provider == Provider.AGENTS:
            return with_next(reverse("admin:login"), next_url)
        return next_url or resolve_url(settings.LOGIN_REDIRECT_URL)

    def login_failure(self) -> NoReturn:
        raise Deactivated if self.user else ProviderLied


def profile_asked(request: HttpRequest, provider: str) -> Profile | None:
    """Return the profile to sign in as; FranceConnect is for guardians only (decision 19), agents have none."""
    if provider == Provider.FRANCECONNECT:
        return Profile.GUARDIAN
    asked = request.GET.get("profil") if provider == Provider.EDUCONNECT else None
    return Profile(asked) if asked in Profile.values else None
