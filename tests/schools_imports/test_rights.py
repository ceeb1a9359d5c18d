"""Who reaches the pages of imports: head, deputy and office of the school, and nobody else."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from schools.imports.errors import MayNotImport
from schools.imports.services import cancel_import, confirm_import, start_import
from schools.models import Role, SiecleImport, StaffMembership
from tests.factories import school, sign_in, staff
from tests.schools.exports import UAI, Pair
from tests.schools_imports.conftest import NOW, files_of, worked

pytestmark = pytest.mark.django_db

IMPORTERS = [Role.HEAD, Role.DEPUTY, Role.OFFICE]
OTHERS = [role for role in Role if role not in IMPORTERS]


@pytest.fixture
def one(send) -> SiecleImport:
    send()
    return worked()


def tried(client: Client, one: SiecleImport, uai: str = UAI) -> dict[str, int]:
    """What each address answers."""
    key = one.pk
    return {
        "imports": client.get(reverse("admin:imports", args=[uai])).status_code,
        "upload": client.post(reverse("admin:imports", args=[uai]), files_of(Pair())).status_code,
        "import": client.get(reverse("admin:import", args=[uai, key])).status_code,
        "report": client.get(reverse("admin:import_report", args=[uai, key])).status_code,
        "confirm": client.post(reverse("admin:import_confirm", args=[uai, key]), {"digest": one.digest}).status_code,
        "cancel": client.post(reverse("admin:import_cancel", args=[uai, key])).status_code,
    }


def test_nobody_is_led_to_the_sign_in(one):
    assert set(tried(Client(), one).values()) == {302}
    assert Client().get(reverse("admin:imports", args=[UAI]))["Location"].startswith("/admin/login/")
    one.refresh_from_db()
    assert one.state == "to_confirm"


@pytest.mark.parametrize("role", Role)
def test_a_member_of_another_school_finds_nothing(role, one):
    other = school("0699902Y")
    member = sign_in(Client(), staff(other, role), None)
    assert set(tried(member, one).values()) == {404}
    if role in IMPORTERS:
        answers = tried(member, one, uai="0699902Y")
        assert {answers[name] for name in ("import", "report", "confirm", "cancel")} == {404}


@pytest.mark.parametrize("role", OTHERS)
def test_the_other_roles_of_the_school_may_not(role, one, place):
    assert set(tried(sign_in(Client(), staff(place, role), None), one).values()) == {403}


@pytest.mark.parametrize("role", IMPORTERS)
def test_those_who_import_may(role, one, place):
    member = sign_in(Client(), staff(place, role), None)
    assert list(tried(member, one).values()) == [200, 302, 200, 200, 302, 409]


@pytest.mark.parametrize("name", ["import_confirm", "import_cancel"])
def test_what_acts_takes_a_post_only(name, head, one):
    assert head.get(reverse(f"admin:{name}", args=[UAI, one.pk])).status_code == 405


def test_an_import_that_does_not_exist_is_not_found(head):
    assert head.get(reverse("admin:import", args=[UAI, uuid.uuid4()])).status_code == 404


def test_who_has_left_the_school_meanwhile_writes_nothing(one, place):
    member = staff(place, Role.OFFICE)
    StaffMembership.objects.filter(user=member).delete()
    with pytest.raises(MayNotImport):
        confirm_import(siecle_import=one, digest=one.digest, accepted=[], by=member, at=NOW)
    with pytest.raises(MayNotImport):
        cancel_import(siecle_import=one, by=member, at=NOW)
    with pytest.raises(MayNotImport):
        start_import(school=place, uploads=[], school_year=2026, by=member, at=NOW)


def test_the_menu_leads_those_who_import_to_it_and_no_other(place):
    address = reverse("admin:imports", args=[UAI])
    for role in Role:
        client = sign_in(Client(), staff(place, role), None)
        assert (address in client.get(reverse("admin:index")).content.decode()) is (role in IMPORTERS)
