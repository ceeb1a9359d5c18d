"""The simulators, each on its own port in a thread of the tests, and a client that plays the portal and the browser."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet

from demo.people import PASSWORD
from demo.providers import agents, educonnect, franceconnect
from demo.providers.state import Registration
from demo.web import bind

SITE = "http://portail.example"
CLIENT_ID = "portail"
CLIENT_SECRET = "secret-du-portail"
ANSWER_WITHIN = 60
"""Seconds after which a server is held to be dead; not a measure of speed."""


@contextmanager
def running(make: Callable[[str], Flask]) -> Iterator[str]:
    """Serve the application that `make(address)` returns, and yield its address."""
    placeholder = Flask("placeholder")
    server = bind(placeholder, port=0)
    address = f"http://127.0.0.1:{server.server_port}"
    server.app = make(address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def _demo() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO", "1")
        yield


@pytest.fixture(scope="module")
def educonnect_address(_demo: None) -> Iterator[str]:
    registration = Registration(CLIENT_ID, CLIENT_SECRET, SITE, "educonnect")
    with running(lambda address: educonnect.create_app(registration, issuer=address)) as address:
        yield address


@pytest.fixture(scope="module")
def franceconnect_address(_demo: None) -> Iterator[str]:
    registration = Registration(CLIENT_ID, CLIENT_SECRET, SITE, "franceconnect")
    with running(lambda address: franceconnect.create_app(registration, issuer=f"{address}/api/v2")) as address:
        yield address


@pytest.fixture(scope="module")
def agents_address(_demo: None) -> Iterator[str]:
    registration = Registration(CLIENT_ID, CLIENT_SECRET, SITE, "agents")
    with running(lambda address: agents.create_app(registration, issuer=address)) as address:
        yield address


@dataclass
class Portal:
    """The portal and the browser in one, against the provider of this issuer."""

    issuer: str
    provider: str
    scope: str = "openid profile"
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    browser: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.discovery = self.browser.get(
            f"{self.issuer}/.well-known/openid-configuration", timeout=ANSWER_WITHIN
        ).json()

    @property
    def redirect_uri(self) -> str:
        return f"{SITE}/connexion/{self.provider}/retour/"

    def parameters(self, **changed: str | None) -> dict[str, str]:
        """The parameters of an authorization request; None leaves one out."""
        usual = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce,
            "acr_values": "eidas1",
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def authorize(self, **changed: str | None) -> requests.Response:
        """Ask; redirects inside the provider are followed, those to the portal are not."""
        address = self.discovery["authorization_endpoint"]
        return self._follow(
            self.browser.get(address, params=self.parameters(**changed), allow_redirects=False, timeout=ANSWER_WITHIN)
        )

    def _follow(self, response: requests.Response) -> requests.Response:
        while response.is_redirect and not response.headers["Location"].startswith(SITE):
            address = urljoin(response.url, response.headers["Location"])
            response = self.browser.get(address, allow_redirects=False, timeout=ANSWER_WITHIN)
        return response

    def submit(self, page: requests.Response, **values: str) -> requests.Response:
        """Post the form of a page."""
        form = re.search(r'<form method="post"(?: action="([^"]+)")?', page.text)
        assert form, page.text
        address = urljoin(page.url, html.unescape(form[1] or page.url))
        return self._follow(self.browser.post(address, data=values, allow_redirects=False, timeout=ANSWER_WITHIN))

    def click(self, page: requests.Response, text: str) -> requests.Response:
        """Follow the link of this text."""
        link = re.search(rf'href="([^"]+)"[^>]*>[^<]*{re.escape(text)}', page.text)
        assert link, page.text
        address = urljoin(page.url, html.unescape(link[1]))
        return self._follow(self.browser.get(address, allow_redirects=False, timeout=ANSWER_WITHIN))

    def log_in(self, login: str, page: requests.Response, password: str = PASSWORD) -> requests.Response:
        return self.submit(page, identifiant=login, mot_de_passe=password)

    def sign_in(self, login: str, **changed: str | None) -> dict[str, str]:
        """Go all the way as this person; return what comes back to the portal."""
        page = self.authorize(**changed)
        if self.provider == "franceconnect":
            page = self.log_in(login, self.click(page, "Impots.gouv"))
            return returned(self.submit(page))
        return returned(self.log_in(login, page))

    def token(self, code: str, **changed: str) -> requests.Response:
        """Exchange the code, as the portal's server does: outside the browser."""
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            **changed,
        }
        return requests.post(self.discovery["token_endpoint"], data=data, timeout=ANSWER_WITHIN)

    def userinfo(self, access_token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {access_token}"}
        return requests.get(self.discovery["userinfo_endpoint"], headers=headers, timeout=ANSWER_WITHIN)

    def verified(self, token: str, algorithm: str) -> dict[str, Any]:
        """Return the claims of a token, its signature checked with the published keys."""
        keys = KeySet.import_key_set(requests.get(self.discovery["jwks_uri"], timeout=ANSWER_WITHIN).json())
        decoded = jwt.decode(token, keys, algorithms=[algorithm])
        expected: Any = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": CLIENT_ID},
        }
        jwt.JWTClaimsRegistry(**expected).validate(decoded.claims)
        return decoded.claims


def returned(response: requests.Response) -> dict[str, str]:
    """Return the parameters with which the browser goes back to the portal."""
    assert response.is_redirect, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def pkce() -> tuple[str, str]:
    """Return a verifier and its challenge."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def at_educonnect(educonnect_address: str) -> Iterator[Portal]:
    portal = Portal(educonnect_address, "educonnect")
    yield portal
    portal.browser.close()


@pytest.fixture
def at_agents(agents_address: str) -> Iterator[Portal]:
    portal = Portal(agents_address, "agents", scope="openid profile email")
    yield portal
    portal.browser.close()


@pytest.fixture
def at_franceconnect(franceconnect_address: str) -> Iterator[Portal]:
    scope = "openid given_name family_name preferred_username"
    portal = Portal(f"{franceconnect_address}/api/v2", "franceconnect", scope=scope)
    yield portal
    portal.browser.close()
