"""Until somebody of the family opens the propositions, no page says what is in them: they can still be withdrawn."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from orientation.council.rules import Answer
from orientation.council.services import save_sheet
from orientation.models import SheetReading, Submission
from tests.factories import Family, sign_in
from tests.orientation_dialogue.conftest import MET_AT, PROPOSALS, READ_AT, School

pytestmark = pytest.mark.django_db

ALL_NO = "n’a répondu oui à aucun"


@pytest.mark.parametrize("page", ["home", "decisions"])
def test_what_the_council_said_is_told_once_it_was_opened_and_not_before(
    page: str, dubois: Family, veil: School
) -> None:
    veil.ask(PROPOSALS)
    save_sheet(
        student=dubois.emma,
        phase=veil.phase(PROPOSALS),
        answers=(
            Answer("generale", "no", "Fragile."),
            Answer("stmg", "no", "Des absences."),
            Answer("autre-parcours", "favourable"),
        ),
        version=0,
        submission_id=Submission.objects.get().pk,
        by=veil.head,
        at=MET_AT[PROPOSALS],
    )
    veil.publish(PROPOSALS)
    with time_machine.travel(READ_AT[PROPOSALS], tick=False):
        sophie = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        told = sophie.get(reverse(f"orientation:{page}", args=[dubois.emma.public_id])).content.decode()
        assert ALL_NO not in told
        assert "sont publiées" in told
        assert not SheetReading.objects.exists()
        sophie.get(reverse("orientation:proposals", args=[dubois.emma.public_id]))
        assert SheetReading.objects.exists()
        told = sophie.get(reverse(f"orientation:{page}", args=[dubois.emma.public_id])).content.decode()
        assert ALL_NO in told
