"""Who has given a password and not yet the code that is asked of them opens nothing of Django's own pages either."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from accounts.models import User
from schools.models import Role, School, Student
from tests import factories
from tests.accounts.staff import PASSWORD, SIGN_IN, give_password, member, telephone

pytestmark = pytest.mark.django_db


@pytest.fixture
def half_way(client: Client, dubois: factories.Family) -> Client:
    telephone(member(dubois.school, Role.HEAD))
    assert give_password(client).status_code == 302
    return client


def addresses(school: School, emma: Student) -> list[str]:
    return [
        reverse("admin:jsi18n"),
        reverse("admin:autocomplete"),
        reverse("admin:password_change"),
        reverse("admin:password_change_done"),
        reverse("admin:app_list", args=["schools"]),
        reverse("admin:view_on_site", args=[ContentType.objects.get_for_model(Student).pk, emma.pk]),
        reverse("admin:schools_student_change", args=[emma.pk]),
        reverse("admin:schools_student_designate", args=[emma.pk]),
        reverse("admin:student_file", args=[school.uai, emma.public_id]),
        reverse("admin:journal", args=[school.uai]),
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_leads_to_the_sign_in(half_way: Client, dubois: factories.Family, method: str) -> None:
    for address in addresses(dubois.school, dubois.emma):
        answer = getattr(half_way, method)(address)
        assert (answer.status_code, answer.get("Location", "").partition("?")[0]) == (302, SIGN_IN), address


def test_a_password_is_not_changed_half_way(half_way: Client) -> None:
    before = User.objects.get(username="proviseure").password
    typed = {"old_password": PASSWORD, "new_password1": "x" * 30, "new_password2": "x" * 30}
    half_way.post(reverse("admin:password_change"), typed)
    assert User.objects.get(username="proviseure").password == before
