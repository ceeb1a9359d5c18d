"""A decision by agreement issued by mistake: taken up again in an entretien, then replaced with reasons."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from orientation.decisions import mails
from orientation.decisions.errors import DecidedMeanwhile, NotTheTime
from orientation.decisions.queries import dialogues_of
from orientation.decisions.rules import replacements
from orientation.models import Decision, DialogueStep, StepKind
from tests.factories import Family, sign_in
from tests.orientation.test_receipt import squeezed, text_of
from tests.orientation_decisions.conftest import ANSWERED_AT, CLOSED_AT, Dialogue
from tests.orientation_dialogue.conftest import PROPOSALS

pytestmark = pytest.mark.django_db


def mistaken(veil: Dialogue) -> Decision:
    veil.tell(PROPOSALS)
    veil.answer(True)
    return veil.issue()[0]


def take_up_again(veil: Dialogue) -> DialogueStep:
    return veil.meet_family(at=CLOSED_AT + timedelta(hours=1), outcome="agreement")


def test_a_decision_by_agreement_issued_by_mistake_is_replaced_after_an_entretien(veil: Dialogue) -> None:
    first = mistaken(veil)
    later = CLOSED_AT + timedelta(hours=2)
    with pytest.raises(NotTheTime):
        veil.decide(seen_number=1, at=later)
    take_up_again(veil)
    OutboxMessage.objects.all().delete()
    given: dict[str, Any] = {
        "pathway": "sti2d",
        "is_conform": True,
        "reasons": "La voie notifiée n’était pas la bonne.",
    }
    second = veil.decide(seen_number=1, at=later, **given)
    assert (second.number, second.replaces) == (2, first)
    assert veil.decide(seen_number=1, at=later, **given) == second, "the same form twice"
    messages = OutboxMessage.objects.filter(kind=mails.DECISION_NOTIFIED)
    assert {each.recipient for each in messages} == {
        f"guardian:{veil.family.sophie.pk}",
        f"guardian:{veil.family.marc.pk}",
    }
    assert all("remplace la décision n°\u00a01" in str(build_email(each).body) for each in messages)
    first.refresh_from_db()
    assert first.label == veil.answer_on("stmg").label


def test_the_decision_by_agreement_must_have_been_seen(veil: Dialogue) -> None:
    mistaken(veil)
    take_up_again(veil)
    with pytest.raises(DecidedMeanwhile):
        veil.decide(seen_number=0, at=CLOSED_AT + timedelta(hours=2))


def test_an_entretien_held_before_the_agreement_does_not_reopen_it(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.refuse_all()
    veil.record(StepKind.INTERVIEW, date(2027, 6, 15), at=ANSWERED_AT, outcome="agreement")
    veil.answer(True)
    veil.issue()
    with pytest.raises(NotTheTime):
        veil.decide(seen_number=1, at=CLOSED_AT + timedelta(hours=2))


def test_one_decision_of_the_head_takes_the_place_of_all_those_by_agreement(veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.answer(True, "sti2d")
    issued = veil.issue("stmg", "sti2d")
    take_up_again(veil)
    own = veil.decide(seen_number=2, at=CLOSED_AT + timedelta(hours=2))
    dialogue = dialogues_of([veil.emma], veil.proposals, at=CLOSED_AT)[veil.emma.pk]
    assert dialogue.standing == [own]
    assert replacements(dialogue.decisions) == {each.pk: own for each in issued}


def test_family_and_school_read_that_it_is_cancelled_on_screen_and_on_paper(dubois: Family, veil: Dialogue) -> None:
    first = mistaken(veil)
    with time_machine.travel(CLOSED_AT + timedelta(minutes=10), tick=False):
        office = sign_in(Client(), veil.head, None)
        place = reverse("admin:student_dialogue", args=[dubois.school.uai, veil.emma.public_id])
        assert "Revenir sur la décision n°\u00a01, notifiée par erreur" in office.get(place).content.decode()
    take_up_again(veil)
    veil.decide(seen_number=1, at=CLOSED_AT + timedelta(hours=2))
    with time_machine.travel(CLOSED_AT + timedelta(hours=3), tick=False):
        family = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        page = family.get(reverse("orientation:decisions", args=[veil.emma.public_id])).content.decode()
        paper = family.get(reverse("orientation:decision_pdf", args=[veil.emma.public_id, first.public_id]))
        office = sign_in(Client(), veil.head, None)
        own = office.get(place).content.decode()
        of_class = reverse("admin:decisions_pdf", args=[dubois.school.uai, veil.emma.division_id])
        printed = squeezed(text_of(office.get(of_class).content))
    assert "Annulée et remplacée par la décision n°\u00a02" in page
    assert re.search(r"remplacée</span>", own)
    assert squeezed("Annulée et remplacée par la décision n°\u00a02.") in squeezed(text_of(paper.content))
    assert squeezed("Cette décision remplace la décision n° 1.") in printed
    assert squeezed("0759901X-2026-0001") not in printed


def test_each_of_several_cancelled_agreements_says_so_on_paper(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.answer(True, "sti2d")
    issued = veil.issue("stmg", "sti2d")
    take_up_again(veil)
    veil.decide(seen_number=2, at=CLOSED_AT + timedelta(hours=2))
    with time_machine.travel(CLOSED_AT + timedelta(hours=3), tick=False):
        family = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        office = sign_in(Client(), veil.head, None)
        for each in issued:
            for reader, address in (
                (family, reverse("orientation:decision_pdf", args=[veil.emma.public_id, each.public_id])),
                (office, reverse("admin:decision_pdf", args=[dubois.school.uai, each.public_id])),
            ):
                paper = squeezed(text_of(reader.get(address).content))
                assert squeezed("Annulée et remplacée par la décision n°\u00a03.") in paper
