"""A right that ends while its owner is signed in ends at their next request."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Profile, User
from schools.models import Guardianship, ResponsibilityLevel, StaffMembership, Student
from tests.factories import NOW, Family, sign_in, staff

pytestmark = pytest.mark.usefixtures("last_evening")


@pytest.fixture
def sophie(dubois: Family) -> Client:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    assert client.get(home(dubois)).status_code == 200
    return client


def home(family: Family) -> str:
    return reverse("orientation:home", args=[family.emma.public_id])


def test_a_guardian_whose_tie_is_removed(sophie: Client, dubois: Family) -> None:
    Guardianship.objects.filter(guardian=dubois.sophie).delete()
    assert sophie.get(home(dubois)).status_code == 404


def test_a_guardian_who_is_only_a_contact_from_now_on(sophie: Client, dubois: Family) -> None:
    Guardianship.objects.filter(guardian=dubois.sophie).update(level=ResponsibilityLevel.CONTACT)
    assert sophie.get(home(dubois)).status_code == 404


def test_a_guardian_whose_child_left(sophie: Client, dubois: Family) -> None:
    Student.objects.update(left_on=NOW.date())
    assert sophie.get(home(dubois)).status_code == 404


def test_an_account_that_is_deactivated(sophie: Client, dubois: Family) -> None:
    User.objects.filter(guardian_files=dubois.sophie).update(is_active=False)
    assert sophie.get(home(dubois)).status_code == 302


def test_a_member_of_staff_who_is_removed(dubois: Family, last_evening: Any) -> None:
    head = staff(dubois.school)
    client = sign_in(Client(), head, None)
    address = reverse("admin:campaign", args=[dubois.school.uai])
    assert client.get(address).status_code == 200
    StaffMembership.objects.filter(user=head).delete()
    assert client.get(address).status_code == 404
