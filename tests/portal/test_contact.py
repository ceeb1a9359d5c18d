"""Writing to the school: what reaches it, what never does, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.kept_forms import AUTHOR_FIELD, author_token
from accounts.models import Profile
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from portal.models import ContactMessage
from tests.factories import NOW, Family, account, guardian, school, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

WRITE = "/contact/message/"
SCHOOL = "secretariat@veil.example"
CONTACT = "01 99 00 11 22"


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    dubois.school.email, dubois.school.phone = SCHOOL, CONTACT
    dubois.school.save()
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


def typed(dubois: Family, **values: Any) -> dict[str, Any]:
    return {
        "key": str(uuid4()),
        "child": str(dubois.emma.public_id),
        "subject": "orientation",
        "message": "Bonjour,\nEmma hésite & doute.",
        **values,
    }


def test_the_school_is_written_to_and_the_family_gets_a_number(sophie: Client, dubois: Family) -> None:
    answer = sophie.post(WRITE, typed(dubois), follow=True)
    message = ContactMessage.objects.get()
    assert message.number in answer.content.decode()
    email = build_email(OutboxMessage.objects.get())
    assert (email.to, email.cc, email.bcc, email.reply_to) == ([SCHOOL], [], [], [])
    assert email.subject == f"Message d’une famille : L’orientation (n° {message.number})"
    text = str(email.body)
    for expected in ("Sophie Bernard", "Emma Dubois, 2DE3", "Emma hésite & doute.", message.number):
        assert expected in text
    assert "Emma hésite &amp; doute." in str(email.alternatives[0][0])
    for forbidden in ("Marc", "@familles.example", "merci de ne pas y répondre"):
        assert forbidden not in text


def test_an_answer_goes_to_one_s_own_address_only_if_asked(sophie: Client, dubois: Family) -> None:
    sophie.post(WRITE, typed(dubois, wants_answer="1"))
    email = build_email(OutboxMessage.objects.get())
    assert email.reply_to == ["sophie.bernard@familles.example"]
    assert "répondez simplement à ce message" in str(email.body)


def test_a_refused_address_is_neither_offered_nor_told(sophie: Client, dubois: Family) -> None:
    dubois.sophie.school_email_refused_at = NOW
    dubois.sophie.save()
    assert "wants_answer" not in sophie.get("/contact/").content.decode()
    sophie.post(WRITE, typed(dubois, wants_answer="1"))
    assert build_email(OutboxMessage.objects.get()).reply_to == []


def test_a_pupil_writes_too_and_no_guardian_s_address_goes_out(sophie: Client, dubois: Family) -> None:
    emma = sign_in(Client(), dubois.emma.user, Profile.STUDENT)
    emma.post(WRITE, typed(dubois, wants_answer="1"))
    email = build_email(OutboxMessage.objects.get())
    assert email.reply_to == []
    assert "Un élève vous écrit" in str(email.body)


def test_the_same_form_sent_twice_is_sent_once(sophie: Client, dubois: Family) -> None:
    values = typed(dubois)
    for _attempt in range(2):
        assert sophie.post(WRITE, values).status_code == 302
    assert (ContactMessage.objects.count(), OutboxMessage.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"message": " "}, "Écrivez votre message."),
        ({"message": "x" * 2_001}, "Ce message est trop long : 2000 caractères au plus."),
        ({"subject": ""}, "Choisissez un sujet."),
        ({"subject": "autre chose"}, "Choisissez un sujet."),
        ({"child": str(uuid4())}, "Choisissez l’enfant"),
    ],
)
def test_a_wrong_form_is_said_and_keeps_what_was_typed(
    sophie: Client, dubois: Family, values: dict[str, str], sentence: str
) -> None:
    answer = sophie.post(WRITE, typed(dubois, **values))
    page = answer.content.decode().replace("\u00a0", " ")
    assert answer.status_code == 422
    assert sentence in page
    assert "Emma hésite &amp; doute." in page or "message" in values
    assert not OutboxMessage.objects.exists()


def test_lines_are_counted_as_the_page_counts_them(sophie: Client, dubois: Family) -> None:
    assert sophie.post(WRITE, typed(dubois, message="é\r\n" * 999 + "é")).status_code == 302


def test_five_a_day_then_tomorrow(sophie: Client, dubois: Family, last_evening: time_machine.Traveller) -> None:
    for _message in range(5):
        assert sophie.post(WRITE, typed(dubois)).status_code == 302
    refused = sophie.post(WRITE, typed(dubois))
    page = refused.content.decode()
    assert refused.status_code == 429
    assert "vingt-quatre heures" in page
    assert "Emma hésite &amp; doute." in page
    assert CONTACT in page
    assert OutboxMessage.objects.count() == 5
    last_evening.move_to(NOW + timedelta(hours=24))
    again = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    assert again.post(WRITE, typed(dubois)).status_code == 302


def test_a_school_receives_fifty_an_hour(sophie: Client, dubois: Family) -> None:
    ContactMessage.objects.bulk_create(
        ContactMessage(
            sent_by=account(),
            school=dubois.school,
            student=dubois.emma,
            subject="other",
            wants_answer_by_email=False,
            sent_at=NOW - timedelta(minutes=59),
        )
        for _number in range(50)
    )
    assert sophie.post(WRITE, typed(dubois)).status_code == 429
    ContactMessage.objects.update(sent_at=NOW - timedelta(minutes=61))
    assert sophie.post(WRITE, typed(dubois)).status_code == 302


def test_a_school_without_an_address_is_telephoned(sophie: Client, dubois: Family) -> None:
    dubois.school.email = ""
    dubois.school.save()
    page = sophie.get("/contact/").content.decode()
    assert "Appelez-le" in page
    assert CONTACT in page
    assert "<textarea" not in page
    assert sophie.post(WRITE, typed(dubois)).status_code == 422
    assert not OutboxMessage.objects.exists()


def test_with_two_schools_the_one_of_the_child_is_written_to(sophie: Client, dubois: Family) -> None:
    other = school("0699902Y", name="Lycée du Parc", email="parc@lycee.example")
    noe = student(other, "Noé", "Dubois")
    guardian(other, "Sophie", "Bernard", noe, user=dubois.sophie.user)
    assert "Choisissez un enfant" in sophie.get("/contact/").content.decode()
    sophie.post(WRITE, typed(dubois, child=str(noe.public_id)))
    assert OutboxMessage.objects.get().address == "parc@lycee.example"


def test_another_s_child_cannot_be_written_about(sophie: Client, dubois: Family) -> None:
    other = student(school("0699902Y", email="parc@lycee.example"), "Noé", "Autre")
    assert sophie.post(WRITE, typed(dubois, child=str(other.public_id))).status_code == 422
    assert not OutboxMessage.objects.exists()


def test_only_its_author_sees_the_confirmation(sophie: Client, dubois: Family) -> None:
    page = sophie.post(WRITE, typed(dubois))["Location"]
    assert sophie.get(page).status_code == 200
    assert sign_in(Client(), dubois.marc.user, Profile.GUARDIAN).get(page).status_code == 404


def test_what_was_typed_outlives_the_session(sophie: Client, dubois: Family) -> None:
    late = Client()
    assert dubois.sophie.user
    values = typed(dubois) | {AUTHOR_FIELD: author_token(dubois.sophie.user)}
    answer = late.post(WRITE, values)
    assert answer.status_code == 302
    assert answer["Location"].endswith("next=%2Fcontact%2Fmessage%2F")
    page = sign_in(late, dubois.sophie.user, Profile.GUARDIAN).get(WRITE).content.decode()
    assert "Emma hésite &amp; doute." in page
    assert values["key"] in page
    assert not OutboxMessage.objects.exists()


def test_who_has_no_child_here_writes_to_nobody(dubois: Family) -> None:
    assert sign_in(Client(), staff(dubois.school), None).get(WRITE).status_code == 404


def test_each_page_makes_its_number_of_queries(sophie: Client, dubois: Family) -> None:
    made = []
    for act in (
        lambda: sophie.get("/contact/"),
        lambda: sophie.get(WRITE),
        lambda: sophie.post(WRITE, typed(dubois)),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert act().status_code in (200, 302)
        made.append(len(queries))
    assert made == [3, 3, 13]
