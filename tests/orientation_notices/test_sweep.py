"""Reminders that leave by themselves: each once and only once, to who still has to act and wants them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import kinds
from notifications.kinds import BULK
from notifications.models import MessageState, OutboxMessage
from notifications.sending import send_batch
from orientation.models import (
    Campaign,
    CouncilSheet,
    DivisionPublication,
    Draft,
    Phase,
    PhaseKind,
    Verdict,
)
from orientation.notices import sweep
from orientation.notices.recipients import Notice
from orientation.notices.sweep import owe_notices
from orientation.tasks import owe_notices as task
from schools.models import Division, Guardian, Guardianship, Relationship, School, Student, TimeZone
from schools.muting import choose_reminders
from tests.factories import CLOSES_AT, Family, campaign, guardian, school, staff, student
from tests.orientation_followup.builders import acknowledge, answer, decide, draft, phase_of, sheet, submission

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 5, 19, 10, 0, tzinfo=UTC)
"""Noon in Paris, a day and a half before the *choix définitifs* close."""

TODAY = datetime(2027, 5, 20, 10, 0, tzinfo=UTC)
"""Noon in Paris, on the day they close."""


def owed(notice: Notice) -> set[str]:
    """The recipients' addresses, by the part before the sign."""
    return {each.address.partition("@")[0] for each in OutboxMessage.objects.filter(kind=notice.code)}


def all_owed() -> list[str]:
    return sorted(OutboxMessage.objects.values_list("kind", flat=True))


def reopen(of: Campaign, kind: PhaseKind, **dates: datetime) -> Phase:
    Phase.objects.filter(campaign=of, kind=kind).update(**dates)
    return phase_of(of, kind)


def just_opened(family: Family, at: datetime = NOON, *, since: timedelta = timedelta(minutes=3)) -> Phase:
    return reopen(
        family.campaign, PhaseKind.FINAL_CHOICES, opens_at=at - since, closes_at=at - since + timedelta(days=14)
    )


def council(
    family: Family, kind: PhaseKind, *, at: datetime = NOON, told: timedelta = timedelta(days=4)
) -> CouncilSheet:
    """Emma's class was told; the phase of the council closes the next day."""
    reopen(
        family.campaign, PhaseKind.FINAL_CHOICES, opens_at=at - timedelta(days=90), closes_at=at - timedelta(days=60)
    )
    phase = reopen(family.campaign, kind, opens_at=at - timedelta(days=20), closes_at=at + timedelta(days=1))
    verdict = Verdict.YES if kind is PhaseKind.PROPOSALS else Verdict.FAVOURABLE
    made = sheet(family.emma, phase, staff(family.school), {"stmg": verdict})
    DivisionPublication.objects.update(published_at=at - told)
    return made


@pytest.fixture(autouse=True)
def _declared_long_ago(dubois: Family) -> None:
    Campaign.objects.update(offer_declared_at=NOON - timedelta(days=60))


# --- what is owed, and once


def test_the_opening_of_a_writing_phase_is_told_to_each_legal_guardian(dubois: Family) -> None:
    guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    just_opened(dubois)
    assert owe_notices(at=NOON) == 2
    assert owed(Notice.PHASE_OPENS) == {"sophie.bernard", "marc.dubois"}
    assert all_owed() == [Notice.PHASE_OPENS.code] * 2


def test_an_opening_of_yesterday_is_no_news(dubois: Family) -> None:
    just_opened(dubois, since=timedelta(days=1))
    assert owe_notices(at=NOON) == 0


def test_without_an_offer_the_phase_is_not_open_and_opens_when_it_is_declared(dubois: Family) -> None:
    just_opened(dubois, since=timedelta(days=3))
    Campaign.objects.update(offer_declared_at=None)
    assert owe_notices(at=NOON) == 0
    Campaign.objects.update(offer_declared_at=NOON)
    assert owe_notices(at=NOON) == 2
    Campaign.objects.update(offer_declared_at=NOON + timedelta(hours=1))
    assert owe_notices(at=NOON + timedelta(hours=2)) == 0


def test_a_phase_closed_and_reopened_is_not_announced_again(dubois: Family) -> None:
    phase = just_opened(dubois)
    owe_notices(at=NOON)
    reopen(dubois.campaign, PhaseKind.FINAL_CHOICES, closes_at=NOON)
    assert owe_notices(at=NOON) == 0
    reopen(dubois.campaign, PhaseKind.FINAL_CHOICES, closes_at=phase.closes_at + timedelta(days=1))
    assert owe_notices(at=NOON) == 0


