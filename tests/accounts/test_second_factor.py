"""The second factor of staff: turned on, given, lost, reset."""

from __future__ import annotations

import base64
import re
import time
from importlib import import_module
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.staff import second_factor
from accounts.staff.errors import WrongCode, WrongRecoveryCode
from schools.models import Role, School
from tests import factories
from tests.accounts.staff import (
    CODE,
    INDEX,
    SETUP,
    SIGN_IN,
    code,
    give_password,
    member,
    telephone,
    text_of,
    wrong_code,
)

pytestmark = pytest.mark.django_db
RECOVERY = reverse("admin:recovery_codes")
CAMPAIGNS = reverse("admin:orientation_campaign_changelist")


@pytest.fixture
def here() -> School:
    return factories.school()


@pytest.fixture
def head(here: School) -> User:
    return member(here)


def key_on(page: str) -> str:
    """The key as somebody would type it, in hexadecimal digits."""
    shown = re.search(r'class="sign-in-key">([A-Z2-7 ]+)<', page)
    assert shown
    assert all(len(group) == 4 for group in shown[1].split(" "))
    return base64.b32decode(shown[1].replace(" ", "")).hex()


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([a-z2-7]{4}-[a-z2-7]{4})</code></li>", page)


def turn_on(client: Client, **values: str) -> tuple[str, list[str]]:
    """Turn the second factor on; return the key and the recovery codes."""
    key = key_on(text_of(client.get(SETUP)))
    answer = client.post(SETUP, {"code": code(key), **values})
    assert answer.status_code == 200, text_of(answer)
    return key, codes_on(text_of(answer))


# --- Turning it on ----------------------------------------------------------------------------------------------------


def test_a_head_turns_it_on_with_the_key_shown_and_gets_ten_codes_once(client: Client, head: User) -> None:
    give_password(client, next=CAMPAIGNS)
    page = text_of(client.get(SETUP, {"next": CAMPAIGNS}))
    assert 'src="data:image/svg+xml' in page
    assert "<style" not in page
    assert " style=" not in page
    key = key_on(page)
    answer = client.post(SETUP, {"code": code(key), "next": CAMPAIGNS})
    page = text_of(answer)
    assert len(set(codes_on(page))) == 10
    assert answer["Cache-Control"].count("no-store")
    assert f'href="{CAMPAIGNS}"' in page
    assert client.get(INDEX).status_code == 200
    assert codes_on(text_of(client.get(SETUP))) == []
    assert [device.key for device in TOTPDevice.objects.filter(user=head, confirmed=True)] == [key]


def test_the_codes_are_downloaded_as_text_without_asking_the_server(client: Client, head: User) -> None:
    give_password(client)
    page = text_of(client.post(SETUP, {"code": code(key_on(text_of(client.get(SETUP))))}))
    link = re.search(r'href="(data:text/plain;charset=utf-8,[^"]+)" download=', page)
    assert link
    assert set(codes_on(page)) <= set(unquote(link[1]).split("\r\n"))


def test_the_drawing_says_what_an_application_reads(head: User) -> None:
    address = second_factor.enrolment_address(head, "31" * 20)
    assert address.startswith("otpauth://totp/Scolarit%C3%A9%20Services%3Aproviseure?secret=GEYTCMJR")
    assert "issuer=Scolarit%C3%A9%20Services" in address


def test_the_same_key_is_shown_until_it_has_served(client: Client, head: User) -> None:
    give_password(client)
    first = key_on(text_of(client.get(SETUP)))
    assert key_on(text_of(client.get(SETUP))) == first
    answer = client.post(SETUP, {"code": wrong_code(first)})
    assert answer.status_code == 422
    assert "Ce code n’est pas le bon" in text_of(answer)
    assert key_on(text_of(answer)) == first
    assert not TOTPDevice.objects.exists()


@pytest.mark.parametrize("typed", ["", "abcdef", "12345", "1234567", "１２３４５６", "-12345"])
def test_what_is_no_code_turns_nothing_on(client: Client, head: User, typed: str) -> None:
    give_password(client)
    client.get(SETUP)
    answer = client.post(SETUP, {"code": typed})
    assert answer.status_code == 422
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()


def test_the_form_sent_twice_turns_it_on_once(client: Client, head: User) -> None:
    give_password(client)
    key, codes = turn_on(client)
    answer = client.post(SETUP, {"code": code(key)})
    assert answer.status_code == 302
    assert TOTPDevice.objects.get(user=head).key == key
    again = Client()
    give_password(again)
    assert again.post(CODE, {"code": codes[0]})["Location"] == INDEX
    assert StaticToken.objects.count() == len(codes) - 1


def test_a_teacher_may_turn_it_on_and_is_asked_from_then_on(client: Client, here: School) -> None:
    member(here, Role.FORM_TEACHER)
    give_password(client)
    turn_on(client)
    again = Client()
    assert give_password(again)["Location"] == CODE
    assert again.get(INDEX).status_code == 302


