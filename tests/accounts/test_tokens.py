"""Tokens as a provider may sign them, checked one by one, without a provider."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from accounts.oidc import tokens
from accounts.oidc.tokens import ALGORITHMS, ID_TOKEN_CLAIMS, USERINFO_CLAIMS, check_authorized_party, verified_claims
from accounts.refusals import ProviderLied

CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
RSA_KEY, OTHER_RSA_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
PRIVATE: dict[str, Any] = {name: ec.generate_private_key(curve) for name, curve in CURVES.items()} | dict.fromkeys(
    ("RS256", "RS384", "RS512"), RSA_KEY
)

Publish = Callable[..., None]


def public(private: Any, algorithm: str, **values: Any) -> dict[str, Any]:
    """The key as a provider publishes it."""
    found = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return {name: value for name, value in {**found, "kid": "a", **values}.items() if value is not None}


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Say which keys stand at the provider's address, at the first reading and at the next."""

    def run(*keys: Any, then: list[Any] | None = None) -> None:
        found = {False: list(keys), True: list(keys) if then is None else then}
        monkeypatch.setattr(tokens, "signing_keys", lambda provider, refresh: found[refresh])

    return run


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    values = {"iss": "https://op", "aud": "us", "sub": "s", "nonce": "n", "iat": now, "exp": now + 60, **changed}
    return {name: value for name, value in values.items() if value is not None}


def check(token: str, algorithm: str = "RS256", required: tuple[str, ...] = ID_TOKEN_CLAIMS) -> Any:
    return verified_claims(
        token, provider="educonnect", algorithm=algorithm, issuer="https://op", client_id="us", required=required
    )


def signed(
    values: dict[str, Any], algorithm: str = "RS256", key: Any = None, header: dict[str, Any] | None = None
) -> str:
    return jwt.encode(values, key or PRIVATE[algorithm], algorithm, {"kid": "a"} if header is None else header)


@pytest.mark.parametrize("algorithm", sorted(PRIVATE))
def test_each_algorithm_that_we_take_is_taken(publish: Publish, algorithm: str) -> None:
    publish(public(PRIVATE[algorithm], algorithm))
    assert check(signed(claims(), algorithm), algorithm) == claims()
    assert set(ALGORITHMS) == set(PRIVATE)


@pytest.mark.parametrize("algorithm", ["HS256", "none", "PS256", "EdDSA"])
def test_no_other_is(publish: Publish, algorithm: str) -> None:
    publish(public(RSA_KEY, "RS256"))
    with pytest.raises(ProviderLied):
        check(signed(claims()), algorithm)


def test_a_curve_that_we_do_not_take_is_refused_whatever_its_name_begins_with(publish: Publish) -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    publish(public(key, "ES256K"))
    with pytest.raises(ProviderLied):
        check(signed(claims(), "ES256K", key), "ES256K")


@pytest.mark.parametrize(
    ("required", "name"),
    [(required, name) for required in (ID_TOKEN_CLAIMS, USERINFO_CLAIMS) for name in required],
)
def test_a_claim_that_is_asked_for_must_be_there(publish: Publish, required: tuple[str, ...], name: str) -> None:
    publish(public(RSA_KEY, "RS256"))
    with pytest.raises(ProviderLied):
        check(signed(claims(**{name: None})), required=required)


def test_what_is_asked_for_is_written_out() -> None:
    assert set(ID_TOKEN_CLAIMS) == {"iss", "aud", "sub", "exp", "iat", "nonce"}
    assert set(USERINFO_CLAIMS) == {"iss", "aud", "sub"}


def at(seconds: int) -> int:
    return int(time.time()) + seconds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: {"iss": "https://evil"},
        lambda: {"aud": "them"},
        lambda: {"aud": ["them", "others"]},
        lambda: {"exp": at(-60)},
        lambda: {"iat": at(60)},
        lambda: {"nbf": at(60)},
        lambda: {"exp": "soon"},
        lambda: {"exp": float("inf")},
        lambda: {"iat": {}},
        lambda: {"sub": 12},
    ],
)
def test_a_wrong_claim_is_a_lie(publish: Publish, wrong: Callable[[], dict[str, Any]]) -> None:
    publish(public(RSA_KEY, "RS256"))
    with pytest.raises(ProviderLied):
        check(signed(claims(**wrong())) if "sub" not in wrong() else _with_number_as_subject())


