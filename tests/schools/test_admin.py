"""The school's people in Django admin: asked about only by what is shown, and who is designated to write."""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Profile, User
from schools.admin import SchoolScopedAdmin
from schools.models import Guardian, Guardianship, Relationship, ResponsibilityLevel, Role, School, StaffMembership
from schools.services import (
    AnotherIsDesignated,
    DesignationError,
    MayNotDesignate,
    designate_guardian,
    withdraw_designation,
)
from schools.siecle import ImportPlan, apply_import, read_pair
from tests.factories import NOW, Family, guardian, school, sign_in, student
from tests.schools.exports import YEAR, Pair

pytestmark = pytest.mark.django_db

STUDENTS = reverse("admin:schools_student_changelist")
GUARDIANS = reverse("admin:schools_guardian_changelist")


def member(of: School, role: Role) -> User:
    user = User.objects.create(username=f"{role}.{of.uai}", is_staff=True)
    StaffMembership.objects.create(user=user, school=of, role=role)
    return user


@pytest.fixture
def signed_in(client: Client, dubois: Family) -> Callable[[Role], Client]:
    """Give the client of a member of the school's staff; a form teacher has Emma's class."""

    def with_role(role: Role) -> Client:
        of_staff = member(dubois.school, role)
        if role is Role.FORM_TEACHER and dubois.emma.division:
            of_staff.memberships.get().divisions.add(dubois.emma.division)
        return sign_in(client, of_staff, None)

    return with_role


@pytest.mark.parametrize(
    "condition",
    [
        {"drafts__isnull": "0"},
        {"submissions__isnull": "0"},
        {"guardians": "1"},
        {"guardianships__isnull": "0"},
        {"guardians__own_email__startswith": "s"},
        {"ine__startswith": "0"},
        {"public_id__startswith": "0"},
        {"user": "1"},
        {"division__name__startswith": "2"},
        {"_to_field": "ine"},
    ],
)
def test_a_teacher_learns_nothing_by_asking_about_what_is_not_shown(condition, signed_in):
    assert signed_in(Role.FORM_TEACHER).get(STUDENTS, condition).status_code == 400


@pytest.mark.parametrize("condition", [{"own_email__startswith": "s"}, {"students": "1"}, {"user__isnull": "0"}])
def test_nor_does_the_office_about_guardians(condition, signed_in):
    assert signed_in(Role.OFFICE).get(GUARDIANS, condition).status_code == 400


def test_the_filters_and_the_search_that_the_lists_offer_still_work(signed_in, dubois):
    teacher = signed_in(Role.FORM_TEACHER)
    hidden = student(school("0699902Y"), "Jade", "Dubois")
    for condition, count in (
        ({"division__id__exact": str(dubois.emma.division_id), "q": "dub", "o": "1.-2"}, 1),
        ({"division__id__exact": str(hidden.division_id)}, 0),
        ({"division__isnull": "True"}, 0),
        ({"q": "jade"}, 0),
        ({"q": dubois.emma.ine}, 0),
    ):
        assert teacher.get(STUDENTS, condition).context["cl"].result_count == count


def test_each_admin_of_a_school_s_rows_answers_to_its_own_filters_only(rf, dubois):
    scoped = [each for each in admin.site._registry.values() if isinstance(each, SchoolScopedAdmin)]
    assert len(scoped) >= 4
    request = rf.get("/")
    request.user = member(dubois.school, Role.DEPUTY)
    for each in scoped:
        for field in each.model._meta.get_fields():
            if field.name not in {"division"}:
                for lookup in (field.name, f"{field.name}__isnull", f"{field.name}__startswith"):
                    assert not each.lookup_allowed(lookup, "1", request), (each, lookup)


def test_neither_history_nor_autocompletion_shows_a_row_of_another_school(signed_in, dubois):
    hidden = student(school("0699902Y"), "Jade", "Dubois")
    head = signed_in(Role.HEAD)
    shown = head.get(reverse("admin:schools_student_history", args=[dubois.emma.pk]), follow=True)
    assert shown.status_code == 200
    assert head.get(reverse("admin:schools_student_history", args=[hidden.pk])).status_code == 404
    assert head.get(reverse("admin:schools_student_delete", args=[hidden.pk])).status_code in {302, 403}
    asked = {"app_label": "schools", "model_name": "guardianship", "field_name": "student", "term": "dubois"}
    found = head.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [each["id"] for each in found] == [str(dubois.emma.pk)]
    asked |= {"field_name": "guardian"}
    assert signed_in(Role.FORM_TEACHER).get(reverse("admin:autocomplete"), asked).status_code == 403


def page_of(client: Client, dubois: Family) -> str:
    return client.get(reverse("admin:schools_student_change", args=[dubois.emma.pk])).content.decode()


