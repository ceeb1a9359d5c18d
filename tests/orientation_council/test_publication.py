"""Telling the families of a class, all at once, and taking it back only before one has read."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.models import User
from notifications import kinds
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from orientation.council import services
from orientation.council.errors import (
    AlreadyRead,
    CannotPublishNow,
    EntryNotBegun,
    LinesMissing,
    NobodyToPublish,
)
from orientation.council.lines import lines_of, progress_of_lines
from orientation.council.queries import CouncilPhases, progress_by_division, published_sheet, pupils_of, recipients_of
from orientation.council.rules import Answer
from orientation.errors import NotAllowed
from orientation.models import CouncilSheet, DivisionPublication, Phase, SheetReading
from schools.models import Division, Guardianship, ResponsibilityLevel, Role, Student
from tests.factories import guardian, school, staff
from tests.orientation_council.conftest import Council

pytestmark = pytest.mark.django_db


def published(council: Council, of: Student | None = None) -> CouncilSheet | None:
    return published_sheet(of or council.emma, council.phase)


def read(council: Council) -> SheetReading | None:
    sheet = published(council)
    assert sheet is not None
    return services.note_sheet_read(sheet=sheet, by=council.of(council.family.sophie), at=council.telling)


def test_a_class_is_told_all_at_once(proposals: Council) -> None:
    other = proposals.classmate("Noé", "Petit")
    proposals.ask("st2s", of=other)
    proposals.complete()
    proposals.complete(of=other)
    assert published(proposals) is None
    publication = proposals.publish()
    assert (publication.published_by, publication.published_at) == (proposals.head, proposals.telling)
    for pupil in (proposals.emma, other):
        sheet = published(proposals, pupil)
        assert sheet is not None
        assert sheet.publication == publication


def test_a_line_that_is_missing_holds_the_whole_class_back(opinions: Council) -> None:
    other = opinions.classmate("Noé", "Petit")
    opinions.ask("stmg", of=other)
    opinions.save(Answer("generale", "reserved"), Answer("stmg", "favourable"))
    with pytest.raises(LinesMissing, match="2 lignes ne sont pas prêtes") as refusal:
        opinions.publish()
    assert {(line.student, line.missing) for line in refusal.value.lines} == {
        (opinions.emma, ("rang 1 sans motif",)),
        (other, ("rang 1 sans réponse",)),
    }
    assert not DivisionPublication.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert published(opinions) is None


def test_a_line_to_review_holds_the_class_back(opinions: Council) -> None:
    opinions.complete()
    opinions.ask("stmg", "generale")
    with pytest.raises(LinesMissing) as refusal:
        opinions.publish()
    assert [line.is_to_review for line in refusal.value.lines] == [True]


def test_who_validated_nothing_holds_nobody_back_and_gets_a_sheet(opinions: Council) -> None:
    silent = opinions.classmate("Noé", "Petit")
    opinions.complete()
    opinions.publish()
    sheet = published(opinions, silent)
    assert sheet is not None
    assert not sheet.answers.exists()
    assert OutboxMessage.objects.filter(context__pupil=str(silent.public_id)).count() == 1


@pytest.mark.parametrize(
    ("shift", "sentence"),
    [("opens", r"La publication n’est possible qu’à partir du .* à .* \(heure de Paris\)"), ("closes", "prolongez")],
)
def test_publishing_belongs_to_the_dates_of_the_phase(proposals: Council, shift: str, sentence: str) -> None:
    proposals.complete()
    phase = proposals.phase
    at = phase.opens_at - timedelta(seconds=1) if shift == "opens" else phase.closes_at
    with pytest.raises(CannotPublishNow, match=sentence):
        proposals.publish(at=at)
    assert published(proposals) is None
    proposals.publish(at=phase.opens_at if shift == "opens" else phase.closes_at - timedelta(seconds=1))
    assert published(proposals) is not None


def test_nothing_is_published_while_the_families_may_still_write(proposals: Council) -> None:
    proposals.complete()
    Phase.objects.filter(pk=proposals.writing.pk).update(closes_at=proposals.telling + timedelta(seconds=1))
    with pytest.raises(EntryNotBegun):
        proposals.publish()


def test_a_class_without_pupils_of_the_campaign_is_refused(proposals: Council) -> None:
    Student.objects.update(mef_code="24010")
    with pytest.raises(NobodyToPublish):
        proposals.publish()


@pytest.mark.parametrize("role", [Role.OFFICE, Role.COUNSELLOR, Role.FORM_TEACHER])
def test_only_the_head_and_the_deputy_publish_and_withdraw(proposals: Council, role: Role) -> None:
    proposals.complete()
    member = staff(proposals.school, role, proposals.division)
    with pytest.raises(NotAllowed):
        proposals.publish(by=member)
    publication = proposals.publish(by=proposals.deputy)
    with pytest.raises(NotAllowed):
        proposals.withdraw(publication, by=member)


def test_the_head_of_another_school_publishes_nothing_here(proposals: Council) -> None:
    proposals.complete()
    with pytest.raises(NotAllowed):
        proposals.publish(by=staff(school("0699902Y")))


def test_a_class_of_another_year_is_not_of_the_campaign(proposals: Council) -> None:
    old = Division.objects.create(school=proposals.school, school_year=2025, code="2DE3")
    with pytest.raises(NotAllowed, match="n’est pas de la campagne"):
        services.publish_division(phase=proposals.phase, division=old, by=proposals.head, at=proposals.telling)


# --- Whom it tells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["opinions", "proposals"])
def test_where_nothing_was_validated_the_email_does_not_say_that_the_council_answered(
    request: pytest.FixtureRequest, kind: str
) -> None:
    council: Council = request.getfixturevalue(kind)
    council.complete()
    noe = council.classmate("Noé", "Petit")
    council.publish()
    [asked_nothing] = OutboxMessage.objects.filter(context__student="Noé Petit")
    others = OutboxMessage.objects.exclude(pk=asked_nothing.pk)
    said = re.compile("a répondu aux choix|a donné ses avis")
    for body in bodies(asked_nothing):
        assert not said.search(body)
        assert "n’avait été validé" in body
        assert str(noe.public_id) in body
    assert others
    assert all(said.search(body) and "n’avait été" not in body for each in others for body in bodies(each))


def bodies(message: OutboxMessage) -> list[str]:
    mail = build_email(message)
    return [str(mail.body), str(mail.alternatives[0][0])]


def test_each_legal_guardian_is_owed_one_email_that_says_nothing_of_the_verdicts(proposals: Council) -> None:
    neighbour = guardian(proposals.school, "Voisine", "Proche", proposals.emma, level=ResponsibilityLevel.CONTACT)
    proposals.save(Answer("generale", "no", "Moyennes trop basses."), Answer("stmg", "yes"))
    publication = proposals.publish()
    messages = OutboxMessage.objects.all()
    assert {each.recipient for each in messages} == {
        f"guardian:{proposals.family.sophie.pk}",
        f"guardian:{proposals.family.marc.pk}",
    }
    assert neighbour.pk
    message = messages[0]
    assert message.context["publication"] == publication.pk
    mail = build_email(message)
    assert "Dubois" not in mail.subject
    for body in (str(mail.body), str(mail.alternatives[0][0])):
        assert "Emma Dubois" in body
        assert f"/mes-services/orientation/{proposals.emma.public_id}/" in body
        assert "Moyennes" not in body
        assert "@" not in body.replace("@media", "")


def test_who_cannot_be_written_to_is_named_for_the_head(proposals: Council) -> None:
    marc = proposals.family.marc
    marc.school_email_refused_at = proposals.meeting
    marc.save()
    orphan = proposals.classmate("Noé", "Petit", guardians=0)
    found = recipients_of([proposals.emma, orphan])
    assert found.to_tell_otherwise == [(proposals.emma, [marc]), (orphan, [])]
    assert (found.total, found.by_mail, found.with_account) == (2, 1, 2)
    proposals.complete()
    proposals.publish()
    assert OutboxMessage.objects.get().recipient == f"guardian:{proposals.family.sophie.pk}"


def test_publishing_twice_publishes_once(proposals: Council) -> None:
    proposals.complete()
    first = proposals.publish()
    assert proposals.publish(by=proposals.deputy) == first
    assert OutboxMessage.objects.count() == 2


def test_newcomers_are_told_by_a_later_publication_and_they_alone(proposals: Council) -> None:
    proposals.complete()
    first = proposals.publish()
    newcomer = proposals.classmate("Noé", "Petit")
    proposals.ask("stmg", of=newcomer)
    with pytest.raises(LinesMissing):
        proposals.publish()
    proposals.complete(of=newcomer)
    second = proposals.publish()
    assert second != first
    assert list(CouncilSheet.objects.filter(publication=second).values_list("student", flat=True)) == [newcomer.pk]
    assert OutboxMessage.objects.count() == 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_class_published_by_two_people_at_once_is_told_once(proposals: Council) -> None:
    proposals.complete()
    start = threading.Barrier(2)
    found: list[int] = []

    def publish(by: User) -> None:
        try:
            start.wait()
            found.append(proposals.publish(by=by).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=(by,)) for by in (proposals.head, proposals.deputy)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert OutboxMessage.objects.count() == 2


# --- Taking it back --------------------------------------------------------------------------------------------------


def test_a_publication_that_nobody_read_is_taken_back_and_its_emails_are_dropped(proposals: Council) -> None:
    proposals.complete()
    publication = proposals.publish()
    message = OutboxMessage.objects.first()
    assert message is not None
    wanted = kinds.get(message.kind).still_wanted
    assert wanted(message)
    withdrawn = proposals.withdraw(publication)
    assert (withdrawn.withdrawn_by, withdrawn.withdrawn_at) == (proposals.head, proposals.telling)
    assert published(proposals) is None
    assert not wanted(message)
    assert proposals.withdraw(publication, by=proposals.deputy).withdrawn_by == proposals.head, "once"


def test_after_a_withdrawal_the_line_can_be_changed_and_told_again(proposals: Council) -> None:
    proposals.complete()
    proposals.withdraw(proposals.publish())
    proposals.save(Answer("generale", "no"), Answer("stmg", "yes"))
    second = proposals.publish()
    sheet = published(proposals)
    assert sheet is not None
    assert sheet.publication == second
    assert OutboxMessage.objects.count() == 4, "the guardians are told of the second one too"


def test_once_a_family_has_read_it_stays_published(proposals: Council) -> None:
    proposals.complete()
    publication = proposals.publish()
    assert read(proposals)
    with pytest.raises(AlreadyRead, match="1 famille l’a déjà lue"):
        proposals.withdraw(publication)
    assert published(proposals) is not None


def test_reading_is_noted_once_per_account(proposals: Council) -> None:
    proposals.complete()
    proposals.publish()
    first, again = read(proposals), read(proposals)
    assert first is not None
    assert first == again
    marc = services.note_sheet_read(sheet=proposals.sheet, by=proposals.of(proposals.family.marc), at=proposals.telling)
    assert marc is not None
    with pytest.raises(AlreadyRead, match="1 famille"):
        proposals.withdraw(proposals.sheet.publication)  # type: ignore[arg-type]


def test_a_sheet_withdrawn_while_its_page_was_being_made_is_not_shown(proposals: Council) -> None:
    proposals.complete()
    publication = proposals.publish()
    seen = published(proposals)
    assert seen is not None
    proposals.withdraw(publication)
    assert services.note_sheet_read(sheet=seen, by=proposals.of(proposals.family.sophie), at=proposals.telling) is None
    assert not SheetReading.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_withdrawal_waits_for_a_reading_in_progress_and_is_then_refused(proposals: Council) -> None:
    proposals.complete()
    publication = proposals.publish()
    outcome: list[object] = []

    def withdraw() -> None:
        try:
            outcome.append(proposals.withdraw(publication))
        except AlreadyRead as refusal:
            outcome.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=withdraw)
    with transaction.atomic():
        read(proposals)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the withdrawal waits"
    thread.join()
    assert isinstance(outcome[0], AlreadyRead)


# --- How far the classes are -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", range(6))
def test_the_classes_progress_counts_as_the_lines_do(opinions: Council, step: int) -> None:
    other = opinions.classmate("Noé", "Petit")
    gone = opinions.classmate("Léo", "Parti")
    Student.objects.filter(pk=gone.pk).update(left_on=opinions.meeting.date())
    acts = [
        lambda: opinions.save(Answer("generale", "reserved"), Answer("stmg", "favourable")),
        lambda: opinions.save(Answer("generale", "reserved", "Juste."), Answer("stmg", "favourable")),
        lambda: opinions.ask("stmg", of=other),
        lambda: opinions.complete(of=other),
        lambda: opinions.publish() if step == 5 else None,
    ]
    for act in acts[:step]:
        act()
    phases = CouncilPhases(opinions.phase, opinions.writing)
    lines = lines_of(pupils_of(opinions.family.campaign).filter(division=opinions.division), phases)
    expected = progress_of_lines(lines)
    assert progress_by_division([opinions.division], phases)[opinions.division.pk] == expected
    assert expected.total == 2
    assert expected.is_ready is (step in (2, 4, 5))


def test_a_class_where_nothing_was_asked_nor_said_is_silent_and_not_ready(opinions: Council) -> None:
    division = Division.objects.create(school=opinions.family.school, school_year=2026, code="2DE9")
    pupil = opinions.classmate("Noé", "Petit")
    Student.objects.filter(pk=pupil.pk).update(division=division)
    phases = CouncilPhases(opinions.phase, opinions.writing)
    found = progress_by_division([division], phases)[division.pk]
    assert (found.total, found.complete, found.without_anything) == (1, 1, 1)
    assert found.is_silent
    assert not found.is_ready


def test_a_guardian_of_twins_is_told_of_each(proposals: Council) -> None:
    twin = proposals.classmate("Zoé", "Dubois", guardians=0)
    Guardianship.objects.create(
        guardian=proposals.family.sophie, student=twin, level=ResponsibilityLevel.LEGAL, relationship="10"
    )
    proposals.complete()
    proposals.publish()
    recipient = f"guardian:{proposals.family.sophie.pk}"
    assert OutboxMessage.objects.filter(recipient=recipient).count() == 2
