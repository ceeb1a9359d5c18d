"""What was asked and decided in an earlier year stays readable once the same pupil is in a newer campaign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile
from orientation.models import Campaign, Decision, DecisionReading, Phase, PhaseKind
from schools.models import Guardian
from tests.factories import Family, account, guardian, sign_in
from tests.orientation.test_receipt import squeezed, text_of
from tests.orientation_decisions.conftest import CLOSED_AT, Dialogue

pytestmark = pytest.mark.django_db

NEXT_YEAR = CLOSED_AT + timedelta(days=250)
"""The intentions of 2027-2028 are open; Emma repeats her seconde."""


@pytest.fixture
def decision(dubois: Family, veil: Dialogue) -> Decision:
    """What the head decided in 2026-2027."""
    made = veil.disagree()
    later = Campaign.objects.create(school=dubois.school, school_year=2027, offer_declared_at=CLOSED_AT)
    for number, kind in enumerate(PhaseKind):
        opens_at = NEXT_YEAR + timedelta(days=30 * number - 5)
        Phase.objects.create(campaign=later, kind=kind, opens_at=opens_at, closes_at=opens_at + timedelta(days=10))
    return made


@pytest.fixture(autouse=True)
def next_year() -> Iterator[None]:
    with time_machine.travel(NEXT_YEAR, tick=False):
        yield


def as_(person: Guardian) -> Client:
    return sign_in(Client(), person.user, Profile.GUARDIAN)


def address(family: Family, name: str, *rest: object) -> str:
    return reverse(f"orientation:{name}", args=[family.emma.public_id, *rest])


def words(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return squeezed(answer.content.decode())


def test_the_home_of_the_new_year_leads_to_the_earlier_one(dubois: Family, decision: Decision) -> None:
    page = words(as_(dubois.sophie), address(dubois, "home"))
    assert squeezed("Aucun choix n’est encore saisi.") in page
    assert address(dubois, "past_year", 2026) in page
    assert squeezed("Année scolaire 2026-2027") in page


def test_a_first_year_has_no_earlier_one(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    with time_machine.travel(CLOSED_AT, tick=False):
        client = as_(dubois.sophie)
        assert squeezed("Années précédentes") not in words(client, address(dubois, "home"))
        assert client.get(address(dubois, "past_year", 2026)).status_code == 404


@pytest.mark.parametrize("who", ["sophie", "marc", "emma"])
def test_the_earlier_year_is_read_by_who_may_open_the_file(dubois: Family, decision: Decision, who: str) -> None:
    client = sign_in(Client(), dubois.emma.user, Profile.STUDENT) if who == "emma" else as_(getattr(dubois, who))
    page = words(client, address(dubois, "past_year", 2026))
    for said in ("Décision n° 1", "STMG", "Choix définitifs : demande n° 1", "Rang 1", "Entretien avec"):
        assert squeezed(said) in page, said
    assert squeezed("2027-2028") not in page
    assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]
    assert DecisionReading.objects.filter(decision=decision).count() == 1
    for path in (
        address(dubois, "decision_pdf", decision.public_id),
        address(dubois, "past_receipt", 2026, PhaseKind.FINAL_CHOICES, 1),
    ):
        answer = client.get(path)
        assert answer["Content-Type"] == "application/pdf"
        assert squeezed("2026-2027") in squeezed(text_of(answer.content))


def test_nobody_else_reads_it(dubois: Family, decision: Decision) -> None:
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, user=account(), level=3)
    receipt = address(dubois, "past_receipt", 2026, PhaseKind.FINAL_CHOICES, 1)
    for path in (address(dubois, "past_year", 2026), receipt):
        assert as_(contact).get(path).status_code == 404
        assert Client().get(path).status_code == 302
        assert as_(dubois.sophie).post(path).status_code == 405


@pytest.mark.parametrize("rest", [(2025,), (2027,)])
def test_a_year_that_holds_nothing_is_not_found(dubois: Family, decision: Decision, rest: tuple[int]) -> None:
    assert as_(dubois.sophie).get(address(dubois, "past_year", *rest)).status_code == 404


@pytest.mark.parametrize(("kind", "number"), [(PhaseKind.FINAL_CHOICES, 2), (PhaseKind.INTENTIONS, 1)])
def test_a_receipt_that_was_not_given_is_not_found(
    dubois: Family, decision: Decision, kind: PhaseKind, number: int
) -> None:
    assert as_(dubois.sophie).get(address(dubois, "past_receipt", 2026, kind, number)).status_code == 404


@pytest.mark.parametrize(("name", "count"), [("home", 7), ("past_year", 6)])
def test_each_page_makes_its_number_of_queries(dubois: Family, decision: Decision, name: str, count: int) -> None:
    client = as_(dubois.sophie)
    path = address(dubois, name, *([2026] if name == "past_year" else []))
    client.get(path)  # the read receipt
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    assert len(queries) == count, "\n".join(query["sql"][:150] for query in queries)


def test_the_unread_decision_of_an_earlier_year_is_no_notice(dubois: Family, decision: Decision) -> None:
    notices = [each.text for each in as_(dubois.sophie).get("/mes-services/").context["notices"]]
    assert notices
    assert not [each for each in notices if "décision" in each]


def test_a_decision_that_was_replaced_is_not_told_as_one_that_stands(
    dubois: Family, veil: Dialogue, decision: Decision
) -> None:
    assert squeezed("par la décision n°") not in words(as_(dubois.sophie), address(dubois, "past_year", 2026))
    veil.receive()
    veil.appeal()
    veil.commission()
    page = words(as_(dubois.sophie), address(dubois, "past_year", 2026))
    assert page.count(squeezed("Remplacée par la décision n° 2")) == 2, "on the decision and in the story"
