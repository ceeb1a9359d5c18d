"""What a provider publishes about itself: its endpoints and its keys, fetched at first use and kept.

Kept in Django's cache, so that every process shares it, and in the process, since the cache may be down.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.cache import cache

from accounts.refusals import ProviderDown, ProviderLied, ProviderOff, ProviderSlow

DISCOVERY_MAX_AGE = 3600
KEYS_MAX_AGE = 600
STALE_MAX_AGE = 24 * 3600
"""Seconds. A copy older than its age is fetched again; a stale one still serves while the provider does not answer."""

MIN_REFRESH_INTERVAL = 30
"""Seconds between two refreshes asked by failures, so that failing sign-ins do not flood the provider."""

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class ProviderMetadata:
    """The discovery document of a provider, reduced to what we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    token_auth_methods: tuple[str, ...]
    code_challenge_methods: tuple[str, ...]

    @property
    def uses_basic_auth(self) -> bool:
        """Whether the client secret goes in the header. Raises ProviderLied when we know none of the methods."""
        if "client_secret_post" in self.token_auth_methods:
            return False
        if "client_secret_basic" in self.token_auth_methods:
            return True
        raise ProviderLied

    @property
    def offers_pkce(self) -> bool:
        return "S256" in self.code_challenge_methods


def provider_settings(provider: str) -> dict[str, Any]:
    """Return the settings of a provider. Raises ProviderOff when it has no issuer."""
    values = settings.OIDC_PROVIDERS.get(provider, {})
    if not values.get("OIDC_OP_ISSUER"):
        raise ProviderOff
    return values


def is_on(provider: str) -> bool:
    """Return whether people may sign in through this provider."""
    return bool(settings.OIDC_PROVIDERS.get(provider, {}).get("OIDC_OP_ISSUER"))


def metadata(provider: str) -> ProviderMetadata:
    """Return what the provider says of itself.

    Raises ProviderOff, ProviderDown, ProviderSlow, or ProviderLied when the document is another issuer's.
    """
    issuer = provider_settings(provider)["OIDC_OP_ISSUER"]
    document = _kept(_discovery_url(issuer), max_age=DISCOVERY_MAX_AGE)
    try:
        return _parse(document, issuer)
    except ProviderLied:
        forget(provider)
        raise


def signing_keys(provider: str, *, refresh: bool = False) -> list[JsonObject]:
    """Return the provider's public keys (JWK). With `refresh`, fetch them again: its keys may have turned."""
    document = _kept(metadata(provider).jwks_uri, max_age=KEYS_MAX_AGE, refresh=refresh)
    keys = document.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ProviderLied
    return keys


def forget(provider: str) -> None:
    """Drop the discovery document, so that the next sign-in reads it again. Called after a failure."""
    url = _discovery_url(provider_settings(provider)["OIDC_OP_ISSUER"])
    copy = _copies.get(url)
    if copy is None or time.time() - copy.fetched_at >= MIN_REFRESH_INTERVAL:
        _copies.pop(url, None)
        cache.delete(_cache_key(url))


def fetch_json(url: str) -> JsonObject:
    """Return the JSON object at this address. Raises ProviderDown, ProviderSlow or ProviderLied."""
    try:
        response = requests.get(url, timeout=settings.OIDC_TIMEOUT)
        response.raise_for_status()
        document = response.json()
    except requests.Timeout as error:
        raise ProviderSlow from error
    except requests.RequestException as error:
        raise ProviderDown from error
    if not isinstance(document, dict):
        raise ProviderLied
    return document


def _parse(document: JsonObject, issuer: str) -> ProviderMetadata:
    if document.get("issuer") != issuer:
        raise ProviderLied
    endpoints = {
        name: document.get(name) or ""
        for name in (
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "end_session_endpoint",
        )
    }
    for name, url in endpoints.items():
        if not _is_acceptable(url, issuer, optional=name == "end_session_endpoint"):
            raise ProviderLied
    return ProviderMetadata(
        issuer=issuer,
        **endpoints,
        # OpenID Connect Discovery 1.0, section 3: basic is what a provider that says nothing takes
        token_auth_methods=_strings(document.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",),
        code_challenge_methods=_strings(document.get("code_challenge_methods_supported")),
    )


def _is_acceptable(url: object, issuer: str, *, optional: bool) -> bool:
    if not url:
        return optional
    if not isinstance(url, str):
        return False
    scheme = urlsplit(url).scheme
    return scheme == "https" or (scheme == "http" and urlsplit(issuer).scheme == "http")


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


@dataclass(frozen=True)
class _Copy:
    document: JsonObject
    fetched_at: float


_copies: dict[str, _Copy] = {}


def _kept(url: str, *, max_age: int, refresh: bool = False) -> JsonObject:
    local = _copies.get(url)
    age = time.time() - local.fetched_at if local else STALE_MAX_AGE
    if not refresh:
        shared = cache.get(_cache_key(url))
        if isinstance(shared, dict):
            if local is None:
                _copies[url] = _Copy(shared, time.time())
            return shared
        if local and age < max_age:
            return local.document
    try:
        document = fetch_json(url)
    except (ProviderDown, ProviderSlow):
        if local and age < STALE_MAX_AGE and not refresh:
            return local.document
        raise
    _copies[url] = _Copy(document, time.time())
    cache.set(_cache_key(url), document, max_age)
    return document


def _cache_key(url: str) -> str:
    return f"oidc:{hashlib.sha256(url.encode()).hexdigest()}"


def _discovery_url(issuer: str) -> str:
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"
