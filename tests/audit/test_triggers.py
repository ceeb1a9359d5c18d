"""What the database notes of each change, whoever makes it and however."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Identity, User
from audit.models import Change, Operation
from orientation.models import CouncilAnswer, CouncilSheet, Draft, Pathway, Speciality
from schools.journal.tables import model_of
from schools.models import Division, Guardian, Guardianship, Role, School, StaffMembership, Student
from tests import factories

pytestmark = pytest.mark.django_db

ROOMS = ("portal", "orientation", "accounts", "schools", "notifications", "audit")

EXEMPT = {
    "orientation.Draft": "its versions are its trail, and the school reads no draft",
    "orientation.DraftRevision": "is such a version",
    "orientation.SetAside": "belongs to the draft",
    "orientation.Submission": "never updated: its own trail",
    "orientation.Choice": "as its submission",
    "orientation.ChoiceSpeciality": "as its submission",
    "orientation.SheetReading": "is a trail: the family's readings",
    "orientation.DecisionReading": "is a trail: the family's readings",
    "schools.ImportFile": "the bytes of two files, emptied when the import ends",
    "notifications.OutboxMessage": "says by its states what became of it",
    "accounts.SignedInSession": "lives as long as its session",
    "accounts.ProofAttempts": "counts tries, and is emptied",
    "accounts.SignInFailures": "counts tries, and is emptied",
    "portal.ContactMessage": "never updated: says who wrote to which school, and when",
    "audit.Change": "is the trail",
    "audit.Reading": "is the trail",
    "audit.RetentionRun": "says itself when it was written, by the one task that does",
}


def audited_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_record' AND tgenabled = 'O'"
        )
        return {name for (name,) in cursor.fetchall()}


def changes(of: object, **filters: object) -> list[Change]:
    """The changes of one object, oldest first."""
    table, pk = of._meta.db_table, of.pk  # type: ignore[attr-defined]
    return list(Change.objects.filter(table=table, object_pk=str(pk), **filters).order_by("pk"))


def test_every_table_of_the_product_is_audited_or_exempt_for_a_reason() -> None:
    audited = audited_tables()
    ours = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in ROOMS and not model._meta.proxy
    ]
    # what Django keeps of permissions is not used here
    ours = [model for model in ours if model._meta.object_name not in ("User_groups", "User_user_permissions")]
    exempt = {model._meta.label for model in ours if model._meta.db_table not in audited}
    assert exempt == set(EXEMPT), "a migration of its room says audit.operations.Audited, or EXEMPT says why not"
    assert len(audited) > 15


def test_what_a_family_does_with_a_draft_writes_nothing_to_the_trail(dubois: factories.Family) -> None:
    before = Change.objects.count()
    Draft.objects.create(student=dubois.emma, phase=dubois.phase, changed_at=factories.NOW)
    assert Change.objects.count() == before


def test_a_new_row_stands_whole_but_for_what_is_left_out() -> None:
    emma = factories.student(factories.school())
    change = changes(emma)[0]
    assert (change.operation, change.school_id, change.student_id) == (Operation.INSERT, emma.school_id, emma.pk)
    assert change.content["family_name"] == "Dubois"
    assert change.content["birth_date"] == "2011-02-20"
    assert not {"public_id", "folded_names"} & change.content.keys()


def test_an_update_tells_only_what_changed_before_and_after() -> None:
    emma = factories.student(factories.school())
    emma.usual_name = "Bernard"
    emma.save()
    change = changes(emma, operation=Operation.UPDATE)[0]
    assert change.content == {"usual_name": ["", "Bernard"]}


def test_an_update_that_changes_nothing_writes_nothing() -> None:
    emma = factories.student(factories.school())
    emma.save()
    assert [change.operation for change in changes(emma)] == [Operation.INSERT]


def test_a_deleted_row_stands_as_it_was(dubois: factories.Family) -> None:
    link = Guardianship.objects.filter(student=dubois.emma).first()
    assert link
    link_pk = link.pk
    Guardianship.objects.filter(pk=link_pk).delete()
    change = Change.objects.get(table="schools_guardianship", object_pk=str(link_pk), operation=Operation.DELETE)
    assert change.content["student_id"] == dubois.emma.pk
    assert (change.school_id, change.student_id) == (dubois.school.pk, dubois.emma.pk)


def test_updates_of_many_rows_raw_statements_and_upserts_are_noted_too() -> None:
    place = factories.school()
    emma, hugo = factories.student(place), factories.student(place, "Hugo")
    Student.objects.filter(school=place).update(mef_code="1")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE schools_student SET mef_code = '2' WHERE id = %s", [emma.pk])
    hugo.mef_code = "3"
    Student.objects.bulk_create([hugo], update_conflicts=True, unique_fields=["id"], update_fields=["mef_code"])
    told = {each: [change.content["mef_code"] for change in changes(each)[1:]] for each in (emma, hugo)}
    assert told == {emma: [["20010019110", "1"], ["1", "2"]], hugo: [["20010019110", "1"], ["1", "3"]]}


def test_instants_are_told_in_utc_whatever_the_zone_of_the_connection(dubois: factories.Family) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Europe/Paris'")
        cursor.execute("UPDATE orientation_campaign SET offer_declared_at = '2027-01-02T10:00:00+01:00'")
    change = changes(dubois.campaign)[-1]
    assert change.content["offer_declared_at"][1] == "2027-01-02T09:00:00+00:00"


def test_classes_given_to_a_form_teacher_are_changes_of_the_membership() -> None:
    place = factories.school()
    division = Division.objects.create(school=place, school_year=2026, code="2DE1")
    membership = StaffMembership.objects.get(user=factories.staff(place, Role.FORM_TEACHER, division))
    membership.divisions.clear()
    table = StaffMembership.divisions.through._meta.db_table
    found = Change.objects.filter(table=table, object_pk=str(membership.pk), school_id=place.pk).order_by("pk")
    assert [change.operation for change in found] == [Operation.INSERT, Operation.DELETE]
    assert found[0].content["division_id"] == division.pk


def test_what_a_council_says_belongs_to_the_pupil_and_the_school(dubois: factories.Family) -> None:
    head = factories.staff(dubois.school)
    sheet = CouncilSheet.objects.create(
        student=dubois.emma, phase=dubois.phase, changed_at=factories.NOW, changed_by=head
    )
    answer = CouncilAnswer.objects.create(sheet=sheet, pathway=Pathway.objects.get(code="stmg"), label="1re STMG")
    answer.recommended.add(Speciality.objects.get(code="nsi"))
    found = Change.objects.filter(student_id=dubois.emma.pk, table__startswith="orientation_council")
    assert {change.table for change in found} == {
        "orientation_councilsheet",
        "orientation_councilanswer",
        "orientation_councilanswer_recommended",
    }
    assert {change.school_id for change in found} == {dubois.school.pk}


def test_of_a_password_only_that_it_changed_is_told() -> None:
    place = factories.school()
    head = factories.staff(place)
    head.set_password("une-phrase-de-passe-longue")
    head.save()
    change = changes(head, operation=Operation.UPDATE)[0]
    assert change.content == {"password": None}
    assert change.school_id == place.pk
    assert not Change.objects.filter(content__icontains=head.password).exists()


def test_a_second_factor_is_told_without_its_secret_nor_its_use() -> None:
    place = factories.school()
    head = factories.staff(place)
    device = TOTPDevice.objects.create(user=head, key="0123456789abcdef0123456789abcdef01234567", confirmed=True)
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=5, last_used_at=factories.NOW)
    device.delete()
    told = Change.objects.filter(table="otp_totp_totpdevice", school_id=place.pk).order_by("pk")
    assert [change.operation for change in told] == [Operation.INSERT, Operation.DELETE]
    assert {tuple(sorted(change.content)) for change in told} == {("confirmed", "id", "user_id")}


def test_every_column_that_the_journal_tells_is_named_in_french() -> None:
    told = {
        (table, field.column)
        for table in audited_tables() - {"otp_totp_totpdevice"}  # whose columns are left out, or named by the journal
        for field in model_of(table)._meta.concrete_fields  # type: ignore[union-attr]
        if "_" in field.name and str(field.verbose_name) == field.name.replace("_", " ")
    }
    assert told - {("schools_student", "folded_names")} == set()


def test_signing_in_writes_nothing_to_the_trail() -> None:
    head = factories.staff(factories.school())
    identity = Identity.objects.create(user=head, provider="educonnect", subject="sub-secret")
    before = Change.objects.count()
    User.objects.filter(pk=head.pk).update(last_login=factories.NOW)
    Identity.objects.filter(pk=identity.pk).update(last_sign_in_at=factories.NOW)
    assert Change.objects.count() == before
    assert not Change.objects.filter(content__icontains="sub-secret").exists()


def test_an_account_of_two_schools_stands_in_the_trail_of_both() -> None:
    first, second = factories.school(), factories.school("0699902Y")
    teacher = factories.staff(first, Role.FORM_TEACHER)
    StaffMembership.objects.create(user=teacher, school=second, role=Role.FORM_TEACHER)
    User.objects.filter(pk=teacher.pk).update(last_name="Roux")
    found = changes(teacher, operation=Operation.UPDATE)
    assert {change.school_id for change in found} == {first.pk, second.pk}
    assert len(found) == 2


def test_the_catalogue_belongs_to_no_school() -> None:
    Pathway.objects.filter(code="stmg").update(is_active=False)
    change = Change.objects.get(table="orientation_pathway")
    assert (change.school_id, change.content) == (None, {"is_active": [True, False]})


@pytest.mark.parametrize("table", ["audit_change", "audit_reading"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET school_id = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_the_trail_even_in_sql(table: str, statement: str) -> None:
    factories.school()
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO audit_reading (at, quarter, user_id, school_id, "table", object_pk, page)'
            " VALUES (now(), now(), 1, 1, 'schools_student', '1', 'page')"
        )
        # the tests disable this one, to empty the tables between them
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table.removeprefix('audit_')}_never_emptied")
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            cursor.execute(statement.format(table))


def test_what_is_past_its_retention_is_deleted_in_a_transaction_that_says_so() -> None:
    factories.school()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL audit.purge = 'on'")
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            cursor.execute("UPDATE audit_change SET origin = 'autre'")
        cursor.execute("DELETE FROM audit_change")
    assert not Change.objects.exists()


def test_the_database_alone_is_an_origin_too() -> None:
    assert changes(factories.school())[0].origin == "sql"
    assert School.objects.exists()
    assert not Guardian.objects.exists()
