"""A person's confirmed address holds for each of their records, whenever a record joins them."""

from __future__ import annotations

import pytest

from schools.contact import share_address
from tests.factories import account, guardian, school, student

pytestmark = pytest.mark.django_db


def test_a_record_that_joins_its_person_takes_the_confirmed_address() -> None:
    paris, lyon = school(), school("0699902Y")
    claire = account("Claire", "Martin")
    guardian(paris, "Claire", "Martin", student(paris), user=claire, own_email="claire@boite.example")
    joined = guardian(lyon, "Claire", "Martin", student(lyon), user=claire)
    share_address(guardian=joined)
    joined.refresh_from_db()
    assert joined.usable_email == "claire@boite.example"


def test_a_stranger_of_the_same_name_shares_nothing() -> None:
    paris, lyon = school(), school("0699902Y")
    guardian(paris, "Claire", "Martin", student(paris), user=account(), own_email="claire@boite.example")
    other = guardian(lyon, "Claire", "Martin", student(lyon), user=account(), school_email="")
    share_address(guardian=other)
    other.refresh_from_db()
    assert other.usable_email == ""