def test_who_only_has_the_password_cannot_put_another_telephone_in_the_place_of_the_owner_s(
    client: Client, head: User
) -> None:
    device = telephone(head)
    give_password(client)
    assert client.get(SETUP)["Location"] == CODE
    assert client.post(SETUP, {"code": code()})["Location"] == CODE
    assert client.post(RECOVERY)["Location"] == SIGN_IN
    assert TOTPDevice.objects.get() == device
    assert not StaticToken.objects.exists()


def test_a_new_telephone_takes_the_place_of_the_old_one_and_its_codes(client: Client, head: User) -> None:
    give_password(client)
    old, old_codes = turn_on(client)
    new, new_codes = turn_on(client)
    assert old != new
    assert not set(old_codes) & set(new_codes)
    assert client.get(INDEX).status_code == 200
    again = Client()
    give_password(again)
    assert again.post(CODE, {"code": old_codes[0]}).status_code == 422
    with time_machine.travel(61 + time.time()):
        assert again.post(CODE, {"code": code(new)})["Location"] == INDEX


def test_turning_it_on_with_a_wrong_code_keeps_the_former_telephone(head: User) -> None:
    device = telephone(head)
    other = "ab" * 20
    with pytest.raises(WrongCode):
        second_factor.turn_on(user=head, key=other, code=wrong_code(other))
    assert TOTPDevice.objects.get() == device


@pytest.mark.parametrize("address", [CODE, SETUP])
def test_nobody_and_families_are_led_to_the_sign_in(client: Client, address: str, dubois: factories.Family) -> None:
    assert client.get(address)["Location"].startswith(SIGN_IN)
    family = factories.sign_in(Client(), dubois.sophie.user, factories.Profile.GUARDIAN)
    for answer in (family.get(address), family.post(address, {"code": "123456"})):
        assert answer["Location"] == SIGN_IN


def test_new_recovery_codes_need_a_post(client: Client, head: User) -> None:
    factories.sign_in(client, head, None)
    assert client.get(RECOVERY).status_code == 405


# --- Giving it --------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_second_step(client: Client, head: User) -> Client:
    telephone(head)
    give_password(client)
    return client


def test_the_page_of_the_code_is_one_field_that_telephones_fill(at_second_step: Client) -> None:
    page = text_of(at_second_step.get(CODE))
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert '<label for="id_code">' in page


@pytest.mark.parametrize("write", ["{}{}", "{} {}", " {}-{} "])
def test_a_code_is_taken_with_spaces(at_second_step: Client, write: str) -> None:
    shown = code()
    assert at_second_step.post(CODE, {"code": write.format(shown[:3], shown[3:])})["Location"] == INDEX


def test_a_code_serves_once(at_second_step: Client) -> None:
    used = code()
    at_second_step.post(CODE, {"code": used})
    again = Client()
    give_password(again)
    answer = again.post(CODE, {"code": used})
    assert answer.status_code == 422
    assert "il a déjà servi" in text_of(answer)


def test_wrong_codes_make_the_next_one_wait_longer_and_the_page_says_how_long(at_second_step: Client) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as now:
        for seconds in (1, 2, 4, 8):
            assert at_second_step.post(CODE, {"code": wrong_code()}).status_code == 422
            answer = at_second_step.post(CODE, {"code": code()})
            assert answer.status_code == 429
            assert f"attendez encore {seconds} seconde" in text_of(answer)
            now.shift(seconds)
        assert at_second_step.post(CODE, {"code": code()})["Location"] == INDEX


def test_a_recovery_code_serves_once_and_the_page_says_how_many_are_left(client: Client, head: User) -> None:
    give_password(client)
    codes = turn_on(client)[1]
    again = Client()
    give_password(again)
    assert "il vous en reste 10" in text_of(again.get(CODE))
    assert again.post(CODE, {"code": codes[3].upper().replace("-", " ")})["Location"] == INDEX
    assert "Il vous reste 9 codes de secours." in text_of(again.get(INDEX))
    third = Client()
    give_password(third)
    answer = third.post(CODE, {"code": codes[3]})
    assert answer.status_code == 422
    assert "Ce code de secours n’est pas le bon" in text_of(answer)


def test_new_recovery_codes_put_an_end_to_the_former_ones_and_not_to_the_session(client: Client, head: User) -> None:
    give_password(client)
    former = turn_on(client)[1]
    recovered = Client()
    give_password(recovered)
    recovered.post(CODE, {"code": former[0]})
    fresh = codes_on(text_of(recovered.post(RECOVERY)))
    assert len(fresh) == 10
    assert not set(fresh) & set(former)
    assert recovered.get(INDEX).status_code == 200
    again = Client()
    give_password(again)
    assert again.post(CODE, {"code": former[1]}).status_code == 422
    with time_machine.travel(61 + time.time()):
        assert again.post(CODE, {"code": fresh[1]})["Location"] == INDEX


def test_another_s_code_opens_nothing(at_second_step: Client, here: School) -> None:
    other = member(here, Role.DEPUTY, "adjoint")
    telephone(other, "ab" * 20)
    codes = second_factor.new_recovery_codes(user=other)
    assert at_second_step.post(CODE, {"code": code("ab" * 20)}).status_code == 422
    assert at_second_step.post(CODE, {"code": codes[0]}).status_code == 422
    assert at_second_step.get(INDEX).status_code == 302


