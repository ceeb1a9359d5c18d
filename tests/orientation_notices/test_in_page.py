"""What waits for the person, said on the pages where they arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile
from orientation.models import Campaign, Decision, DecisionKind, Draft, Pathway, PhaseKind, Verdict
from schools.models import Student
from tests.factories import NOW, Family, guardian, school, sign_in, staff, student
from tests.orientation_decisions.conftest import CLOSED_AT, Dialogue
from tests.orientation_decisions.conftest import veil as veil
from tests.orientation_dialogue.conftest import PROPOSALS
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
    assert notices(sophie) == ["Les avis provisoires du conseil de classe pour Emma Dubois sont publiés."]
    sophie.get(reverse("orientation:opinions", args=[dubois.emma.public_id]))
    assert notices(sophie) == []


@pytest.mark.parametrize("ends_by", ["an answer", "a decision"])
def test_propositions_wait_until_answered_or_decided(dubois: Family, sophie: Client, ends_by: str) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROPOSALS)
    head = staff(dubois.school)
    told = sheet(dubois.emma, phase, head, {"stmg": Verdict.YES})
    [said] = notices(sophie)
    assert "attendent votre réponse" in said
    sophie.get(reverse("orientation:proposals", args=[dubois.emma.public_id]))
    if ends_by == "an answer":
        answer(told, dubois.marc)
        assert notices(sophie) == []
        home = sophie.get(reverse("orientation:home", args=[dubois.emma.public_id])).content.decode()
        assert "Réponse donnée par Marc Dubois." in home
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
        [said] = notices(sophie)
        assert said.startswith("Une décision d’orientation concernant Emma Dubois est notifiée")


def test_a_decision_is_said_to_each_account_until_it_has_opened_it(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.issue()
    with time_machine.travel(CLOSED_AT, tick=False):
        readers = [
            sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN),
            sign_in(Client(), dubois.marc.user, Profile.GUARDIAN),
            sign_in(Client(), dubois.emma.user, Profile.STUDENT),
        ]
        for reader in readers:
            [notice] = reader.get("/mes-services/").context["notices"]
            assert notice.text.startswith("Une décision d’orientation concernant Emma Dubois est notifiée")
            assert reader.get(notice.url).status_code == 200
            assert notices(reader) == []


def test_a_pupil_is_told_of_what_is_published_and_asked_nothing(dubois: Family) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROPOSALS)
    sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.YES})
    emma = sign_in(Client(), dubois.emma.user, Profile.STUDENT)
    assert notices(emma) == ["Les propositions du conseil de classe pour Emma Dubois sont publiées."]
    emma.get(reverse("orientation:proposals", args=[dubois.emma.public_id]))
    assert notices(emma) == []


def menu_and_tile(client: Client) -> tuple[str, list[str]]:
    """What the side menu says of orientation on a child's page, and what the child's tile says."""
    answer = client.get("/mes-services/")
    [(file, said)] = answer.context["tiles"]
    page = client.get(reverse("orientation:choices", args=[file.student.public_id, "choix-definitifs"]))
    [entry] = [each for each in page.context["menu"] if each.label == "Orientation"]
    return entry.reason, said


def test_once_all_is_closed_the_menu_and_the_tile_say_where_the_file_stands(dubois: Family, veil: Dialogue) -> None:
    """The campaign is not over while an appeal runs."""
    veil.disagree()
    with time_machine.travel(CLOSED_AT, tick=False):
        reason, said = menu_and_tile(sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN))
    assert reason == "Le chef d’établissement a notifié une décision motivée."
    assert said == [reason]
    veil.receive()
    with time_machine.travel(datetime(2027, 6, 28, 12, tzinfo=UTC), tick=False):
        reason, said = menu_and_tile(sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN))
    assert reason == "La décision motivée est reçue\u00a0: le délai d’appel court."
    assert said == [f"{reason} Appel jusqu’au mardi 29 juin 2027 à 24\u00a0h (heure de Paris)."]


def test_mes_services_makes_eight_queries_with_two_children_and_a_decision(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    elsewhere = student(school("0699902Y"), "Léo", "Dubois")
    guardian(elsewhere.school, "Sophie", "Bernard", elsewhere, user=dubois.sophie.user)
    with time_machine.travel(CLOSED_AT, tick=False):
        client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/mes-services/").status_code == 200
    assert len(queries) == 8, "\n".join(query["sql"][:150] for query in queries)
