"""Every wrong thing a provider can say or do, once: no session is opened, and the page says what happened."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from accounts.models import Identity, User
from schools.models import Guardian
from tests.accounts.conftest import Browser
from tests.accounts.provider import KEYS, OTHER_KEYS, Provider

LIED = "Votre identité n’a pas pu être vérifiée"
DOWN = "Le service de connexion ne répond pas"
SLOW = "Le service de connexion met trop de temps à répondre"
EXPIRED = "Cette page de connexion n’est plus valable"
CANCELLED = "Vous avez interrompu la connexion"
OFF = "Ce moyen de connexion n’est pas disponible"

Fault = Callable[[Provider], Any]
IMPOSTOR = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa-1"}, auto_kid=False),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec-1"}, auto_kid=False),
}


def now() -> int:
    return int(time.time())


def sign_with_another_algorithm(provider: Provider) -> None:
    """A real signature, by a published key of the provider, and not in the algorithm that was agreed."""
    other = "ES256" if provider.algorithm == "RS256" else "RS256"
    provider.published = [*KEYS.values()]
    provider.signing_key = KEYS[other]
    provider.header = {"alg": other}


def sign_with_a_longer_hash(provider: Provider) -> None:
    key = RSAKey.import_key(KEYS["RS256"].as_dict(private=True) | {"alg": "RS384"})
    provider.signing_key, provider.published = key, [key]
    provider.header = {"alg": "RS384"}


ID_TOKEN_FAULTS: dict[str, Fault] = {
    "another issuer": lambda p: p.id_token.update(iss="https://evil.example"),
    "no issuer": lambda p: p.id_token.update(iss=None),
    "another audience": lambda p: p.id_token.update(aud="another-client"),
    "no audience": lambda p: p.id_token.update(aud=None),
    "another party": lambda p: p.id_token.update(azp="another-client"),
    "several audiences without a party": lambda p: p.id_token.update(aud=["our-client", "another-client"]),
    "several audiences for another party": lambda p: p.id_token.update(aud=["our-client", "x"], azp="x"),
    "another nonce": lambda p: p.id_token.update(nonce="another"),
    "no nonce": lambda p: p.id_token.update(nonce=None),
    "expired": lambda p: p.id_token.update(exp=now() - 60, iat=now() - 120),
    "no expiry": lambda p: p.id_token.update(exp=None),
    "made in the future": lambda p: p.id_token.update(iat=now() + 120),
    "no instant": lambda p: p.id_token.update(iat=None),
    "no subject": lambda p: p.id_token.update(sub=None),
    "a subject that is no text": lambda p: p.id_token.update(sub=12),
    "no algorithm": lambda p: p.header.update(alg="none"),
    "HS256 by the public key": lambda p: p.header.update(alg="HS256"),
    "another asymmetric algorithm": sign_with_another_algorithm,
    "unknown key": lambda p: setattr(p, "signing_key", OTHER_KEYS[p.algorithm]),
    "wrong signature under a known key": lambda p: setattr(p, "signing_key", IMPOSTOR[p.algorithm]),
    "keys that are no list": lambda p: setattr(p, "published", {"keys": "none"}),
    "no keys": lambda p: setattr(p, "published", {"keys": []}),
    "an encryption key": lambda p: setattr(
        p, "published", {"keys": [p.signing_key.as_dict(private=False) | {"use": "enc"}]}
    ),
}
USERINFO_FAULTS: dict[str, Fault] = {
    "userinfo of somebody else": lambda p: p.userinfo.update(sub="somebody-else"),
    "userinfo without a subject": lambda p: p.userinfo.update(sub=None),
}
SIGNED_USERINFO_FAULTS: dict[str, Fault] = USERINFO_FAULTS | {
    "userinfo of another issuer": lambda p: p.userinfo.update(iss="https://evil.example"),
    "userinfo without an issuer": lambda p: p.userinfo.update(iss=None),
    "userinfo for another audience": lambda p: p.userinfo.update(aud="another-client"),
    "userinfo without an audience": lambda p: p.userinfo.update(aud=None),
    "expired userinfo": lambda p: p.userinfo.update(exp=now() - 60),
    "userinfo without an algorithm": lambda p: p.userinfo_header.update(alg="none"),
    "userinfo by the public key": lambda p: p.userinfo_header.update(alg="HS256"),
    "userinfo badly signed": lambda p: setattr(p, "userinfo_signing_key", IMPOSTOR[p.algorithm]),
}
DISCOVERY_FAULTS: dict[str, tuple[Fault, str]] = {
    "discovery of another issuer": (lambda p: p.discovery.update(issuer="https://evil.example"), LIED),
    "discovery without an issuer": (lambda p: p.discovery.update(issuer=None), LIED),
    "discovery without a token endpoint": (lambda p: p.discovery.update(token_endpoint=None), LIED),
    "an endpoint that is no address": (lambda p: p.discovery.update(jwks_uri="file:///etc/passwd"), LIED),
    "discovery that is a list": (lambda p: p.answers.update(
        {"openid-configuration": (200, "application/json", b"[]")}), LIED),
    "discovery that is a page": (
        lambda p: p.answers.update({"openid-configuration": (200, "text/html", b"<p>Maintenance</p>")}), DOWN),
    "discovery in error": (
        lambda p: p.answers.update({"openid-configuration": (500, "text/plain", b"")}), DOWN),
    "discovery that hangs": (lambda p: p.delays.update({"openid-configuration": 1}), SLOW),
}  # fmt: skip
CALL_FAULTS: dict[str, tuple[Fault, str]] = {
    "token refused": (lambda p: p.answers.update(token=(400, "application/json", b'{"error": "invalid_grant"}')), LIED),
    "token in error": (lambda p: p.answers.update(token=(500, "text/plain", b"")), DOWN),
    "token that is a page": (lambda p: p.answers.update(token=(200, "text/html", b"<p>Maintenance</p>")), DOWN),
    "token that is a list": (lambda p: p.answers.update(token=(200, "application/json", b"[]")), LIED),
    "an answer without tokens": (lambda p: p.answers.update(token=(200, "application/json", b"{}")), LIED),
    "a token that is no text": (
        lambda p: p.answers.update(token=(200, "application/json", b'{"id_token": 1, "access_token": "a"}')), LIED),
    "a token that is no token": (
        lambda p: p.answers.update(token=(200, "application/json", b'{"id_token": "x", "access_token": "a"}')), LIED),
    "token that hangs": (lambda p: p.delays.update(token=1), SLOW),
    "userinfo in error": (lambda p: p.answers.update(userinfo=(500, "text/plain", b"")), DOWN),
    "userinfo refused": (lambda p: p.answers.update(userinfo=(401, "text/plain", b"")), LIED),
    "userinfo that is a page": (lambda p: p.answers.update(userinfo=(200, "text/html", b"<p></p>")), DOWN),
    "userinfo that is a list": (lambda p: p.answers.update(userinfo=(200, "application/json", b"[]")), LIED),
    "userinfo that hangs": (lambda p: p.delays.update(userinfo=1), SLOW),
    "keys in error": (lambda p: p.answers.update(jwks=(500, "text/plain", b"")), DOWN),
    "keys that hang": (lambda p: p.delays.update(jwks=1), SLOW),
}  # fmt: skip


@pytest.fixture(params=["educonnect", "franceconnect"])
def provider(request: pytest.FixtureRequest, claire: Guardian) -> Provider:
    return request.getfixturevalue(request.param)


def assert_refused(browser: Browser, response: Any, heading: str) -> None:
    assert re.findall("<h1>(.*?)</h1>", response.content.decode()) == [heading]
    assert re.search(r"<strong>[0-9A-F]{4}-[0-9A-F]{4}</strong>", response.content.decode())
    assert response.status_code == {LIED: 403, DOWN: 503, SLOW: 503, EXPIRED: 400, CANCELLED: 200, OFF: 503}[heading]
    assert browser.user is None
    assert "pending_identity" not in browser.session
    assert not User.objects.exists()
    assert not Identity.objects.exists()
    assert Guardian.objects.get().user is None


@pytest.mark.parametrize("fault", ID_TOKEN_FAULTS)
def test_a_wrong_id_token_opens_nothing(browser: Browser, provider: Provider, fault: str) -> None:
    ID_TOKEN_FAULTS[fault](provider)

    assert_refused(browser, browser.sign_in(provider), LIED)


def test_a_longer_hash_than_agreed_opens_nothing(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    sign_with_a_longer_hash(educonnect)

    assert_refused(browser, browser.sign_in(educonnect), LIED)


@pytest.mark.parametrize("fault", USERINFO_FAULTS)
def test_wrong_plain_userinfo_opens_nothing(browser: Browser, provider: Provider, fault: str) -> None:
    USERINFO_FAULTS[fault](provider)

    assert_refused(browser, browser.sign_in(provider), LIED)


@pytest.mark.parametrize("fault", SIGNED_USERINFO_FAULTS)
def test_wrong_signed_userinfo_opens_nothing(browser: Browser, provider: Provider, fault: str) -> None:
    provider.userinfo_is_signed = True
    SIGNED_USERINFO_FAULTS[fault](provider)

    assert_refused(browser, browser.sign_in(provider), LIED)


@pytest.mark.parametrize("fault", CALL_FAULTS)
def test_a_failing_call_opens_nothing(browser: Browser, provider: Provider, settings: Any, fault: str) -> None:
    break_it, heading = CALL_FAULTS[fault]
    if heading == SLOW:
        settings.OIDC_TIMEOUT = 0.4
    break_it(provider)

    assert_refused(browser, browser.sign_in(provider), heading)


@pytest.mark.parametrize("fault", DISCOVERY_FAULTS)
def test_a_wrong_discovery_sends_nobody_anywhere(
    browser: Browser, provider: Provider, settings: Any, fault: str
) -> None:
    break_it, heading = DISCOVERY_FAULTS[fault]
    if heading == SLOW:
        settings.OIDC_TIMEOUT = 0.4
    break_it(provider)

    url = "/connexion/franceconnect/" if provider.is_franceconnect else "/connexion/educonnect/?profil=representant"
    assert_refused(browser, browser.get(url), heading)


@pytest.mark.parametrize("level", ["eidas0", "", None])
def test_franceconnect_must_state_the_level_asked_for(
    browser: Browser, franceconnect: Provider, claire: Guardian, level: str | None
) -> None:
    franceconnect.id_token = {"acr": level}

    assert_refused(browser, browser.sign_in(franceconnect), LIED)


def test_franceconnect_must_give_the_names(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    franceconnect.claims["family_name"] = ""

    assert_refused(browser, browser.sign_in(franceconnect), LIED)


def test_a_clock_half_a_minute_off_is_borne(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    educonnect.id_token = {"iat": now() + 20, "exp": now() - 20}

    browser.sign_in(educonnect)

    assert browser.user


def test_two_audiences_for_us_are_taken(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    educonnect.id_token = {"aud": ["our-client", "another"], "azp": "our-client"}

    browser.sign_in(educonnect)

    assert browser.user


@pytest.mark.parametrize("same_kid", [True, False])
def test_new_keys_are_read_when_the_provider_changes_them(
    browser: Browser, educonnect: Provider, claire: Guardian, same_kid: bool
) -> None:
    browser.sign_in(educonnect)
    key = IMPOSTOR["RS256"] if same_kid else OTHER_KEYS["RS256"]
    educonnect.signing_key, educonnect.published = key, [key]
    another = Browser()

    another.sign_in(educonnect)

    assert another.user
    assert educonnect.calls.count("jwks") == 2


def test_one_unknown_key_costs_one_more_reading(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    educonnect.signing_key = OTHER_KEYS["RS256"]

    browser.sign_in(educonnect)

    assert educonnect.calls.count("jwks") == 2


def test_a_return_played_again_in_another_browser_opens_nothing(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    back = browser.go_to_educonnect(educonnect)

    assert_refused(another := Browser(), another.get(back), EXPIRED)
    assert "token" not in educonnect.calls


def test_a_code_used_twice_opens_nothing(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    first = browser.go_to_educonnect(educonnect)
    second = browser.go_to_educonnect(educonnect)
    educonnect.grants.clear()

    assert_refused(browser, browser.get(first), LIED)
    assert_refused(browser, browser.get(second), LIED)


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=unknown", "?state=unknown&error=access_denied"])
def test_an_unknown_state_opens_nothing_and_calls_nobody(browser: Browser, provider: Provider, query: str) -> None:
    path = "/connexion/franceconnect/retour/" if provider.is_franceconnect else "/connexion/educonnect/retour/"

    assert_refused(browser, browser.get(path + query), EXPIRED)
    assert provider.calls == []


def test_an_unknown_state_does_not_sign_out(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    browser.sign_in(educonnect)

    browser.get("/connexion/educonnect/retour/?state=unknown&error=access_denied")

    assert browser.user


def test_the_state_of_one_provider_is_no_state_of_the_other(
    browser: Browser, educonnect: Provider, franceconnect: Provider, claire: Guardian
) -> None:
    back = browser.go_to_educonnect(educonnect)

    response = browser.get(back.replace("educonnect", "franceconnect"))

    assert_refused(browser, response, EXPIRED)
    assert "token" not in educonnect.calls + franceconnect.calls


def test_an_answer_that_says_it_is_another_issuers_is_refused(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    back = browser.go_to_educonnect(educonnect)

    assert_refused(browser, browser.get(f"{back}&iss=https://evil.example"), LIED)
    assert "token" not in educonnect.calls


@pytest.mark.parametrize(
    ("error", "heading"),
    [
        ("access_denied", CANCELLED),
        ("server_error", DOWN),
        ("temporarily_unavailable", DOWN),
        ("invalid_request", LIED),
        ("<script>", LIED),
    ],
)
def test_an_error_of_the_provider_has_its_page(browser: Browser, provider: Provider, error: str, heading: str) -> None:
    back = browser.go_to_franceconnect(provider) if provider.is_franceconnect else browser.go_to_educonnect(provider)
    path, _, query = back.partition("?")
    state = query.rpartition("state=")[2]

    assert_refused(browser, response := browser.get(path, {"error": error, "state": state}), heading)
    assert "<script>" not in response.content.decode()
    assert_refused(browser, browser.get(back), EXPIRED)


def test_a_provider_without_an_issuer_is_off(
    browser: Browser, educonnect: Provider, claire: Guardian, settings
) -> None:
    settings.OIDC_PROVIDERS["educonnect"]["OIDC_OP_ISSUER"] = ""

    assert_refused(browser, browser.get("/connexion/educonnect/?profil=eleve"), OFF)
    page = browser.get("/connexion/eleve/").content.decode()
    assert "La connexion par ÉduConnect n’est pas disponible" in page
    assert 'action="/connexion/educonnect/"' not in page


def test_the_log_has_the_incident_and_nothing_of_the_person(
    browser: Browser, educonnect: Provider, claire: Guardian, caplog: pytest.LogCaptureFixture
) -> None:
    educonnect.id_token = {"aud": "another-client"}

    with caplog.at_level(logging.DEBUG):
        page = browser.sign_in(educonnect).content.decode()

    incident = re.search(r"<strong>([0-9A-F-]{9})</strong>", page)
    assert incident
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("accounts")]
    assert messages == [
        f"sign-in refused: incident={incident[1]} provider=educonnect refusal=ProviderLied cause=InvalidAudienceError"
    ]
    everything = "\n".join(record.getMessage() for record in caplog.records)
    for personal in ("claire", "Martin", "100001", "state="):
        assert personal not in everything
