"""Checking what a provider signed (OpenID Connect Core 1.0, sections 3.1.3.7 and 5.3.2)."""

from __future__ import annotations

from typing import Any

import jwt

from accounts.oidc.discovery import JsonObject, signing_keys
from accounts.refusals import ProviderLied

LEEWAY = 30
"""Seconds by which the provider's clock may differ from ours."""

KEY_TYPES = {"RS": "RSA", "ES": "EC"}
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")

ID_TOKEN_CLAIMS = ("iss", "aud", "sub", "exp", "iat", "nonce")
USERINFO_CLAIMS = ("iss", "aud", "sub")


def verified_claims(
    token: str, *, provider: str, algorithm: str, issuer: str, client_id: str, required: tuple[str, ...]
) -> JsonObject:
    """Return the claims of a signed token. Raises ProviderLied when anything about it is not as it must be.

    Keys are read again, once, when none fits: providers change them.
    """
    try:
        if algorithm not in ALGORITHMS:
            raise ProviderLied
        options: Any = {"require": list(required)}  # what else stands in a token is checked too: exp, iat, nbf
        checks = {"algorithms": [algorithm], "audience": client_id, "issuer": issuer, "leeway": LEEWAY}
        try:
            return jwt.decode(token, _key(token, provider, algorithm), options=options, **checks)  # type: ignore[arg-type]
        except (_NoKeyFits, jwt.InvalidSignatureError):
            key = _key(token, provider, algorithm, refresh=True)
            return jwt.decode(token, key, options=options, **checks)  # type: ignore[arg-type]
    except (jwt.PyJWTError, _NoKeyFits) as error:
        raise ProviderLied from error


def check_authorized_party(claims: JsonObject, client_id: str) -> None:
    """Refuse a token given to another client: `azp` is ours, and stands where there are several audiences."""
    audiences = claims["aud"]
    several = isinstance(audiences, list) and len(audiences) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise ProviderLied


class _NoKeyFits(Exception):
    """No published key is the one that signed."""


def _key(token: str, provider: str, algorithm: str, *, refresh: bool = False) -> jwt.PyJWK:
    wanted = jwt.get_unverified_header(token).get("kid")
    fitting = [
        key
        for key in signing_keys(provider, refresh=refresh)
        if key.get("kty") == KEY_TYPES[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and wanted in (None, key.get("kid"))
    ]
    if len(fitting) != 1:
        raise _NoKeyFits
    return jwt.PyJWK(fitting[0], algorithm=algorithm)