def _with_number_as_subject() -> str:
    encoder = jwt.PyJWT()
    return jwt.PyJWS().encode(
        encoder._encode_payload(claims(sub=12)), RSA_KEY, algorithm="RS256", headers={"kid": "a", "typ": "JWT"}
    )


def test_half_a_minute_of_another_clock_is_borne(publish: Publish) -> None:
    publish(public(RSA_KEY, "RS256"))
    assert check(signed(claims(exp=at(-20), iat=at(20), nbf=at(20))))


@pytest.mark.parametrize(
    "key",
    [
        public(RSA_KEY, "RS256", use="enc"),
        public(RSA_KEY, "RS256", alg="RS512"),
        public(RSA_KEY, "RS256", kid="b"),
        public(RSA_KEY, "RS256", kid=None),
        public(RSA_KEY, "RS256", kty="EC"),
        public(RSA_KEY, "RS256", n=None),
        public(RSA_KEY, "RS256", n="é"),
        public(RSA_KEY, "RS256", n=12),
        public(OTHER_RSA_KEY, "RS256"),
        public(PRIVATE["ES256"], "ES256"),
    ],
)
def test_a_key_that_does_not_fit_opens_nothing(publish: Publish, key: dict[str, Any]) -> None:
    publish(key)
    with pytest.raises(ProviderLied):
        check(signed(claims()))


def test_of_several_keys_the_one_that_fits_is_taken(publish: Publish) -> None:
    publish(
        public(OTHER_RSA_KEY, "RS256", use="enc"),
        public(OTHER_RSA_KEY, "RS256", alg="RS512"),
        public(OTHER_RSA_KEY, "RS256", kid="b"),
        public(PRIVATE["ES256"], "ES256"),
        public(RSA_KEY, "RS256", use="sig", alg="RS256"),
    )
    assert check(signed(claims()))


def test_two_keys_that_fit_are_none(publish: Publish) -> None:
    publish(public(OTHER_RSA_KEY, "RS256"), public(RSA_KEY, "RS256"))
    with pytest.raises(ProviderLied):
        check(signed(claims(), header={}))


def test_a_token_that_names_no_key_is_that_of_the_only_one(publish: Publish) -> None:
    publish(public(RSA_KEY, "RS256"))
    assert check(signed(claims(), header={}))


@pytest.mark.parametrize("before", [public(OTHER_RSA_KEY, "RS256"), public(OTHER_RSA_KEY, "RS256", kid="b")])
def test_new_keys_are_read_once(publish: Publish, before: dict[str, Any]) -> None:
    publish(before, then=[public(RSA_KEY, "RS256")])
    assert check(signed(claims()))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30"])
def test_what_is_no_token_is_a_lie(publish: Publish, token: str) -> None:
    publish(public(RSA_KEY, "RS256"))
    with pytest.raises(ProviderLied):
        check(token)


@pytest.mark.parametrize(
    ("values", "is_ours"),
    [
        ({"aud": "us"}, True),
        ({"aud": ["us"]}, True),
        ({"aud": "us", "azp": "us"}, True),
        ({"aud": "us", "azp": "them"}, False),
        ({"aud": ["us"], "azp": "them"}, False),
        ({"aud": ["us", "them"]}, False),
        ({"aud": ["us", "them"], "azp": "us"}, True),
        ({"aud": ["us", "them"], "azp": "them"}, False),
    ],
)
def test_a_token_given_to_another_client_is_refused(values: dict[str, Any], is_ours: bool) -> None:
    if is_ours:
        check_authorized_party(values, "us")
    else:
        with pytest.raises(ProviderLied):
            check_authorized_party(values, "us")
