"""Staff get in by a password, then by a code where it is asked of them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile, SignInFailures, User
from accounts.staff import passwords
from schools.models import Role, School
from tests import factories
from tests.accounts.staff import CODE, INDEX, PASSWORD, SETUP, SIGN_IN, code, give_password, member, telephone, text_of

pytestmark = pytest.mark.django_db
CAMPAIGNS = reverse("admin:orientation_campaign_changelist")


@pytest.fixture
def here() -> School:
    return factories.school()


# --- Which door leads where -------------------------------------------------------------------------------------------


def test_a_teacher_enters_by_their_password_and_is_asked_no_code(client: Client, here: School) -> None:
    member(here, Role.FORM_TEACHER)
    answer = give_password(client, next=CAMPAIGNS)
    assert answer["Location"] == CAMPAIGNS
    assert client.get(CAMPAIGNS).status_code == 200


@pytest.mark.parametrize("role", [Role.HEAD, Role.DEPUTY])
def test_a_head_and_a_deputy_are_led_to_turn_on_a_second_factor_before_anything_opens(
    client: Client, here: School, role: Role
) -> None:
    member(here, role)
    assert give_password(client, next=CAMPAIGNS)["Location"] == f"{SETUP}?next={CAMPAIGNS.replace('/', '%2F')}"
    assert client.get(INDEX).status_code == 302
    assert client.get(CAMPAIGNS)["Location"] == f"{SIGN_IN}?next={CAMPAIGNS}"
    assert client.get(SIGN_IN, {"next": CAMPAIGNS})["Location"].startswith(SETUP)


def test_an_operator_is_led_to_turn_on_a_second_factor_too(client: Client) -> None:
    member(None, is_superuser=True)
    assert give_password(client)["Location"] == SETUP
    assert client.get(INDEX).status_code == 302


def test_who_has_a_telephone_is_asked_its_code_whatever_their_role(client: Client, here: School) -> None:
    telephone(member(here, Role.OFFICE))
    assert give_password(client)["Location"] == CODE
    assert client.get(INDEX).status_code == 302
    assert client.post(CODE, {"code": code()})["Location"] == INDEX
    assert client.get(INDEX).status_code == 200


def test_a_role_gained_meanwhile_asks_its_second_factor_at_once(client: Client, here: School) -> None:
    teacher = member(here, Role.FORM_TEACHER)
    give_password(client)
    assert client.get(INDEX).status_code == 200
    teacher.memberships.update(role=Role.DEPUTY)
    assert client.get(INDEX).status_code == 302


def test_a_session_opened_by_a_family_s_provider_opens_nothing_of_the_staff(client: Client, here: School) -> None:
    user = member(here, Role.OFFICE)
    factories.sign_in(client, user, Profile.GUARDIAN)
    assert client.get(INDEX)["Location"].startswith(SIGN_IN)
    assert "Votre session actuelle n’ouvre pas cet espace" in text_of(client.get(SIGN_IN))
    give_password(client)
    assert client.get(INDEX).status_code == 200


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_staff": False}])
def test_an_account_that_is_not_active_staff_does_not_enter(
    client: Client, here: School, values: dict[str, bool]
) -> None:
    user = member(here, Role.OFFICE)
    User.objects.filter(pk=user.pk).update(**values)
    assert give_password(client).status_code == 422
    assert client.get(INDEX).status_code == 302


@pytest.mark.parametrize(
    "address", ["https://ailleurs.example/", "//ailleurs.example/", "javascript:alert(1)", SIGN_IN]
)
def test_the_page_asked_for_is_one_of_this_site(client: Client, here: School, address: str) -> None:
    member(here, Role.OFFICE)
    assert give_password(client, next=address)["Location"] == INDEX
    assert client.get(SIGN_IN, {"next": address})["Location"] == INDEX


def test_the_sign_in_page_is_labelled_and_offers_no_provider_that_is_off(client: Client) -> None:
    page = text_of(client.get(SIGN_IN))
    assert page.count("<h1") == 1
    assert '<label for="id_username">' in page
    assert 'autocomplete="current-password"' in page
    assert "compte académique" not in page


def test_a_name_typed_with_capitals_or_spaces_is_the_same_address(client: Client, here: School) -> None:
    member(here, Role.OFFICE, "odile.office@ac-paris.example")
    assert give_password(client, " Odile.Office@AC-Paris.example ")["Location"] == INDEX


def test_what_is_missing_is_said_beside_its_field(client: Client) -> None:
    answer = client.post(SIGN_IN, {"username": "proviseure", "password": ""})
    assert answer.status_code == 422
    assert "Saisissez votre mot de passe." in text_of(answer)
    assert 'aria-invalid="true"' in text_of(answer)
    assert 'value="proviseure"' in text_of(answer)


def test_the_session_s_key_changes_at_both_steps(client: Client, here: School) -> None:
    telephone(member(here))
    client.get(SIGN_IN)
    client.session.save()
    keys = [client.session.session_key]
    give_password(client)
    keys.append(client.session.session_key)
    client.post(CODE, {"code": code()})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3


def test_signing_out_of_the_administration_ends_the_session(client: Client, here: School) -> None:
    telephone(member(here))
    give_password(client)
    client.post(CODE, {"code": code()})
    assert client.post(reverse("admin:logout")).status_code == 200
    assert client.get(INDEX).status_code == 302


def test_who_stops_between_the_two_steps_can_leave(client: Client, here: School) -> None:
    telephone(member(here))
    give_password(client)
    page = text_of(client.get(CODE))
    assert reverse("accounts:sign_out") in page
    client.post(reverse("accounts:sign_out"))
    assert "_auth_user_id" not in client.session


# --- What it costs ----------------------------------------------------------------------------------------------------


def test_a_family_s_page_pays_nothing_for_the_staff_s_second_factor(dubois: factories.Family) -> None:
    client = factories.sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(reverse("portal:services"))
    assert not [query for query in queries.captured_queries if "otp_" in query["sql"]]


def test_who_gave_a_code_costs_one_statement_a_page(here: School) -> None:
    client = factories.sign_in(Client(), member(here), None)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("admin:password_change"))
    assert len([query for query in queries.captured_queries if "otp_" in query["sql"]]) == 1


# --- Wrong passwords --------------------------------------------------------------------------------------------------


def fail(client: Client, times: int = 1, username: str = "proviseure", **values: Any) -> Any:
    for _ in range(times):
        answer = client.post(SIGN_IN, {"username": username, "password": "faux"}, **values)
    return answer


@pytest.mark.parametrize("username", ["proviseure", "personne"])
def test_five_wrong_passwords_suspend_a_name_for_a_quarter_of_an_hour_known_or_not(
    client: Client, here: School, username: str
) -> None:
    member(here, Role.OFFICE)
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False):
        answer = fail(client, 4, username)
        assert answer.status_code == 422
        assert "L’identifiant ou le mot de passe est incorrect." in text_of(answer)
        answer = fail(client, 1, username)
        assert answer.status_code == 429
        assert "suspendue, encore 15 minutes (jusqu’à 11 h 15, heure de Paris)" in text_of(answer)
    with time_machine.travel("2026-11-23T10:14:00Z", tick=False):
        answer = give_password(client, username)
        assert answer.status_code == 429
        assert "encore 60 secondes" in text_of(answer)
        assert client.get(INDEX).status_code == 302
    with time_machine.travel("2026-11-23T10:15:00Z", tick=False):
        assert give_password(client, username).status_code == (302 if username == "proviseure" else 422)


def test_a_colleague_behind_the_same_address_is_not_locked_out(client: Client, here: School) -> None:
    member(here, Role.OFFICE)
    member(here, Role.OFFICE, "collegue")
    assert fail(client, 5).status_code == 429
    assert give_password(client, "collegue")["Location"] == INDEX


def test_a_stranger_elsewhere_does_not_lock_the_owner_out_before_twenty_tries(client: Client, here: School) -> None:
    member(here, Role.OFFICE)
    for place in range(3):
        fail(client, 5, REMOTE_ADDR=f"192.0.2.{place}")
    assert give_password(Client())["Location"] == INDEX
    for place in range(4):
        fail(client, 5, REMOTE_ADDR=f"192.0.2.{10 + place}")
    assert give_password(Client()).status_code == 429


def test_a_right_password_forgets_the_wrong_ones(client: Client, here: School) -> None:
    member(here, Role.OFFICE)
    fail(client, 4)
    give_password(client)
    assert not SignInFailures.objects.exists()
    assert fail(Client(), 4).status_code == 422


def test_counts_hold_neither_names_nor_addresses_and_old_ones_go(client: Client) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False):
        fail(client, 1, "une.personne@ac-paris.example")
    for row in SignInFailures.objects.all():
        assert len(row.key) == 64
        assert not {"@", "."} & set(row.key)
    with time_machine.travel("2026-11-24T10:00:01Z", tick=False):
        fail(client, 1, "autre")
    assert SignInFailures.objects.count() == 2


def test_neither_name_nor_password_reaches_the_logs(
    client: Client, here: School, caplog: pytest.LogCaptureFixture
) -> None:
    member(here, Role.OFFICE)
    with caplog.at_level(logging.DEBUG):
        client.post(SIGN_IN, {"username": "proviseure", "password": "secret-mal-tape"})
        fail(client, 5)
        give_password(Client(), password=PASSWORD, REMOTE_ADDR="192.0.2.9")
    written = "\n".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    assert "secret-mal-tape" not in written
    assert PASSWORD not in written
    assert "proviseure" not in written


def test_the_trusted_proxy_s_word_is_taken_for_the_address_and_nobody_else_s(rf: Any, settings: Any) -> None:
    request = rf.get("/", HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.5", REMOTE_ADDR="10.0.0.1")
    settings.SECURE_PROXY_SSL_HEADER = None
    assert passwords.client_address(request) == "10.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert passwords.client_address(request) == "203.0.113.5"


def test_the_suspension_says_how_long_it_lasts_rounded_up() -> None:
    from accounts.staff.errors import SignInSuspended

    at = factories.NOW
    assert SignInSuspended(until=at + timedelta(seconds=61), at=at).waiting_time == "2 minutes"
    assert SignInSuspended(until=at + timedelta(seconds=1), at=at).waiting_time == "1 seconde"


def test_the_first_head_signs_in_however_their_address_is_typed(
    client: Client, here: School, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEAD_PASSWORD", PASSWORD)
    call_command("create_head", "--uai", here.uai, "--username", "Jeanne.Proviseure@AC-Paris.example")
    assert "la double authentification lui sera demandée" in capsys.readouterr().out
    assert give_password(client, "Jeanne.Proviseure@AC-Paris.example")["Location"] == SETUP