def test_who_has_not_validated_is_told_that_the_closing_is_near(dubois: Family) -> None:
    done = student(dubois.school, "Léa", "Martin")
    submission(done, dubois.phase, guardian(dubois.school, "Jo", "Martin", done))
    owe_notices(at=NOON)
    assert owed(Notice.CLOSES_SOON) == {"sophie.bernard", "marc.dubois"}
    assert all_owed() == [Notice.CLOSES_SOON.code] * 2


@pytest.mark.parametrize(("days", "count"), [(1, 0), (2, 2), (3, 2)])
def test_how_long_before_is_the_campaign_s(dubois: Family, days: int, count: int) -> None:
    Campaign.objects.update(notice_days=days)
    assert owe_notices(at=NOON) == count


def test_a_short_phase_is_not_said_to_close_on_the_day_it_opens(dubois: Family) -> None:
    reopen(dubois.campaign, PhaseKind.FINAL_CHOICES, opens_at=NOON - timedelta(minutes=1))
    owe_notices(at=NOON)
    assert all_owed() == [Notice.PHASE_OPENS.code] * 2
    owe_notices(at=NOON + timedelta(days=1))
    assert all_owed() == [Notice.CLOSES_SOON.code] * 2 + [Notice.PHASE_OPENS.code] * 2


def test_a_draft_left_on_the_last_day_is_said_not_to_count(dubois: Family) -> None:
    draft(dubois.emma, dubois.phase)
    Draft.objects.update(changed_at=TODAY - timedelta(hours=1))
    owe_notices(at=TODAY)
    assert all_owed() == [Notice.DRAFT_LEFT.code] * 2, "and nothing else on the same day"


def test_a_draft_changed_after_a_validation_is_told_too_and_what_counts(dubois: Family) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie)
    draft(dubois.emma, dubois.phase)
    Draft.objects.update(changed_at=TODAY - timedelta(days=1))
    owe_notices(at=TODAY)
    with time_machine.travel(TODAY, tick=False):
        send_batch(at=TODAY)
    assert "La liste validée auparavant reste celle qui compte" in str(mail.outbox[0].body)


def test_somebody_still_at_their_draft_is_left_alone_and_an_empty_or_validated_one_too(dubois: Family) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie)
    made = draft(dubois.emma, dubois.phase)
    for values in (
        {"changed_at": TODAY - timedelta(minutes=59)},
        {"changed_at": TODAY - timedelta(hours=5), "wishes": []},
        {"wishes": [{"pathway": "stmg", "specialities": [], "note": ""}], "is_validated": True},
    ):
        Draft.objects.filter(pk=made.pk).update(**values)
        assert owe_notices(at=TODAY) == 0


@pytest.mark.parametrize(
    ("kind", "notice"),
    [(PhaseKind.PROVISIONAL_OPINIONS, Notice.TO_ACKNOWLEDGE), (PhaseKind.PROPOSALS, Notice.TO_ANSWER)],
)
def test_what_the_council_said_and_waits_for_the_family_is_reminded(
    dubois: Family, kind: PhaseKind, notice: Notice
) -> None:
    made = council(dubois, kind)
    owe_notices(at=NOON)
    assert all_owed() == [notice.code] * 2
    OutboxMessage.objects.all().delete()
    if kind is PhaseKind.PROPOSALS:
        answer(made, dubois.sophie)
    else:
        acknowledge(made, dubois.sophie)
    assert owe_notices(at=NOON) == 0


@pytest.mark.parametrize("kind", [PhaseKind.PROVISIONAL_OPINIONS, PhaseKind.PROPOSALS])
def test_who_was_told_since_yesterday_or_not_at_all_is_not_reminded(dubois: Family, kind: PhaseKind) -> None:
    council(dubois, kind, told=timedelta(hours=23))
    assert owe_notices(at=NOON) == 0
    CouncilSheet.objects.update(publication=None)
    assert owe_notices(at=NOON + timedelta(hours=2)) == 0


