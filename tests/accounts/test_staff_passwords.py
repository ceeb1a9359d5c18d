"""A forgotten password, and the link by which one is chosen."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import SignInFailures, User
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from schools.models import Role, School
from tests import factories
from tests.accounts.staff import CODE, INDEX, PASSWORD, SIGN_IN, give_password, member, telephone, text_of

pytestmark = pytest.mark.django_db
FORGOTTEN = reverse("admin:forgotten_password")
SENT = reverse("admin:password_link_sent")
EMAIL = "odile.office@ac-paris.example"
NEW = "une autre phrase de passe"


@pytest.fixture
def here() -> School:
    return factories.school()


@pytest.fixture
def odile(here: School) -> User:
    return member(here, Role.OFFICE, "odile", email=EMAIL)


def ask(client: Client, name: str = "odile") -> Any:
    return client.post(FORGOTTEN, {"username": name})


def link() -> str:
    """The path of the link in the only e-mail owed."""
    found = re.search(
        r"http://[^/]+(/admin/connexion/mot-de-passe/\S+)", str(build_email(OutboxMessage.objects.get()).body)
    )
    assert found
    return found[1]


def choose(client: Client, password: str = NEW, again: str | None = None) -> Any:
    page = client.get(link(), follow=True)
    values = {"new_password1": password, "new_password2": password if again is None else again}
    return client.post(page.request["PATH_INFO"], values)


@pytest.mark.parametrize("name", ["odile", EMAIL, EMAIL.upper(), f" {EMAIL} "])
def test_a_link_is_sent_by_name_or_by_address(client: Client, odile: User, name: str) -> None:
    assert ask(client, name)["Location"] == SENT
    message = OutboxMessage.objects.get()
    assert (message.kind, message.address) == ("accounts.staff_password", EMAIL)
    assert "odile" not in str(build_email(message).subject).lower()


def test_the_answer_is_the_same_for_who_is_unknown(client: Client, odile: User) -> None:
    known, unknown = ask(client), ask(client, "personne")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert "Si un compte de personnel correspond" in text_of(client.get(SENT))
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_staff": False}, {"email": ""}])
def test_who_is_not_active_staff_or_has_no_address_gets_nothing(
    client: Client, odile: User, values: dict[str, object]
) -> None:
    User.objects.filter(pk=odile.pk).update(**values)
    assert ask(client)["Location"] == SENT
    assert not OutboxMessage.objects.exists()


def test_an_address_of_two_accounts_opens_neither(client: Client, odile: User, here: School) -> None:
    member(here, Role.OFFICE, "homonyme", email=EMAIL)
    ask(client, EMAIL)
    assert not OutboxMessage.objects.exists()


def test_asking_again_and_again_sends_one_e_mail_in_ten_minutes(client: Client, odile: User) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as now:
        for _ in range(5):
            ask(client)
        assert OutboxMessage.objects.count() == 1
        now.shift(timedelta(minutes=10))
        ask(client)
    assert OutboxMessage.objects.count() == 2


def test_the_link_chooses_a_password_once_and_leaves_the_second_step_to_give(client: Client, odile: User) -> None:
    telephone(odile)
    ask(client)
    assert choose(client)["Location"] == SIGN_IN
    assert client.get(INDEX).status_code == 302
    assert give_password(client, "odile", PASSWORD).status_code == 422
    assert give_password(client, "odile", NEW)["Location"] == CODE
    answer = Client().get(link(), follow=True)
    assert "Ce lien n’est plus valable" in text_of(answer)


def test_the_link_lasts_three_days(client: Client, odile: User) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as now:
        ask(client)
        now.shift(timedelta(days=3))
        assert "Choisir votre mot de passe" in text_of(Client().get(link(), follow=True))
        now.shift(timedelta(seconds=1))
        assert "Ce lien n’est plus valable" in text_of(Client().get(link(), follow=True))


def test_a_link_of_an_account_that_is_no_longer_staff_opens_nothing(client: Client, odile: User) -> None:
    ask(client)
    User.objects.filter(pk=odile.pk).update(is_staff=False)
    assert "Ce lien n’est plus valable" in text_of(client.get(link(), follow=True))


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("court", None, "au minimum 12 caractères"),
        ("motdepassemotdepasse", "autre", "ne correspondent pas"),
        ("odile.office@ac-paris", None, "trop semblable"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    client: Client, odile: User, password: str, again: str | None, sentence: str
) -> None:
    ask(client)
    answer = choose(client, password, again)
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert give_password(client, "odile", PASSWORD)["Location"] == INDEX


def test_choosing_a_password_ends_the_suspension_of_who_forgot_it(client: Client, odile: User) -> None:
    for _ in range(5):
        answer = give_password(client, "odile", "faux")
    assert answer.status_code == 429
    assert "Vous pouvez aussi choisir un nouveau mot de passe" in text_of(answer)
    ask(client)
    choose(client)
    assert not SignInFailures.objects.exists()
    assert give_password(client, "odile", NEW)["Location"] == INDEX


def test_choosing_a_password_ends_the_sessions_opened_with_the_former_one(client: Client, odile: User) -> None:
    elsewhere = Client()
    give_password(elsewhere, "odile")
    ask(client)
    choose(client)
    assert elsewhere.get(INDEX).status_code == 302


def test_the_token_leaves_the_address_before_the_page_is_shown(client: Client, odile: User) -> None:
    ask(client)
    answer = client.get(link())
    assert answer.status_code == 302
    assert answer["Location"].endswith("/choisir/")


def test_a_field_left_empty_is_said(client: Client) -> None:
    answer = ask(client, "")
    assert answer.status_code == 422
    assert "Saisissez votre identifiant." in text_of(answer)
