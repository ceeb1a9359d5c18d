"""The frame of the school's side: its menu, its account, its lists and forms, its errors; and what each page costs."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.text import capfirst

from accounts.models import User
from notifications.models import MessageState, OutboxMessage
from portal.views.errors import server_error
from schools.models import Division, Guardian, Guardianship, Role, School, StaffMembership, Student
from tests.factories import Family, school, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
STUDENTS = reverse("admin:schools_student_changelist")
AT_MOST = 20
"""Queries per page, however many classes."""


def operator() -> User:
    return User.objects.create(username="operateur", is_staff=True, is_superuser=True)


def fill(of: School, classes: int) -> None:
    """Add classes of 35 pupils, two guardians each, and an e-mail to each guardian."""
    divisions = Division.objects.bulk_create(
        Division(school=of, school_year=2026, code=f"2D{number:02}") for number in range(classes)
    )
    students = Student.objects.bulk_create(
        Student(
            school=of,
            division=division,
            ine=f"{division.pk:06}{place:03}XX",
            siecle_id=f"{division.pk}{place:03}",
            given_name="Camille",
            family_name=f"Nom {place}",
            birth_date=date(2011, 2, 20),
            mef_code="20010019110",
        )
        for division in divisions
        for place in range(35)
    )
    guardians = Guardian.objects.bulk_create(
        Guardian(school=of, siecle_person_id=f"{each.pk}{side}", given_name="Dominique", family_name=each.family_name)
        for each in students
        for side in "12"
    )
    Guardianship.objects.bulk_create(
        Guardianship(guardian=guardian, student=students[place // 2], level=1, relationship="10")
        for place, guardian in enumerate(guardians)
    )
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            kind="orientation.reminder",
            recipient=f"guardian:{each.pk}",
            address="famille@familles.example",
            deduplication_key=f"rappel-{each.pk}",
            state=MessageState.SENT,
        )
        for each in guardians
    )


def who_opens(model: type[Model], people: list[Client]) -> Client:
    """Return the client of the first of these persons who may open the model's list."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return next(client for client in people if client.get(address).status_code == 200)


def pages_of(model: type[Model]) -> list[str]:
    """Return the addresses of a model's list and of the page of its oldest row."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.order_by("pk").first()
    return [
        reverse(f"{name}_changelist"),
        *([reverse(f"{name}_change", args=[row.pk])] if row is not None else []),
    ]


def costs(model: type[Model], people: list[Client]) -> list[int]:
    """Return the number of queries of each of the model's pages, once the process has read what it keeps."""
    client, found = who_opens(model, people), []
    for address in pages_of(model):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200, address
        found.append(len(queries))
    return found


def test_lists_and_forms_cost_the_same_with_forty_classes_as_with_one(dubois: Family) -> None:
    fill(dubois.school, 1)
    people = [sign_in(Client(), staff(dubois.school), None), sign_in(Client(), operator(), None)]
    one = {model: costs(model, people) for model in MODELS}
    Division.objects.filter(code="2D00").update(code="1A")
    fill(dubois.school, 40)
    forty = {model: costs(model, people) for model in MODELS}
    assert forty == one
    assert max(max(each) for each in forty.values()) <= AT_MOST


def costs_of_the_menu(client: Client) -> dict[str, int]:
    """Return the number of queries of each page that the menu offers."""
    menu = re.findall(r'<nav id="menu".*?</nav>', client.get(STUDENTS).content.decode(), re.DOTALL)[0]
    found = {}
    for address in re.findall(r'href="([^"]+)"', menu):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, address
        found[address] = len(queries)
    return found