def test_nothing_is_asked_any_more_of_who_the_head_decided_about(dubois: Family) -> None:
    made = council(dubois, PhaseKind.PROPOSALS)
    decide(dubois.emma, made.phase, staff(dubois.school), at=NOON)
    assert owe_notices(at=NOON) == 0


def test_as_many_sweeps_as_one_likes_owe_each_notice_once(dubois: Family) -> None:
    for minutes in range(0, 120, 5):
        owe_notices(at=NOON + timedelta(minutes=minutes))
    assert OutboxMessage.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_sweeps_at_the_same_time_owe_each_notice_once(dubois: Family) -> None:
    for number in range(10):
        child = student(dubois.school, f"Élève {number}", "Martin")
        guardian(dubois.school, "Jo", f"Martin {number}", child)

    def run(_number: int) -> int:
        try:
            return owe_notices(at=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert OutboxMessage.objects.count() == 12


def test_a_sweep_that_stopped_half_way_is_finished_by_the_next(dubois: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        guardian(dubois.school, "Jo", f"Martin {number}", student(dubois.school, f"Élève {number}", "Martin"))
    monkeypatch.setattr(sweep, "BATCH", 2)
    assert owe_notices(at=NOON, limit=5) == 5
    assert owe_notices(at=NOON) == 4
    assert owe_notices(at=NOON) == 0
    assert OutboxMessage.objects.count() == 9


def test_a_new_closing_is_told_since_it_is_no_longer_the_one_that_was_said(dubois: Family) -> None:
    owe_notices(at=NOON)
    reopen(dubois.campaign, PhaseKind.FINAL_CHOICES, closes_at=CLOSES_AT + timedelta(hours=20))
    assert owe_notices(at=NOON) == 2


def test_only_the_one_who_writes_is_told_where_the_campaign_has_a_single_writer(dubois: Family) -> None:
    Campaign.objects.update(single_writer=True)
    owe_notices(at=NOON)
    assert owed(Notice.CLOSES_SOON) == {"sophie.bernard", "marc.dubois"}, "nobody is designated"
    OutboxMessage.objects.all().delete()
    Guardianship.objects.filter(guardian=dubois.marc).update(is_designated=True)
    owe_notices(at=NOON)
    assert owed(Notice.CLOSES_SOON) == {"marc.dubois"}


def test_an_adult_acts_for_themselves_a_minor_does_not(dubois: Family) -> None:
    guardian(dubois.school, "Emma", "Dubois", dubois.emma, relationship=Relationship.SELF)
    owe_notices(at=NOON)
    assert "emma.dubois" not in owed(Notice.CLOSES_SOON)
    Student.objects.update(birth_date="2009-05-19")
    owe_notices(at=NOON)
    assert "emma.dubois" in owed(Notice.CLOSES_SOON)


def test_pupils_of_another_level_or_who_left_are_not_concerned(dubois: Family) -> None:
    Student.objects.update(mef_code="24720009110")
    assert owe_notices(at=NOON) == 0
    Student.objects.update(mef_code="20010019110", left_on="2027-05-01")
    assert owe_notices(at=NOON) == 0


def test_each_message_is_bulk_names_nobody_in_its_subject_and_holds_no_other_address(dubois: Family) -> None:
    owe_notices(at=NOON)
    with time_machine.travel(NOON, tick=False):
        send_batch(at=NOON)
    assert set(OutboxMessage.objects.values_list("priority", flat=True)) == {BULK}
    assert {message.to[0] for message in mail.outbox} == {
        "sophie.bernard@familles.example",
        "marc.dubois@familles.example",
    }
    for message in mail.outbox:
        others = {"sophie.bernard@familles.example", "marc.dubois@familles.example"} - set(message.to)
        whole = message.message().as_string()
        assert not any(other in whole for other in others)
        assert "Emma" not in message.subject
        assert "Emma Dubois" in str(message.body)
        assert "jeudi 20 mai 2027 à 23\u00a0h\u00a059 (heure de Paris)" in str(message.body)
        assert f"/mes-services/orientation/{dubois.emma.public_id}/choix-definitifs/" in str(message.body)


@pytest.mark.parametrize("notice", list(Notice))
def test_each_notice_is_written_in_text_and_in_html(dubois: Family, notice: Notice) -> None:
    from notifications.rendering import build_email

    message = OutboxMessage(
        kind=notice.code,
        recipient=f"guardian:{dubois.sophie.pk}",
        address="a@b.example",
        context={
            "school": "Lycée",
            "student": "Emma Dubois",
            "phase": "Choix définitifs",
            "until": "demain",
            "url": "https://lien.example/",
            "another_counts": False,
        },
    )
    email = build_email(message)
    html = str(email.alternatives[0][0])
    for text in (str(email.body), html):
        assert "https://lien.example/" in text
        assert "demain" in text
        assert "/courriel/rappels/" in text
    assert "Emma" not in email.subject


# --- never at night


def at_night(family: Family, zone: TimeZone, at: datetime, closes_at: datetime | None = None) -> datetime:
    School.objects.update(time_zone=zone)
    reopen(family.campaign, PhaseKind.FINAL_CHOICES, closes_at=closes_at or at + timedelta(days=2))
    assert owe_notices(at=at) == 2
    return OutboxMessage.objects.first().due_at  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("zone", "at", "leaves"),
    [
        # in La Réunion it is four hours later than UTC
        (TimeZone.REUNION, datetime(2027, 5, 19, 16, 59, tzinfo=UTC), datetime(2027, 5, 19, 16, 59, tzinfo=UTC)),
        (TimeZone.REUNION, datetime(2027, 5, 19, 17, 0, tzinfo=UTC), datetime(2027, 5, 20, 4, 0, tzinfo=UTC)),
        (TimeZone.REUNION, datetime(2027, 5, 19, 3, 59, tzinfo=UTC), datetime(2027, 5, 19, 4, 0, tzinfo=UTC)),
        (TimeZone.REUNION, datetime(2027, 5, 19, 4, 0, tzinfo=UTC), datetime(2027, 5, 19, 4, 0, tzinfo=UTC)),
        (TimeZone.METROPOLE, datetime(2027, 5, 19, 17, 0, tzinfo=UTC), datetime(2027, 5, 19, 17, 0, tzinfo=UTC)),
        (TimeZone.METROPOLE, datetime(2027, 5, 19, 22, 30, tzinfo=UTC), datetime(2027, 5, 20, 6, 0, tzinfo=UTC)),
    ],
)
def test_what_is_owed_at_night_leaves_at_eight_in_the_school_s_zone(
    dubois: Family, zone: TimeZone, at: datetime, leaves: datetime
) -> None:
    assert at_night(dubois, zone, at) == leaves


def test_unless_the_phase_closes_before_that_morning(dubois: Family) -> None:
    at = datetime(2027, 5, 19, 18, 0, tzinfo=UTC)  # ten in the evening in La Réunion
    assert at_night(dubois, TimeZone.REUNION, at, closes_at=at + timedelta(hours=10)) == at


# --- when it leaves


def wanted(at: datetime) -> set[bool]:
    with time_machine.travel(at, tick=False):
        return {kinds.get(message.kind).still_wanted(message) for message in OutboxMessage.objects.all()}


CHANGES: dict[str, Callable[[Family], object]] = {
    "the family has validated": lambda family: submission(family.emma, family.phase, family.marc),
    "the phase has closed": lambda family: reopen(family.campaign, PhaseKind.FINAL_CHOICES, closes_at=NOON),
    "the closing is another": lambda family: reopen(
        family.campaign, PhaseKind.FINAL_CHOICES, closes_at=CLOSES_AT + timedelta(hours=1)
    ),
    "the phase is gone": lambda family: Phase.objects.all().delete(),
    "the offer was withdrawn": lambda family: Campaign.objects.update(offer_declared_at=None),
    "the pupil has left": lambda family: Student.objects.update(left_on="2027-05-18"),
    "the pupil is of another level": lambda family: Student.objects.update(mef_code="24720009110"),
    "they are no longer legal guardians": lambda family: Guardianship.objects.update(level=2),
    "the ties are gone": lambda family: Guardianship.objects.all().delete(),
    "they want no reminder": lambda family: Guardian.objects.update(mutes_reminders=True),
    "they have another address": lambda family: Guardian.objects.update(own_email="neuve@familles.example"),
    "their address refuses": lambda family: Guardian.objects.update(school_email_refused_at=NOON),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_it_is_dropped_when_sending_because(dubois: Family, reason: str) -> None:
    owe_notices(at=NOON)
    assert wanted(NOON) == {True}
    CHANGES[reason](dubois)
    assert wanted(NOON) == {False}
    with time_machine.travel(NOON, tick=False):
        send_batch(at=NOON)
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {MessageState.DROPPED}
    assert mail.outbox == []


def test_an_opening_is_dropped_when_the_phase_opens_at_another_time(dubois: Family) -> None:
    phase = just_opened(dubois)
    owe_notices(at=NOON)
    assert wanted(NOON) == {True}
    reopen(dubois.campaign, phase.phase_kind, opens_at=phase.opens_at - timedelta(hours=1))
    assert wanted(NOON) == {False}


def test_a_draft_is_not_reminded_of_once_validated_or_emptied(dubois: Family) -> None:
    draft(dubois.emma, dubois.phase)
    Draft.objects.update(changed_at=TODAY - timedelta(hours=2))
    owe_notices(at=TODAY)
    Draft.objects.update(changed_at=TODAY)
    assert wanted(TODAY) == {True}, "still not validated"
    Draft.objects.update(is_validated=True)
    assert wanted(TODAY) == {False}
    Draft.objects.update(is_validated=False, wishes=[])
    assert wanted(TODAY) == {False}


def test_avis_and_propositions_are_not_reminded_of_once_acted_on_or_withdrawn(dubois: Family) -> None:
    made = council(dubois, PhaseKind.PROVISIONAL_OPINIONS)
    owe_notices(at=NOON)
    assert wanted(NOON) == {True}
    acknowledge(made, dubois.sophie)
    assert wanted(NOON) == {False}


@pytest.mark.parametrize("reason", ["answered", "decided", "withdrawn"])
def test_propositions_are_not_reminded_of_once(dubois: Family, reason: str) -> None:
    made = council(dubois, PhaseKind.PROPOSALS)
    owe_notices(at=NOON)
    assert wanted(NOON) == {True}
    if reason == "answered":
        answer(made, dubois.sophie, agrees=False)
    elif reason == "decided":
        decide(dubois.emma, made.phase, staff(dubois.school), at=NOON)
    else:
        CouncilSheet.objects.update(publication=None)
    assert wanted(NOON) == {False}


# --- muting


def test_who_wants_no_reminder_gets_none_and_the_other_guardian_does(dubois: Family) -> None:
    assert dubois.sophie.user is not None
    choose_reminders(guardian=dubois.sophie, muted=True, by=dubois.sophie.user, at=NOON)
    owe_notices(at=NOON)
    assert owed(Notice.CLOSES_SOON) == {"marc.dubois"}


# --- what it costs


def test_forty_classes_cost_the_statements_of_one(dubois: Family) -> None:
    def cost(at: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            owe_notices(at=at)
        return len(queries)

    one = cost(NOON)
    for number in range(40):
        division = Division.objects.create(school=dubois.school, school_year=2026, code=f"2GT{number:02}")
        for child in range(2):
            pupil = student(dubois.school, f"Élève {child}", f"Nom {number}", division=division)
            guardian(dubois.school, "Jo", f"Martin {number}", pupil)
    assert cost(NOON) == one <= 8
    assert OutboxMessage.objects.count() == 2 + 80


def test_schools_have_their_own_days_and_zones(dubois: Family) -> None:
    other = school("9740001A", time_zone=TimeZone.REUNION)
    child = student(other, "Anaïs", "Hoarau")
    guardian(other, "Lise", "Hoarau", child)
    made = campaign(other, notice_days=1, offer_declared_at=NOON - timedelta(days=60))
    reopen(made, PhaseKind.FINAL_CHOICES, closes_at=NOON + timedelta(hours=30))
    owe_notices(at=NOON)
    assert owed(Notice.CLOSES_SOON) == {"sophie.bernard", "marc.dubois"}
    owe_notices(at=NOON + timedelta(hours=7))  # nine in the evening in Paris less two: eleven in La Réunion
    late = OutboxMessage.objects.get(address__startswith="lise")
    assert late.due_at == datetime(2027, 5, 20, 4, 0, tzinfo=UTC)
    assert "(heure de La Réunion)" in late.context["until"]


def test_celery_sweeps_every_five_minutes(dubois: Family) -> None:
    entry = copy.copy(settings.CELERY_BEAT_SCHEDULE["owe-notices"])
    assert entry["task"] == task.name == "orientation.tasks.owe_notices"
    with time_machine.travel(NOON, tick=False):
        assert task() == 2
        assert task() == 0
