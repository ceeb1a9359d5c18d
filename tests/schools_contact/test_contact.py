"""A guardian's own address: proposed, confirmed by its link, used, refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from notifications.models import MessageState, OutboxMessage
from notifications.sending import send_batch
from schools import contact
from schools.contact import Proposal, confirm_email, email_status, normalise_address, propose_email
from schools.models import EmailState, Relationship
from tests import factories

EVENING = datetime.fromisoformat("2026-11-20T20:00:00+01:00")
NEW = "claire.martin@example.org"


def propose(claire, address=NEW, at=EVENING, **changes):
    given = {"guardian": claire.paris, "by": claire.user, "confirm_url": claire.confirm_url}
    return propose_email(address=address, at=at, **(given | changes))


def owed(kind: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=kind).order_by("created_at", "address"))


def shown(guardian) -> list[tuple[str, EmailState, bool]]:
    guardian.refresh_from_db()
    return [(known.address, known.state, known.is_used) for known in email_status(guardian)]


def test_a_typed_address_is_used_once_confirmed_and_the_former_one_until_then(claire):
    assert propose(claire) is Proposal.TO_CONFIRM
    assert claire.usable == ("claire@siecle.example", "claire@siecle.example")
    assert shown(claire.paris) == shown(claire.lyon)
    assert shown(claire.paris) == [
        (NEW, EmailState.TO_CONFIRM, False),
        ("claire@siecle.example", EmailState.FROM_SCHOOL, True),
    ]

    confirm_email(token=claire.tokens[0], at=EVENING + timedelta(minutes=5))
    assert claire.usable == (NEW, NEW)
    assert shown(claire.lyon) == [
        (NEW, EmailState.CONFIRMED, True),
        ("claire@siecle.example", EmailState.FROM_SCHOOL, False),
    ]
    assert claire.paris.pending_email == claire.lyon.pending_email == ""


def test_the_link_goes_to_the_new_address_alone_and_the_former_one_is_told_without_it(claire):
    propose(claire)
    [message] = owed(contact.CONFIRM_EMAIL)
    assert (message.address, message.recipient) == (NEW, f"guardian:{claire.paris.pk}")

    confirm_email(token=claire.tokens[0], at=EVENING + timedelta(minutes=5))
    [notice] = owed(contact.EMAIL_CHANGED)
    assert notice.address == "claire@siecle.example"
    assert NEW not in str(notice.context)


def test_both_messages_can_be_read_in_text_and_html(claire):
    with time_machine.travel(EVENING):
        propose(claire)
        send_batch(at=timezone.now())
        confirm_email(token=claire.tokens[0], at=timezone.now())
        send_batch(at=timezone.now())
    confirmation, notice = cast("list[EmailMultiAlternatives]", mail.outbox)
    assert confirmation.subject == "Confirmez votre adresse électronique"
    for body in (confirmation.body, str(confirmation.alternatives[0][0])):
        assert claire.tokens[0] in body
        assert "samedi 21 novembre 2026 à 20\u00a0h (heure de Paris)" in body
        assert "claire@siecle.example" not in body
    assert notice.subject == "Votre adresse électronique a été remplacée"
    for body in (notice.body, str(notice.alternatives[0][0])):
        assert "vendredi 20 novembre 2026 à 20\u00a0h (heure de Paris)" in body
        assert NEW not in body


def test_a_link_works_once(claire):
    propose(claire)
    confirm_email(token=claire.tokens[0], at=EVENING)
    with pytest.raises(contact.UsedLinkError, match="a déjà servi"):
        confirm_email(token=claire.tokens[0], at=EVENING)
    assert len(owed(contact.EMAIL_CHANGED)) == 1


def test_a_link_expires_after_a_day(claire):
    propose(claire)
    with pytest.raises(contact.ExpiredLinkError, match="expiré"):
        confirm_email(token=claire.tokens[0], at=EVENING + timedelta(hours=24, seconds=1))
    assert claire.usable[0] == "claire@siecle.example"
    confirm_email(token=claire.tokens[0], at=EVENING + timedelta(hours=23, minutes=59))
    assert claire.usable[0] == NEW


@pytest.mark.parametrize("address", ["autre@example.org", NEW])
def test_a_newer_proposal_replaces_the_link_even_of_the_same_address(claire, address):
    propose(claire)
    propose(claire, address, at=EVENING + timedelta(minutes=2))
    with pytest.raises(contact.UsedLinkError, match="plus récent"):
        confirm_email(token=claire.tokens[0], at=EVENING + timedelta(minutes=3))
    confirm_email(token=claire.tokens[1], at=EVENING + timedelta(minutes=3))
    assert claire.usable == (address, address)


def test_two_proposals_at_one_instant_have_two_links(claire):
    propose(claire)
    propose(claire, "autre@example.org")
    assert [message.address for message in owed(contact.CONFIRM_EMAIL)] == ["autre@example.org", NEW]
    with pytest.raises(contact.UsedLinkError):
        confirm_email(token=claire.tokens[0], at=EVENING)


def test_a_link_that_was_changed_is_refused(claire):
    propose(claire)
    token = claire.tokens[0]
    for position in range(0, len(token), 7):
        other = "A" if token[position] != "A" else "B"
        with pytest.raises(contact.InvalidLinkError):
            confirm_email(token=token[:position] + other + token[position + 1 :], at=EVENING)
    for cut in ("", "x", token[:-1], token + "A", token.partition(":")[0]):
        with pytest.raises(contact.InvalidLinkError, match="n’est pas valide"):
            confirm_email(token=cut, at=EVENING)
    assert claire.usable[0] == "claire@siecle.example"


def test_a_link_signed_for_something_else_is_refused(claire):
    from django.core import signing

    propose(claire)
    content = contact._signer().unsign_object(claire.tokens[0])
    with pytest.raises(contact.InvalidLinkError):
        confirm_email(token=signing.Signer(salt="another use").sign_object(content), at=EVENING)


def test_a_link_names_no_address(claire):
    import base64

    propose(claire)
    content = claire.tokens[0].partition(":")[0].lstrip(".")
    assert b"claire" not in base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))


def test_a_double_click_sends_one_message(claire):
    propose(claire)
    assert propose(claire, at=EVENING + timedelta(seconds=2)) is Proposal.TO_CONFIRM
    assert len(owed(contact.CONFIRM_EMAIL)) == 1
    confirm_email(token=claire.tokens[0], at=EVENING + timedelta(seconds=30))


def test_a_day_s_messages_have_a_limit(claire):
    at = EVENING
    for number in range(contact.DAILY_LIMIT):
        at += timedelta(minutes=2)
        propose(claire, f"adresse{number}@example.org", at=at)
    with pytest.raises(contact.TooManyProposalsError):
        propose(claire, at=at + timedelta(minutes=2))
    claire.refresh()
    assert claire.paris.pending_email == f"adresse{contact.DAILY_LIMIT - 1}@example.org"
    assert propose(claire, at=at + timedelta(days=1)) is Proposal.TO_CONFIRM


@pytest.mark.parametrize("address", ["claire@siecle.example", " Claire@SIECLE.example "])
def test_the_address_in_use_needs_no_confirmation_and_ends_a_pending_one(claire, address):
    propose(claire)
    assert propose(claire, address) is Proposal.ALREADY_USED
    claire.refresh()
    assert claire.paris.pending_email == ""
    assert len(owed(contact.CONFIRM_EMAIL)) == 1
    with pytest.raises(contact.UsedLinkError):
        confirm_email(token=claire.tokens[0], at=EVENING)


def test_an_address_known_to_one_school_only_is_confirmed_for_the_other(claire):
    type(claire.lyon).objects.filter(pk=claire.lyon.pk).update(school_email="ancienne@siecle.example")
    assert propose(claire, "claire@siecle.example") is Proposal.TO_CONFIRM
    assert shown(claire.paris) == [
        ("claire@siecle.example", EmailState.TO_CONFIRM, False),
        ("claire@siecle.example", EmailState.FROM_SCHOOL, True),
    ]
    confirm_email(token=claire.tokens[0], at=EVENING)
    assert claire.usable == ("claire@siecle.example", "claire@siecle.example")
    assert [notice.address for notice in owed(contact.EMAIL_CHANGED)] == ["ancienne@siecle.example"]


@pytest.mark.parametrize("address", ["autre@example.org", NEW])
def test_an_unsent_confirmation_that_was_replaced_is_not_sent(claire, address):
    with time_machine.travel(EVENING) as clock:
        propose(claire, at=timezone.now())
        clock.shift(timedelta(minutes=2))
        propose(claire, address, at=timezone.now())
        send_batch(at=timezone.now())
    assert [message.state for message in owed(contact.CONFIRM_EMAIL)] == [MessageState.DROPPED, MessageState.SENT]
    assert [message.to for message in mail.outbox] == [[address]]


def test_a_confirmation_that_could_not_leave_for_a_day_is_not_sent(claire):
    propose(claire)
    with time_machine.travel(EVENING + timedelta(days=1, minutes=1)):
        send_batch(at=timezone.now())
    assert mail.outbox == []
    assert owed(contact.CONFIRM_EMAIL)[0].state == MessageState.DROPPED


def test_nobody_proposes_for_another_person(claire, marc):
    with pytest.raises(contact.NotOwnContactDataError, match="vos propres coordonnées"):
        propose(claire, guardian=marc)
    with pytest.raises(contact.NotOwnContactDataError):
        propose(claire, by=factories.account("Marc", "Dubois"))
    assert owed(contact.CONFIRM_EMAIL) == []


def test_an_adult_student_gives_their_own_address(claire):
    account = factories.account("Lucas", "Petit")
    lucas = factories.student(claire.paris.school, "Lucas", "Petit", user=account)
    own = factories.guardian(claire.paris.school, "Lucas", "Petit", lucas, relationship=Relationship.SELF)
    mother = factories.guardian(claire.paris.school, "Anne", "Petit", lucas)
    assert propose(claire, "lucas@example.org", guardian=own, by=account) is Proposal.TO_CONFIRM
    confirm_email(token=claire.tokens[0], at=EVENING)
    own.refresh_from_db()
    mother.refresh_from_db()
    assert own.usable_email == "lucas@example.org"
    assert mother.usable_email == "anne.petit@familles.example"


def test_a_student_does_not_speak_for_their_parent(claire):
    account = factories.account("Léa", "Martin")
    lea = factories.student(claire.paris.school, "Léa", "Martin", user=account)
    mother = factories.guardian(claire.paris.school, "Anne", "Martin", lea)
    with pytest.raises(contact.NotOwnContactDataError):
        propose(claire, guardian=mother, by=account)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Claire.Martin@Example.ORG\n", "Claire.Martin@example.org"),
        ("claire+ecole@example.org", "claire+ecole@example.org"),
    ],
)
def test_an_address_is_tidied(typed, stored):
    assert normalise_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "claire",
        "claire@",
        "@example.org",
        "a@b",
        "a b@example.org",
        "a@example.org, b@example.org",
        "a\n@example.org",
        "a@example.org\nBcc: b@example.org",
        "x" * 64 + "@" + ".".join(["y" * 60] * 4) + ".fr",
    ],
)
def test_what_is_no_address_is_refused_in_french(typed, claire):
    with pytest.raises(contact.InvalidAddressError, match="adresse électronique valide"):
        propose(claire, typed)
    assert owed(contact.CONFIRM_EMAIL) == []


def test_proposing_costs_few_statements(claire, django_assert_max_num_queries):
    with django_assert_max_num_queries(11):
        propose(claire)
    with django_assert_max_num_queries(1):
        email_status(claire.paris)
