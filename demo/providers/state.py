"""What a simulated provider remembers: its client, who signs in, codes and tokens. All in memory."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oidc.core import AuthorizationCodeMixin

from demo.people import PASSWORD

CODE_SECONDS = 30
INTERACTION_SECONDS = 15 * 60
SESSION_SECONDS = 30 * 60


class NotADemonstrationError(Exception):
    """The simulators accept a password that everybody knows: they run in the demonstration and the tests only."""


WRONG_PASSWORD = "Identifiant ou mot de passe incorrect. Vérifiez votre saisie puis réessayez."


class Someone(Protocol):
    """Who can sign in to a provider: a `Person` or an `Agent` of `demo.people`."""

    @property
    def login(self) -> str: ...


Account = TypeVar("Account", bound=Someone)


def find_account(people: Sequence[Account], login: str, password: str) -> Account | None:
    """Return who has this login and password."""
    wanted = login.strip().casefold()
    return next((person for person in people if person.login == wanted and password == PASSWORD), None)


def refuse_outside_demo() -> None:
    """Raise NotADemonstrationError unless the environment says `DEMO=1`."""
    if os.environ.get("DEMO") != "1":
        raise NotADemonstrationError(
            "the simulators only start with DEMO=1 in the environment: never beside real families"
        )


@dataclass(frozen=True)
class Registration:
    """What the portal declared to a provider; the environment names are those the product reads."""

    client_id: str
    client_secret: str
    site_url: str
    provider: str

    @classmethod
    def from_environment(cls, provider: str, environ: Mapping[str, str] = os.environ) -> Registration:
        """Read `<PROVIDER>_CLIENT_ID`, `<PROVIDER>_CLIENT_SECRET` and `SITE_URL`. Raises KeyError."""
        prefix = provider.upper()
        return cls(
            client_id=environ[f"{prefix}_CLIENT_ID"],
            client_secret=environ[f"{prefix}_CLIENT_SECRET"],
            site_url=environ["SITE_URL"].rstrip("/"),
            provider=provider,
        )

    @property
    def redirect_uri(self) -> str:
        return f"{self.site_url}/connexion/{self.provider}/retour/"

    @property
    def post_logout_redirect_uri(self) -> str:
        return f"{self.site_url}/deconnexion/retour/"

    @property
    def staff_page(self) -> str:
        """Where staff begin to sign in."""
        return f"{self.site_url}/admin/login/"

    @property
    def profile_page(self) -> str:
        """Where *Changer de profil* leads."""
        return f"{self.site_url}/connexion/"


@dataclass(frozen=True)
class Client(ClientMixin):
    """The portal, as a provider knows it."""

    registration: Registration
    scopes: frozenset[str]
    auth_methods: tuple[str, ...]
    id_token_signed_response_alg: str
    userinfo_signed_response_alg: str = ""

    @property
    def client_id(self) -> str:
        return self.registration.client_id

    @property
    def client_metadata(self) -> dict[str, Any]:
        return {
            "post_logout_redirect_uris": [self.registration.post_logout_redirect_uri],
            "userinfo_signed_response_alg": self.userinfo_signed_response_alg,
        }

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: both providers want it said."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """Unknown scopes are ignored, as OpenID Connect Core 3.1.2.1 asks."""
        return " ".join(name for name in (scope or "").split() if name in self.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.registration.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret.encode(), self.registration.client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in self.auth_methods

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class SignIn:
    """Somebody who gave the right password, and when (epoch seconds): the provider's own session."""

    person: Any
    """A `Person` of `demo.people`; at the agents' provider, an `Agent`."""
    at: int
    expires_at: float = field(default_factory=lambda: time.time() + SESSION_SECONDS)


@dataclass
class Interaction:
    """An authorization request, checked, whose person has not answered yet."""

    parameters: dict[str, str]
    sign_in: SignIn | None = None
    expires_at: float = field(default_factory=lambda: time.time() + INTERACTION_SECONDS)


@dataclass
class Code(AuthorizationCodeMixin):
    """An authorization code; it can be used once, within CODE_SECONDS."""

    value: str
    client_id: str
    scope: str
    sign_in: SignIn
    parameters: Mapping[str, str]
    acr: str | None
    amr: list[str] | None
    used: bool = False
    valid_until: float = field(default_factory=lambda: time.time() + CODE_SECONDS)
    expires_at: float = field(default_factory=lambda: time.time() + INTERACTION_SECONDS)
    """How long a used code is remembered, to tell that it comes a second time."""

    @property
    def code_challenge(self) -> str | None:
        return self.parameters.get("code_challenge")

    @property
    def code_challenge_method(self) -> str | None:
        return self.parameters.get("code_challenge_method")

    def get_redirect_uri(self) -> str | None:
        return self.parameters.get("redirect_uri")

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.parameters.get("nonce")

    def get_auth_time(self) -> int:
        return self.sign_in.at

    def get_acr(self) -> str | None:
        return self.acr

    def get_amr(self) -> list[str] | None:
        return self.amr


@dataclass
class Token(TokenMixin):
    """An access token."""

    client: Client
    scope: str
    sign_in: SignIn
    code: str
    lifetime: int
    expires_at: float
    revoked: bool = False

    def check_client(self, client: Client) -> bool:
        return client == self.client

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return self.lifetime

    def is_expired(self) -> bool:
        return self.expires_at <= time.time()

    def is_revoked(self) -> bool:
        return self.revoked

    def get_user(self) -> SignIn:
        return self.sign_in

    def get_client(self) -> Client:
        return self.client


class Expiring(Protocol):
    """Anything kept until an instant (epoch seconds)."""

    expires_at: float


Kept = TypeVar("Kept", bound=Expiring)


class Shelf(dict[str, Kept]):
    """Things by an unguessable key, forgotten when they expire. Used by several threads."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def put(self, thing: Kept, *, key: str = "") -> str:
        """Keep it and return its key."""
        key = key or secrets.token_urlsafe(24)
        with self.lock:
            for old in [name for name, kept in self.items() if kept.expires_at <= time.time()]:
                del self[old]
            self[key] = thing
        return key

    def fresh(self, key: str | None) -> Kept | None:
        """Return what stands under the key, unless it expired."""
        kept = self.get(key or "")
        return kept if kept is not None and kept.expires_at > time.time() else None


class Memory:
    """Everything one provider remembers."""

    def __init__(self) -> None:
        self.interactions: Shelf[Interaction] = Shelf()
        self.sessions: Shelf[SignIn] = Shelf()
        self.codes: Shelf[Code] = Shelf()
        self.tokens: Shelf[Token] = Shelf()

    def take_code(self, value: str, client: Client) -> Code | None:
        """Return the code if it may still be used, and mark it used; a second use revokes the token of the first."""
        with self.codes.lock:
            code = self.codes.get(value)
            if code is None or code.client_id != client.client_id:
                return None
            if code.used:
                for token in list(self.tokens.values()):
                    token.revoked = token.revoked or token.code == value
                return None
            code.used = True
            return code if code.valid_until > time.time() else None
