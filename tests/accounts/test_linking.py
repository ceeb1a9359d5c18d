"""Whose file is whose: guardians, by what ÉduConnect says of them (decisions 17 and 18)."""

from __future__ import annotations

import datetime
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts import services
from accounts.linking import Person
from accounts.models import Identity, User
from accounts.oidc.educonnect import siecle_person_id
from accounts.refusals import OtherAccount
from schools.models import Guardian, ResponsibilityLevel
from tests.accounts import people
from tests.accounts.conftest import PROOF, Browser
from tests.accounts.provider import Provider

OTHER_ACCOUNT = "Votre dossier est déjà rattaché à un autre compte"


def comes_as(provider: Provider, *ref_ids: str, **claims: Any) -> None:
    provider.claims |= {"FrEduCtRefId": [f"{{AAF}}paris|x|{ref_id}" for ref_id in ref_ids]} | claims


def user_of(record: Any) -> User | None:
    record.refresh_from_db()
    return record.user


# --- Guardians, by FrEduCtRefId ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "person_id"),
    [("{AAF}paris|x|100001", "100001"), ("{AAF}paris||42", "42"), ("100001", ""), ("a|b", ""), ("a|b|c|d", "")],
)
def test_the_person_id_is_the_third_field(value: str, person_id: str) -> None:
    assert siecle_person_id(value) == person_id


