"""The whole journey against a conforming provider that others wrote: oidc-provider-mock, on authlib."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from schools.models import Guardian
from tests.accounts.conftest import Browser

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # authlib says so of itself, in its thread

CLAIMS = {
    "family_name": "Martin",
    "given_name": "Claire",
    "FrEduCtPersonAffiliation": ["resp2d"],
    "FrEduCtRefId": ["{AAF}paris|x|100001"],
}


@pytest.fixture
def issuer(settings: Any) -> Iterator[str]:
    """The provider's address, set as ÉduConnect's."""
    from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]

    with run_server_in_thread(require_nonce=True, user_claims=[User(sub="claire", claims=CLAIMS)]) as server:
        address = f"http://localhost:{server.server_port}"
        providers = copy.deepcopy(settings.OIDC_PROVIDERS)
        providers["educonnect"]["OIDC_OP_ISSUER"] = address
        settings.OIDC_PROVIDERS = providers
        yield address


def test_claire_signs_in_and_out(browser: Browser, issuer: str, claire: Guardian) -> None:
    to_provider = browser.get(
        "/connexion/educonnect/", {"profil": "representant", "next": "/mes-services/orientation/"}
    )
    back = requests.post(to_provider["Location"], data={"sub": "claire"}, allow_redirects=False, timeout=60)
    url = urlsplit(back.headers["Location"])
    assert url.path == "/connexion/educonnect/retour/"

    response = browser.get(f"{url.path}?{url.query}")

    assert response["Location"] == "/mes-services/orientation/"
    claire.refresh_from_db()
    assert browser.user
    assert claire.user == browser.user

    to_provider = browser.post("/deconnexion/")
    assert browser.user is None
    assert to_provider["Location"].startswith(f"{issuer}/oauth2/end_session?")
    page = requests.get(to_provider["Location"], timeout=60)
    assert page.ok
    state = parse_qs(urlsplit(to_provider["Location"]).query)["state"][0]
    back = requests.post(
        f"{issuer}/oauth2/end_session/confirm",
        data={"redirect_uri": f"http://testserver/deconnexion/retour/?state={state}"},
        allow_redirects=False,
        timeout=60,
    )
    url = urlsplit(back.headers["Location"])
    page = browser.get(f"{url.path}?{url.query}")
    assert "Vous êtes déconnecté" in page.content.decode()


def test_claire_may_refuse(browser: Browser, issuer: str, claire: Guardian) -> None:
    to_provider = browser.get("/connexion/educonnect/", {"profil": "representant"})
    back = requests.post(to_provider["Location"], data={"action": "deny"}, allow_redirects=False, timeout=60)
    url = urlsplit(back.headers["Location"])
    state = parse_qs(urlsplit(to_provider["Location"]).query)["state"][0]  # this provider forgets to send it back

    response = browser.get(f"{url.path}?{url.query}&state={state}")

    assert "Vous avez interrompu la connexion" in response.content.decode()
    assert browser.user is None
