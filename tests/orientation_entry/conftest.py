"""A member of the office at work on a family's paper form."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from schools.models import Role
from tests.factories import Family, sign_in, staff


@pytest.fixture
def nadia(dubois: Family) -> User:
    """Nadia Martin, of the office."""
    member = staff(dubois.school, Role.OFFICE)
    member.first_name, member.last_name = "Nadia", "Martin"
    member.save()
    return member


@pytest.fixture
def office(nadia: User) -> Client:
    return sign_in(Client(), nadia, None)
