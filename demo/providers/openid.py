"""The OpenID Connect protocol as both simulators speak it: Authlib's server, wired to `state.Memory`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2.rfc6749 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.errors import AccessDeniedError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo, UserInfoEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Flask, Response
from joserfc.jwk import ECKey, KeySet, RSAKey

from demo.providers.state import Client, Code, Memory, SignIn, Token

ISSUED_ACR = "issued_acr"
ISSUED_AMR = "issued_amr"
"""Parameters of an interaction that the provider adds itself: the level and the means it vouches for."""


@dataclass
class Provider:
    """One simulated provider: what makes it itself, and its Authlib server."""

    issuer: str
    client: Client
    id_token_seconds: int
    access_token_seconds: int
    nonce_required: bool
    pkce: bool
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        algorithm = self.client.id_token_signed_response_alg
        parameters: Any = {"use": "sig", "alg": algorithm}
        key: RSAKey | ECKey = (
            RSAKey.generate_key(2048, parameters)
            if algorithm.startswith("RS")
            else ECKey.generate_key("P-256", parameters)
        )
        key.ensure_kid()
        self.keys = KeySet([key])
        self.kid = str(key.kid)
        self.server = AuthorizationServer()

    def subject(self, sign_in: SignIn) -> str:
        """Return `sub`: always the same for the same person."""
        raise NotImplementedError

    def claims(self, sign_in: SignIn, scopes: set[str]) -> dict[str, Any]:
        """Return what userinfo says beyond `sub`."""
        raise NotImplementedError

    def public_keys(self) -> Any:
        return self.keys.as_dict(private=False)

    def init_app(self, app: Flask) -> None:
        """Register the grant and the endpoints."""
        app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": self.access_token_seconds}
        self.server.init_app(app, query_client=self._query_client, save_token=self._save_token)
        extensions: list[Any] = [_IdToken(self)]
        if self.pkce:
            extensions.append(_S256(required=False))
        grant = type("Grant", (_Grant,), {"provider": self})
        self.server.register_grant(grant, extensions)
        protector = ResourceProtector()
        protector.register_token_validator(_TokenValidator(self))
        self.server.register_endpoint(_UserInfo(self, protector))
        self.server.register_endpoint(_EndSession(self))

    def check_request(self, *, signed_in: SignIn | None) -> None:
        """Check the current authorization request. Raises OAuth2Error, with `redirect_uri` if it may go back there."""
        try:
            self.server.get_consent_grant(end_user=signed_in)
        except ValueError as error:  # the library cannot quote letters outside ASCII in an error
            raise InvalidRequestError("The request cannot be read.") from error

    def answer(self, parameters: Mapping[str, str], sign_in: SignIn) -> Response:
        """Send the person back to the portal with a code."""
        request = OAuth2Request("GET", self.issuer)
        request.payload = BasicOAuth2Payload(dict(parameters))
        grant = self.server.get_authorization_grant(request)
        return self.server.create_authorization_response(request=request, grant_user=sign_in, grant=grant)

    def cancel(self, parameters: Mapping[str, str], description: str) -> Response:
        """Send the person back to the portal without a code."""
        error = AccessDeniedError(
            description, state=parameters.get("state"), redirect_uri=parameters.get("redirect_uri")
        )
        return self.server.handle_error_response(None, error)

    def token_response(self) -> Response:
        return self.server.create_token_response()

    def userinfo_response(self) -> Response:
        return self.server.create_endpoint_response("userinfo")

    def end_session(self) -> Response | None:
        """Answer a request to sign out; None when there is nowhere to go back to. Raises OAuth2Error."""
        request = self.server.validate_endpoint_request("end_session")
        wanted = request.request.payload.data.get("post_logout_redirect_uri")
        if wanted and not request.redirect_uri:
            raise InvalidRequestError("post_logout_redirect_uri not registered")
        return self.server.create_endpoint_response("end_session", request)

    def _query_client(self, client_id: str) -> Client | None:
        return self.client if client_id == self.client.client_id else None

    def _save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        lifetime = token["expires_in"]
        kept = Token(
            client=self.client,
            scope=token.get("scope", ""),
            sign_in=request.user,
            code=request.authorization_code.value,
            lifetime=lifetime,
            expires_at=time.time() + lifetime,
        )
        self.memory.tokens.put(kept, key=token["access_token"])


class _Grant(AuthorizationCodeGrant):
    """Authorization code; each provider gets its own subclass, which knows it."""

    provider: Provider

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        parameters = request.payload.data
        kept = Code(
            value=code,
            client_id=request.client.client_id,
            scope=request.scope,
            sign_in=request.user,
            parameters=parameters,
            acr=parameters.get(ISSUED_ACR),
            amr=[parameters[ISSUED_AMR]] if ISSUED_AMR in parameters else None,
        )
        self.provider.memory.codes.put(kept, key=code)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return self.provider.memory.take_code(code, client)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Kept a while, marked as used, so that a second use is noticed."""

    def authenticate_user(self, authorization_code: Code) -> SignIn:
        return authorization_code.sign_in


