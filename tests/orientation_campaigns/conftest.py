"""A school in the middle of its campaign, and who steers it."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.factories import Family, staff


@pytest.fixture
def head(dubois: Family) -> User:
    return staff(dubois.school)
