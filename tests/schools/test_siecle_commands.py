"""`import_siecle` and `create_head`, as an operator runs them."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command

from schools.models import Division, Role, School, StaffMembership, Student, TimeZone
from schools.siecle import is_uai, school_year_at, school_years_around, time_zone_of
from tests.schools.exports import UAI, Pair, Pupil, Someone

GOOD_PASSWORD = "une phrase assez longue"


@pytest.fixture
def november():
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False):
        yield


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


def test_it_imports_the_current_school_year_and_reports_in_french(tmp_path, capsys):
    paths = Pair(pupils=[Pupil(), Pupil(key="2", ine="")], people=[Someone(email="nulle part")]).write(tmp_path)

    call_command("import_siecle", *paths, "--create-school", "--name", "Lycée Simone-Veil")

    assert capsys.readouterr().out.splitlines() == [
        "Établissement 0759901X, année scolaire 2026-2027",
        "Élèves : 1 créés, 0 modifiés, 0 inchangés, 0 archivés",
        "Responsables : 1 créés, 0 modifiés, 0 inchangés",
        "Liens : 1 créés, 0 modifiés, 0 inchangés, 0 supprimés",
        "Lignes refusées : 1",
        "  ElevesAvecAdresses.xml, ligne 19 : L’INE manque.",
        "À savoir : 1",
        "  ResponsablesAvecAdresses.xml, ligne 11 : L’adresse électronique n’est pas valide : laissée vide.",
    ]
    assert School.objects.get().name == "Lycée Simone-Veil"


def test_the_files_may_follow_the_option_that_creates_the_school(tmp_path):
    call_command("import_siecle", "--create-school", *Pair(uai="9749903Z").write(tmp_path))

    school = School.objects.get()
    assert (school.uai, school.time_zone, str(school)) == ("9749903Z", TimeZone.REUNION, "9749903Z")


@pytest.mark.parametrize(
    ("pair", "options", "reason"),
    [
        (Pair(), [], "n’est pas connu ici"),
        (Pair(year=2025), ["--create-school"], "2026-2027"),
        (Pair(), ["--create-school", "--uai", "0699902Y"], "et non de 0699902Y"),
        (Pair(), ["--create-school", "--uai", "lyon"], "sept chiffres"),
        (Pair(), ["--create-school", "--year", "2027"], "2027-2028"),
    ],
)
def test_a_pair_refused_whole_fails_and_writes_nothing(pair, options, reason, tmp_path):
    with pytest.raises(CommandError, match=reason) as refusal:
        call_command("import_siecle", *pair.write(tmp_path), *options)

    assert refusal.value.returncode != 0
    assert not School.objects.exists()
    assert not Student.objects.exists()


def test_another_year_is_taken_when_it_is_asked_for(tmp_path):
    call_command("import_siecle", "--create-school", "--year", "2025", *Pair(year=2025).write(tmp_path))

    assert Division.objects.get().school_year == 2025


@pytest.mark.parametrize(
    ("instant", "year"),
    [
        (datetime(2026, 7, 31, 21, 59, tzinfo=UTC), 2025),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), 2026),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), 2026),
    ],
)
def test_the_school_year_turns_on_1_august_in_paris(instant, year):
    assert school_year_at(instant) == year


@pytest.mark.parametrize("zone", [TimeZone.NOUVELLE_CALEDONIE, TimeZone.WALLIS])
def test_the_school_year_turns_on_1_february_where_it_is_that_of_the_calendar(zone):
    assert school_year_at(datetime(2027, 1, 31, 11, 0, tzinfo=UTC), zone) == 2026
    assert school_year_at(datetime(2027, 1, 31, 13, 0, tzinfo=UTC), zone) == 2027
    assert school_year_at(datetime(2027, 12, 31, 0, 0, tzinfo=UTC), zone) == 2027


@pytest.mark.parametrize(
    ("zone", "month", "years"),
    [
        (TimeZone.METROPOLE, 11, [2026]),
        (TimeZone.METROPOLE, 6, [2026, 2025]),
        (TimeZone.METROPOLE, 9, [2026, 2025]),
        (TimeZone.METROPOLE, 10, [2026]),
        (TimeZone.POLYNESIE, 2, [2025]),
        (TimeZone.NOUVELLE_CALEDONIE, 11, [2026]),
        (TimeZone.NOUVELLE_CALEDONIE, 12, [2027, 2026]),
        (TimeZone.NOUVELLE_CALEDONIE, 3, [2026, 2025]),
        (TimeZone.NOUVELLE_CALEDONIE, 4, [2026]),
    ],
)
def test_near_the_turn_of_the_year_the_files_of_both_years_are_at_hand(zone, month, years):
    assert school_years_around(datetime(2026, month, 15, 12, 0, tzinfo=UTC), zone) == years


def test_a_school_of_the_south_is_imported_under_the_year_it_is_in(tmp_path):
    with time_machine.travel(datetime(2027, 2, 10, 9, tzinfo=UTC), tick=False):
        pair = Pair(uai="9830002K", year=2027, stamp="10/02/2027 08:00:00")
        call_command("import_siecle", "--create-school", *pair.write(tmp_path))

    assert Division.objects.get().school_year == 2027


@pytest.mark.parametrize(
    ("uai", "zone"),
    [
        ("0759901X", "Europe/Paris"),
        ("6200001G", "Europe/Paris"),
        ("7200009X", "Europe/Paris"),
        ("9710002A", "America/Guadeloupe"),
        ("9720003Z", "America/Martinique"),
        ("9730001N", "America/Cayenne"),
        ("9740001A", "Indian/Reunion"),
        ("9750001C", "America/Miquelon"),
        ("9760127J", "Indian/Mayotte"),
        ("9830002K", "Pacific/Noumea"),
        ("9840002D", "Pacific/Tahiti"),
        ("9860001A", "Pacific/Wallis"),
    ],
)
def test_a_school_stands_in_the_zone_of_its_department(uai, zone):
    assert is_uai(uai)
    assert time_zone_of(uai).value == zone


def test_the_first_head_is_created_and_can_sign_in_to_the_administration(client, monkeypatch, capsys, tmp_path):
    School.objects.create(uai=UAI, name="Lycée Simone-Veil")
    file = tmp_path / "password"
    file.write_text(GOOD_PASSWORD + "\n")

    call_command("create_head", uai=UAI, username="proviseur", email="p@ac-paris.example", password_file=file)

    membership = StaffMembership.objects.get()
    assert (membership.school.uai, membership.role) == (UAI, Role.HEAD)
    user = membership.user
    assert (user.username, user.email, user.is_staff, user.is_superuser) == (
        "proviseur",
        "p@ac-paris.example",
        True,
        False,
    )
    assert client.login(username="proviseur", password=GOOD_PASSWORD)
    assert GOOD_PASSWORD not in capsys.readouterr().out


def test_the_password_also_comes_from_the_environment_or_the_terminal(monkeypatch, django_user_model):
    School.objects.create(uai=UAI)
    typed = iter([GOOD_PASSWORD, GOOD_PASSWORD, GOOD_PASSWORD, "autre chose de long"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    monkeypatch.setenv("HEAD_PASSWORD", GOOD_PASSWORD + " !")

    call_command("create_head", uai=UAI, username="un")
    monkeypatch.delenv("HEAD_PASSWORD")
    call_command("create_head", uai=UAI, username="deux")
    with pytest.raises(CommandError, match="différents"):
        call_command("create_head", uai=UAI, username="trois")

    assert django_user_model.objects.get(username="un").check_password(GOOD_PASSWORD + " !")
    assert django_user_model.objects.get(username="deux").check_password(GOOD_PASSWORD)
    assert not django_user_model.objects.filter(username="trois").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"uai": "0699902Y"}, "n’est pas connu ici"),
        ({"username": "parent"}, "existe déjà"),
        ({"username": ""}, "vide"),
        ({"email": "pas une adresse"}, "valide"),
        ({"password": "court"}, "trop court"),
        ({"password": ""}, "trop court"),
    ],
)
def test_a_head_is_not_created_from_something_wrong(changes, reason, monkeypatch, django_user_model):
    School.objects.create(uai=UAI)
    parent = django_user_model.objects.create_user(username="parent")
    monkeypatch.setenv("HEAD_PASSWORD", changes.get("password", GOOD_PASSWORD))
    account = {name: value for name, value in changes.items() if name != "password"}

    with pytest.raises(CommandError, match=reason):
        call_command("create_head", **{"uai": UAI, "username": "proviseur", **account})

    assert not StaffMembership.objects.exists()
    parent.refresh_from_db()
    assert not parent.is_staff
    assert django_user_model.objects.count() == 1
