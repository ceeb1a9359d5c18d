"""What a mailbox that refuses our messages does to its guardian's records."""

from __future__ import annotations

from datetime import datetime

import pytest

from notifications.models import MessageState, OutboxMessage
from notifications.services import enqueue
from notifications.signals import address_refused
from schools import contact
from schools.contact import confirm_email, email_status
from schools.models import EmailState
from tests.schools_contact.test_contact import EVENING, NEW, propose

LATER = datetime.fromisoformat("2026-11-25T08:00:00+01:00")


def bounce(recipient: str, address: str) -> None:
    address_refused.send(sender=OutboxMessage, recipient=recipient, address=address, at=LATER, message=None)


def test_the_school_s_address_is_marked_on_each_record_of_the_person_and_no_other_s(claire, marc):
    bounce(f"guardian:{claire.lyon.pk}", "Claire@Siecle.Example")
    assert claire.usable == ("", "")
    assert claire.paris.school_email_refused_at == LATER
    marc.refresh_from_db()
    assert marc.usable_email == "claire@siecle.example", "his own messages will tell"


def test_a_refused_own_address_falls_back_on_the_school_s_and_can_be_confirmed_again(claire):
    propose(claire)
    confirm_email(token=claire.tokens[0], at=EVENING)
    bounce(f"guardian:{claire.paris.pk}", NEW)
    assert claire.usable == ("claire@siecle.example", "claire@siecle.example")
    assert [known.state for known in email_status(claire.paris)] == [EmailState.REFUSED, EmailState.FROM_SCHOOL]

    propose(claire, at=LATER)
    confirm_email(token=claire.tokens[1], at=LATER)
    assert claire.usable == (NEW, NEW)


def test_a_refusal_of_an_address_that_was_replaced_changes_nothing(claire):
    bounce(f"guardian:{claire.paris.pk}", "ancienne@example.org")
    assert claire.usable == ("claire@siecle.example", "claire@siecle.example")


def test_the_first_refusal_s_instant_is_kept(claire):
    bounce(f"guardian:{claire.paris.pk}", "claire@siecle.example")
    address_refused.send(
        sender=OutboxMessage,
        recipient=f"guardian:{claire.paris.pk}",
        address="claire@siecle.example",
        at=EVENING,
        message=None,
    )
    claire.refresh()
    assert claire.paris.school_email_refused_at == LATER


@pytest.mark.parametrize("recipient", ["school:1", "guardian:", "guardian:x", "guardian:999999", "", "guardian:²"])
def test_a_recipient_who_is_no_guardian_is_left_alone(claire, recipient):
    bounce(recipient, "claire@siecle.example")
    assert claire.usable == ("claire@siecle.example", "claire@siecle.example")


def test_an_address_to_confirm_that_refuses_is_shown_as_refused(claire):
    propose(claire)
    OutboxMessage.objects.filter(kind=contact.CONFIRM_EMAIL).update(state=MessageState.BOUNCED)
    claire.refresh()
    assert [known.state for known in email_status(claire.lyon)] == [EmailState.REFUSED, EmailState.FROM_SCHOOL]


def test_a_message_sent_to_what_is_no_address_marks_it_on_its_guardian(claire, mailoutbox):
    from notifications.sending import send_batch

    type(claire.paris).objects.filter(pk=claire.paris.pk).update(school_email="claire à siecle")
    enqueue(
        kind=contact.EMAIL_CHANGED,
        address="claire à siecle",
        recipient=f"guardian:{claire.paris.pk}",
        context={"changed": "hier"},
        deduplication_key="one",
        at=EVENING,
    )
    send_batch(at=EVENING)
    assert claire.usable == ("", "claire@siecle.example")
    assert mailoutbox == []
