"""Who asks too often: the page that says when to try again, and whom it must not shut out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as product
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from limits import parse
from limits.storage import storage_from_string

from accounts import limits
from accounts.models import Profile
from portal.models import ContactMessage, ContactSubject
from tests.accounts.provider import Provider
from tests.factories import Family, sign_in

SIGN_IN = "/connexion/educonnect/?profil=representant"


@pytest.fixture(autouse=True)
def _counting(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count in this test from nothing, and at most three."""
    settings.RATE_LIMITS_ARE_ON = True
    settings.RATE_LIMITS = {name: dict.fromkeys(scopes, "3/10minutes") for name, scopes in product.RATE_LIMITS.items()}
    monkeypatch.setattr(limits, "NAMESPACE", str(uuid4()))
    monkeypatch.setattr(limits, "_silent_until", 0.0)


def statuses(client: Client, method: str, address: str, times: int, **values: Any) -> list[int]:
    return [getattr(client, method)(address, **values).status_code for _ in range(times)]


def test_an_address_that_signs_in_without_end_is_told_when_to_try_again(
    client: Client, db: None, educonnect: Provider
) -> None:
    assert statuses(client, "get", SIGN_IN, 3) == [302] * 3
    answer = client.get(SIGN_IN)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 600
    assert "Réessayez dans 10 minutes." in answer.content.decode()
    assert "Cross-Origin-Resource-Policy" in answer


def test_a_return_from_a_provider_is_counted_too(client: Client, db: None) -> None:
    assert statuses(client, "get", "/connexion/educonnect/retour/?state=x", 4) == [400, 400, 400, 429]


def test_the_staff_s_page_says_it_in_its_own_frame(client: Client, db: None) -> None:
    values = {"username": "camille", "password": "faux"}
    assert statuses(client, "post", reverse("admin:login"), 4, data=values) == [422, 422, 422, 429]
    assert "Retour à mon établissement" in client.post(reverse("admin:login"), values).content.decode()


def test_a_forgotten_password_is_counted_with_them(client: Client, db: None) -> None:
    values = {"username": "camille"}
    assert statuses(client, "post", reverse("admin:forgotten_password"), 4, data=values) == [302, 302, 302, 429]


def test_the_same_account_validates_so_often_only(dubois: Family, last_evening: object) -> None:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    address = reverse("orientation:validate_choices", args=[dubois.emma.public_id, "choix-definitifs"])
    assert statuses(client, "post", address, 4, data={"version": 0}) == [302, 302, 302, 429]


def test_limits_are_each_account_s_own_where_the_address_and_the_school_allow(
    dubois: Family, last_evening: object, settings: Any
) -> None:
    settings.RATE_LIMITS["validation"] = {"account": "3/10minutes", "address": "7/10minutes", "school": "100/hour"}
    address = reverse("orientation:validate_choices", args=[dubois.emma.public_id, "choix-definitifs"])
    sophie = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    assert statuses(sophie, "post", address, 4, data={"version": 0})[-1] == 429
    assert statuses(marc, "post", address, 3, data={"version": 0}) == [302] * 3
    elsewhere = {"data": {"version": 0}, "REMOTE_ADDR": "203.0.113.9"}
    assert statuses(marc, "post", address, 1, **elsewhere) == [429]


def test_a_school_is_not_flooded_with_messages(dubois: Family) -> None:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    dubois.school.email = "lycee@ecole.example"
    dubois.school.save()

    def send() -> int:
        values = {
            "child": str(dubois.emma.public_id),
            "subject": ContactSubject.OTHER.value,
            "message": "Bonjour",
            "key": uuid4(),
        }
        return client.post(reverse("portal:contact_write"), values).status_code

    assert [send() for _ in range(4)] == [302, 302, 302, 429]
    assert ContactMessage.objects.count() == 3


def test_what_was_typed_beyond_a_limit_can_be_sent_again(dubois: Family) -> None:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    dubois.school.email = "lycee@ecole.example"
    dubois.school.save()
    values = {"child": str(dubois.emma.public_id), "subject": ContactSubject.OTHER.value, "message": "Une <question>"}
    address = reverse("portal:contact_write")
    assert statuses(client, "post", address, 4, data={**values, "key": str(uuid4())}) == [302, 302, 302, 429]
    page = client.post(address, {**values, "key": str(uuid4())}).content.decode()
    form = page.split(f'<form method="post" action="{address}">', 1)[1].split("</form>", 1)[0]
    assert 'name="message" value="Une &lt;question&gt;"' in form
    assert "Renvoyer ce que j’ai saisi" in form


@pytest.mark.parametrize("kind", ["json", "pdf"])
def test_one_s_own_data_are_downloaded_so_often_and_what_is_refused_is_no_reading(dubois: Family, kind: str) -> None:
    client = sign_in(Client(), dubois.emma.user, Profile.STUDENT)
    address = reverse(f"portal:own_data_{kind}")
    assert statuses(client, "get", address, 3) == [200] * 3
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 600
    assert "Réessayez dans 10 minutes." in answer.content.decode()
    assert "attachment" not in answer.get("Content-Disposition", "")
    assert not [each for each in asked if "orientation_" in each["sql"]]


def test_the_two_forms_of_one_s_own_data_are_counted_together(dubois: Family) -> None:
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    assert statuses(client, "get", reverse("portal:own_data_json"), 2) == [200] * 2
    assert statuses(client, "get", reverse("portal:own_data_pdf"), 2) == [200, 429]


def test_health_and_the_mail_provider_s_events_are_not_counted(client: Client, db: None) -> None:
    assert statuses(client, "get", "/sante/vivant/", 5) == [200] * 5
    assert 429 not in statuses(client, "post", "/courriel/evenements/", 5)


def test_while_redis_is_away_nobody_is_shut_out(
    client: Client, db: None, educonnect: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = storage_from_string("redis://127.0.0.1:1/0", wrap_exceptions=True)
    monkeypatch.setattr(limits, "_storage", lambda: away)
    assert statuses(client, "get", SIGN_IN, 5) == [302] * 5


@pytest.mark.parametrize("name", ["sign_in", "linking", "contact", "own_data", "validation"])
def test_300_parents_behind_one_address_come_through(name: str) -> None:
    """Three tries each in an hour for what they do once, in ten minutes for what they do at the end; both ways."""
    from scolarite.settings import RATE_LIMITS

    allowed = parse(RATE_LIMITS[name]["address"])
    tries = {"sign_in": 4, "linking": 3, "contact": 1, "own_data": 4, "validation": 3}[name]
    assert allowed.amount >= 300 * tries
    assert allowed.get_expiry() <= 3600
