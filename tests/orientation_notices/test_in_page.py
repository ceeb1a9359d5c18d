"""What waits for the person, said on the pages where they arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Profile
from orientation.models import Campaign, Decision, DecisionKind, Draft, Pathway, PhaseKind, Verdict
from schools.models import Student
from tests.factories import NOW, Family, guardian, sign_in, staff, student
from tests.orientation_followup.builders import acknowledge, answer, draft, open_only, sheet, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


@pytest.fixture
def sophie(dubois: Family) -> Client:
    return sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)


def notices(client: Client) -> list[str]:
    return [notice.text for notice in client.get("/mes-services/").context["notices"]]


def test_an_open_phase_with_nothing_validated_says_so_with_its_deadline(dubois: Family, sophie: Client) -> None:
    stranger = student(dubois.school, "Autre", "Élève")
    draft(stranger, dubois.phase)
    [said] = notices(sophie)
    assert said.startswith("Rien n’est encore validé pour Emma Dubois")
    assert "jeudi 20 mai 2027 à 23\u00a0h\u00a059 (heure de Paris)" in said


def test_what_was_validated_is_no_matter_until_it_is_changed(dubois: Family, sophie: Client) -> None:
    submission(dubois.emma, dubois.phase, dubois.marc)
    assert notices(sophie) == []
    draft(dubois.emma, dubois.phase)
    [said] = notices(sophie)
    assert said.startswith("Brouillon non validé pour Emma Dubois")
    Draft.objects.update(is_validated=True)
    assert notices(sophie) == []


def test_each_child_has_its_own(dubois: Family, sophie: Client) -> None:
    leo = student(dubois.school, "Léo", "Dubois")
    guardian(dubois.school, "Sophie", "Bernard", leo, user=dubois.sophie.user)
    draft(leo, dubois.phase)
    first, second = notices(sophie)
    assert {first[:6], second[:6]} == {"Rien n", "Brouil"}
    assert "Léo" in next(said for said in (first, second) if said.startswith("Brouillon"))


@pytest.mark.parametrize("why", ["no offer", "another level", "closed", "to come"])
def test_nothing_is_asked_of_who_cannot_do_it(dubois: Family, sophie: Client, why: str) -> None:
    if why == "no offer":
        Campaign.objects.update(offer_declared_at=None)
    elif why == "another level":
        Student.objects.update(mef_code="24720009110")
    else:
        days = timedelta(days=-6 if why == "closed" else 6)
        phase = open_only(dubois.campaign, PhaseKind.FINAL_CHOICES, NOW + days)
        assert phase.state_at(NOW).label in ("fermée", "à venir")
    assert not [said for said in notices(sophie) if "validé" in said]


def test_avis_wait_until_acknowledged_by_either(dubois: Family, sophie: Client) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROVISIONAL_OPINIONS)
    told = sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.FAVOURABLE})
    [said] = notices(sophie)
    assert "attendent votre accusé de réception" in said
    acknowledge(told, dubois.marc)
    assert notices(sophie) == []


@pytest.mark.parametrize("ends_by", ["an answer", "a decision"])
def test_propositions_wait_until_answered_or_decided(dubois: Family, sophie: Client, ends_by: str) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROPOSALS)
    head = staff(dubois.school)
    told = sheet(dubois.emma, phase, head, {"stmg": Verdict.YES})
    [said] = notices(sophie)
    assert "attendent votre réponse" in said
    if ends_by == "an answer":
        answer(told, dubois.marc)
    else:
        Decision.objects.create(
            student=dubois.emma,
            phase=phase,
            number=1,
            kind=DecisionKind.REASONED,
            pathway=Pathway.objects.get(code="stmg"),
            label="1re STMG",
            is_conform=False,
            reasons="Motifs.",
            issued_at=NOW,
            issued_by=head,
            issuer_name="La proviseure",
        )
    assert notices(sophie) == []
