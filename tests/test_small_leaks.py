"""Ways round a right that were found open once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Profile
from audit.models import Change
from orientation.campaigns.errors import MayNotSteer
from orientation.campaigns.services import create_campaign
from schools.contact import propose_email
from schools.models import Role
from schools.policies import StaffAct
from schools.staff import students_of_staff
from tests.factories import NOW, Family, account, campaign, school, sign_in, staff
from tests.schools_contact.conftest import Claire, claire  # noqa: F401 - a fixture

HUGE = "9" * 30


def test_a_campaign_is_not_begun_from_another_school_s(dubois: Family) -> None:
    theirs = campaign(school("0699902Y"))
    with pytest.raises(MayNotSteer):
        create_campaign(school=dubois.school, school_year=2027, source=theirs, by=staff(dubois.school), at=NOW)


def test_a_form_teacher_does_not_keep_the_pupils_who_left(dubois: Family) -> None:
    assert dubois.emma.division is not None
    teacher = staff(dubois.school, Role.FORM_TEACHER, dubois.emma.division)
    assert students_of_staff(teacher, StaffAct.READ).get() == dubois.emma
    dubois.emma.left_on = NOW.date()
    dubois.emma.save()
    assert not students_of_staff(teacher, StaffAct.READ).exists()
    assert students_of_staff(staff(dubois.school), StaffAct.READ).get() == dubois.emma


@pytest.mark.parametrize("keys", [HUGE, f"1,{HUGE}", "²", ""])
def test_a_key_that_no_row_can_have_is_not_found(dubois: Family, last_evening: Any, keys: str) -> None:
    head = sign_in(Client(), staff(dubois.school), None)
    address = reverse("admin:issue_decisions", args=[dubois.school.uai])
    assert head.post(address, {"confirmer": "1", "reponses": keys}).status_code == 404


def test_who_is_signed_in_is_not_noted_as_the_author_of_another_s_confirmed_address(
    claire: Claire,  # noqa: F811
) -> None:
    propose_email(
        guardian=claire.paris,
        address="nouvelle@familles.example",
        by=claire.user,
        at=timezone.now(),
        confirm_url=claire.confirm_url,
    )
    somebody = sign_in(Client(), account("Paule", "Autre"), Profile.GUARDIAN)
    before = set(Change.objects.values_list("pk", flat=True))
    answer = somebody.post(reverse("portal:confirm_email", args=[claire.tokens[0]]))
    assert answer.status_code == 200
    noted = Change.objects.exclude(pk__in=before).filter(table__startswith="schools")
    assert set(noted.values_list("actor_id", "origin")) == {(None, "lien de confirmation")}