def press(client: Client, dubois: Family, button: str, person: Guardian):
    """Press a button of Emma's page."""
    return client.post(reverse("admin:schools_student_designate", args=[dubois.emma.pk]), {button: person.pk})


def designated() -> list[str]:
    links = Guardianship.objects.filter(is_designated=True).order_by("pk")
    return [link.guardian.given_name for link in links]


@pytest.mark.parametrize("role", [Role.HEAD, Role.DEPUTY])
def test_head_and_deputy_designate_the_guardian_who_writes_and_take_it_back(role, signed_in, dubois):
    client = signed_in(role)
    address = reverse("admin:schools_student_designate", args=[dubois.emma.pk])
    page = page_of(client, dubois)
    assert f'formaction="{address}" name="designate" value="{dubois.sophie.pk}"' in page

    answer = press(client, dubois, "designate", dubois.sophie)
    assert answer["Location"] == reverse("admin:schools_student_change", args=[dubois.emma.pk])
    assert designated() == ["Sophie"]
    page = page_of(client, dubois)
    assert "Désignation enregistrée : Sophie Bernard." in page
    assert f'name="withdraw" value="{dubois.sophie.pk}"' in page
    press(client, dubois, "designate", dubois.sophie)
    assert designated() == ["Sophie"]

    press(client, dubois, "withdraw", dubois.sophie)
    press(client, dubois, "withdraw", dubois.sophie)
    assert designated() == []
    assert "Désignation retirée : Sophie Bernard." in page_of(client, dubois)
    assert {entry.user.username for entry in LogEntry.objects.select_related("user").order_by("pk")} == {
        f"{role}.{dubois.school.uai}"
    }
    shown = client.get(reverse("admin:schools_student_history", args=[dubois.emma.pk]), follow=True)
    told = [line for line in shown.context["lines"] if line.name.startswith("Sophie") and not line.is_whole]
    designations = [(value.before, value.after) for line in told for value in line.values]
    assert designations == [("oui", "non"), ("non", "oui")]


def test_a_second_designation_is_refused_in_words(signed_in, dubois):
    client = signed_in(Role.HEAD)
    press(client, dubois, "designate", dubois.sophie)
    press(client, dubois, "designate", dubois.marc)
    assert "La saisie est déjà confiée à Sophie Bernard" in page_of(client, dubois)
    press(client, dubois, "withdraw", dubois.marc)
    assert designated() == ["Sophie"]


def test_the_page_shows_the_legal_guardians_without_their_contact_data(signed_in, dubois):
    guardian(dubois.school, "Odile", "Voisine", dubois.emma, level=ResponsibilityLevel.CONTACT)
    Guardian.objects.update(phone="01 99 00 11 22", own_email="secrete@familles.example")
    page = page_of(signed_in(Role.HEAD), dubois)
    for shown in ("Sophie Bernard", "Marc Dubois", "mère", "père"):
        assert shown in page
    for hidden in ("Voisine", "familles.example", "01 99"):
        assert hidden not in page


@pytest.mark.parametrize("role", [Role.OFFICE, Role.FORM_TEACHER, Role.COUNSELLOR])
def test_the_others_of_the_staff_see_who_writes_and_designate_nobody(role, signed_in, dubois):
    client = signed_in(role)
    page = page_of(client, dubois)
    assert "Sophie Bernard" in page
    assert "formaction" not in page
    assert press(client, dubois, "designate", dubois.sophie).status_code == 403
    Guardianship.objects.filter(guardian=dubois.marc).update(is_designated=True)
    assert press(client, dubois, "withdraw", dubois.marc).status_code == 403
    assert designated() == ["Marc"]


def test_nobody_designates_in_another_school_nor_from_outside_the_staff(client, dubois):
    assert "/admin/login/" in press(client, dubois, "designate", dubois.sophie)["Location"]
    sign_in(client, member(school("0699902Y"), Role.HEAD), None)
    assert press(client, dubois, "designate", dubois.sophie).status_code == 404
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    assert "/admin/login/" in press(client, dubois, "designate", dubois.sophie)["Location"]
    assert designated() == []


def test_a_teacher_here_who_heads_another_school_designates_nobody_here(client, dubois):
    user = member(school("0699902Y"), Role.HEAD)
    here = StaffMembership.objects.create(user=user, school=dubois.school, role=Role.FORM_TEACHER)
    here.divisions.add(dubois.emma.division)
    sign_in(client, user, None)
    assert "formaction" not in page_of(client, dubois)
    assert press(client, dubois, "designate", dubois.sophie).status_code == 403
    assert designated() == []


