"""Whose file is whose: students, by INE (decisions 3 and 18)."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from accounts.models import User
from schools.models import Relationship
from tests.accounts import people
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider


def user_of(record: Any) -> User | None:
    record.refresh_from_db()
    return record.user


@pytest.mark.parametrize("ine", ["070000009ZZ", "", None])
def test_an_unknown_student_is_told_so(browser: Browser, as_student: Provider, db: None, ine: str | None) -> None:
    people.student(people.school(), ine="070000001AA")
    as_student.claims["FrEduCtEleveINE"] = ine

    response = browser.sign_in(as_student, "eleve")

    assert response.status_code == 403
    assert "Aucun dossier d’élève n’a été trouvé" in response.content.decode()
    assert not User.objects.exists()


def test_a_student_who_has_left_is_not_known_any_more(browser: Browser, as_student: Provider, db: None) -> None:
    people.student(people.school(), ine="070000001AA", left_on=datetime.date(2026, 6, 30))

    assert browser.sign_in(as_student, "eleve").status_code == 403


def test_the_file_of_the_former_school_is_left_alone(browser: Browser, as_student: Provider, db: None) -> None:
    former = people.student(people.school(), ine="070000001AA", left_on=datetime.date(2026, 6, 30))
    current = people.student(people.school(), ine="070000001AA")

    browser.sign_in(as_student, "eleve")

    assert user_of(current) == browser.user
    assert user_of(former) is None


def test_an_adult_student_is_tied_to_their_own_guardian_record(
    browser: Browser, as_student: Provider, db: None
) -> None:
    lea = people.student(people.school(), ine="070000001AA")
    own = people.guardian(lea, relationship=Relationship.SELF, given_name="Léa")
    mother = people.guardian(lea)

    browser.sign_in(as_student, "eleve")

    assert browser.user
    assert user_of(lea) == user_of(own) == browser.user
    assert user_of(mother) is None


def test_a_student_file_of_another_account_is_never_taken(browser: Browser, as_student: Provider, db: None) -> None:
    lea = people.student(people.school(), ine="070000001AA")
    browser.sign_in(as_student, "eleve")
    as_student.claims["sub"] = "an-impostor"

    assert (another := Browser()).sign_in(as_student, "eleve").status_code == 403
    assert another.user is None
    assert user_of(lea) == browser.user
