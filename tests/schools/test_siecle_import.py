"""What an import does to a school that already has pupils: matched, changed, archived, never lost."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from schools.models import Division, Guardian, Guardianship, School, Student, TimeZone
from schools.siecle import Counts, apply_import, plan_import, read_pair
from tests.schools.conftest import NOW
from tests.schools.exports import UAI, YEAR, Pair, Pupil, Someone, Tie, large_pair

pytestmark = pytest.mark.django_db

EMMA = Pupil(key="2", ine="070000002BB", family="Dubois", given="Emma", born="20/02/2011", divisions=("2DE2",))
SOPHIE = Someone(key="100003", family="Bernard", given="Sophie", email="sophie.bernard@familles.example")


def two_families() -> Pair:
    return Pair(
        pupils=[Pupil(), replace(EMMA)],
        people=[Someone(), replace(SOPHIE)],
        ties=[Tie(), Tie(pupil="2", person="100003")],
    )


def rows() -> dict[str, list[Any]]:
    """Everything an import may write."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (School, Division, Student, Guardian, Guardianship)
    }


def test_a_first_import_creates_everybody(take):
    report = take(two_families())

    assert (report.students, report.guardians, report.links) == (Counts(created=2),) * 3
    lea = Student.objects.get(ine="070000001AA")
    assert (lea.full_name, lea.birth_date, lea.mef_code) == ("Léa Martin", date(2011, 5, 14), "20010019110")
    assert lea.division is not None
    assert (lea.division.code, lea.division.school_year) == ("2DE1", YEAR)
    claire = lea.guardians.get()
    assert (claire.full_name, claire.folded_name, claire.civility) == ("Claire Martin", "MARTIN CLAIRE", "MME")
    assert claire.usable_email == "claire.martin@familles.example"
    school = School.objects.get()
    assert (school.uai, school.time_zone) == (UAI, TimeZone.METROPOLE)


def test_importing_the_same_files_twice_changes_nothing_and_says_so(take):
    take(two_families())
    before = rows()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = take(two_families(), at=NOW + timedelta(days=1))

    assert rows() == before
    assert (report.students, report.guardians, report.links) == (Counts(unchanged=2),) * 3
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert [sql.split()[0] for sql in statements] == ["SELECT"] * 6
    assert "audit.actor" not in "".join(statements)  # which each write begins with


def test_the_number_of_queries_does_not_grow_with_the_school(take):
    def queries_of(pair: Pair) -> int:
        with CaptureQueriesContext(connection) as queries:
            take(pair)
        return len(queries)

    take(large_pair(3))
    small, large = large_pair(3), large_pair(100)
    for pair in (small, large):
        for pupil, someone, tie in zip(pair.pupils, pair.people, pair.ties, strict=False):
            pupil.divisions, someone.email, tie.code = ("TG1",), "autre@familles.example", "50"
    for_three = queries_of(small)
    take(large_pair(100))

    assert queries_of(large) <= for_three + 3  # rows are now inserted as well, in as many tables


def test_only_the_rows_that_differ_are_written(take):
    take(large_pair(50))
    pair = large_pair(50)
    pair.pupils[7].divisions = ("2DE9",)
    pair.people[3].mobile = "0611111111"

    with CaptureQueriesContext(connection) as queries:
        report = take(pair)

    assert report.students == Counts(changed=1, unchanged=49)
    assert report.guardians == Counts(changed=1, unchanged=99)
    assert report.links == Counts(unchanged=100)
    written = "".join(query["sql"] for query in queries if "INSERT INTO" in query["sql"])
    assert written.count("Nom7'") == 1
    assert "Nom8'" not in written
    assert str(Student.objects.get(ine=pair.pupils[7].ine).division) == "2DE9"
    assert Guardian.objects.get(siecle_person_id=pair.people[3].key).mobile == "+33611111111"


