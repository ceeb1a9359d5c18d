"""What is past its retention is erased with all that tells of it, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Identity, Profile, SignedInSession, SignInFailures, User
from audit.models import Change, Operation, Reading, RetentionRun
from audit.retention import Period, apply_rules, rules
from audit.services import note_reading
from audit.tasks import apply_retention
from notifications.models import MessageState, OutboxMessage
from orientation.models import (
    Acknowledgement,
    Choice,
    ChoiceSpeciality,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DecisionKind,
    DecisionReading,
    DialogueStep,
    DivisionPublication,
    Draft,
    DraftRevision,
    FamilyAnswer,
    InterviewOutcome,
    Pathway,
    PhaseKind,
    Reminder,
    SetAside,
    SheetReading,
    Speciality,
    StepKind,
    Submission,
    Verdict,
)
from portal.models import ContactMessage
from schools.models import (
    ContactChange,
    ContactOutcome,
    Guardian,
    Guardianship,
    ImportState,
    SchoolMessage,
    SiecleImport,
    Student,
)
from tests.factories import NOW, Family, account, guardian, school, sign_in, staff, student

pytestmark = pytest.mark.django_db

END_OF_YEAR = datetime(2027, 8, 1, tzinfo=UTC) - timedelta(hours=2)
"""Midnight in Paris, when the school year of the families ends."""

PAST = END_OF_YEAR.replace(year=2029)
BEFORE = PAST - timedelta(seconds=1)

OF_A_FILE: list[type[Any]] = [
    Acknowledgement, Choice, ChoiceSpeciality, CouncilAnswer, CouncilSheet, Decision, DecisionReading, DialogueStep,
    Draft, DraftRevision, FamilyAnswer, Reminder, SetAside, SheetReading, Submission,
]  # fmt: skip


@pytest.fixture
def whole_file(dubois: Family) -> Family:
    """A file in which each table holds something, up to an appeal on which the commission has decided."""
    emma, sophie, head = dubois.emma, dubois.sophie, staff(dubois.school)
    by, stmg = sophie.user, Pathway.objects.get(code="stmg")
    assert by
    assert emma.division
    proposals = dubois.campaign.phases.get(kind=PhaseKind.PROPOSALS)
    draft = Draft.objects.create(student=emma, phase=dubois.phase, changed_at=NOW, changed_by=by)
    DraftRevision.objects.create(draft=draft, version=1, wishes=[], changed_at=NOW, changed_by=by)
    SetAside.objects.create(draft=draft, wishes=[], written_at=NOW, written_by=by)
    submission = Submission.objects.create(
        student=emma,
        phase=dubois.phase,
        number=1,
        submitted_at=NOW,
        submitted_by=by,
        guardian=sophie,
        guardian_name="S",
    )
    choice = Choice.objects.create(submission=submission, rank=1, pathway=stmg, label="1re STMG")
    nsi = Speciality.objects.get(code="nsi")
    ChoiceSpeciality.objects.create(choice=choice, position=1, speciality=nsi, label="NSI", is_elsewhere=False)
    published = DivisionPublication.objects.create(
        phase=proposals, division=emma.division, published_at=NOW, published_by=head
    )
    sheet = CouncilSheet.objects.create(
        student=emma, phase=proposals, submission=submission, publication=published, changed_at=NOW, changed_by=head
    )
    answer = CouncilAnswer.objects.create(sheet=sheet, pathway=stmg, rank=1, label="1re STMG", verdict=Verdict.NO)
    answer.recommended.add(nsi)
    acted = {"guardian": sophie, "guardian_name": "S"}
    SheetReading.objects.create(sheet=sheet, user=by, read_at=NOW)
    Acknowledgement.objects.create(sheet=sheet, acknowledged_at=NOW, acknowledged_by=by, **acted)
    FamilyAnswer.objects.create(answer=answer, number=1, agrees=False, answered_at=NOW, answered_by=by, **acted)
    Reminder.objects.create(phase=proposals, student=emma, guardian=sophie, reminded_at=NOW, reminded_by=head)
    issued = {"student": emma, "phase": proposals, "pathway": stmg, "label": "1re STMG", "is_conform": False}
    issued |= {"issued_at": NOW, "issued_by": head, "issuer_name": "Proviseure"}
    recorded = {"student": emma, "phase": proposals, "happened_on": date(2027, 6, 20)}
    recorded |= {"recorded_at": NOW, "recorded_by": head}
    DialogueStep.objects.create(kind=StepKind.INTERVIEW, outcome=InterviewOutcome.DISAGREEMENT, **recorded)
    first = Decision.objects.create(number=1, kind=DecisionKind.REASONED, reasons="Résultats", **issued)
    DialogueStep.objects.create(kind=StepKind.APPEAL, decision=first, **recorded)
    second = Decision.objects.create(
        number=2, kind=DecisionKind.COMMISSION, decided_on=date(2027, 6, 28), replaces=first, **issued
    )
    DecisionReading.objects.create(decision=second, user=by, read_at=NOW)
    connection.check_constraints()  # what a commit would have checked
    return dubois


def rows_of(models: list[type[Any]]) -> dict[str, int]:
    return {model.__name__: model._base_manager.count() for model in models}


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command("apply_retention", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def erased(report: Any, rule: str) -> dict[str, int]:
    return next(each["rows"] for each in report["rules"] if each["rule"] == rule)


def test_a_whole_file_goes_two_years_after_its_school_year_and_not_a_second_before(whole_file: Family) -> None:
    assert all(rows_of(OF_A_FILE).values())
    before = rows_of(OF_A_FILE)
    apply_rules(at=BEFORE)
    assert rows_of(OF_A_FILE) == before
    apply_rules(at=PAST)
    assert not any(rows_of(OF_A_FILE).values())
    assert not DivisionPublication.objects.exists()
    assert Student.objects.filter(pk=whole_file.emma.pk).exists() is False, "her class is of that year too"


def test_a_pupil_who_is_still_there_stays_while_the_former_file_goes(whole_file: Family) -> None:
    division = whole_file.school.divisions.create(school_year=2028, code="T3")
    Student.objects.filter(pk=whole_file.emma.pk).update(division=division)
    apply_rules(at=PAST)
    assert not any(rows_of(OF_A_FILE).values())
    assert Guardianship.objects.filter(student=whole_file.emma).count() == 2


def test_where_the_school_year_turns_in_february_it_is_counted_from_there(whole_file: Family) -> None:
    type(whole_file.school).objects.update(time_zone="Pacific/Noumea")
    noumea = datetime(2029, 1, 31, 13, 0, tzinfo=UTC)  # midnight of 1 February
    apply_rules(at=noumea - timedelta(seconds=1))
    assert Submission.objects.exists()
    apply_rules(at=noumea)
    assert not Submission.objects.exists()


def test_a_file_waits_as_long_as_an_appeal_does_and_so_does_its_trail(whole_file: Family) -> None:
    DecisionReading.objects.all().delete()
    Decision.objects.filter(kind=DecisionKind.COMMISSION).delete()
    before = rows_of(OF_A_FILE)
    apply_rules(at=PAST.replace(year=2039))
    assert rows_of(OF_A_FILE) == before
    assert Change.objects.filter(student_id=whole_file.emma.pk, table="orientation_decision").exists()
    DialogueStep.objects.filter(kind=StepKind.APPEAL).update(cancelled_at=NOW, cancelled_by=User.objects.first())
    apply_rules(at=PAST.replace(year=2039))
    assert not any(rows_of(OF_A_FILE).values())


def test_a_dry_run_says_exactly_what_a_real_one_erases_and_erases_nothing(
    whole_file: Family, settings: Any, time_machine: Any
) -> None:
    time_machine.move_to(PAST)
    tables: list[type[Any]] = [*OF_A_FILE, Student, Guardian, Change]
    before = rows_of(tables)
    said = run("--dry-run", "--at", PAST.isoformat())
    assert rows_of(tables) == before
    done = run("--at", PAST.isoformat())
    assert said["rules"] == done["rules"]
    files = erased(done, "orientation.files")
    assert (files["orientation_submission"], files["orientation_decision"]) == (1, 2)
    assert erased(done, "schools.students")["schools_guardian"] == 2
    again = run("--at", PAST.isoformat())
    assert not any(each["rows"] for each in again["rules"])


def test_the_report_names_rules_instants_and_counts_and_no_one(whole_file: Family, time_machine: Any) -> None:
    time_machine.move_to(PAST)
    out = StringIO()
    call_command("apply_retention", "--dry-run", stdout=out)
    said = out.getvalue()
    assert "orientation_submission  1" in said
    assert "orientation.files — 2 ans après la fin de l’année scolaire" in said
    assert "2027-08-01T00:00:00+02:00" in said
    assert not any(name in said for name in ("Dubois", "Emma", "Sophie", "familles.example"))


@pytest.mark.parametrize("at", ["demain", "2026-11-23T04:00:00"])
def test_an_instant_without_a_zone_is_refused(at: str) -> None:
    with pytest.raises(CommandError, match="fuseau"):
        call_command("apply_retention", "--at", at)


def test_an_instant_to_come_is_only_tried(dubois: Family) -> None:
    with pytest.raises(CommandError, match="dry-run"):
        call_command("apply_retention", "--at", "2099-01-01T00:00:00+01:00")
    assert erased(run("--dry-run", "--at", "2099-01-01T00:00:00+01:00"), "schools.students")
    assert Student.objects.exists()


def test_the_trail_keeps_that_something_was_erased_and_nothing_of_what(whole_file: Family) -> None:
    emma = whole_file.emma
    apply_rules(at=PAST)
    left = Change.objects.filter(student_id=emma.pk) | Change.objects.filter(
        table="schools_guardian", object_pk=str(whole_file.sophie.pk)
    )
    assert {(change.operation, json.dumps(change.content)) for change in left} == {(Operation.DELETE, "{}")}
    assert not Change.objects.filter(content__icontains="Dubois").exclude(table="accounts_user").exists()


def test_outside_a_purge_a_deletion_still_stands_whole_in_the_trail(dubois: Family) -> None:
    apply_rules(at=NOW)
    Guardianship.objects.filter(guardian=dubois.marc).delete()
    change = Change.objects.get(table="schools_guardianship", operation=Operation.DELETE)
    assert change.content["guardian_id"] == dubois.marc.pk


def test_a_guardian_who_answers_for_another_pupil_stays(dubois: Family) -> None:
    brother = student(dubois.school, "Hugo", division=dubois.school.divisions.create(school_year=2028, code="2DE1"))
    Guardianship.objects.create(guardian=dubois.sophie, student=brother, level=1)
    Student.objects.filter(pk=dubois.emma.pk).update(left_on=date(2027, 7, 1))
    apply_rules(at=PAST)
    assert list(Guardian.objects.all()) == [dubois.sophie]
    assert list(Student.objects.all()) == [brother]


def test_who_left_last_year_stays(dubois: Family) -> None:
    Student.objects.filter(pk=dubois.emma.pk).update(left_on=date(2027, 8, 1))
    apply_rules(at=PAST)
    assert Student.objects.exists()


def test_a_guardian_without_pupil_goes_a_year_after_it_was_seen_and_stays_if_one_comes_back(dubois: Family) -> None:
    link = Guardianship.objects.get(guardian=dubois.marc)
    link.delete()
    apply_rules(at=NOW)
    apply_rules(at=NOW.replace(year=2028) - timedelta(seconds=1))
    assert Guardian.objects.filter(pk=dubois.marc.pk).exists()
    again = Guardianship.objects.create(guardian=dubois.marc, student=dubois.emma, level=1)
    apply_rules(at=NOW.replace(year=2028))
    dubois.marc.refresh_from_db()
    assert dubois.marc.without_pupil_since is None
    again.delete()
    apply_rules(at=NOW.replace(year=2028))
    apply_rules(at=NOW.replace(year=2029))
    assert not Guardian.objects.filter(pk=dubois.marc.pk).exists()


def test_what_lasts_a_year_goes_after_a_year(dubois: Family) -> None:
    head = staff(dubois.school)
    past, at = NOW, NOW.replace(year=2028)
    assert dubois.sophie.user
    late = past + timedelta(seconds=1)
    for when in (past, late):
        settled = {"recipient": "guardian:1", "address": "x@example.org", "created_at": when}
        OutboxMessage.objects.create(kind="k", deduplication_key=f"sent {when}", state=MessageState.SENT, **settled)
        ContactMessage.objects.create(
            sent_by=dubois.sophie.user, school=dubois.school, student=dubois.emma, subject="other",
            wants_answer_by_email=False, sent_at=when,
        )  # fmt: skip
        SchoolMessage.objects.create(
            school=dubois.school,
            title="t",
            body="b",
            shown_from=NOW - timedelta(days=9),
            shown_until=when,
            changed_at=NOW,
        )
        SiecleImport.objects.create(school=dubois.school, school_year=2026, state=ImportState.DONE, uploaded_at=when)
        ContactChange.objects.create(
            guardian=dubois.marc, field="phone", changed_at=NOW, outcome=ContactOutcome.TAKEN, closed_at=when
        )
        note_reading(by=head, school_id=dubois.school.pk, subject=dubois.emma, page=f"p{when.second}", at=when)
    waiting = {"recipient": "guardian:1", "address": "x@example.org", "created_at": past}
    OutboxMessage.objects.create(kind="k", deduplication_key="waits", **waiting)
    ContactChange.objects.create(guardian=dubois.marc, field="mobile", changed_at=NOW - timedelta(days=900))
    apply_rules(at=at)
    assert rows_of([ContactMessage, SchoolMessage, SiecleImport, Reading]) == dict.fromkeys(
        ["ContactMessage", "SchoolMessage", "SiecleImport", "Reading"], 1
    )
    assert rows_of([OutboxMessage, ContactChange]) == {"OutboxMessage": 2, "ContactChange": 2}, "what waits stays"


def test_an_ended_session_goes_the_next_day_and_a_living_one_stays(dubois: Family, time_machine: Any) -> None:
    time_machine.move_to(NOW)
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    client.get("/mes-services/")
    ends = Session.objects.get().expire_date
    apply_rules(at=ends)
    assert (Session.objects.count(), SignedInSession.objects.count()) == (1, 1)
    SignInFailures.objects.create(key="a", updated_at=NOW)
    apply_rules(at=ends + timedelta(days=1))
    assert (Session.objects.count(), SignedInSession.objects.count(), SignInFailures.objects.count()) == (0, 0, 1)
    apply_rules(at=NOW + timedelta(days=30))
    assert not SignInFailures.objects.exists()


def test_an_account_that_nothing_ties_goes_a_year_after_its_last_use(dubois: Family) -> None:
    at = NOW.replace(year=2028)
    unused = {"date_joined": NOW, "last_login": NOW}
    tied = dubois.sophie.user
    alone, staff_member, recent = account("Paule", "Autre"), staff(dubois.school), account("Jeanne", "Petit")
    operator = User.objects.create(username="operateur", is_superuser=True)
    User.objects.update(**unused)
    Identity.objects.create(user=alone, provider="educonnect", subject="x", last_sign_in_at=NOW)
    Identity.objects.create(user=recent, provider="educonnect", subject="y", last_sign_in_at=NOW + timedelta(seconds=1))
    apply_rules(at=at - timedelta(seconds=1))
    assert User.objects.filter(pk=alone.pk).exists()
    apply_rules(at=at)
    left = set(User.objects.all())
    assert alone not in left
    assert {tied, staff_member, recent, operator} <= left
    assert not Change.objects.filter(content__icontains="Paule").exists()


def test_an_account_that_a_kept_file_names_stays(whole_file: Family) -> None:
    head = Decision.objects.values_list("issued_by", flat=True)[0]
    User.objects.get(pk=head).memberships.all().delete()
    User.objects.update(date_joined=NOW, last_login=NOW)
    apply_rules(at=NOW.replace(year=2028))
    assert User.objects.filter(pk=head).exists()
    apply_rules(at=PAST)
    assert not User.objects.filter(pk=head).exists()


def test_the_trail_goes_after_three_years_at_most(dubois: Family) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL audit.purge = 'on'")
        cursor.execute("DELETE FROM audit_change")
    kept = {"table": "schools_school", "object_pk": "1", "operation": "update", "content": {}, "transaction_id": 1}
    for at in (NOW, NOW + timedelta(seconds=1)):
        Change.objects.create(at=at, origin="essai", **kept)
    apply_rules(at=NOW.replace(year=2030))
    assert [change.at for change in Change.objects.filter(origin="essai")] == [NOW + timedelta(seconds=1)]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_somebody_is_writing_is_left_for_the_next_night(dubois: Family) -> None:
    from threading import Thread

    Student.objects.filter(pk=dubois.emma.pk).update(left_on=date(2027, 7, 1))
    other = student(dubois.school, "Hugo", left_on=date(2027, 7, 1))

    def night() -> None:
        apply_rules(at=PAST)
        connection.close()

    with transaction.atomic():
        Student.objects.select_for_update().get(pk=dubois.emma.pk)
        sweeping = Thread(target=night)
        sweeping.start()
        sweeping.join()
        assert list(Student.objects.all()) == [dubois.emma]
    assert other not in Student.objects.all()
    apply_rules(at=PAST)
    assert not Student.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_interrupted_run_keeps_what_it_did_and_goes_on(dubois: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit import retention

    Student.objects.filter(pk=dubois.emma.pk).update(left_on=date(2027, 7, 1))
    student(dubois.school, "Hugo", left_on=date(2027, 7, 1))
    rule = next(each for each in rules() if each.name == "schools.students")
    one_by_one = type(rule)(**{**vars(rule), "batch": 1})
    monkeypatch.setitem(retention._rules, rule.name, one_by_one)
    erasing = retention._erase_subjects

    def dies_at_the_second(*arguments: Any) -> Any:
        monkeypatch.setattr(retention, "_erase_subjects", dies)
        return erasing(*arguments)

    def dies(*arguments: Any) -> Any:
        raise SystemExit

    for name in list(retention._rules):
        if name != rule.name:
            monkeypatch.delitem(retention._rules, name)
    monkeypatch.setattr(retention, "_erase_subjects", dies_at_the_second)
    with pytest.raises(SystemExit):
        apply_rules(at=PAST)
    assert Student.objects.count() == 1
    monkeypatch.setattr(retention, "_erase_subjects", erasing)
    apply_rules(at=PAST)
    assert not Student.objects.exists()


def test_a_rule_that_fails_holds_up_no_other_one_and_is_told(
    whole_file: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit import retention

    def refuse(at: datetime) -> None:
        connection.cursor().execute("SELECT 1 / 0")

    failing = next(each for each in rules() if each.name == "schools.guardians")
    monkeypatch.setitem(retention._rules, failing.name, replace(failing, prepare=refuse))
    said = StringIO()
    with pytest.raises(CommandError, match=r"schools\.guardians \(1\)\.$"):
        call_command("apply_retention", "--at", PAST.isoformat(), "--dry-run", "--json", stdout=said)
    told = {each["rule"]: (each["failure"], bool(each["rows"])) for each in json.loads(said.getvalue())["rules"]}
    assert told["schools.guardians"] == ("DataError", False)
    assert told["orientation.files"] == ("", True)
    apply_rules(at=PAST)
    assert not Submission.objects.exists()


def test_each_page_of_the_rules_is_said_in_words() -> None:
    assert (str(Period(years=1)), str(Period(years=2)), str(Period(days=30))) == ("1 an", "2 ans", "30 jours")
    assert Period(years=1).before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)


def test_a_guardian_of_nobody_is_not_made_up(dubois: Family) -> None:
    assert guardian(school("0699902Y"), "Paule", "Autre").without_pupil_since is None


@pytest.fixture
def stuck(dubois: Family) -> Student:
    """Three pupils who left, of whom one is named by a row that nothing knows of, among them a whole batch."""
    Student.objects.filter(pk=dubois.emma.pk).update(left_on=date(2027, 7, 1))
    second, third = (student(dubois.school, name, left_on=date(2027, 7, 1)) for name in ("Hugo", "Inès"))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE essai (student_id bigint REFERENCES schools_student (id))")
        cursor.execute("INSERT INTO essai VALUES (%s)", [second.pk])
    assert dubois.emma.pk < second.pk < third.pk
    return second


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_subject_that_cannot_be_erased_is_counted_and_all_others_go(
    stuck: Student, batch: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from audit import retention

    rule = next(each for each in rules() if each.name == "schools.students")
    monkeypatch.setitem(retention._rules, rule.name, replace(rule, batch=batch))
    for dry_run in (True, False):
        outcome = next(each for each in apply_rules(at=PAST, dry_run=dry_run) if each.rule.name == rule.name)
        assert (outcome.failed, outcome.failure, outcome.rows["schools_student"]) == (1, "IntegrityError", 2)
    assert list(Student.objects.all()) == [stuck]
    assert "retention: rule=schools.students stuck=1" in caplog.messages
    assert not [each for each in caplog.messages if "Hugo" in each or stuck.ine in each]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM essai")
    apply_rules(at=PAST)
    assert not Student.objects.exists()
    assert RetentionRun.objects.get(rule=rule.name).failed == 0


def test_the_command_ends_by_an_error_that_counts_what_failed(stuck: Student, time_machine: Any) -> None:
    time_machine.move_to(PAST)
    out = StringIO()
    with pytest.raises(CommandError, match=r"schools\.students \(1\)\.$"):
        call_command("apply_retention", stdout=out)
    assert "non effacés\u00a0: 1 (IntegrityError)" in out.getvalue()
    assert "Hugo" not in out.getvalue()
    assert RetentionRun.objects.get(rule="schools.students").failed == 1


def test_the_nightly_task_notes_each_rule_and_a_dry_run_none(stuck: Student, time_machine: Any) -> None:
    time_machine.move_to(PAST)
    apply_rules(at=PAST, dry_run=True)
    assert not RetentionRun.objects.exists()
    apply_retention.apply()
    noted = {each.rule: (each.ran_at, each.failed) for each in RetentionRun.objects.all()}
    assert noted.keys() == {each.name for each in rules()}
    assert all(PAST <= at < PAST + timedelta(hours=1) for at, _failed in noted.values())
    assert [name for name, (_at, failed) in noted.items() if failed] == ["schools.students"]
    time_machine.move_to(PAST + timedelta(days=1))
    apply_retention.apply()
    assert all(each.ran_at >= PAST + timedelta(days=1) for each in RetentionRun.objects.all())


def test_prometheus_is_told_when_each_rule_ran_and_what_failed(
    stuck: Student, time_machine: Any, settings: Any, client: Client
) -> None:
    settings.METRICS_TOKEN = "token-of-the-tests"
    time_machine.move_to(PAST)
    apply_retention.apply()
    answer = client.get("/sante/mesures/", headers={"Authorization": "Bearer token-of-the-tests"})
    told = answer.content.decode().splitlines()
    assert 'scolarite_retention_failed{rule="schools.students"} 1.0' in told
    assert 'scolarite_retention_failed{rule="schools.guardians"} 0.0' in told
    ran = 'scolarite_retention_last_run_timestamp_seconds{rule="schools.students"} '
    [ran_at] = [float(line.removeprefix(ran)) for line in told if line.startswith(ran)]
    assert PAST.timestamp() <= ran_at < PAST.timestamp() + 3600


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_rule_asks_the_same_number_of_times_for_any_number_of_subjects(dubois: Family) -> None:
    def asked(pupils: int) -> int:
        for number in range(pupils):
            child = student(dubois.school, f"P{number}", left_on=date(2027, 7, 1))
            guardian(dubois.school, f"G{number}", "Autre", child)
        with CaptureQueriesContext(connection) as queries:
            apply_rules(at=PAST)
        assert not Student.objects.filter(left_on__isnull=False).exists()
        return len(queries)

    apply_rules(at=PAST)
    assert asked(2) == asked(60)
