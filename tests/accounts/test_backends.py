"""When a provider's backend declines, and what it makes of a provider that says no."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.models import Profile, User
from accounts.oidc.backends import AgentsBackend, EduConnectBackend, FranceConnectBackend, ProviderBackend
from accounts.refusals import ProviderDown, ProviderLied, ProviderSlow
from accounts.sessions import SignInAttempt

BACKENDS = [EduConnectBackend, FranceConnectBackend, AgentsBackend]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_password_is_no_provider_s(backend: type[ProviderBackend], rf: RequestFactory) -> None:
    assert backend().authenticate(rf.post("/"), username="camille", password="secret") is None
    assert backend().authenticate(None, username="camille", password="secret") is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_provider_s_return_is_not_one_s_own(backend: type[ProviderBackend], rf: RequestFactory) -> None:
    request: HttpRequest = rf.get("/?code=x")
    request.sign_in_attempt = SignInAttempt("another", Profile.GUARDIAN, "")  # type: ignore[attr-defined]
    assert backend().authenticate(request, nonce="n") is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_account_of_a_session_is_an_active_one(backend: type[ProviderBackend], db: None) -> None:
    user = User.objects.create(username="camille")
    assert backend().get_user(user.pk) == user
    User.objects.update(is_active=False)
    assert backend().get_user(user.pk) is None
    assert backend().get_user(user.pk + 1) is None


@pytest.mark.parametrize(
    ("status", "said"), [(400, ProviderLied), (499, ProviderLied), (500, ProviderDown), (None, ProviderDown)]
)
def test_a_provider_that_says_no_is_up(status: int | None, said: type[Exception]) -> None:
    error = requests.HTTPError()
    if status:
        error.response = requests.Response()
        error.response.status_code = status
    with pytest.raises(said):
        ProviderBackend._raise_for(error)


def returning(rf: RequestFactory, backend: ProviderBackend) -> HttpRequest:
    request: HttpRequest = rf.get("/?code=the-code")
    request.sign_in_attempt = SignInAttempt(backend.provider, Profile.GUARDIAN, "")  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.Timeout(), ProviderSlow),
        (requests.ConnectionError(), ProviderDown),
        (requests.HTTPError(), ProviderDown),
        (ValueError(), ProviderDown),
    ],
)
def test_what_fails_on_the_way_is_said(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch, error: Exception, said: type[Exception]
) -> None:
    def fail(*_args: object) -> None:
        raise error

    backend = EduConnectBackend()
    monkeypatch.setattr(backend, "exchange", fail)
    with pytest.raises(said):
        backend.authenticate(returning(rf, backend), nonce="n")


@pytest.mark.parametrize("verifier", [None, "v" * 64])
def test_a_code_is_exchanged_with_all_that_proves_it_is_ours(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch, verifier: str | None
) -> None:
    sent: dict[str, Any] = {}
    backend = EduConnectBackend()
    monkeypatch.setattr(backend, "get_token", lambda payload: sent.update(payload) or {"id_token": 1})
    request = returning(rf, backend)
    with pytest.raises(ProviderLied):
        backend.exchange(request, request.sign_in_attempt, "n", verifier)  # type: ignore[attr-defined]
    assert sent.pop("redirect_uri").endswith("/connexion/educonnect/retour/")
    assert sent == {
        "client_id": "educonnect-client",
        "client_secret": "educonnect-secret",
        "grant_type": "authorization_code",
        "code": "the-code",
        **({"code_verifier": verifier} if verifier else {}),
    }


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        {},
        {"id_token": "a"},
        {"access_token": "b"},
        {"id_token": 1, "access_token": "b"},
        {"id_token": "a", "access_token": 1},
    ],
)
def test_an_answer_without_both_tokens_is_a_lie(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    backend = EduConnectBackend()
    monkeypatch.setattr(backend, "get_token", lambda payload: answer)
    monkeypatch.setattr(backend, "verify_token", lambda token, nonce: {"sub": "s"})
    monkeypatch.setattr(backend, "get_userinfo", lambda *tokens: {"sub": "s"})
    request = returning(rf, backend)
    with pytest.raises(ProviderLied):
        backend.exchange(request, request.sign_in_attempt, "n", None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("asked", "told"), [("", ""), (None, None), ("n", "m"), ("", "n"), (None, "n")])
def test_without_the_nonce_that_was_asked_for_a_token_is_a_lie(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, told: str | None
) -> None:
    backend = EduConnectBackend()
    monkeypatch.setattr(backend, "_verified", lambda *_args: {"nonce": told, "aud": "educonnect-client", "sub": "s"})
    with pytest.raises(ProviderLied):
        backend.verify_token("token", nonce=asked)