def test_the_records_of_two_schools_become_one_account(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    second = people.guardian(people.student(people.school()), siecle_person_id="200001")
    comes_as(educonnect, "100001", "200001")

    browser.sign_in(educonnect)

    assert user_of(claire) == user_of(second) == browser.user


def test_a_record_that_comes_later_is_tied_at_the_next_sign_in(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(educonnect)
    second = people.guardian(people.student(people.school()), siecle_person_id="200001")
    comes_as(educonnect, "100001", "200001")

    Browser().sign_in(educonnect)

    assert user_of(second) == browser.user


def test_a_stranger_with_the_same_number_elsewhere_is_not_tied(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    stranger = people.guardian(people.student(people.school()), siecle_person_id="100001", family_name="DURAND")

    browser.sign_in(educonnect)

    assert user_of(claire) == browser.user
    assert user_of(stranger) is None


def test_a_namesake_family_with_the_same_number_elsewhere_is_asked_for_the_proof(
    browser: Browser, educonnect: Provider, db: None
) -> None:
    """The ids are unique within one academy only: Paul Martin of Paris is not Claire Martin of Lyon."""
    paul = people.guardian(people.student(people.school()), siecle_person_id="100001", given_name="Paul")

    response = browser.sign_in(educonnect)

    assert response["Location"] == PROOF
    assert user_of(paul) is None


@pytest.mark.parametrize("given_name", ["CLAIRE", "claire marie", "Claire, Marie", "Cläire-Marie"])
def test_given_names_are_compared_by_the_first_whatever_their_case(
    browser: Browser, educonnect: Provider, claire: Guardian, given_name: str
) -> None:
    comes_as(educonnect, "100001", given_name=given_name)

    browser.sign_in(educonnect)

    assert browser.user
    assert user_of(claire) == browser.user


def test_a_record_without_a_given_name_is_found_by_the_family_name(
    browser: Browser, educonnect: Provider, db: None
) -> None:
    record = people.guardian(people.student(people.school()), siecle_person_id="100001", given_name="")

    browser.sign_in(educonnect)

    assert browser.user
    assert user_of(record) == browser.user


def test_somebody_without_a_given_name_is_not_taken_for_somebody_with_one(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    comes_as(educonnect, "100001", given_name="")

    assert browser.sign_in(educonnect)["Location"] == PROOF
    assert user_of(claire) is None


@pytest.mark.parametrize(
    "names",
    [
        {"family_name": "d’Élan-Müller"},
        {"family_name": "DUPONT", "usual_name": "D ELAN MULLER"},
    ],
)
def test_the_birth_name_or_the_usual_name_is_enough(
    browser: Browser, educonnect: Provider, db: None, names: dict[str, Any]
) -> None:
    record = people.guardian(people.student(people.school()), siecle_person_id="100001", **names)
    comes_as(educonnect, "100001", family_name="D'Elan Muller")

    browser.sign_in(educonnect)

    assert browser.user
    assert user_of(record) == browser.user


def test_without_a_name_nobody_is_tied(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    comes_as(educonnect, "100001", family_name="")

    response = browser.sign_in(educonnect)

    assert response["Location"] == PROOF
    assert user_of(claire) is None


@pytest.mark.parametrize("level", [ResponsibilityLevel.IN_CHARGE, ResponsibilityLevel.CONTACT])
def test_somebody_known_who_is_no_legal_guardian_is_told_so(
    browser: Browser, educonnect: Provider, db: None, level: int
) -> None:
    record = people.guardian(people.student(people.school()), siecle_person_id="100001", level=level)

    response = browser.sign_in(educonnect)

    assert response.status_code == 403
    assert "Vous n’êtes pas enregistré comme représentant légal" in response.content.decode()
    assert browser.user is None
    assert user_of(record) is None


def test_a_guardian_whose_link_has_ended_is_refused_at_the_next_sign_in(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(educonnect)
    claire.guardianships.update(level=ResponsibilityLevel.CONTACT)

    response = Browser().sign_in(educonnect)

    assert response.status_code == 403


def test_a_guardian_of_a_student_who_has_left_is_no_legal_guardian_any_more(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    claire.students.update(left_on=datetime.date(2026, 6, 30))

    assert browser.sign_in(educonnect).status_code == 403
    assert user_of(claire) is None


def test_an_unknown_guardian_is_asked_for_the_proof_and_is_not_signed_in(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    comes_as(educonnect, "999999")

    response = browser.sign_in(educonnect)

    assert response["Location"] == PROOF
    assert browser.user is None
    assert not User.objects.exists()
    assert "Retrouver le dossier de mes enfants" in browser.get(PROOF).content.decode()


def test_a_record_of_another_account_is_never_taken(
    browser: Browser, educonnect: Provider, claire: Guardian, caplog: pytest.LogCaptureFixture
) -> None:
    browser.sign_in(educonnect)
    educonnect.claims["sub"] = "an-impostor"

    with caplog.at_level(logging.WARNING, logger="accounts.services"):
        response = (another := Browser()).sign_in(educonnect)

    assert response.status_code == 403
    assert OTHER_ACCOUNT in response.content.decode()
    assert another.user is None
    assert user_of(claire) == browser.user
    assert f"record of another account left alone: guardian={claire.pk}" in caplog.messages


def test_a_staff_account_is_never_joined(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    claire.user = User.objects.create_user("proviseure", is_staff=True)
    claire.save()

    assert OTHER_ACCOUNT in browser.sign_in(educonnect).content.decode()
    assert browser.user is None


def test_a_known_parent_comes_in_though_another_record_is_another_accounts(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(educonnect)
    other = User.objects.create_user("other")
    second = people.guardian(people.student(people.school()), siecle_person_id="200001", user=other)
    comes_as(educonnect, "200001")

    (again := Browser()).sign_in(educonnect)

    assert again.user == browser.user
    assert user_of(second) == other


def test_the_school_keeps_its_own_names(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    educonnect.claims["given_name"] = "CLAIRE MARIE"

    browser.sign_in(educonnect)

    claire.refresh_from_db()
    assert claire.given_name == "Claire"
    assert browser.user
    assert browser.user.first_name == "Claire"


def sign_in_together(monkeypatch: pytest.MonkeyPatch, *sign_ins: tuple[str, str]) -> list[User | None]:
    """Sign in these persons (subject, SIECLE person id) at once, all before any account is opened where they can be.

    None stands for who is told that the record is another account's.
    """
    all_are_here = threading.Barrier(len(sign_ins))
    open_account = services._new_user

    def open_account_together(*arguments: Any) -> User:
        with suppress(threading.BrokenBarrierError):
            all_are_here.wait(timeout=0.5)
        return open_account(*arguments)

    def sign_in(subject: str, person_id: str) -> User | None:
        try:
            person = Person("educonnect", subject, "Martin", "Claire")
            return services.sign_in_guardian(person, person_ids=[person_id], at=timezone.now())
        except OtherAccount:
            return None
        finally:
            connection.close()

    monkeypatch.setattr(services, "_new_user", open_account_together)
    with ThreadPoolExecutor(len(sign_ins)) as pool:
        return list(pool.map(sign_in, *zip(*sign_ins, strict=True)))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("second_id", ["100001", "200001"])
def test_two_returns_at_the_same_instant_make_one_account(monkeypatch: pytest.MonkeyPatch, second_id: str) -> None:
    """On the same record the second waits for the first; on another, it finds that the first has made the account."""
    for person_id in {"100001", second_id}:
        people.guardian(people.student(people.school()), siecle_person_id=person_id)

    users = sign_in_together(monkeypatch, ("claire", "100001"), ("claire", second_id))

    assert users == [User.objects.get()] * 2
    assert Identity.objects.count() == 1
    assert set(Guardian.objects.values_list("user", flat=True)) == {User.objects.get().pk}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_persons_at_the_same_instant_do_not_both_get_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    record = people.guardian(people.student(people.school()), siecle_person_id="100001")

    users = sign_in_together(monkeypatch, ("claire", "100001"), ("an-impostor", "100001"))

    assert users.count(None) == 1
    assert user_of(record) in users
    assert User.objects.count() == 1


def test_the_database_holds_one_identity_per_subject(db: None) -> None:
    user = User.objects.create_user("one")
    Identity.objects.create(user=user, provider="educonnect", subject="x")

    with pytest.raises(IntegrityError):
        Identity.objects.create(user=user, provider="educonnect", subject="x")


# --- Guardians, by FrEduVecteur ---------------------------------------------------------------------------------------


@pytest.fixture
def vector(educonnect: Provider, claire: Guardian) -> str:
    """The vector of Claire as mother of Léa, her reference id being unknown."""
    lea = claire.students.get()
    value = f"2|Martin|Claire|{lea.siecle_id}|{lea.school.uai}"
    comes_as(educonnect, FrEduVecteur=[value])
    return value


def test_a_vector_finds_the_guardian_of_its_student(
    browser: Browser, educonnect: Provider, claire: Guardian, vector: str
) -> None:
    browser.sign_in(educonnect)

    assert browser.user
    assert user_of(claire) == browser.user


def test_a_vector_may_be_one_text(browser: Browser, educonnect: Provider, claire: Guardian, vector: str) -> None:
    educonnect.claims["FrEduVecteur"] = vector

    browser.sign_in(educonnect)

    assert browser.user


def test_a_vector_with_two_guardians_of_the_same_name_finds_nobody(
    browser: Browser, educonnect: Provider, claire: Guardian, vector: str
) -> None:
    people.guardian(claire.students.get())

    assert browser.sign_in(educonnect)["Location"] == PROOF


@pytest.mark.parametrize(("index", "value"), [(0, "4"), (1, "Durand"), (2, "Anne"), (3, "999999"), (4, "9999999Z")])
def test_a_vector_of_something_else_finds_nobody(
    browser: Browser, educonnect: Provider, vector: str, index: int, value: str
) -> None:
    fields = vector.split("|")
    fields[index] = value
    educonnect.claims["FrEduVecteur"] = ["|".join(fields)]

    assert browser.sign_in(educonnect)["Location"] == PROOF


def test_a_vector_finds_no_contact(browser: Browser, educonnect: Provider, claire: Guardian, vector: str) -> None:
    claire.guardianships.update(level=ResponsibilityLevel.CONTACT)

    assert browser.sign_in(educonnect)["Location"] == PROOF
