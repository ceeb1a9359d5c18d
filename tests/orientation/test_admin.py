"""Orientation in Django admin: the way to the campaigns, and the catalogue."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orientation.models import Campaign
from schools.models import Role, School, StaffMembership
from tests.factories import Family, school, sign_in, student

pytestmark = pytest.mark.django_db


def member(of: School, role: Role) -> User:
    user = User.objects.create(username=f"{role}.{of.uai}", is_staff=True)
    StaffMembership.objects.create(user=user, school=of, role=role)
    return user


def test_a_campaign_in_the_list_leads_to_the_schools_own_page(client: Client, dubois: Family) -> None:
    for role in Role:
        sign_in(client, member(dubois.school, role), None)
        link = f'href="{reverse("admin:campaign_year", args=[dubois.school.uai, 2026])}"'
        assert link in client.get(reverse("admin:orientation_campaign_changelist")).content.decode()
        address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
        assert link in client.get(address).content.decode()


def test_the_list_says_the_school_year_and_the_menu_leads_to_the_schools_own_page(
    client: Client, dubois: Family
) -> None:
    campaigns = reverse("admin:orientation_campaign_changelist")
    sign_in(client, member(dubois.school, Role.HEAD), None)
    assert "2026-2027" in client.get(campaigns).content.decode()
    menu = client.get(reverse("admin:index")).content.decode()
    assert f'href="{reverse("admin:campaign", args=[dubois.school.uai])}"' in menu
    assert f'href="{campaigns}"' not in menu


def test_a_pupil_in_the_list_leads_to_their_file(client: Client, dubois: Family) -> None:
    for role in Role:
        user = member(dubois.school, role)
        if role == Role.FORM_TEACHER:
            assert dubois.emma.division is not None
            user.memberships.get().divisions.add(dubois.emma.division)
        sign_in(client, user, None)
        page = client.get(reverse("admin:schools_student_change", args=[dubois.emma.pk])).content.decode()
        address = reverse("admin:student_file", args=[dubois.school.uai, dubois.emma.public_id])
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


def test_a_head_reaches_no_campaign_of_another_school(client: Client, dubois: Family) -> None:
    sign_in(client, member(school("0699902Y"), Role.HEAD), None)
    page = client.get(reverse("admin:orientation_campaign_changelist")).content.decode()
    assert reverse("admin:campaign_year", args=[dubois.school.uai, 2026]) not in page
    address = reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk])
    assert client.get(address)["Location"] == "/admin/", "admin leads away from what it does not show"


def test_a_campaign_is_neither_added_changed_nor_deleted_in_the_list(client: Client, dubois: Family) -> None:
    sign_in(client, member(dubois.school, Role.HEAD), None)
    assert client.post(reverse("admin:orientation_campaign_add")).status_code == 403
    assert client.post(reverse("admin:orientation_campaign_delete", args=[dubois.campaign.pk])).status_code == 403
    before = Campaign.objects.values().get()
    client.post(reverse("admin:orientation_campaign_change", args=[dubois.campaign.pk]), {"final_specialities": 1})
    assert Campaign.objects.values().get() == before


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
