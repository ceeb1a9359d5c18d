"""The demonstration: its families come through the importer, and agree with what the simulators say of them."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from demo.exports import dated_exports
from demo.management.commands.load_demo import Command
from demo.people import BORDEAUX, LYON, PARIS, PASSWORD, PEOPLE, REUNION, person
from orientation.models import Campaign, PhaseKind, PhaseState, SpecialityOffer
from schools.models import Guardian, Guardianship, Relationship, ResponsibilityLevel, Role, School, Student

pytestmark = pytest.mark.django_db


def test_everybody_in_the_demonstration_is_known_to_their_school_as_the_simulators_say(capsys):
    call_command(Command())

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


def test_the_families_show_every_case_the_demonstration_promises(capsys):
    call_command(Command())

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


def test_the_campaign_takes_the_2de_only_and_paris_does_not_teach_engineering(capsys):
    call_command(Command())

    campaign = Campaign.objects.get(school__uai=PARIS)
    levels = {str(student.division): campaign.takes(student) for student in Student.objects.filter(school__uai=PARIS)}
    assert levels == {"2DE1": True, "2DE2": True, "TG1": False}
    offers = SpecialityOffer.objects.filter(school__uai=PARIS).values_list("speciality__code", flat=True)
    assert "mathematiques" in offers
    assert "sciences-ingenieur" not in offers


@pytest.mark.parametrize(
    "now",
    [
        "2026-11-23T12:00:00+00:00",
        "2027-02-28T23:30:00+00:00",
        "2028-07-31T21:59:00+00:00",
        "2028-07-31T22:01:00+00:00",
    ],
)
def test_final_choices_are_open_on_whatever_day_it_is_loaded(now, capsys):
    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        call_command(Command())
        states = {
            uai: {
                phase.kind: phase.state_at(timezone.now())
                for phase in Campaign.objects.get(school__uai=uai).phases.all()
            }
            for uai in (PARIS, LYON, REUNION)
        }
        today = timezone.now()

    expected = {
        PhaseKind.INTENTIONS: PhaseState.CLOSED,
        PhaseKind.PROVISIONAL_OPINIONS: PhaseState.CLOSED,
        PhaseKind.FINAL_CHOICES: PhaseState.OPEN,
        PhaseKind.PROPOSALS: PhaseState.UPCOMING,
    }
    assert states == {PARIS: expected, LYON: expected, REUNION: expected}
    for uai, days, hour in ((PARIS, 9, "23:59"), (LYON, 1, "12:00"), (REUNION, 3, "18:00")):
        school = School.objects.get(uai=uai)
        phase = Campaign.objects.get(school=school).phases.get(kind=PhaseKind.FINAL_CHOICES)
        closes_at = phase.closes_at.astimezone(school.zone)
        assert closes_at.strftime("%H:%M") == hour
        assert closes_at.date() == today.astimezone(school.zone).date() + timedelta(days=days)


def test_each_school_has_its_head_and_nadia_is_staff_under_another_account_than_the_mothers(capsys):
    call_command(Command())

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


def test_it_is_refused_where_there_is_already_something(capsys):
    School.objects.create(uai="0750001A", name="Lycée déjà là")

    with pytest.raises(CommandError, match="n’est pas vide"):
        call_command(Command())

    assert School.objects.count() == 1


def test_the_files_in_the_repository_are_in_the_encoding_of_siecle(tmp_path: Path):
    now = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Paris"))
    texts = [path.read_bytes() for path in dated_exports(PARIS, now, tmp_path)]

    assert all(b'encoding="ISO-8859-15"' in text for text in texts)
    assert all(b"<ANNEE_SCOLAIRE>2026<" in text and b"<DATE_EXPORT>23/11/2026<" in text for text in texts)
    assert any("Œuvrard".encode("iso-8859-15") in text for text in texts)
