"""The school sets its phases and its offer in Django admin."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orientation.models import Campaign, PhaseKind, Speciality, SpecialityOffer
from schools.models import Role, School, StaffMembership
from tests.factories import Family, campaign, school, sign_in, student

pytestmark = pytest.mark.django_db


def member(of: School, role: Role) -> User:
    user = User.objects.create(username=f"{role}.{of.uai}", is_staff=True)
    StaffMembership.objects.create(user=user, school=of, role=role)
    return user


def form_of(of: Campaign, **changes: object) -> dict[str, object]:
    phases = list(of.phases.order_by("pk"))
    values: dict[str, object] = {
        "school": of.school_id,
        "school_year": of.school_year,
        "mef_prefixes": "20010",
        "intention_specialities": 4,
        "final_specialities": 3,
        "offer": list(Speciality.objects.filter(code__in=["nsi", "svt"]).values_list("pk", flat=True)),
        "offer_is_complete": "on",
        "phases-TOTAL_FORMS": len(phases),
        "phases-INITIAL_FORMS": len(phases),
    }
    for index, phase in enumerate(phases):
        values |= {
            f"phases-{index}-id": phase.pk,
            f"phases-{index}-campaign": of.pk,
            f"phases-{index}-kind": phase.kind,
            f"phases-{index}-opens_at_0": "2027-05-01",
            f"phases-{index}-opens_at_1": "08:00",
            f"phases-{index}-closes_at_0": "2027-05-20",
            f"phases-{index}-closes_at_1": "18:00",
        }
    return values | changes


def test_a_head_sets_the_phases_in_the_schools_own_time_and_its_offer(client: Client) -> None:
    reunion = campaign(school("9749903Z", time_zone="Indian/Reunion"), offer_declared_at=None)
    sign_in(client, member(reunion.school, Role.HEAD), None)
    address = reverse("admin:orientation_campaign_change", args=[reunion.pk])
    assert "heure de La Réunion" in client.get(address).content.decode()
    answer = client.post(address, form_of(reunion))
    assert answer.status_code == 302, answer.content.decode()
    final = reunion.phases.get(kind=PhaseKind.FINAL_CHOICES)
    assert final.closes_at == datetime(2027, 5, 20, 14, 0, tzinfo=UTC)
    assert set(SpecialityOffer.objects.values_list("speciality__code", flat=True)) == {"nsi", "svt"}
    reunion.refresh_from_db()
    assert reunion.offer_declared_at is not None


def test_a_phase_that_ends_before_it_starts_is_refused_and_nothing_is_written(client: Client, dubois: Family) -> None:
    sign_in(client, member(dubois.school, Role.HEAD), None)
    before = dubois.phase.closes_at
    address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
    answer = client.post(address, form_of(dubois.campaign, **{"phases-2-closes_at_0": "2027-04-01"}))
    assert "La fermeture doit venir après l’ouverture." in answer.content.decode()
    assert dubois.phase.closes_at == before


def test_a_head_reaches_no_campaign_of_another_school(client: Client, dubois: Family) -> None:
    sign_in(client, member(school("0699902Y", name="Lycée Louise-Michel"), Role.HEAD), None)
    page = client.get(reverse("admin:orientation_campaign_changelist")).content.decode()
    assert "Simone-Veil" not in page
    address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
    assert client.get(address).status_code == 302, "admin leads away from what it does not show"
    before = dubois.phase.closes_at
    client.post(address, form_of(dubois.campaign))
    assert dubois.phase.closes_at == before


def test_a_teacher_reads_the_campaign_and_changes_nothing(client: Client, dubois: Family) -> None:
    sign_in(client, member(dubois.school, Role.FORM_TEACHER), None)
    address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, form_of(dubois.campaign)).status_code == 403


def test_a_head_cannot_move_a_campaign_to_another_school(client: Client, dubois: Family) -> None:
    other = school("0699902Y")
    sign_in(client, member(dubois.school, Role.HEAD), None)
    address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
    client.post(address, form_of(dubois.campaign, school=other.pk))
    dubois.campaign.refresh_from_db()
    assert dubois.campaign.school == dubois.school


def test_the_catalogue_is_the_operators_alone(client: Client, dubois: Family) -> None:
    address = reverse("admin:orientation_speciality_changelist")
    sign_in(client, member(dubois.school, Role.HEAD), None)
    assert client.get(address).status_code == 403
    sign_in(client, User.objects.create(username="operateur", is_staff=True, is_superuser=True), None)
    assert client.get(address).status_code == 200


def test_the_school_sees_whom_no_mail_reaches(client: Client, dubois: Family) -> None:
    dubois.sophie.school_email_refused_at = timezone.now()
    dubois.sophie.save()
    address = reverse("admin:schools_guardian_changelist")
    sign_in(client, member(dubois.school, Role.OFFICE), None)
    page = client.get(address, {"joignable": "refus"}).content.decode()
    assert "sophie.bernard@familles.example (refusée par le destinataire)" in page
    assert "marc.dubois" not in page
    assert "marc.dubois@familles.example" in client.get(address, {"joignable": "oui"}).content.decode()
    sign_in(client, member(dubois.school, Role.FORM_TEACHER), None)
    assert client.get(address).status_code == 403
    sign_in(client, member(school("0699902Y"), Role.HEAD), None)
    assert "Bernard" not in client.get(address).content.decode()


def test_staff_see_the_students_of_their_school_only_and_change_none(client: Client, dubois: Family) -> None:
    other = school("0699902Y")
    hidden = student(other, "Jade", "Ailleurs")
    sign_in(client, member(dubois.school, Role.HEAD), None)
    page = client.get(reverse("admin:schools_student_changelist")).content.decode()
    assert "Dubois" in page
    assert "Ailleurs" not in page
    assert client.get(reverse("admin:schools_student_change", args=[hidden.pk])).status_code == 302
    answer = client.post(reverse("admin:schools_student_change", args=[dubois.emma.pk]), {"family_name": "Autre"})
    assert answer.status_code == 403


def test_a_signed_out_member_of_staff_is_led_to_the_staffs_sign_in(client: Client) -> None:
    address = reverse("admin:orientation_campaign_changelist")
    assert client.get(address)["Location"] == f"/admin/login/?next={address}"


def test_a_campaign_created_for_a_school_is_read_in_its_own_time(client: Client) -> None:
    paris, reunion = school("0759901X"), school("9749903Z", time_zone="Indian/Reunion")
    head = member(paris, Role.HEAD)
    StaffMembership.objects.create(user=head, school=reunion, role=Role.HEAD)
    sign_in(client, head, None)
    values = {
        "school": reunion.pk,
        "school_year": 2026,
        "mef_prefixes": "20010",
        "intention_specialities": 4,
        "final_specialities": 3,
        "phases-TOTAL_FORMS": 1,
        "phases-INITIAL_FORMS": 0,
        "phases-0-kind": "final_choices",
        "phases-0-opens_at_0": "2027-05-01",
        "phases-0-opens_at_1": "08:00",
        "phases-0-closes_at_0": "2027-05-20",
        "phases-0-closes_at_1": "18:00",
    }
    assert client.post(reverse("admin:orientation_campaign_add"), values).status_code == 302
    assert Campaign.objects.get().phases.get().closes_at == datetime(2027, 5, 20, 14, 0, tzinfo=UTC)


def test_what_a_phase_is_does_not_change_once_it_is_there(client: Client, dubois: Family) -> None:
    sign_in(client, member(dubois.school, Role.HEAD), None)
    before = list(dubois.campaign.phases.order_by("pk").values_list("kind", flat=True))
    address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
    client.post(address, form_of(dubois.campaign, **{"phases-0-kind": "proposals", "phases-3-kind": "intentions"}))
    assert list(dubois.campaign.phases.order_by("pk").values_list("kind", flat=True)) == before
