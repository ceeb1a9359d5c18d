"""Giving mozilla-django-oidc other settings for each provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from mozilla_django_oidc.utils import import_from_settings

from accounts.oidc.discovery import metadata, provider_settings

FROM_DISCOVERY = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    "OIDC_OP_LOGOUT_ENDPOINT": "end_session_endpoint",
    "OIDC_TOKEN_USE_BASIC_AUTH": "uses_basic_auth",
    "OIDC_USE_PKCE": "offers_pkce",
}


class ProviderSettings:
    """Reads each setting in the provider's own, then in what it publishes, then in the global ones.

    The library asks all it needs through `self.get_settings`, so this one method is what makes it take several
    providers. Nothing here calls the network before a setting of `FROM_DISCOVERY` is asked for.
    """

    provider: str = ""

    def get_settings(self, attr: str, *args: Any) -> Any:
        values = provider_settings(self.provider)
        if attr in values:
            return values[attr]
        if attr in FROM_DISCOVERY:
            return getattr(metadata(self.provider), FROM_DISCOVERY[attr])
        return import_from_settings(attr, *args)


def site_url(path: str) -> str:
    """Return the absolute address of a path on our site: from SITE_URL, since the Host header is the client's word."""
    return urljoin(f"{settings.SITE_URL}/", path)


def callback_url(provider: str) -> str:
    """Return the redirect URI registered with the provider. One each, which keeps their answers apart."""
    return site_url(reverse(f"accounts:{provider}_callback"))
