"""The school's journal: who reads it, what it says, what it finds, what it costs."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.context import acting
from audit.models import Change
from audit.services import note_reading
from orientation.models import Campaign, CouncilAnswer, CouncilSheet, Pathway, Reminder
from schools.models import Division, Guardian, Guardianship, Role, School, StaffMembership, Student
from schools.staff_pages import pages_for, title_of
from tests.factories import NOW, Family, account, guardian, school, sign_in, staff, student

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(dubois: Family) -> User:
    member = staff(dubois.school)
    User.objects.filter(pk=member.pk).update(first_name="Anne", last_name="Proviseure")
    member.refresh_from_db()
    return member


@pytest.fixture
def reader(head: User) -> Client:
    return sign_in(Client(), head, None)


def journal(of: School) -> str:
    return reverse("admin:journal", args=[of.uai])


def history(of: School, entry: Any) -> str:
    return reverse("admin:journal_object", args=[of.uai, entry._meta.db_table, entry.pk])


def text(client: Client, address: str, values: dict[str, Any] | None = None) -> str:
    answer = client.get(address, values or {})
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return " ".join(unescape(answer.content.decode()).replace("\u00a0", " ").split())


def lines(client: Client, address: str, values: dict[str, Any] | None = None) -> list[Any]:
    answer = client.get(address, values or {})
    assert answer.status_code == 200
    return list(answer.context["lines"])


@pytest.mark.parametrize("role", [Role.HEAD, Role.DEPUTY])
def test_head_and_deputy_read_it(dubois: Family, role: Role) -> None:
    client = sign_in(Client(), staff(dubois.school, role), None)
    assert client.get(journal(dubois.school)).status_code == 200
    assert client.get(history(dubois.school, dubois.emma)).status_code == 200


@pytest.mark.parametrize("role", [Role.OFFICE, Role.FORM_TEACHER, Role.COUNSELLOR])
def test_the_other_roles_do_not(dubois: Family, role: Role) -> None:
    client = sign_in(Client(), staff(dubois.school, role), None)
    assert client.get(journal(dubois.school)).status_code == 403
    assert client.get(history(dubois.school, dubois.emma)).status_code == 403


def test_nobody_is_led_to_the_sign_in(dubois: Family, client: Client) -> None:
    assert client.get(journal(dubois.school)).status_code == 302
    assert client.get(history(dubois.school, dubois.emma)).status_code == 302


def test_another_school_and_an_operator_find_nothing_there(dubois: Family) -> None:
    operator = User.objects.create(username="operateur", is_staff=True, is_superuser=True)
    for user in (staff(school("0699902Y")), operator):
        client = sign_in(Client(), user, None)
        assert client.get(journal(dubois.school)).status_code == 404
        assert client.get(history(dubois.school, dubois.emma)).status_code == 404


def test_an_object_of_another_school_is_not_found_in_ones_own_journal(reader: Client, dubois: Family) -> None:
    other = school("0699902Y")
    stranger = student(other, "Paule")
    assert reader.get(history(dubois.school, stranger)).status_code == 404
    assert all(
        line.object_pk != str(stranger.pk)
        for line in lines(reader, journal(dubois.school), {"objet": "schools_student"})
    )
    assert reader.get(reverse("admin:journal_object", args=[dubois.school.uai, "auth_group", 1])).status_code in (
        200,
        404,
    )
    assert reader.get(reverse("admin:journal_object", args=[dubois.school.uai, "nothing", 1])).status_code == 404
    known = reverse("admin:journal_object", args=[dubois.school.uai, "schools_student", dubois.emma.pk])
    for key, status in (("%00", 404), ("9" * 5_000, 200)):  # nobody has a trail of it: it may be older than the trail
        assert reader.get(known.replace(f"/{dubois.emma.pk}/", f"/{key}/")).status_code == status


def test_a_page_begins_after_entries_of_ones_own_school_only(reader: Client, dubois: Family) -> None:
    other = school("0699902Y")
    foreign = Change.objects.get(school_id=other.pk)
    for before in (foreign.pk, "0", "x", "²", "9" * 30):
        assert reader.get(journal(dubois.school), {"avant": before}).status_code == 404


def test_it_cannot_be_written_to(reader: Client, dubois: Family) -> None:
    assert reader.post(journal(dubois.school)).status_code == 405
    assert reader.post(history(dubois.school, dubois.emma)).status_code == 405


def test_it_says_who_changed_what_in_french(reader: Client, head: User, dubois: Family) -> None:
    with acting(head, origin="admin"):
        Campaign.objects.filter(pk=dubois.campaign.pk).update(
            offer_declared_at=datetime(2027, 1, 2, 9, tzinfo=UTC), single_writer=True
        )
        Guardianship.objects.filter(guardian=dubois.marc).update(relationship="50", is_designated=True)
        Guardian.objects.filter(pk=dubois.sophie.pk).update(mobile="0611111111")
        Student.objects.filter(pk=dubois.emma.pk).update(birth_date="2011-02-21")
        Division.objects.create(school=dubois.school, school_year=2026, code="2DE9")
        Student.objects.filter(pk=dubois.emma.pk).update(division=Division.objects.get(code="2DE9"))
    page = text(reader, journal(dubois.school))
    assert "Anne Proviseure" in page
    assert (
        "Un seul représentant légal saisit : <del>non</del> "
        '<span aria-hidden="true">→</span><span class="visually-hidden">devient</span> <ins>oui</ins>'
    ) in page
    for said in (
        "<ins>samedi 2 janvier 2027 à 10 h (heure de Paris)</ins>",
        "<del>père</del>",
        "<ins>tuteur</ins>",
        "Téléphone portable : <del>vide</del>",
        "<ins>21 février 2011</ins>",
        "Classe : <del>2DE3</del>",
        "<ins>2DE9</ins>",
        "Élève : Emma Dubois",
        "Création",
        "hors connexion (directement dans la base)",
    ):
        assert said in page, said


def test_a_password_and_what_the_past_had_are_told_without_harm(reader: Client, head: User, dubois: Family) -> None:
    head.set_password("une-phrase-de-passe-longue")
    head.save()
    sign_in(reader, head, None)
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO audit_change (at, "table", object_pk, operation, content, school_id, origin, transaction_id)'
            " VALUES (now(), 'schools_gone', '1', 'update', '{\"colour\": [\"red\", {\"a\": [1]}]}', %s, 'sql', 1)",
            [dubois.school.pk],
        )
    page = text(reader, journal(dubois.school))
    assert "changé, sans que la valeur soit gardée" in page
    assert head.password not in page
    assert "a : 1" in page


def test_classes_of_a_form_teacher_stand_in_the_history_of_the_membership(reader: Client, dubois: Family) -> None:
    division = dubois.emma.division
    assert division
    membership = StaffMembership.objects.get(user=staff(dubois.school, Role.FORM_TEACHER, division))
    page = text(reader, history(dubois.school, membership))
    assert "Membre du personnel (classes)" in page
    assert "Classe : 2DE3" in page


def test_the_history_of_a_pupil_holds_all_that_concerns_them(reader: Client, dubois: Family) -> None:
    hugo = student(dubois.school, "Hugo")
    found = lines(reader, history(dubois.school, dubois.emma))
    assert {line.table for line in found} >= {"schools_student", "schools_guardianship"}
    assert all(line.object_pk != str(hugo.pk) for line in found if line.table == "schools_student")


def test_readings_are_told_apart(reader: Client, head: User, dubois: Family) -> None:
    note_reading(by=head, school_id=dubois.school.pk, subject=dubois.emma, page="journal", at=NOW)
    [line] = lines(reader, journal(dubois.school), {"trace": "consultations"})
    assert (line.who, line.what, line.name) == ("Anne Proviseure", "Journal", "Emma Dubois")
    assert len(lines(reader, history(dubois.school, dubois.emma), {"trace": "consultations"})) == 1
    assert lines(reader, journal(dubois.school), {"trace": "consultations", "eleve": "Hugo"}) == []


def test_every_page_that_notes_readings_is_called_something() -> None:
    noted = set()
    for room in ("accounts", "orientation", "portal", "schools"):
        for file in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "note_reading":
                    [page] = [each.value for each in call.keywords if each.arg == "page"]
                    noted |= {page.value} if isinstance(page, ast.Constant) else set()
    assert noted
    assert {name for name in noted if title_of(str(name)) == name} == set()


def test_it_is_searched_by_person(reader: Client, head: User, dubois: Family) -> None:
    former = account("Ancien", "Membre")
    with acting(head, origin="admin"):
        School.objects.filter(pk=dubois.school.pk).update(phone="01")
    with acting(former, origin="portail"):
        School.objects.filter(pk=dubois.school.pk).update(phone="02")
    found = {
        person: {line.who for line in lines(reader, journal(dubois.school), {"personne": person})}
        for person in (str(head.pk), "autres", "personne")
    }
    assert found == {
        str(head.pk): {"Anne Proviseure"},
        "autres": {"Ancien Membre"},
        "personne": {"hors connexion (directement dans la base)"},
    }


@pytest.mark.parametrize("words", ["emma", "DUBOIS Emma", "emma dubois", "Emma Dub"])
def test_it_is_searched_by_pupil_whatever_the_accents_and_the_order(reader: Client, dubois: Family, words: str) -> None:
    elodie = student(dubois.school, "Élodie", "Lefèvre")
    found = lines(reader, journal(dubois.school), {"eleve": words})
    assert {line.table for line in found} == {"schools_student", "schools_guardianship", "schools_guardian"}
    found = lines(reader, journal(dubois.school), {"eleve": "elodie LEFEVRE"})
    assert [line.object_pk for line in found] == [str(elodie.pk)]


def test_it_is_searched_by_kind_operation_and_period(reader: Client, dubois: Family) -> None:
    Student.objects.filter(pk=dubois.emma.pk).update(mef_code="1")
    found = lines(reader, journal(dubois.school), {"objet": "schools_student", "operation": "update"})
    assert [(line.kind, line.what) for line in found] == [("Élève", "modification")]
    day = found[0].at.astimezone(dubois.school.zone).date()
    page = journal(dubois.school)
    assert lines(reader, page, {"du": day, "au": day})
    assert lines(reader, page, {"du": day + timedelta(days=1)}) == []
    assert lines(reader, page, {"au": day - timedelta(days=1)}) == []


def test_a_search_that_means_nothing_is_refused_in_words(reader: Client, dubois: Family) -> None:
    page = text(reader, journal(dubois.school), {"du": "2027-02-01", "au": "2027-01-01", "personne": "0"})
    assert "La fin de la période vient avant son début." in page
    assert "erreurs sont à corriger" in page
    assert "Aucune entrée" not in page


def test_a_long_trail_is_read_page_after_page_without_missing_a_line(reader: Client, dubois: Family) -> None:
    for number in range(120):
        School.objects.filter(pk=dubois.school.pk).update(phone=str(number))
    wanted: dict[str, Any] = {"objet": "schools_school", "operation": "update"}
    seen = []
    address = journal(dubois.school)
    answer = reader.get(address, wanted)
    while True:
        seen += [line.values[0].after for line in answer.context["lines"]]
        if not answer.context["older"]:
            break
        answer = reader.get(address + answer.context["older"])
        assert "objet=schools_school" in answer.context["newest"]
    assert seen == [str(number) for number in reversed(range(120))]


def everything(of: Family, head: User, number: int) -> None:
    """Entries about every kind of object, by several persons."""
    for turn in range(number):
        with acting(account(f"Prénom{turn}"), origin="portail"):
            pupil = student(of.school, f"Élève{turn}")
            person = guardian(of.school, f"Parent{turn}", "Martin", pupil, user=account())
            division = Division.objects.create(school=of.school, school_year=2026, code=f"D{Division.objects.count()}")
            staff(of.school, Role.FORM_TEACHER, division)
            sheet = CouncilSheet.objects.create(student=pupil, phase=of.phase, changed_at=NOW, changed_by=head)
            answer = CouncilAnswer.objects.create(sheet=sheet, pathway=Pathway.objects.get(code="stmg"), label="STMG")
            answer.delete()
            Reminder.objects.create(phase=of.phase, student=pupil, guardian=person, reminded_at=NOW, reminded_by=head)
            Campaign.objects.filter(pk=of.campaign.pk).update(reminder_delay_days=1 + turn)
        note_reading(by=head, school_id=of.school.pk, subject=pupil, page="journal", at=NOW)


@pytest.mark.parametrize("values", [{}, {"trace": "consultations"}, {"eleve": "eleve"}], ids=str)
def test_it_costs_the_same_however_long_it_is(
    reader: Client, head: User, dubois: Family, values: dict[str, str]
) -> None:
    def measure(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert lines(reader, address, values)
        return len(queries)

    everything(dubois, head, 2)
    note_reading(by=head, school_id=dubois.school.pk, subject=dubois.emma, page="journal", at=NOW)
    of_few = measure(journal(dubois.school)), measure(history(dubois.school, dubois.emma))
    everything(dubois, head, 8)
    of_many = measure(journal(dubois.school)), measure(history(dubois.school, dubois.emma))
    assert of_many[0] <= of_few[0] <= 20, (of_few, of_many)
    assert of_many[1] == of_few[1] <= 20


@pytest.mark.parametrize("name", ["schools_student", "schools_school", "schools_guardian", "orientation_campaign"])
def test_the_history_of_the_administration_leads_to_the_trail(reader: Client, dubois: Family, name: str) -> None:
    of = {
        "schools_student": dubois.emma,
        "schools_school": dubois.school,
        "schools_guardian": dubois.sophie,
        "orientation_campaign": dubois.campaign,
    }[name]
    answer = reader.get(reverse(f"admin:{name}_history", args=[of.pk]))
    assert (answer.status_code, answer["Location"]) == (302, history(dubois.school, of))
    stranger = student(school("0699902Y"))
    assert reader.get(reverse("admin:schools_student_history", args=[stranger.pk])).status_code == 404


def test_the_menu_has_it_for_who_may_read_it(reader: Client, dubois: Family) -> None:
    assert f'href="{journal(dubois.school)}"' in text(reader, journal(dubois.school))
    assert journal(dubois.school) not in [address for _title, address in pages_for(dubois.school, [Role.OFFICE])]