def test_a_session_is_verified_for_its_own_account_only(client: Client, here: School, head: User) -> None:
    factories.sign_in(client, head, None)
    session: Any = client.session
    session["otp_device_id"] = telephone(member(here, Role.DEPUTY, "adjoint")).persistent_id
    session.save()
    assert client.get(INDEX).status_code == 302


# --- Losing it --------------------------------------------------------------------------------------------------------


def test_the_operator_s_command_lets_a_head_set_another_telephone(client: Client, head: User, capsys: Any) -> None:
    give_password(client)
    turn_on(client)
    call_command("reset_second_factor", "proviseure")
    assert "réinitialisée" in capsys.readouterr().out
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert client.get(INDEX).status_code == 302
    assert give_password(Client())["Location"] == SETUP


def test_the_command_refuses_an_account_that_is_not_of_the_staff(db: None) -> None:
    User.objects.create_user("claire")
    for login in ("claire", "personne"):
        with pytest.raises(CommandError, match="Aucun compte"):
            call_command("reset_second_factor", login)


def test_nobody_reads_the_secrets_in_the_admin(client: Client) -> None:
    operator = User.objects.create_user("operateur", is_staff=True, is_superuser=True)
    factories.sign_in(client, operator, None)
    for app in ("otp_totp/totpdevice", "otp_static/staticdevice", "auth/group", "accounts/user"):
        assert client.get(f"/admin/{app}/").status_code == 404


# --- How its recovery codes are kept ----------------------------------------------------------------------------------


def bare(codes: list[str]) -> set[str]:
    return {each.replace("-", "") for each in codes}


def kept() -> set[str]:
    return set(StaticToken.objects.values_list("token", flat=True))


def test_no_row_holds_a_recovery_code_and_what_a_row_holds_is_none(at_second_step: Client, head: User) -> None:
    codes = second_factor.new_recovery_codes(user=head)
    assert len(kept()) == len(codes)
    assert not any(code in row for code in bare(codes) for row in kept())
    for row in kept():
        with pytest.raises(WrongRecoveryCode):
            second_factor.check_code(user=head, code=row)
        StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)


def test_a_digest_put_on_another_account_opens_nothing(at_second_step: Client, here: School, head: User) -> None:
    other = member(here, Role.DEPUTY, "adjoint")
    codes = second_factor.new_recovery_codes(user=other)
    second_factor.new_recovery_codes(user=head)
    StaticToken.objects.filter(device__user=other).update(device=StaticDevice.objects.get(user=head))
    assert at_second_step.post(CODE, {"code": codes[0]}).status_code == 422


def test_wrong_recovery_codes_make_the_next_one_wait(at_second_step: Client, head: User) -> None:
    codes = second_factor.new_recovery_codes(user=head)
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as now:
        for seconds in (1, 2, 4):
            assert at_second_step.post(CODE, {"code": "aaaa-aaaa"}).status_code == 422
            assert at_second_step.post(CODE, {"code": codes[0]}).status_code == 429
            now.shift(seconds)
        assert at_second_step.post(CODE, {"code": codes[0]})["Location"] == INDEX


def in_clear(user: User, *codes: str) -> None:
    """Codes as the former release wrote them."""
    device = StaticDevice.objects.create(user=user, name="recovery", confirmed=True)
    StaticToken.objects.bulk_create(StaticToken(device=device, token=each) for each in codes)


def test_the_migration_leaves_no_code_in_clear_and_each_still_opens(at_second_step: Client, head: User) -> None:
    migration = import_module("accounts.migrations.0008_recovery_codes_as_digests")
    in_clear(head, "abcd2345", "efgh2345")
    for _time in range(2):
        migration.hash_all(apps, None)
        assert StaticToken.objects.count() == 2
        assert not kept() & {"abcd2345", "efgh2345"}
    assert at_second_step.post(CODE, {"code": "efgh-2345"})["Location"] == INDEX
    assert StaticToken.objects.count() == 1


@pytest.mark.parametrize("given", ["application", "recovery"])
def test_what_the_former_release_wrote_meanwhile_is_a_digest_from_the_next_code_on(
    at_second_step: Client, head: User, given: str
) -> None:
    in_clear(head, "abcd2345", "efgh2345")
    with time_machine.travel(61 + time.time()):
        typed = code() if given == "application" else "abcd-2345"
        assert at_second_step.post(CODE, {"code": typed})["Location"] == INDEX
    assert not any("2345" in row for row in kept())
    assert StaticToken.objects.count() == (2 if given == "application" else 1)


def test_a_recovery_code_is_good_while_the_key_that_hid_it_is_known(head: User, settings: Any) -> None:
    telephone(head)
    first, second, *_others = second_factor.new_recovery_codes(user=head)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "a new key " * 6
    settings.SECRET_KEY_FALLBACKS = [former]
    assert second_factor.check_code(user=head, code=first)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(WrongRecoveryCode):
        second_factor.check_code(user=head, code=second)
