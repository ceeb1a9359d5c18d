"""What must be right in the settings of the OpenID providers before anybody is sent there. No network."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts.oidc.tokens import ALGORITHMS

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@register(Tags.security)
def check_oidc_providers(**arguments: Any) -> list[CheckMessage]:
    """A provider without an issuer is off; any other has all it needs."""
    errors: list[CheckMessage] = []
    for provider, values in settings.OIDC_PROVIDERS.items():
        if values["OIDC_OP_ISSUER"]:
            errors += _errors_of(provider.upper(), values)
    return errors


def _errors_of(name: str, values: dict[str, Any]) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if not values["OIDC_RP_CLIENT_ID"]:
        errors.append(Error(f"{name}_CLIENT_ID is empty.", id="accounts.E001"))
    if not values["OIDC_RP_CLIENT_SECRET"]:
        errors.append(Error(f"{name}_CLIENT_SECRET is empty.", id="accounts.E002"))
    issuer = urlsplit(values["OIDC_OP_ISSUER"])
    is_local = issuer.scheme == "http" and issuer.hostname in LOCAL_HOSTS
    if not issuer.hostname or (issuer.scheme != "https" and not is_local):
        errors.append(Error(f"{name}_ISSUER must be an https address.", id="accounts.E003"))
    if values["OIDC_RP_SIGN_ALGO"] not in ALGORITHMS:
        errors.append(Error(f"{name}_SIGN_ALGO must be one of {', '.join(ALGORITHMS)}.", id="accounts.E004"))
    if "openid" not in values["OIDC_RP_SCOPES"].split():
        errors.append(Error(f"{name}_SCOPES must contain openid.", id="accounts.E005"))
    return errors
