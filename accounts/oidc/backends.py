"""From a provider's code to one of our accounts: one backend per provider, each declines another's turn."""

from __future__ import annotations

from typing import Any, NoReturn

import requests
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from accounts import services
from accounts.linking import Person
from accounts.models import Profile, Provider, User
from accounts.oidc.agents import AgentsClaims
from accounts.oidc.discovery import JsonObject
from accounts.oidc.educonnect import EduConnectClaims
from accounts.oidc.franceconnect import FranceConnectClaims
from accounts.oidc.settings import ProviderSettings, callback_url
from accounts.oidc.tokens import ID_TOKEN_CLAIMS, USERINFO_CLAIMS, check_authorized_party, verified_claims
from accounts.refusals import ProviderDown, ProviderLied, ProviderSlow, WrongProfile
from accounts.sessions import PendingIdentity, SignInAttempt, attempt_of
from accounts.staff.agents import sign_in_agent
from audit.context import acting
from operations.prepared import Parameter, prepared

SIGN_IN_ORIGIN = "fournisseur d’identité"
"""What the trail says of the rows that a sign-in writes, before anybody is signed in."""


@prepared
def _active_account(pk: Parameter) -> QuerySet[User]:
    return User.objects.filter(pk=pk, is_active=True)


class ProofNeeded(Exception):
    """The provider vouches for the person; only a proof can tie them to a school's record (decision 19)."""

    def __init__(self, pending: PendingIdentity) -> None:
        self.pending = pending


class ProviderBackend(ProviderSettings, OIDCAuthenticationBackend):
    """What all providers have in common: the exchange of the code, and every check of what comes back.

    Built on every request by Django, so building it does nothing.
    """

    accepted_acr: tuple[str, ...] = ()
    """Levels of assurance that the id_token must state; empty where the provider has none."""

    def __init__(self) -> None:
        self.UserModel = get_user_model()

    @property
    def OIDC_OP_TOKEN_ENDPOINT(self) -> str:  # noqa: N802 - read by the library under this name
        return self.get_settings("OIDC_OP_TOKEN_ENDPOINT")

    @property
    def OIDC_OP_USER_ENDPOINT(self) -> str:  # noqa: N802 - read by the library under this name
        return self.get_settings("OIDC_OP_USER_ENDPOINT")

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return the account of who comes back from this provider; None when it is not this one's turn.

        Raises SignInRefused, whose class says why, or ProofNeeded.
        """
        attempt = attempt_of(request)
        if request is None or attempt is None or attempt.provider != self.provider:
            return None
        try:
            claims = self.exchange(request, attempt, credentials.get("nonce"), credentials.get("code_verifier"))
        except requests.Timeout as error:
            raise ProviderSlow from error
        except requests.HTTPError as error:
            self._raise_for(error)
        except (requests.RequestException, ValueError) as error:
            raise ProviderDown from error
        # who was signed in to this browser until now has no part in it
        with acting(origin=SIGN_IN_ORIGIN):
            return self.account_of(claims, attempt)

    def exchange(
        self, request: HttpRequest, attempt: SignInAttempt, nonce: str | None, code_verifier: str | None
    ) -> JsonObject:
        """Return the person's claims, all checked, for the code in the request."""
        payload = {
            "client_id": self.get_settings("OIDC_RP_CLIENT_ID"),
            "client_secret": self.get_settings("OIDC_RP_CLIENT_SECRET"),
            "grant_type": "authorization_code",
            "code": request.GET["code"],
            "redirect_uri": callback_url(self.provider),
        }
        if code_verifier:
            payload["code_verifier"] = code_verifier
        tokens = self.get_token(payload)
        if not isinstance(tokens, dict):
            raise ProviderLied
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ProviderLied
        id_claims = self.verify_token(id_token, nonce=nonce)
        attempt.id_token = id_token
        return self.get_userinfo(access_token, id_token, id_claims)

    def verify_token(self, token: str, **kwargs: Any) -> JsonObject:
        """Return the claims of an id_token that was made for us and for this sign-in. Raises ProviderLied."""
        claims = self._verified(token, ID_TOKEN_CLAIMS)
        nonce = kwargs.get("nonce")
        if not nonce or claims["nonce"] != nonce:
            raise ProviderLied
        check_authorized_party(claims, self.get_settings("OIDC_RP_CLIENT_ID"))
        if self.accepted_acr and claims.get("acr") not in self.accepted_acr:
            raise ProviderLied
        return claims

    def get_userinfo(self, access_token: str, id_token: str, payload: JsonObject) -> JsonObject:
        """Return the claims of the same person as the id_token's, from JSON or a signed token by its content type."""
        response = requests.get(
            self.OIDC_OP_USER_ENDPOINT,
            headers={"Authorization": f"Bearer {access_token}"},
            timeout=self.get_settings("OIDC_TIMEOUT"),
        )
        response.raise_for_status()
        if response.headers.get("Content-Type", "").lower().startswith("application/jwt"):
            claims = self._verified(response.text.strip(), USERINFO_CLAIMS)
        else:
            claims = response.json()
        if not isinstance(claims, dict) or claims.get("sub") != payload["sub"]:
            raise ProviderLied  # OpenID Connect Core, 5.3.2
        return claims

    def account_of(self, claims: JsonObject, attempt: SignInAttempt) -> User:
        """Return the account that these claims open. Each provider has its own way."""
        raise NotImplementedError

    def get_user(self, user_id: int) -> User | None:
        """Return the account of a session: none once it is deactivated."""
        return _active_account.first(user_id)

    def proof_needed(self, person: Person, attempt: SignInAttempt, *, usual_name: str = "") -> ProofNeeded:
        return ProofNeeded(
            PendingIdentity(
                provider=self.provider,
                subject=person.subject,
                family_name=person.family_name,
                given_name=person.given_name,
                usual_name=usual_name,
                backend=f"{type(self).__module__}.{type(self).__qualname__}",
                id_token=attempt.id_token,
                next_url=attempt.next_url,
            )
        )

    def _verified(self, token: str, required: tuple[str, ...]) -> JsonObject:
        return verified_claims(
            token,
            provider=self.provider,
            algorithm=self.get_settings("OIDC_RP_SIGN_ALGO"),
            issuer=self.get_settings("OIDC_OP_ISSUER"),
            client_id=self.get_settings("OIDC_RP_CLIENT_ID"),
            required=required,
        )

    @staticmethod
    def _raise_for(error: requests.HTTPError) -> NoReturn:
        """A provider that says no (4xx) is up: the code was used, or our client is not what it expects."""
        if error.response is not None and error.response.status_code < 500:
            raise ProviderLied from error
        raise ProviderDown from error


