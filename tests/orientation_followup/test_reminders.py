"""Reminding families: who is written to, never twice within the delay, never who has just acted."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import kinds
from notifications.kinds import BULK, URGENT
from notifications.models import MessageState, OutboxMessage
from notifications.sending import claim, send_batch
from orientation import mails
from orientation.errors import NotAllowed
from orientation.followup.families import campaign_of
from orientation.followup.reminders import REMINDER, ReminderRefused, plan_reminders, remind
from orientation.models import PhaseKind, Reminder, Verdict
from orientation.queries import submission_choices
from schools.models import Guardian, Guardianship, Role, Student
from tests.factories import NOW, Family, guardian, school, sign_in, staff, student
from tests.orientation_followup.builders import acknowledge, address, decide, open_only, phase_of, sheet, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


@pytest.fixture
def head(dubois: Family) -> Client:
    return sign_in(Client(), staff(dubois.school), None)


def do_remind(family: Family, *, at: datetime = NOW, since: datetime | None = None, by: object = None) -> int:
    campaign = campaign_of(family.school, at)
    assert campaign is not None
    return remind(
        campaign=campaign,
        phase=family.phase,
        students=Student.objects.filter(school=family.school),
        by=by or staff(family.school),  # type: ignore[arg-type]
        at=at,
        since=since or at,
    )


def test_each_legal_guardian_gets_one_message_behind_any_confirmation(dubois: Family) -> None:
    guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    assert do_remind(dubois) == 1
    owed = OutboxMessage.objects.all()
    assert {each.address for each in owed} == {"sophie.bernard@familles.example", "marc.dubois@familles.example"}
    assert {(each.kind, each.priority) for each in owed} == {(REMINDER, BULK)}
    assert set(Reminder.objects.values_list("guardian_id", flat=True)) == {dubois.sophie.pk, dubois.marc.pk}


def test_a_confirmation_owed_later_leaves_before_a_reminder(dubois: Family) -> None:
    do_remind(dubois)
    made = submission(dubois.emma, dubois.phase, dubois.sophie)
    mails.owe_confirmations(made, submission_choices(made), guardians=[dubois.sophie], at=NOW)
    [first] = claim(at=NOW, limit=1)
    assert first.priority == URGENT


def test_no_message_holds_the_address_of_the_other_guardian(dubois: Family) -> None:
    do_remind(dubois)
    for message in OutboxMessage.objects.all():
        assert "@" not in str(message.context)


def test_a_family_is_not_reminded_again_within_the_delay_of_the_school(dubois: Family) -> None:
    assert do_remind(dubois, at=NOW - timedelta(days=3)) == 1
    assert do_remind(dubois, at=NOW - timedelta(seconds=1)) == 0
    assert OutboxMessage.objects.count() == 2
    assert do_remind(dubois, at=NOW) == 1
    assert OutboxMessage.objects.count() == 4


def test_the_delay_is_the_campaign_s(dubois: Family) -> None:
    dubois.campaign.reminder_delay_days = 1
    dubois.campaign.save()
    assert do_remind(dubois, at=NOW - timedelta(days=1)) == 1
    assert do_remind(dubois, at=NOW) == 1


def test_a_second_click_says_what_the_first_did_and_sends_nothing(dubois: Family) -> None:
    head = staff(dubois.school)
    assert do_remind(dubois, by=head, since=NOW) == 1
    assert do_remind(dubois, by=head, at=NOW + timedelta(seconds=1), since=NOW) == 1
    assert OutboxMessage.objects.count() == 2
    assert do_remind(dubois, at=NOW + timedelta(seconds=2), since=NOW) == 0, "a colleague's click"


def test_who_has_validated_or_cannot_be_written_to_is_left_out(dubois: Family) -> None:
    done = student(dubois.school, "Léa", "Martin")
    submission(done, dubois.phase, guardian(dubois.school, "Jo", "Martin", done))
    silent = student(dubois.school, "Noé", "Nuñez")
    guardian(dubois.school, "Al", "Nuñez", silent, school_email_refused_at=NOW)
    campaign = campaign_of(dubois.school, NOW)
    assert campaign is not None
    plan = plan_reminders(campaign, dubois.phase, students=Student.objects.all(), at=NOW)
    assert [each.student for each in plan.to_write] == [dubois.emma]
    assert [each.student for each in plan.nothing_asked] == [done]
    assert [each.student for each in plan.to_call] == [silent]
    assert plan.messages == 2
    assert do_remind(dubois) == 1


def test_reminding_costs_the_same_whatever_the_number_of_families(dubois: Family) -> None:
    def cost(at: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            do_remind(dubois, at=at, by=head)
        return len(queries)

    head = staff(dubois.school)
    one = cost(NOW - timedelta(days=5))
    for number in range(12):
        pupil = student(dubois.school, f"Élève {number}", "Martin")
        guardian(dubois.school, "Jo", f"Martin {number}", pupil)
    assert cost(NOW) == one
    assert OutboxMessage.objects.count() == 2 + 2 + 12
    assert {each.context["student"] for each in OutboxMessage.objects.all()} >= {"Emma Dubois", "Élève 3 Martin"}


def test_nobody_is_reminded_of_a_phase_that_is_not_open(dubois: Family) -> None:
    with pytest.raises(ReminderRefused, match="n’est pas ouverte"):
        do_remind(dubois, at=dubois.phase.closes_at)
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("role", [Role.FORM_TEACHER, Role.COUNSELLOR])
def test_the_act_itself_asks_who_reminds(dubois: Family, role: Role) -> None:
    with pytest.raises(NotAllowed):
        do_remind(dubois, by=staff(dubois.school, role))
    with pytest.raises(NotAllowed):
        do_remind(dubois, by=staff(school("0699902Y")))
    assert not Reminder.objects.exists()


def test_the_phase_is_read_again_when_the_act_is_done(dubois: Family) -> None:
    campaign, phase = campaign_of(dubois.school, NOW), dubois.phase
    assert campaign is not None
    campaign.phases.filter(pk=phase.pk).update(closes_at=NOW)
    with pytest.raises(ReminderRefused):
        remind(
            campaign=campaign,
            phase=phase,
            students=Student.objects.all(),
            by=staff(dubois.school),
            at=NOW,
            since=NOW,
        )


def wanted() -> list[bool]:
    still_wanted = kinds.get(REMINDER).still_wanted
    return [still_wanted(message) for message in OutboxMessage.objects.filter(kind=REMINDER)]


def test_a_reminder_is_still_wanted_while_the_family_has_not_acted(dubois: Family) -> None:
    do_remind(dubois)
    assert wanted() == [True, True]


def test_it_is_dropped_when_sending_once_the_other_guardian_has_validated(dubois: Family) -> None:
    do_remind(dubois)
    submission(dubois.emma, dubois.phase, dubois.marc)
    send_batch(at=NOW)
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {MessageState.DROPPED}
    assert mail.outbox == []


def test_it_leaves_when_nothing_has_happened(dubois: Family) -> None:
    do_remind(dubois)
    send_batch(at=NOW)
    assert len(mail.outbox) == 2
    [first, _second] = mail.outbox
    assert "Emma" not in first.subject
    assert "tant qu’elle ne l’est pas" in str(first.body)
    assert f"/mes-services/orientation/{dubois.emma.public_id}/" in str(first.body)


def test_it_is_dropped_once_the_phase_has_closed(dubois: Family) -> None:
    do_remind(dubois)
    with time_machine.travel(dubois.phase.closes_at, tick=False):
        assert wanted() == [False, False]


def test_it_is_dropped_for_who_left_is_no_guardian_any_more_or_has_another_address(dubois: Family) -> None:
    do_remind(dubois)
    Guardian.objects.filter(pk=dubois.sophie.pk).update(own_email="neuve@familles.example")
    assert sorted(wanted()) == [False, True]
    Guardianship.objects.filter(guardian=dubois.marc).delete()
    assert wanted() == [False, False]


def test_it_is_dropped_for_a_pupil_who_has_left(dubois: Family) -> None:
    do_remind(dubois)
    Student.objects.update(left_on="2027-05-01")
    assert wanted() == [False, False]


def test_a_reminder_that_no_longer_exists_is_not_wanted(dubois: Family) -> None:
    do_remind(dubois)
    Reminder.objects.all().delete()
    assert wanted() == [False, False]


def test_avis_are_reminded_until_acknowledged(dubois: Family) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROVISIONAL_OPINIONS)
    campaign = campaign_of(dubois.school, NOW)
    assert campaign is not None
    told = sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.FAVOURABLE})
    remind(campaign=campaign, phase=phase, students=Student.objects.all(), by=staff(dubois.school), at=NOW, since=NOW)
    assert wanted() == [True, True]
    acknowledge(told, dubois.sophie)
    assert wanted() == [False, False]


def test_who_the_head_has_decided_about_is_reminded_no_more(dubois: Family) -> None:
    phase, head = open_only(dubois.campaign, PhaseKind.PROPOSALS), staff(dubois.school)
    campaign = campaign_of(dubois.school, NOW)
    assert campaign is not None
    sheet(dubois.emma, phase, head, {"stmg": Verdict.YES})
    everybody = Student.objects.all()
    remind(campaign=campaign, phase=phase, students=everybody, by=head, at=NOW, since=NOW)
    assert wanted() == [True, True]
    decide(dubois.emma, phase, head)
    assert wanted() == [False, False]
    later = NOW + timedelta(days=4)
    assert remind(campaign=campaign, phase=phase, students=everybody, by=head, at=later, since=later) == 0


def test_a_class_not_told_yet_is_not_reminded(dubois: Family) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROPOSALS)
    campaign = campaign_of(dubois.school, NOW)
    assert campaign is not None
    sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.YES}, is_published=False)
    [left_out] = plan_reminders(campaign, phase, students=Student.objects.all(), at=NOW).nothing_asked
    assert left_out.student == dubois.emma


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_clicks_at_once_send_once(dubois: Family) -> None:
    head = staff(dubois.school)

    def click(_number: int) -> int:
        try:
            return do_remind(dubois, by=head, since=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, range(4))) == [1] * 4
    assert OutboxMessage.objects.count() == 2
    assert Reminder.objects.count() == 2


# --- who wants no reminder


def mute(*people: Guardian) -> None:
    Guardian.objects.filter(pk__in=[each.pk for each in people]).update(mutes_reminders=True, mobile="06 39 98 11 22")


def test_who_wants_no_reminder_is_left_out_and_the_other_guardian_is_written_to(dubois: Family) -> None:
    mute(dubois.marc)
    assert do_remind(dubois) == 1
    assert [each.address for each in OutboxMessage.objects.all()] == ["sophie.bernard@familles.example"]


def test_a_family_of_whom_nobody_wants_reminders_is_not_reminded(dubois: Family) -> None:
    mute(dubois.marc, dubois.sophie)
    assert do_remind(dubois) == 0
    assert not Reminder.objects.exists()


def test_a_reminder_is_dropped_for_who_mutes_them_before_it_leaves(dubois: Family) -> None:
    do_remind(dubois)
    mute(dubois.sophie)
    assert sorted(wanted()) == [False, True]


def test_a_reminder_carries_the_link_that_stops_them_and_its_preview_does_not(dubois: Family, head: Client) -> None:
    page = head.post(address("reminders", dubois.school), {"portee": "liste"}).content.decode()
    assert "/courriel/rappels/" not in page
    do_remind(dubois)
    send_batch(at=NOW)
    assert "/courriel/rappels/" in mail.outbox[0].extra_headers["List-Unsubscribe"]


@pytest.mark.parametrize("role", [Role.HEAD, Role.OFFICE])
def test_the_preview_shows_them_apart_with_the_telephone(dubois: Family, role: Role) -> None:
    mute(dubois.marc)
    client = sign_in(Client(), staff(dubois.school, role), None)
    answer = client.post(address("reminders", dubois.school), {"portee": "liste"})
    page = answer.content.decode()
    assert "ne souhaite pas de rappel" in page
    assert "06 39 98 11 22" in page
    assert [each.full_name for each in answer.context["plan"].muted[0].guardians] == ["Marc Dubois"]


# --- the pages


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.fixture
def silent(dubois: Family) -> Student:
    pupil = student(dubois.school, "Noé", "Nuñez")
    guardian(dubois.school, "Al", "Nuñez", pupil, school_email="", mobile="06 39 98 00 00")
    return pupil


def test_the_preview_says_who_is_written_to_who_is_called_and_what_is_said(
    dubois: Family, head: Client, silent: Student
) -> None:
    page = head.post(address("reminders", dubois.school), {"portee": "liste"}).content.decode()
    for words in ("Relancer 1 famille", "Sophie Bernard", "Marc Dubois", "06 39 98 00 00", "Bonjour,", "Noé Nuñez"):
        assert words in page
    assert not Reminder.objects.exists()


def test_confirming_the_preview_sends_and_leads_back_to_the_list(dubois: Family, head: Client) -> None:
    url = address("reminders", dubois.school, etat="rien")
    page = head.post(url, {"eleve": str(dubois.emma.public_id)}).content.decode()
    form = {"confirmer": "1", "eleves": hidden(page, "eleves"), "vu": hidden(page, "vu")}
    for _click in range(2):
        answer = head.post(url, form, follow=True)
        assert answer.redirect_chain == [(address("followup", dubois.school, etat="rien"), 302)]
        assert "Relance envoyée à 1 famille" in answer.content.decode()
    assert OutboxMessage.objects.count() == 2
    assert Reminder.objects.first().reminded_by is not None  # type: ignore[union-attr]


def test_who_was_reminded_lately_is_shown_apart(dubois: Family, head: Client) -> None:
    do_remind(dubois, at=NOW - timedelta(days=1))
    page = head.post(address("reminders", dubois.school), {"portee": "liste"}).content.decode()
    assert "relancées il y a moins de 3 jours" in page
    assert "confirmer" not in page


def test_all_those_listed_are_those_of_the_filter(dubois: Family, head: Client, silent: Student) -> None:
    url = address("reminders", dubois.school, q="nunez")
    plan = head.post(url, {"portee": "liste"}).context["plan"]
    assert [each.student for each in plan.to_call] == [silent]
    assert plan.to_write == []


def test_a_wrong_filter_never_means_everybody(dubois: Family, head: Client) -> None:
    answer = head.post(address("reminders", dubois.school, etat="inconnu"), {"portee": "liste"})
    assert answer.status_code == 302
    answer = head.post(address("reminders", dubois.school), {"portee": "choix"}, follow=True)
    assert "Choisissez au moins une famille" in answer.content.decode()


@pytest.mark.parametrize("value", ["x", "00000000-0000-4000-8000-000000000000"])
def test_a_pupil_who_is_not_there_is_not_found(dubois: Family, head: Client, value: str) -> None:
    url = address("reminders", dubois.school)
    assert head.post(url, {"eleve": value}).status_code == 404
    assert head.post(url, {"eleves": value, "confirmer": "1"}).status_code == 404


def test_confirming_after_the_closing_is_refused_in_words(dubois: Family, head: Client) -> None:
    dubois.campaign.phases.filter(kind=PhaseKind.FINAL_CHOICES).update(closes_at=NOW)
    form = {"confirmer": "1", "eleves": str(dubois.emma.public_id), "vu": "n’importe quoi"}
    answer = head.post(address("reminders", dubois.school, phase="choix-definitifs"), form)
    assert answer.status_code == 409
    assert "aucune relance n’a été envoyée" in answer.content.decode()


def test_confirming_when_all_have_acted_says_so(dubois: Family, head: Client) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie)
    form = {"confirmer": "1", "eleves": str(dubois.emma.public_id), "vu": NOW.isoformat()}
    answer = head.post(address("reminders", dubois.school), form, follow=True)
    assert "Aucune relance envoyée" in answer.content.decode()


def test_the_office_reminds_too(dubois: Family) -> None:
    office = sign_in(Client(), staff(dubois.school, Role.OFFICE), None)
    form = {"confirmer": "1", "eleves": str(dubois.emma.public_id), "vu": NOW.isoformat()}
    assert office.post(address("reminders", dubois.school), form).status_code == 302
    assert Reminder.objects.count() == 2


def test_each_phase_has_its_words(dubois: Family) -> None:
    from orientation.followup.reminders import preview_text

    campaign = campaign_of(dubois.school, NOW)
    assert campaign is not None
    texts = {kind: preview_text(dubois.emma, campaign, phase_of(dubois.campaign, kind)) for kind in PhaseKind}
    assert "en accuser réception" in texts[PhaseKind.PROVISIONAL_OPINIONS]
    assert "d’accord ou pas d’accord" in texts[PhaseKind.PROPOSALS]
    assert "n’a encore été validé" in texts[PhaseKind.INTENTIONS]