def test_names_class_level_and_identifier_follow_the_file_and_the_account_stays(take, django_user_model):
    take(two_families())
    user = django_user_model.objects.create(username="lea")
    Student.objects.filter(ine="070000001AA").update(user=user)
    public_id = Student.objects.get(ine="070000001AA").public_id
    pair = two_families()
    pair.pupils[0] = Pupil(
        key="901",
        family="Martin-Roy",
        usual="Roy",
        given="Léa-Rose",
        born="15/05/2011",
        mef="20212111110",
        divisions=("TG1",),
    )
    pair.ties[0].pupil = "901"

    report = take(pair)

    lea = Student.objects.get(ine="070000001AA")
    assert report.students == Counts(changed=1, unchanged=1)
    assert report.links == Counts(unchanged=2)
    assert (lea.siecle_id, lea.family_name, lea.usual_name, lea.given_name) == ("901", "Martin-Roy", "Roy", "Léa-Rose")
    assert (lea.birth_date, lea.mef_code, str(lea.division)) == (date(2011, 5, 15), "20212111110", "TG1")
    assert (lea.user, lea.public_id) == (user, public_id)


def test_a_pupil_without_a_class_has_none(take):
    take(two_families())
    pair = two_families()
    pair.pupils[0].divisions = ()

    assert take(pair).students == Counts(changed=1, unchanged=1)
    assert Student.objects.get(ine="070000001AA").division is None


def test_a_pupil_who_is_no_longer_in_the_file_is_archived_and_their_guardians_lose_access_at_once(take):
    take(two_families())
    pair = two_families()
    pair.pupils.pop()
    pair.ties.pop()

    report = take(pair)

    assert report.students == Counts(unchanged=1, ended=1)
    assert report.links == Counts(unchanged=1, ended=1)
    emma = Student.objects.get(ine=EMMA.ine)
    assert emma.left_on == date(2026, 11, 23)
    assert emma.siecle_id == ""  # it may be somebody else's tomorrow
    assert not emma.guardianships.exists()
    assert Guardian.objects.filter(siecle_person_id="100003").exists()
    assert take(pair).students == Counts(unchanged=1)


def test_a_pupil_who_comes_back_is_the_same_one(take):
    take(two_families())
    alone = two_families()
    alone.pupils.pop()
    alone.ties.pop()
    take(alone)
    pk = Student.objects.get(ine=EMMA.ine).pk

    report = take(two_families())

    assert report.students == Counts(changed=1, unchanged=1)
    assert report.students_returned == 1
    emma = Student.objects.get(ine=EMMA.ine)
    assert (emma.pk, emma.left_on, emma.siecle_id) == (pk, None, "2")
    assert emma.guardians.count() == 1


@pytest.mark.parametrize(("leaves", "archived"), [("22/11/2026", True), ("23/11/2026", False), ("04/07/2027", False)])
def test_a_leaving_date_archives_once_it_is_past(leaves, archived, take):
    take(two_families())
    pair = two_families()
    pair.pupils[1].leaves = leaves

    report = take(pair)

    assert report.students.ended == int(archived)
    assert (Student.objects.get(ine=EMMA.ine).left_on is not None) is archived
    assert report.links == Counts(unchanged=2)


def test_a_pupil_who_left_before_we_knew_them_is_not_taken(take):
    pair = two_families()
    pair.pupils[1].leaves = "01/10/2026"

    report = take(pair)

    assert (report.students, report.students_ignored, report.refused) == (Counts(created=1), 1, [])
    assert report.guardians == report.links == Counts(created=1)


def test_a_leaving_date_is_past_in_the_schools_own_time_zone(db):
    pair = two_families()
    pair.uai = "9749903Z"
    pair.pupils[1].leaves = "23/11/2026"
    late = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)  # the 24th already in La Réunion

    report = apply_import(read_pair(pair.files(), expected_year=YEAR), at=late, create_school=True)

    assert report.students_ignored == 1


def test_a_refused_pupil_and_their_guardians_stay_as_they_are(take):
    take(two_families())
    before = rows()
    pair = two_families()
    pair.pupils[1].born = "30/02/2011"

    report = take(pair)

    assert len(report.refused) == 2
    assert rows() == before
    assert report.students.ended == report.links.ended == 0


def test_a_pupil_whose_ine_can_no_longer_be_read_is_not_archived(take):
    take(two_families())
    before = rows()
    pair = two_families()
    pair.pupils[1].ine = "?"

    take(pair)

    assert rows() == before