class EduConnectBackend(ProviderBackend):
    """Guardians and students, by the school's own keys (decision 18)."""

    provider = Provider.EDUCONNECT.value

    def account_of(self, claims: JsonObject, attempt: SignInAttempt) -> User:
        known = EduConnectClaims.from_userinfo(claims)
        if known.profile is not attempt.profile:
            raise WrongProfile(known.profile)
        person = Person(self.provider, known.subject, known.family_name, known.given_name)
        at = timezone.now()
        if known.profile is Profile.STUDENT:
            return services.sign_in_student(person, ine=known.ine, at=at)
        user = services.sign_in_guardian(person, person_ids=known.person_ids, vectors=known.vectors, at=at)
        if user is None:
            raise self.proof_needed(person, attempt)
        return user


class FranceConnectBackend(ProviderBackend):
    """Guardians only, by a proof the first time (decision 19)."""

    provider = Provider.FRANCECONNECT.value
    accepted_acr = ("eidas1", "eidas2", "eidas3")  # what we ask, and better

    def account_of(self, claims: JsonObject, attempt: SignInAttempt) -> User:
        known = FranceConnectClaims.from_userinfo(claims)
        person = Person(self.provider, known.subject, known.family_name, known.given_name)
        user = services.sign_in_guardian(person, at=timezone.now())
        if user is None:
            raise self.proof_needed(person, attempt, usual_name=known.usual_name)
        return user


class AgentsBackend(ProviderBackend):
    """The school's staff, heads by the provider's word, others by invitation (`accounts/staff/agents.py`)."""

    provider = Provider.AGENTS.value

    def account_of(self, claims: JsonObject, attempt: SignInAttempt) -> User:
        return sign_in_agent(AgentsClaims.from_userinfo(claims), at=timezone.now())
