"""What the fuzzing shares."""

from __future__ import annotations

import pytest

from scolarite.http import Request


@pytest.fixture(autouse=True)
def _as_they_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests' client make of what it sends the requests that the product makes of what it gets."""
    monkeypatch.setattr("django.test.client.WSGIRequest", Request)
