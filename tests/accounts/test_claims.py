"""Claims as providers write them, without a provider."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.oidc.claims import MAX_LENGTH, subject, text, texts
from accounts.refusals import ProviderLied

LONGEST = "x" * MAX_LENGTH


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, ()),
        ("", ()),
        ("  ", ()),
        (" Claire ", ("Claire",)),
        (["Claire", " ", "Marie"], ("Claire", "Marie")),
        ([], ()),
        (LONGEST, (LONGEST,)),
    ],
)
def test_a_claim_is_one_text_or_several(value: Any, read: tuple[str, ...]) -> None:
    assert texts({"given_name": value}, "given_name") == read
    assert text({"given_name": value}, "given_name") == (read[0] if read else "")


@pytest.mark.parametrize("value", [1, True, {"a": "b"}, ["Claire", 1], LONGEST + "x", ["Claire", LONGEST + "x"]])
def test_what_is_no_text_or_endless_is_a_lie(value: Any) -> None:
    with pytest.raises(ProviderLied):
        texts({"given_name": value}, "given_name")


def test_the_subject_is_one_text() -> None:
    assert subject({"sub": LONGEST}) == LONGEST
    assert subject({"sub": "a"}) == "a"


@pytest.mark.parametrize("claims", [{}, {"sub": None}, {"sub": ""}, {"sub": 1}, {"sub": ["a"]}, {"sub": LONGEST + "x"}])
def test_without_one_it_is_a_lie(claims: dict[str, Any]) -> None:
    with pytest.raises(ProviderLied):
        subject(claims)
