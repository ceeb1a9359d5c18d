"""A new secret key signs; what the former one signed is still good while it stands in the fallbacks, and no longer."""

from __future__ import annotations

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from schools.muting import reminder_token
from tests.factories import Family, sign_in

FORMER = "former-key-0123456789-abcdefghijklmnopqrstuvwxyz-former"
NEW = "new-key-9876543210-zyxwvutsrqponmlkjihgfedcba-new-key"


@pytest.fixture
def former(settings) -> None:
    settings.SECRET_KEY = FORMER


def rotate(settings, *, keeps_former: bool) -> None:
    settings.SECRET_KEY = NEW
    settings.SECRET_KEY_FALLBACKS = [FORMER] if keeps_former else []


def test_who_is_signed_in_stays_signed_in_while_the_former_key_is_known(former: None, dubois: Family, settings) -> None:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    rotate(settings, keeps_former=True)
    assert client.get("/mes-services/").status_code == 200
    rotate(settings, keeps_former=False)  # the first page has signed the session anew
    assert client.get("/mes-services/").status_code == 200


def test_a_session_that_nobody_used_meanwhile_ends_with_the_former_key(former: None, dubois: Family, settings) -> None:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    rotate(settings, keeps_former=False)
    assert client.get("/mes-services/").status_code == 302


def test_a_form_that_was_open_is_taken_after_the_change(former: None, dubois: Family, settings) -> None:
    client = sign_in(Client(enforce_csrf_checks=True), dubois.sophie.user, Profile.GUARDIAN)
    page = client.get(reverse("portal:contact_data"))
    token = page.context["csrf_token"]
    rotate(settings, keeps_former=True)
    answer = client.post(reverse("accounts:session"), headers={"X-CSRFToken": str(token)})
    assert answer.status_code == 200


def test_a_link_of_an_e_mail_is_good_while_the_former_key_is_known(former: None, dubois: Family, settings) -> None:
    address = reverse("portal:mute_reminders", args=[reminder_token(dubois.sophie.pk)])
    rotate(settings, keeps_former=True)
    assert Client().get(address).status_code == 200
    rotate(settings, keeps_former=False)
    assert Client().get(address).status_code == 404


def test_an_invitation_to_choose_a_password_is_good_while_the_former_key_is_known(
    former: None, dubois: Family, settings
) -> None:
    assert dubois.sophie.user
    token = default_token_generator.make_token(dubois.sophie.user)
    rotate(settings, keeps_former=True)
    assert default_token_generator.check_token(dubois.sophie.user, token)
    rotate(settings, keeps_former=False)
    assert not default_token_generator.check_token(dubois.sophie.user, token)
