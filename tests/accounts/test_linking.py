"""Whose file is whose: decisions 3, 17 and 18, through ÉduConnect."""

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
from schools.models import Guardian, Relationship, ResponsibilityLevel
from tests.accounts import people
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider

PROOF = "/connexion/verification/"


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

    assert response["Location"] == PROOF
    assert another.user is None
    assert user_of(claire) == browser.user
    assert caplog.messages == [f"record of another account left alone: guardian={claire.pk}"]


def test_the_school_keeps_its_own_names(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    educonnect.claims["given_name"] = "Clara"

    browser.sign_in(educonnect)

    claire.refresh_from_db()
    assert claire.given_name == "Claire"
    assert browser.user
    assert browser.user.first_name == "Claire"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second_id", ["100001", "200001"])
def test_two_returns_at_the_same_instant_make_one_account(monkeypatch: pytest.MonkeyPatch, second_id: str) -> None:
    """On the same record the second waits for the first; on another, it finds that the first has made the account."""
    for person_id in ("100001", "200001"):
        people.guardian(people.student(people.school()), siecle_person_id=person_id)
    both_are_here = threading.Barrier(2)
    open_account = services._new_user

    def open_account_together(*arguments: Any) -> User:
        with suppress(threading.BrokenBarrierError):
            both_are_here.wait(timeout=0.5)
        return open_account(*arguments)

    def sign_in(person_id: str) -> User | None:
        try:
            person = Person("educonnect", "claire", "Martin", "Claire")
            return services.sign_in_guardian(person, person_ids=[person_id], at=timezone.now())
        finally:
            connection.close()

    monkeypatch.setattr(services, "_new_user", open_account_together)
    with ThreadPoolExecutor(2) as pool:
        users = set(pool.map(sign_in, ["100001", second_id]))

    assert len(users) == User.objects.count() == Identity.objects.count() == 1
    assert set(
        Guardian.objects.filter(siecle_person_id__in=["100001", second_id]).values_list("user_id", flat=True)
    ) == {user.pk for user in users if user}


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


# --- Students ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def as_student(educonnect: Provider) -> Provider:
    educonnect.claims = {
        "sub": "lea-at-educonnect",
        "family_name": "Martin",
        "given_name": "Léa",
        "FrEduCtPersonAffiliation": ["eleve2d"],
        "FrEduCtEleveINE": "070000001AA",
    }
    return educonnect


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


# --- Profiles and accounts that are refused ---------------------------------------------------------------------------


def test_a_student_who_chose_guardian_is_offered_the_right_profile(
    browser: Browser, as_student: Provider, db: None
) -> None:
    people.student(people.school(), ine="070000001AA")

    response = browser.sign_in(as_student, "representant", next="/mes-services/orientation/")

    page = response.content.decode()
    assert response.status_code == 403
    assert "Ce compte n’est pas du profil choisi" in page
    assert "/connexion/educonnect/?profil=eleve&amp;next=%2Fmes-services%2Forientation%2F" in page
    assert "Se déconnecter de ÉduConnect" in page
    assert browser.user is None


def test_a_guardian_who_chose_student_is_offered_the_right_profile(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    response = browser.sign_in(educonnect, "eleve")

    assert response.status_code == 403
    assert "/connexion/educonnect/?profil=representant" in response.content.decode()
    assert user_of(claire) is None


@pytest.mark.parametrize("affiliations", [[], ["ens2d"], ["resp2d", "eleve2d"], ["resp2d", "ens2d"], None])
def test_an_unknown_affiliation_is_refused(
    browser: Browser, educonnect: Provider, claire: Guardian, affiliations: list[str] | None
) -> None:
    educonnect.claims["FrEduCtPersonAffiliation"] = affiliations

    response = browser.sign_in(educonnect)

    assert response.status_code == 403
    assert "Votre compte ne permet pas d’accéder à ce service" in response.content.decode()
    assert browser.user is None


def test_a_deactivated_account_is_told_so(browser: Browser, educonnect: Provider, claire: Guardian) -> None:
    Browser().sign_in(educonnect)
    User.objects.update(is_active=False)

    response = browser.sign_in(educonnect)

    assert response.status_code == 403
    assert "Votre compte est désactivé" in response.content.decode()
    assert browser.user is None


def test_who_is_refused_leaves_the_account_that_was_open(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    staff = User.objects.create_user("proviseure", is_staff=True)
    browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")

    browser.sign_in(educonnect, "eleve")

    assert browser.user is None


@pytest.mark.parametrize("profile", ["", "autre"])
def test_without_a_profile_one_is_asked_to_choose(browser: Browser, educonnect: Provider, profile: str) -> None:
    response = browser.get("/connexion/educonnect/", {"profil": profile, "next": "/mes-services/"})

    assert response["Location"] == "/connexion/?next=%2Fmes-services%2F"
