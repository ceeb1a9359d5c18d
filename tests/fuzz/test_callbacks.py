"""Whatever comes back from a provider, or from somebody who plays it: a page that says so, and nobody signed in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote_from_bytes, urlsplit

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from accounts.models import Identity, SignedInSession, User
from tests.accounts.conftest import Browser, educonnect, franceconnect, provider_server, short_settings
from tests.accounts.provider import Provider
from tests.fuzz import bounded, undone

__all__ = ["educonnect", "franceconnect", "provider_server", "short_settings"]

pytestmark = pytest.mark.django_db

CALLBACKS = [f"/connexion/{name}/retour/" for name in ("educonnect", "franceconnect", "agents")]
ANSWERS = {200, 302, 400, 403, 404, 405, 502, 503}
"""A provider that fails is a gateway that fails; 500 is our own fault."""

REAL, OF_ANOTHER = "the state or code of this attempt", "the one of somebody else's attempt"
raw = st.binary(max_size=12) | st.sampled_from([b"\x00", b"%00", b"\xed\xa0\x80", b"x" * 3_000, b"../..", b"\r\nA: b"])
values = raw | st.sampled_from([REAL, OF_ANOTHER, ""])
errors = raw | st.sampled_from([b"access_denied", b"server_error", b"temporarily_unavailable", b"login_required"])
pairs = st.one_of(
    st.tuples(st.just("state"), values),
    st.tuples(st.just("code"), values),
    st.tuples(st.just("error"), errors),
    st.tuples(st.sampled_from(["iss", "next", "nonce", "session_state", "error_description", "%00", "é"]), raw),
)


def query_of(pieces: list[tuple[str, Any]], known: dict[str, dict[str, str]]) -> str:
    """Return the query, each of its values as bytes that a browser would send."""
    return "&".join(
        f"{name}={known[value][name] if value in known else quote_from_bytes(value)}" for name, value in pieces
    )


def is_the_answer(pieces: list[tuple[str, Any]]) -> bool:
    """Whether the provider really answered so, by which the person does sign in; the last of a name counts."""
    counting = dict(pieces)
    is_real = counting.get("state") == counting.get("code") == REAL
    return is_real and not counting.get("error") and "iss" not in counting


def attempt(browser: Browser, provider: Provider) -> dict[str, str]:
    query = parse_qs(urlsplit(browser.go_to_educonnect(provider)).query)
    return {name: query[name][0] for name in ("state", "code")}


@bounded(30)
@given(
    callback=st.sampled_from([CALLBACKS[0], *CALLBACKS]),
    pieces=st.lists(pairs, max_size=5).filter(lambda pieces: not is_the_answer(pieces)),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST"]),
    twice=st.booleans(),
)
def test_what_no_provider_answered_signs_nobody_in(
    educonnect: Provider,
    franceconnect: Provider,
    callback: str,
    pieces: list[tuple[str, Any]],
    method: str,
    twice: bool,
) -> None:
    with undone():
        browser = Browser()
        known = {
            REAL: attempt(browser, educonnect),
            OF_ANOTHER: attempt(Browser(), educonnect),
            "": {"state": "", "code": ""},
        }
        for _time in range(1 + twice):
            answer = browser.generic(method, callback, QUERY_STRING=query_of(pieces, known))
            event(str(answer.status_code))
            assert answer.status_code in ANSWERS
        assert browser.user is None
        assert "_auth_user_id" not in browser.session
        assert not Identity.objects.exists()
        assert not SignedInSession.objects.exists()
        assert not User.objects.exists()