def test_the_pages_of_the_menu_cost_the_same_with_forty_classes_as_with_one(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    fill(dubois.school, 1)
    one = costs_of_the_menu(client)
    Division.objects.filter(code="2D00").update(code="1A")
    fill(dubois.school, 40)
    forty = costs_of_the_menu(client)
    assert forty == one
    assert max(forty.values()) <= AT_MOST


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_each_list_and_form_is_headed_once_and_names_its_columns(dubois: Family, model: type[Model]) -> None:
    fill(dubois.school, 1)
    people = [sign_in(Client(), staff(dubois.school), None), sign_in(Client(), operator(), None)]
    client = who_opens(model, people)
    for address in pages_of(model):
        page = client.get(address).content.decode()
        assert page.count("<h1") == 1, address
        assert '<html lang="fr"' in page
        assert re.findall(r"<title>(.*?)</title>", page)[0].endswith(" — Scolarité Services")
        columns = re.findall(r"<th\b[^>]*>(.*?)</th>", page, re.DOTALL)
        assert [column for column in columns if not re.sub(r"<(?!input)[^>]*>", "", column).strip()] == []
        assert 'href="#contenu"' in page
        assert 'id="contenu"' in page


def test_the_menu_names_the_school_the_lists_and_where_one_is(dubois: Family) -> None:
    page = sign_in(Client(), staff(dubois.school), None).get(STUDENTS).content.decode()
    menu = re.findall(r'<nav id="menu".*?</nav>', page, re.DOTALL)[0]
    assert re.findall(r'href="([^"]+)" aria-current="page"', menu) == [STUDENTS]
    assert reverse("admin:schools_guardian_changelist") in menu
    assert reverse("admin:orientation_speciality_changelist") not in menu, "the operator's"


def test_the_menu_marks_the_list_to_which_the_page_of_a_row_belongs(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    page = client.get(reverse("admin:schools_student_change", args=[dubois.emma.pk])).content.decode()
    assert f'href="{STUDENTS}" aria-current="true"' in page


def test_who_works_in_two_schools_finds_each_by_its_name_with_their_role(dubois: Family) -> None:
    user = staff(dubois.school, Role.OFFICE)
    other = school("0699902Y", name="Lycée Louise-Michel")
    StaffMembership.objects.create(user=user, school=other, role=Role.HEAD)
    page = sign_in(Client(), user, None).get(STUDENTS).content.decode()
    for place, role in ((dubois.school, Role.OFFICE), (other, Role.HEAD)):
        assert "Mes établissements" in page
        assert re.search(rf"<strong>{capfirst(role.label)}</strong><br>{place}", page)


def test_the_menu_offers_no_page_that_the_role_may_not_open(dubois: Family) -> None:
    teacher = staff(dubois.school, Role.FORM_TEACHER, dubois.emma.division)  # type: ignore[arg-type]
    client = sign_in(Client(), teacher, None)
    menu = re.findall(r'<nav id="menu".*?</nav>', client.get(STUDENTS).content.decode(), re.DOTALL)[0]
    for address in re.findall(r'href="([^"]+)"', menu):
        assert client.get(address).status_code == 200, address
    assert reverse("admin:schools_guardian_changelist") not in menu


def test_the_operator_is_led_home_and_not_to_a_school(dubois: Family) -> None:
    client = sign_in(Client(), operator(), None)
    for address in (reverse("admin:index"), reverse("admin:orientation_pathway_changelist")):
        assert "Mon établissement" not in client.get(address).content.decode()


def test_a_form_says_what_its_stars_mean_where_something_may_be_written(dubois: Family) -> None:
    client = sign_in(Client(), operator(), None)
    page = client.get(reverse("admin:orientation_speciality_add")).content.decode()
    assert "Les champs suivis d’une étoile (*) sont obligatoires." in page
    reader = sign_in(Client(), staff(dubois.school), None)
    page = reader.get(reverse("admin:schools_student_change", args=[dubois.emma.pk])).content.decode()
    assert "étoile" not in page


def test_memberships_are_read_once_per_page(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    with CaptureQueriesContext(connection) as queries:
        client.get(STUDENTS)
    read = [each["sql"] for each in queries if each["sql"].startswith('SELECT "schools_staffmembership"')]
    assert len(read) == 1


def test_a_refused_form_sums_up_its_errors_each_leading_to_its_field(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    address = reverse("admin:schools_school_change", args=[dubois.school.pk])
    page = client.post(address, {"name": "", "time_zone": "Europe/Paris", "email": "nulle part"}).content.decode()
    summary = re.findall(r'role="alert" tabindex="-1" autofocus.*?</ul>', page, re.DOTALL)[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["id_name", "id_email"]
    assert re.search(r'id="id_email"[^>]*aria-describedby="[^"]*id_email_error"|id="id_email_error"', page)
    assert "<title>Erreur" in page
    dubois.school.refresh_from_db()
    assert dubois.school.name == "Lycée Simone-Veil"


def test_what_a_role_may_not_open_is_refused_in_the_school_s_frame(dubois: Family) -> None:
    client = sign_in(Client(), staff(dubois.school, Role.FORM_TEACHER), None)
    answer = client.get(reverse("admin:schools_guardian_changelist"))
    assert answer.status_code == 403
    assert "Retour à mon établissement" in answer.content.decode()


def test_an_address_that_leads_nowhere_is_said_in_the_school_s_frame(dubois: Family) -> None:
    answer = sign_in(Client(), staff(dubois.school), None).get("/admin/nulle-part/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "Espace de l’établissement" in page
    assert reverse("admin:index") in page


def test_a_form_kept_too_long_is_said_in_the_school_s_frame(dubois: Family) -> None:
    client = sign_in(Client(enforce_csrf_checks=True), staff(dubois.school), None)
    answer = client.post(reverse("admin:schools_school_change", args=[dubois.school.pk]), {"name": "Autre"})
    assert answer.status_code == 403
    assert "Retour à mon établissement" in answer.content.decode()


def test_a_failure_under_the_administration_leads_back_to_it(rf: RequestFactory) -> None:
    assert 'href="/admin/"' in server_error(rf.get("/admin/schools/student/")).content.decode()
    assert 'href="/"' in server_error(rf.get("/mes-services/")).content.decode()


def test_no_list_shows_a_state_by_a_picture_alone(dubois: Family) -> None:
    client = sign_in(Client(), operator(), None)
    for model in MODELS:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert "admin/img/icon-" not in client.get(address).content.decode(), address


@pytest.mark.parametrize("typed", ["elan", "Élan", "d’élan-muller", "ANNE SOPHIE", "muller anne", "Perrin"])
def test_people_are_found_whatever_the_accents_and_capitals(dubois: Family, typed: str) -> None:
    names = {"family_name": "D’Élan-Müller", "given_name": "Anne-Sophie", "usual_name": "Perrin"}
    searched = student(dubois.school, **names)
    client = sign_in(Client(), staff(dubois.school), None)
    page = client.get(STUDENTS, {"q": typed}).content.decode()
    assert reverse("admin:schools_student_change", args=[searched.pk]) in page
    assert reverse("admin:schools_student_change", args=[dubois.emma.pk]) not in page


def test_a_search_that_holds_no_letter_finds_nobody(dubois: Family) -> None:
    page = sign_in(Client(), staff(dubois.school), None).get(STUDENTS, {"q": "%"}).content.decode()
    assert "Rien ne correspond." in page
