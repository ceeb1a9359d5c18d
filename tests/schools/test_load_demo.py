"""The demonstration: its families come through the importer, and agree with what the simulators say of them."""

from collections.abc import Iterator
from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import pytest_django
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import User
from demo.management.commands.load_demo import Command
from demo.people import BORDEAUX, LYON, PARIS, PASSWORD, PEOPLE, REUNION, person
from orientation.models import Campaign, SpecialityOffer
from schools.models import Guardian, Guardianship, Relationship, ResponsibilityLevel, Role, School, Student

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("load_demo")]

NEW_YEAR = datetime(2028, 7, 31, 22, 1, tzinfo=ZoneInfo("UTC"))
"""The first minute of a school year in Paris, while it is still July elsewhere."""


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """The whole demonstration, loaded once for these tests, which each undo what they change, and then undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NEW_YEAR, tick=False):
            call_command(Command(), stdout=StringIO())
        yield
        transaction.set_rollback(True)


def test_everybody_in_the_demonstration_is_known_to_their_school_as_the_simulators_say(loaded: None) -> None:
    for someone in PEOPLE:
        for uai, ine in someone.student_of.items():
            student = Student.objects.get(school__uai=uai, ine=ine)
            assert (student.given_name, student.family_name) == (someone.given_name, someone.family_name)
            assert student.birth_date == date.fromisoformat(someone.birth_date)
        births = set()
        for uai, person_id in someone.guardian_of.items():
            if someone.login == "paul.inconnu" or uai == BORDEAUX:
                assert not Guardian.objects.filter(school__uai=uai, siecle_person_id=person_id).exists()
                continue
            guardian = Guardian.objects.get(school__uai=uai, siecle_person_id=person_id)
            assert (guardian.given_name, guardian.family_name) == (someone.given_name, someone.family_name)
            assert guardian.usable_email == someone.email
            births |= {student.birth_date.isoformat() for student in guardian.students.all()}
        if births:
            assert births == set(someone.children_births)


def test_the_families_show_every_case_the_demonstration_promises(loaded: None) -> None:
    def ties(ine: str) -> list[tuple[str, str, int]]:
        links = Guardianship.objects.filter(student__ine=ine).order_by("guardian__siecle_person_id")
        return [(link.guardian.siecle_person_id, link.relationship, link.level) for link in links]

    legal, contact = ResponsibilityLevel.LEGAL, ResponsibilityLevel.CONTACT
    assert ties("070000002BB") == [
        ("100003", Relationship.MOTHER, legal),
        ("100004", Relationship.FATHER, legal),
        ("100005", Relationship.ASCENDANT, contact),
    ]
    assert ties("070000003CC") == [("100006", Relationship.MOTHER, legal)]
    assert ties("070000004DD") == [("100007", Relationship.TUTOR, legal)]
    assert ties("070000006FF") == [("100008", Relationship.SELF, legal)]
    garniers = Guardian.objects.filter(family_name="Garnier")
    assert [guardian.usable_email for guardian in garniers] == ["", ""]
    paris = School.objects.get(uai=PARIS)
    assert {d.code: d.students.count() for d in paris.divisions.all()} == {"2DE1": 12, "2DE2": 13, "TG1": 3}


def test_the_campaign_takes_the_2de_only_and_paris_does_not_teach_engineering(loaded: None) -> None:
    campaign = Campaign.objects.get(school__uai=PARIS)
    levels = {str(student.division): campaign.takes(student) for student in Student.objects.filter(school__uai=PARIS)}
    assert levels == {"2DE1": True, "2DE2": True, "TG1": False}
    offers = SpecialityOffer.objects.filter(school__uai=PARIS).values_list("speciality__code", flat=True)
    assert "mathematiques" in offers
    assert "sciences-ingenieur" not in offers


def test_each_school_has_its_head_and_nadia_is_staff_under_another_account_than_the_mothers(loaded: None) -> None:
    for username, uai in (("proviseur.paris", PARIS), ("proviseur.lyon", LYON), ("proviseur.reunion", REUNION)):
        head = User.objects.get(username=username)
        assert head.is_staff
        assert not head.is_superuser
        assert head.check_password(PASSWORD)
        assert [(m.school.uai, m.role) for m in head.memberships.all()] == [(uai, Role.HEAD)]
    nadia = User.objects.get(username="nadia.benali")
    assert [m.role for m in nadia.memberships.all()] == [Role.FORM_TEACHER]
    assert Guardian.objects.get(siecle_person_id=person("nadia.benali").guardian_of[PARIS]).user is None
    assert User.objects.get(username="operateur").is_superuser


def test_it_is_refused_where_there_is_already_something(loaded: None) -> None:
    schools = School.objects.count()

    with pytest.raises(CommandError, match="n’est pas vide"):
        call_command(Command())

    assert School.objects.count() == schools
