"""Saying that one wants no reminders: from one's page, or by the link of each of them (RFC 8058)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from audit.models import Change
from notifications.sending import send_batch
from orientation import mails
from orientation.notices.sweep import owe_notices
from orientation.queries import submission_choices
from schools.contact import NotOwnContactDataError, share_address
from schools.models import Guardian
from schools.muting import choose_reminders, reminder_token
from tests.factories import NOW, Family, guardian, school, sign_in, student
from tests.orientation_followup.builders import submission

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 5, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def sophie(dubois: Family) -> Client:
    return sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)


def mutes(person: Guardian) -> bool:
    person.refresh_from_db()
    return person.mutes_reminders


def choose(client: Client, **values: str) -> str:
    answer = client.post(reverse("portal:reminders"), values, follow=True)
    assert answer.redirect_chain == [(reverse("portal:contact_data"), 302)]
    return answer.content.decode()


def test_a_guardian_mutes_reminders_and_takes_them_again(dubois: Family, sophie: Client) -> None:
    assert "vous ne recevrez plus de rappels" in choose(sophie)
    assert mutes(dubois.sophie)
    assert not mutes(dubois.marc)
    assert "vous recevrez les rappels" in choose(sophie, wanted="1")
    assert not mutes(dubois.sophie)


def test_the_page_says_what_still_comes_and_shows_what_was_chosen(dubois: Family, sophie: Client) -> None:
    box = re.compile(r'<input type="checkbox" id="rappels-souhaites"[^>]*>')
    page = sophie.get(reverse("portal:contact_data")).content.decode()
    assert "checked" in box.findall(page)[0]
    for words in ("les confirmations", "des avis et des propositions", "les réponses enregistrées", "les décisions"):
        assert words in page
    assert "checked" not in box.findall(choose(sophie))[0]


def test_a_student_has_no_reminders_to_mute(dubois: Family) -> None:
    emma = sign_in(Client(), dubois.emma.user, Profile.STUDENT)
    assert emma.post(reverse("portal:reminders")).status_code == 403


def test_a_person_says_it_once_for_all_their_records(dubois: Family, sophie: Client) -> None:
    other = school("0699902Y")
    second = guardian(other, "Sophie", "Bernard", student(other), user=dubois.sophie.user)
    choose(sophie)
    assert mutes(second)
    joined = guardian(other, "Sophie", "Bernard", student(other), user=dubois.sophie.user)
    share_address(guardian=joined)
    assert mutes(joined)


def test_nobody_mutes_another(dubois: Family) -> None:
    assert dubois.marc.user is not None
    with pytest.raises(NotOwnContactDataError):
        choose_reminders(guardian=dubois.sophie, muted=True, by=dubois.marc.user, at=NOW)
    assert not mutes(dubois.sophie)


def test_it_stands_in_the_trail(dubois: Family, sophie: Client) -> None:
    choose(sophie)
    change = Change.objects.filter(table="schools_guardian").order_by("-pk").first()
    assert change is not None
    assert "mutes_reminders" in str(change.__dict__)


# --- the link in each reminder


def link_of(dubois: Family) -> str:
    return reverse("portal:mute_reminders", args=[reminder_token(dubois.sophie.pk)])


def test_each_reminder_carries_its_link_and_no_other_message_does(dubois: Family) -> None:
    owe_notices(at=NOON)
    made = submission(dubois.emma, dubois.phase, dubois.sophie)
    with time_machine.travel(NOON, tick=False):
        send_batch(at=NOON)
        assert mail.outbox == [], "they have validated meanwhile"
        mails.owe_confirmations(made, submission_choices(made), guardians=[dubois.sophie], at=NOON)
        send_batch(at=NOON)
    [confirmation] = mail.outbox
    assert "List-Unsubscribe" not in confirmation.extra_headers
    assert "/courriel/rappels/" not in str(confirmation.body)


def test_the_headers_are_those_by_which_mail_readers_offer_one_click(dubois: Family) -> None:
    owe_notices(at=NOON)
    with time_machine.travel(NOON, tick=False):
        send_batch(at=NOON)
    message = next(each for each in mail.outbox if each.to == ["sophie.bernard@familles.example"])
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message.extra_headers["List-Unsubscribe"]
    assert address.startswith("<http")
    assert address.endswith(f"{link_of(dubois)}>")
    assert link_of(dubois) in str(message.body)


def test_the_mail_reader_posts_without_account_nor_token_of_ours_and_is_not_redirected(dubois: Family) -> None:
    reader = Client(enforce_csrf_checks=True)
    answer = reader.post(link_of(dubois), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert mutes(dubois.sophie)
    assert not mutes(dubois.marc)
    assert reader.post(link_of(dubois)).status_code == 200, "twice is harmless"


def test_following_the_link_writes_nothing_before_the_button(dubois: Family) -> None:
    page = Client().get(link_of(dubois)).content.decode()
    assert "Encore un clic" in page
    assert "Sophie" not in page
    assert not mutes(dubois.sophie)
    Client().post(link_of(dubois))
    assert "Vous ne recevrez plus de rappels" in Client().get(link_of(dubois)).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_is_not_ours_stops_nothing(dubois: Family, method: str) -> None:
    cut = link_of(dubois)[:-5] + "/"
    answer = getattr(Client(), method)(cut)
    assert answer.status_code == 404
    assert "Ce lien n’est pas valide" in answer.content.decode()
    assert not mutes(dubois.sophie)
