"""The pages of Orientation as a family sees them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from orientation.models import Draft, Submission
from tests.factories import Family, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


def address(name: str, family: Family, *rest: object) -> str:
    return reverse(f"orientation:{name}", args=[family.emma.public_id, *rest])


def test_the_home_of_orientation_shows_four_phases_and_the_current_one(client: Client, dubois: Family) -> None:
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    page = client.get(address("home", dubois)).content.decode()
    assert page.count('aria-current="step"') == 1
    assert "Je formule les choix définitifs d’orientation" in page
    assert "jeudi 20 mai 2027 à 23\u00a0h\u00a059 (heure de Paris)" in page


def test_a_guardian_adds_a_choice_and_validates_it(client: Client, dubois: Family) -> None:
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    assert client.get(address("choices", dubois, "choix-definitifs")).status_code == 200
    assert client.get(address("add_choice", dubois, "choix-definitifs")).status_code == 200
    answer = client.post(
        address("add_choice", dubois, "choix-definitifs"),
        {
            "version": 0,
            "group": "generale",
            "speciality_1": "sciences-ingenieur",
            "speciality_2": "llca-latin",
            "speciality_3": "nsi",
        },
        follow=True,
    )
    page = answer.content.decode()
    assert "sciences de l’ingénieur (hors établissement)" in page
    assert "Brouillon non validé" in page
    draft = Draft.objects.get()
    answer = client.post(
        address("validate_choices", dubois, "choix-definitifs"), {"version": draft.version}, follow=True
    )
    page = answer.content.decode()
    assert "Vos choix définitifs ont bien été validés." in page
    assert Submission.objects.get().number == 1