def test_a_refused_pupil_is_known_by_their_ine_where_the_file_names_them_otherwise(take):
    take(two_families())
    pair = two_families()
    pair.pupils[1].key, pair.ties[1].pupil = "902", "902"
    pair.pupils[1].mef = "?"

    report = take(pair)

    assert report.students == Counts(unchanged=1)
    assert report.links == Counts(unchanged=2)
    assert Student.objects.get(ine=EMMA.ine).left_on is None


def test_a_refused_person_or_link_leaves_the_link_as_it_is(take):
    take(two_families())
    before = rows()
    nameless, levelless = two_families(), two_families()
    nameless.people[1].family = ""
    levelless.ties[1].level = "9"

    for pair in (nameless, levelless):
        report = take(pair)
        assert report.refused
        assert report.links.ended == 0
        assert rows() == before


def test_a_link_no_longer_in_the_file_is_cut_and_the_person_kept(take):
    take(two_families())
    pair = two_families()
    pair.people.pop()
    pair.ties.pop()

    report = take(pair)

    assert report.links == Counts(unchanged=1, ended=1)
    assert not Guardianship.objects.filter(student__ine=EMMA.ine).exists()
    assert Guardian.objects.filter(siecle_person_id="100003").exists()
    assert Student.objects.get(ine=EMMA.ine).left_on is None


def test_a_guardian_who_becomes_a_contact_is_no_longer_the_one_who_writes(take):
    take(two_families())
    Guardianship.objects.filter(student__ine=EMMA.ine).update(is_designated=True)
    assert take(two_families()).links == Counts(unchanged=2)
    pair = two_families()
    pair.ties[1].level, pair.ties[1].code = "3", "38"

    assert take(pair).links == Counts(changed=1, unchanged=1)
    link = Guardianship.objects.get(student__ine=EMMA.ine)
    assert (link.level, link.relationship, link.is_designated) == (3, "38", False)


def test_who_was_designated_to_write_stays_so_whatever_else_changes_in_the_file(take):
    take(two_families())
    Guardianship.objects.filter(student__ine=EMMA.ine).update(is_designated=True)
    pair = two_families()
    pair.pupils[1].key, pair.pupils[1].family, pair.pupils[1].divisions = "902", "Dubois-Roy", ("2DE9",)
    pair.people[1].email, pair.people[1].usual = "autre@familles.example", "Dubois"
    pair.ties[1].pupil, pair.ties[1].code = "902", "50"
    pair.people.append(Someone(key="100004", family="Dubois", given="Marc"))
    pair.ties.insert(1, Tie(pupil="902", person="100004", code="20"))

    assert take(pair).links == Counts(created=1, changed=1, unchanged=1)
    links = Guardianship.objects.filter(student__ine=EMMA.ine).order_by("pk")
    assert [(link.relationship, link.is_designated) for link in links] == [("50", True), ("20", False)]


def test_an_address_that_changes_in_siecle_is_tried_again_and_one_that_does_not_stays_refused(take):
    take(two_families())
    Guardian.objects.update(
        school_email_refused_at=NOW,
        own_email="a.moi@familles.example",
        own_email_refused_at=NOW,
        pending_email="bientot@familles.example",
        pending_email_at=NOW,
    )
    pair = two_families()
    pair.people[0].email = "claire@familles.example"
    pair.people[1].mobile = "0600000000"

    assert take(pair).guardians == Counts(changed=2)

    claire, sophie = Guardian.objects.order_by("siecle_person_id")
    assert (claire.school_email, claire.school_email_refused_at) == ("claire@familles.example", None)
    assert (sophie.school_email, sophie.school_email_refused_at) == (SOPHIE.email, NOW)
    for guardian in (claire, sophie):
        assert (guardian.own_email, guardian.own_email_refused_at) == ("a.moi@familles.example", NOW)
        assert (guardian.pending_email, guardian.pending_email_at) == ("bientot@familles.example", NOW)


