"""The settings of the providers are checked before anybody is sent there."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.checks import check_oidc_providers

GOOD = {
    "OIDC_OP_ISSUER": "https://educonnect.example",
    "OIDC_RP_CLIENT_ID": "id",
    "OIDC_RP_CLIENT_SECRET": "secret",
    "OIDC_RP_SIGN_ALGO": "RS256",
    "OIDC_RP_SCOPES": "openid profile",
}


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({}, []),
        ({"OIDC_OP_ISSUER": "", "OIDC_RP_CLIENT_ID": ""}, []),
        ({"OIDC_OP_ISSUER": "http://localhost:8001/x"}, []),
        ({"OIDC_OP_ISSUER": "http://127.0.0.1:8001"}, []),
        ({"OIDC_RP_CLIENT_ID": ""}, ["accounts.E001"]),
        ({"OIDC_RP_CLIENT_SECRET": ""}, ["accounts.E002"]),
        ({"OIDC_OP_ISSUER": "http://educonnect.example"}, ["accounts.E003"]),
        ({"OIDC_OP_ISSUER": "http://localhost.example"}, ["accounts.E003"]),
        ({"OIDC_OP_ISSUER": "educonnect.example"}, ["accounts.E003"]),
        ({"OIDC_RP_SIGN_ALGO": "none"}, ["accounts.E004"]),
        ({"OIDC_RP_SIGN_ALGO": "HS256"}, ["accounts.E004"]),
        ({"OIDC_RP_SCOPES": "profile"}, ["accounts.E005"]),
    ],
)
def test_each_setting(settings: Any, wrong: dict[str, str], errors: list[str]) -> None:
    settings.OIDC_PROVIDERS = {"educonnect": GOOD | wrong}

    assert [error.id for error in check_oidc_providers()] == errors