class _IdToken(OpenIDCode):
    def __init__(self, provider: Provider) -> None:
        super().__init__(require_nonce=provider.nonce_required)
        self.provider = provider

    def __call__(self, grant: Any) -> None:
        super().__call__(grant)
        grant.register_hook("after_validate_authorization_request_payload", _require_openid)

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        """False: checking a nonce is the client's part; the form posted twice by a double click must work."""
        return False

    def resolve_client_private_key(self, client: Client) -> KeySet:
        return self.provider.keys

    def get_client_algorithm(self, client: Client) -> str:
        return client.id_token_signed_response_alg

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": client.id_token_signed_response_alg, "kid": self.provider.kid, "typ": "JWT"}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.provider.issuer,
            "aud": client.client_id,
            "iat": now,
            "exp": now + self.provider.id_token_seconds,
        }

    def generate_user_info(self, user: SignIn, scope: str) -> UserInfo:
        return UserInfo(sub=self.provider.subject(user))


def _require_openid(grant: Any, redirect_uri: str) -> None:
    if "openid" not in (grant.request.payload.scope or "").split():
        raise InvalidScopeError("openid is required", redirect_uri=redirect_uri)


class _S256(CodeChallenge):
    """PKCE where the client uses it; with S256 only, as the discovery document says."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        super().validate_code_challenge(grant, redirect_uri)
        data = grant.request.payload.data
        if data.get("code_challenge") and data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256")


class _TokenValidator(BearerTokenValidator):
    def __init__(self, provider: Provider) -> None:
        super().__init__(realm=provider.issuer)
        self.provider = provider

    def authenticate_token(self, token_string: str) -> Token | None:
        return self.provider.memory.tokens.get(token_string)


class _UserInfo(UserInfoEndpoint):
    def __init__(self, provider: Provider, protector: ResourceProtector) -> None:
        super().__init__(server=provider.server, resource_protector=protector)
        self.provider = provider

    def get_issuer(self) -> str:
        return self.provider.issuer

    def resolve_private_key(self) -> KeySet:
        return self.provider.keys

    def generate_user_info(self, user: SignIn, scope: str) -> UserInfo:
        return UserInfo(sub=self.provider.subject(user), **self.provider.claims(user, set(scope.split())))


class _EndSession(EndSessionEndpoint):
    def __init__(self, provider: Provider) -> None:
        super().__init__(server=provider.server)
        self.provider = provider

    def get_server_jwks(self) -> KeySet:
        return self.provider.keys

    def end_session(self, end_session_request: Any) -> None:
        """The provider's session is a cookie: its view ends it."""


__all__ = ["ISSUED_ACR", "ISSUED_AMR", "OAuth2Error", "Provider"]