def test_a_guardian_who_changes_name_is_found_under_the_new_one(take):
    take(two_families())
    pair = two_families()
    pair.people[0].family, pair.people[0].given = "D’Élan", "Claire-Marie"
    pair.encoding = "UTF-8"

    take(pair)

    assert Guardian.objects.get(siecle_person_id="100001").folded_name == "D ELAN CLAIRE"


def test_a_person_tied_to_nobody_here_is_not_taken(take):
    pair = two_families()
    pair.people.append(Someone(key="100099", family="Personne"))

    assert take(pair).guardians == Counts(created=2)


def test_a_pupil_who_gets_their_new_ine_is_the_same_one(take):
    old = two_families()
    old.pupils[1] = replace(EMMA, ine="", old_ine="0700000022B")
    take(old)
    pk = Student.objects.get(ine="0700000022B").pk
    new = two_families()
    new.pupils[1] = replace(EMMA, old_ine="0700000022B")

    assert take(new).students == Counts(changed=1, unchanged=1)
    assert Student.objects.get(ine=EMMA.ine).pk == pk
    assert take(new).students == Counts(unchanged=2)


def test_the_same_people_in_another_school_are_other_records(take):
    take(two_families())
    before = rows()
    elsewhere = two_families()
    elsewhere.uai = "0699902Y"
    elsewhere.people[0].email = "autre@familles.example"

    assert take(elsewhere).students == Counts(created=2)

    after = rows()
    assert all(row in after[table] for table, kept in before.items() for row in kept)
    assert Student.objects.filter(ine="070000001AA").count() == 2


def test_a_new_school_year_has_its_own_classes(take, db):
    take(two_families())
    pair = two_families()
    pair.year = YEAR + 1

    apply_import(read_pair(pair.files(), expected_year=YEAR + 1), at=NOW)

    assert sorted(Division.objects.values_list("school_year", "code")) == [
        (YEAR, "2DE1"), (YEAR, "2DE2"), (YEAR + 1, "2DE1"), (YEAR + 1, "2DE2"),
    ]  # fmt: skip
    assert Student.objects.filter(division__school_year=YEAR + 1).count() == 2


def test_a_plan_says_what_would_change_and_writes_nothing(take):
    take(two_families())
    before = rows()
    pair = two_families()
    pair.pupils[0].divisions = ("TG1",)
    pair.pupils[1] = Pupil(key="3", ine="070000003CC", given="Moussa")
    pair.ties[1].pupil = "3"

    plan = plan_import(read_pair(pair.files(), expected_year=YEAR), school=School.objects.get(), on=date(2026, 11, 23))

    assert rows() == before
    assert [student.given_name for student in plan.students_new] == ["Moussa"]
    assert [student.given_name for student in plan.students_changed] == ["Léa"]
    assert [student.given_name for student in plan.students_archived] == ["Emma"]
    assert plan.report == take(pair)


def test_nothing_is_written_when_writing_fails_halfway(take, monkeypatch):
    take(two_families())
    before = rows()
    pair = two_families()
    pair.pupils[0].given = "Autre"
    pair.pupils.append(Pupil(key="3", ine="070000003CC"))
    pair.ties.append(Tie(pupil="3"))
    monkeypatch.setattr(Guardianship.objects, "bulk_create", lambda *a, **k: 1 / 0, raising=False)
    monkeypatch.setattr(type(Guardianship.objects), "bulk_create", lambda *a, **k: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        take(pair)

    assert rows() == before


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_imports_of_one_school_wait_for_each_other():
    export = read_pair(two_families().files(), expected_year=YEAR)
    apply_import(export, at=NOW, create_school=True)
    done = threading.Event()

    def second() -> None:
        try:
            apply_import(export, at=NOW)
            done.set()
        finally:
            connection.close()

    with transaction.atomic():
        apply_import(export, at=NOW)
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(1)
    thread.join(20)
    assert done.is_set()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_first_imports_at_once_create_one_school_and_one_of_each():
    export = read_pair(two_families().files(), expected_year=YEAR)
    failures = []

    def run() -> None:
        try:
            apply_import(export, at=NOW, create_school=True)
        except Exception as failure:  # noqa: BLE001 (told to the test)
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert failures == []
    assert (School.objects.count(), Student.objects.count(), Guardianship.objects.count()) == (1, 2, 2)
