"""Who opens the pages of the follow-up, and what they find there."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.models import Reading
from orientation.followup.exports import FileFormat
from schools.models import Division, Role
from tests.factories import Family, campaign, school, sign_in, staff, student
from tests.orientation_followup.builders import address, divisions_of, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

EXPORT = {"contenu": "familles", "format": "csv"}
READ_PAGES: dict[str, dict[str, str]] = {"followup": {}, "totals": {}}
OFFICE_PAGES = {"followup_export": EXPORT, "totals_export": {"format": "csv"}}
NOT_OFFICE = [Role.FORM_TEACHER, Role.COUNSELLOR]


@pytest.mark.parametrize(("name", "query"), [*READ_PAGES.items(), *OFFICE_PAGES.items()])
def test_nobody_is_led_to_the_sign_in_and_a_member_of_another_school_finds_nothing(
    dubois: Family, name: str, query: dict[str, str]
) -> None:
    url = address(name, dubois.school, **query)
    assert Client().get(url).status_code == 302
    stranger = staff(school("0699902Y"))
    assert sign_in(Client(), stranger, None).get(url).status_code == 404


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", READ_PAGES)
def test_each_role_reads_the_lists(dubois: Family, role: Role, name: str) -> None:
    client = sign_in(Client(), staff(dubois.school, role), None)
    assert client.get(address(name, dubois.school)).status_code == 200


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("name", "query"), OFFICE_PAGES.items())
def test_only_the_office_and_those_who_lead_export(
    dubois: Family, role: Role, name: str, query: dict[str, str]
) -> None:
    client = sign_in(Client(), staff(dubois.school, role), None)
    expected = 403 if role in NOT_OFFICE else 200
    assert client.get(address(name, dubois.school, **query)).status_code == expected


@pytest.mark.parametrize("role", list(Role))
def test_only_the_office_and_those_who_lead_remind(dubois: Family, role: Role) -> None:
    client = sign_in(Client(), staff(dubois.school, role), None)
    answer = client.post(address("reminders", dubois.school), {"eleve": str(dubois.emma.public_id)})
    assert answer.status_code == (403 if role in NOT_OFFICE else 200)


def test_reminding_is_a_post_for_a_member_of_the_school(dubois: Family) -> None:
    url = address("reminders", dubois.school)
    assert Client().post(url, {"portee": "liste"}).status_code == 302
    assert sign_in(Client(), staff(school("0699902Y")), None).post(url, {"portee": "liste"}).status_code == 404
    found = sign_in(Client(), staff(dubois.school), None).get(url, {"etat": "attendu"})
    assert (found.status_code, found["Location"]) == (302, address("followup", dubois.school, etat="attendu"))


def test_a_form_teacher_opens_the_files_of_their_own_class_only(dubois: Family) -> None:
    other = Division.objects.create(school=dubois.school, school_year=2026, code="2DE9")
    elsewhere = student(dubois.school, "Noé", "Ailleurs", division=other)
    teacher = staff(dubois.school, Role.FORM_TEACHER, *divisions_of(dubois))
    client = sign_in(Client(), teacher, None)
    assert client.get(address("student_file", dubois.school, dubois.emma.public_id)).status_code == 200
    assert client.get(address("student_file", dubois.school, elsewhere.public_id)).status_code == 404
    page = client.get(address("followup", dubois.school)).content.decode()
    assert "Dubois" in page
    assert "Ailleurs" not in page


def test_a_file_is_closed_to_nobody_and_to_others_and_its_reading_is_noted(dubois: Family) -> None:
    url = address("student_file", dubois.school, dubois.emma.public_id)
    assert Client().get(url).status_code == 302
    assert sign_in(Client(), staff(school("0699902Y")), None).get(url).status_code == 404
    assert not Reading.objects.exists()
    head = staff(dubois.school)
    assert sign_in(Client(), head, None).get(url).status_code == 200
    reading = Reading.objects.get()
    assert (reading.user_id, reading.student_id, reading.page) == (head.pk, dubois.emma.pk, "student_file")


def test_a_pupil_of_another_school_is_not_found_under_ones_own(dubois: Family) -> None:
    other = school("0699902Y")
    theirs = student(other, "Noé", "Autre")
    client = sign_in(Client(), staff(dubois.school), None)
    assert client.get(address("student_file", dubois.school, theirs.public_id)).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_addresses_are_shown_to_those_who_read_contact_data_only(dubois: Family, role: Role) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie)
    client = sign_in(Client(), staff(dubois.school, role, *divisions_of(dubois)), None)
    for url in (
        address("followup", dubois.school),
        address("student_file", dubois.school, dubois.emma.public_id),
    ):
        page = client.get(url).content.decode()
        assert "Sophie Bernard" in page
        assert ("sophie.bernard@familles.example" in page) == (role not in NOT_OFFICE)


def test_exports_are_noted_as_readings(dubois: Family) -> None:
    head = staff(dubois.school)
    sign_in(Client(), head, None).get(address("followup_export", dubois.school, **EXPORT))
    assert Reading.objects.get().page == "followup_export"


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"contenu": "tout"}, {"etat": "inconnu"}])
def test_an_export_of_something_unknown_is_not_found(dubois: Family, query: dict[str, str]) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    assert client.get(address("followup_export", dubois.school, **{**EXPORT, **query})).status_code == 404


@pytest.mark.parametrize("name", ["followup", "totals"])
def test_a_school_without_a_dated_campaign_is_told_so(name: str) -> None:
    place = school()
    client = sign_in(Client(), staff(place), None)
    page = client.get(address(name, place)).content.decode()
    assert "Aucune campagne n’a de dates" in page
    assert "Préparer la campagne" in page
    assert client.post(address("reminders", place), {"portee": "liste"}).status_code == 404
    assert client.get(address("followup_export", place, **EXPORT)).status_code == 404
    assert client.get(address("totals_export", place, format=FileFormat.CSV.value)).status_code == 404


def test_the_files_of_two_schools_stay_apart_for_a_member_of_both(dubois: Family) -> None:
    other = school("0699902Y")
    campaign(other)
    student(other, "Noé", "Autre")
    member = staff(dubois.school)
    member.memberships.create(school=other, role=Role.OFFICE)
    client = sign_in(Client(), member, None)
    assert "Autre" not in client.get(address("followup", dubois.school)).content.decode()
    assert "Autre" in client.get(address("followup", other)).content.decode()