def test_only_a_legal_guardian_of_the_student_is_designated(signed_in, dubois):
    client = signed_in(Role.HEAD)
    contact = guardian(dubois.school, "Odile", "Voisine", dubois.emma, level=ResponsibilityLevel.CONTACT)
    press(client, dubois, "designate", contact)
    assert "Cette personne n’est pas représentant légal de l’élève" in page_of(client, dubois)
    stranger = guardian(dubois.school, "Paul", "Autre", student(dubois.school, "Zoé", "Autre"))
    assert press(client, dubois, "designate", stranger).status_code == 404
    address = reverse("admin:schools_student_designate", args=[dubois.emma.pk])
    for typed in ({}, {"designate": "x"}, {"withdraw": ""}, {"designate": "9" * 30}, {"withdraw": "9" * 5_000}):
        assert client.post(address, typed).status_code == 404
    assert client.get(address).status_code == 405
    assert designated() == []


def test_a_student_is_designated_for_themselves_once_adult(signed_in, dubois, last_evening):
    client = signed_in(Role.HEAD)
    emma = guardian(dubois.school, "Emma", "Dubois", dubois.emma, relationship=Relationship.SELF)
    press(client, dubois, "designate", emma)
    assert "Un élève mineur ne peut pas être désigné pour saisir" in page_of(client, dubois)
    dubois.emma.birth_date = NOW.date().replace(year=NOW.year - 18)
    dubois.emma.save()
    press(client, dubois, "designate", emma)
    assert designated() == ["Emma"]


def test_a_forged_press_is_refused_and_the_page_s_own_is_not(dubois):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, member(dubois.school, Role.HEAD), None)
    assert press(client, dubois, "designate", dubois.sophie).status_code == 403
    assert designated() == []
    form = page_of(client, dubois).partition('id="student_form"')[2].partition("</form>")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    assert 'name="designate"' in form
    address = reverse("admin:schools_student_designate", args=[dubois.emma.pk])
    client.post(address, {"designate": dubois.sophie.pk, "csrfmiddlewaretoken": token[1]})
    assert designated() == ["Sophie"]


def test_the_log_says_who_and_whom_by_their_numbers(dubois, caplog):
    head = member(dubois.school, Role.HEAD)
    with caplog.at_level(logging.INFO, logger="schools"):
        link = designate_guardian(student=dubois.emma, guardian=dubois.sophie, by=head, at=NOW)
    [said] = [each.getMessage() for each in caplog.records if each.name == "schools.services"]
    assert said == f"guardianship {link.pk} of student {dubois.emma.pk}: designated to write True, by account {head.pk}"


def test_the_services_themselves_ask_for_the_role(dubois):
    office = member(dubois.school, Role.OFFICE)
    with pytest.raises(MayNotDesignate):
        designate_guardian(student=dubois.emma, guardian=dubois.sophie, by=office, at=NOW)
    with pytest.raises(MayNotDesignate):
        withdraw_designation(student=dubois.emma, guardian=dubois.sophie, by=office)


def meanwhile(act: Callable[[], object]) -> Callable[[], str]:
    """Start an act in another connection, which must wait for ours; the answer waits for it and names its refusal."""
    done = threading.Event()
    refusals: list[str] = []

    def run() -> None:
        try:
            act()
        except DesignationError as refusal:
            refusals.append(type(refusal).__name__)
        finally:
            connection.close()
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert not done.wait(0.5), "it waits"

    def outcome() -> str:
        thread.join(20)
        assert done.is_set()
        return "".join(refusals)

    return outcome


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_designations_at_once_the_second_waits_and_is_refused():
    place = school()
    emma = student(place)
    sophie, marc = (guardian(place, name, "Dubois", emma) for name in ("Sophie", "Marc"))
    head = member(place, Role.HEAD)
    with transaction.atomic():
        designate_guardian(student=emma, guardian=sophie, by=head, at=NOW)
        outcome = meanwhile(lambda: designate_guardian(student=emma, guardian=marc, by=head, at=NOW))
    assert outcome() == AnotherIsDesignated.__name__
    assert designated() == ["Sophie"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_designation_made_while_files_are_imported_is_not_lost():
    pair = Pair()
    apply_import(read_pair(pair.files(), expected_year=YEAR), at=NOW, create_school=True)
    link = Guardianship.objects.select_related("student__school", "guardian").get()
    head = member(link.student.school, Role.HEAD)
    outcomes = []

    def designate_meanwhile(plan: ImportPlan) -> None:
        act = functools.partial(designate_guardian, student=link.student, guardian=link.guardian, by=head, at=NOW)
        outcomes.append(meanwhile(act))

    pair.ties[0].code = "50"
    apply_import(read_pair(pair.files(), expected_year=YEAR), at=NOW, check=designate_meanwhile)
    assert [outcome() for outcome in outcomes] == [""]
    link.refresh_from_db()
    assert (link.relationship, link.is_designated) == ("50", True)
