"""Whose file is whose: students, by INE (decisions 3 and 18)."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from schools.models import Relationship
from tests.accounts import people
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider

ADULT_BIRTH = datetime.date(2000, 1, 1)


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
    lea = people.student(people.school(), ine="070000001AA", birth_date=ADULT_BIRTH)
    own = people.guardian(lea, relationship=Relationship.SELF, given_name="Léa")
    mother = people.guardian(lea)

    browser.sign_in(as_student, "eleve")

    assert browser.user
    assert user_of(lea) == user_of(own) == browser.user
    assert user_of(mother) is None


def test_pupils_are_locked_before_guardians_as_the_import_does(
    browser: Browser, as_student: Provider, db: None
) -> None:
    """So that a sign-in and an import wait for one another, and never both."""
    lea = people.student(people.school(), ine="070000001AA", birth_date=ADULT_BIRTH)
    people.guardian(lea, relationship=Relationship.SELF, given_name="Léa")
    with CaptureQueriesContext(connection) as queries:
        browser.sign_in(as_student, "eleve")
    locked = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"] and 'FROM "schools_' in query["sql"]]
    assert ['FROM "schools_student"' in sql for sql in locked] == [True, False]


def test_a_minor_written_down_as_their_own_guardian_is_none(browser: Browser, as_student: Provider, db: None) -> None:
    lea = people.student(people.school(), ine="070000001AA")
    own = people.guardian(lea, relationship=Relationship.SELF, given_name="Léa")

    browser.sign_in(as_student, "eleve")

    assert browser.user
    assert user_of(lea) == browser.user
    assert user_of(own) is None


@pytest.mark.parametrize(("time_zone", "is_adult"), [("Indian/Reunion", True), ("Europe/Paris", False)])
def test_the_birthday_comes_where_the_school_is(
    browser: Browser, as_student: Provider, db: None, time_zone: str, is_adult: bool
) -> None:
    school = people.school()
    school.time_zone = time_zone
    school.save()
    lea = people.student(school, ine="070000001AA", birth_date=datetime.date(2008, 11, 24))
    own = people.guardian(lea, relationship=Relationship.SELF, given_name="Léa")

    with time_machine.travel("2026-11-23 21:00Z", tick=False):
        as_student.id_token = {}
        browser.sign_in(as_student, "eleve")

    assert user_of(lea)
    assert (user_of(own) == user_of(lea)) is is_adult


def test_a_student_file_of_another_account_is_never_taken(browser: Browser, as_student: Provider, db: None) -> None:
    lea = people.student(people.school(), ine="070000001AA")
    browser.sign_in(as_student, "eleve")
    as_student.claims["sub"] = "an-impostor"

    response = (another := Browser()).sign_in(as_student, "eleve")

    page = response.content.decode()
    assert response.status_code == 403
    assert "Votre dossier est déjà rattaché à un autre compte" in page
    assert "Contactez le secrétariat" in page
    assert another.user is None
    assert user_of(lea) == browser.user


def test_once_detached_a_file_is_found_by_the_new_identity(browser: Browser, as_student: Provider, db: None) -> None:
    lea = people.student(people.school(), ine="070000001AA")
    browser.sign_in(as_student, "eleve")
    as_student.claims["sub"] = "lea-again"
    call_command("detach_account", uai=lea.school.uai, ine=lea.ine, yes=True)

    (another := Browser()).sign_in(as_student, "eleve")

    assert another.user
    assert user_of(lea) == another.user != browser.user
