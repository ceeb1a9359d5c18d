"""Accounts that are not let in: of the other profile, of nobody we know, deactivated."""

from __future__ import annotations

import pytest

from accounts.models import User
from schools.models import Guardian
from tests.accounts import people
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider


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
    claire.refresh_from_db()
    assert claire.user is None


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
