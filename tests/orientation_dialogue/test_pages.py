"""What families read of the council, and answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile, User
from orientation.council.services import withdraw_publication
from orientation.models import Acknowledgement, DivisionPublication, FamilyAnswer, Phase, PhaseKind, SheetReading
from schools.models import Guardian
from tests.factories import Family, account, campaign, guardian, school, sign_in, student
from tests.orientation_dialogue.conftest import OPINIONS, PROPOSALS, READ_AT
from tests.orientation_dialogue.conftest import School as Veil
from tests.test_addresses import whole_database

pytestmark = pytest.mark.django_db


def address(name: str, family: Family, *rest: object) -> str:
    return reverse(f"orientation:{name}", args=[family.emma.public_id, *rest])


@pytest.fixture
def morning() -> Iterator[None]:
    """Stand on the morning after the propositions were published."""
    with time_machine.travel(READ_AT[PROPOSALS], tick=False):
        yield


def as_guardian(person: Guardian) -> Client:
    return sign_in(Client(), person.user, Profile.GUARDIAN)


def as_student(user: User | None) -> Client:
    return sign_in(Client(), user, Profile.STUDENT)


def read(client: Client, name: str, family: Family, *rest: object) -> str:
    answer = client.get(address(name, family, *rest))
    assert answer.status_code == 200
    return answer.content.decode()


# --- Avis ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def winter() -> Iterator[None]:
    """Stand on the morning after the avis were published."""
    with time_machine.travel(READ_AT[OPINIONS], tick=False):
        yield


@pytest.mark.usefixtures("winter")
def test_avis_stand_beside_what_was_asked_with_their_reason(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    page = read(as_guardian(dubois.marc), "opinions", dubois)
    for said in (
        "Avis publiés le lundi 1 mars 2027",
        "Rang 1",
        "sciences de l’ingénieur (hors établissement)",
        "Avis réservé",
        "Des efforts en mathématiques.",
        "Avis favorable",
        "J’accuse réception",
    ):
        assert said in page, said


@pytest.mark.usefixtures("winter")
def test_nothing_is_shown_before_the_publication_nor_after_its_withdrawal(dubois: Family, veil: Veil) -> None:
    veil.ask(OPINIONS)
    veil.meet(OPINIONS)
    sophie = as_guardian(dubois.sophie)
    page = read(sophie, "opinions", dubois)
    assert "n’a pas encore publié ses avis provisoires" in page
    assert "efforts" not in page
    veil.publish(OPINIONS)
    withdraw_publication(publication=DivisionPublication.objects.get(), by=veil.head, at=READ_AT[OPINIONS])
    assert "efforts" not in read(sophie, "opinions", dubois)
    assert not SheetReading.objects.exists()


@pytest.mark.usefixtures("winter")
def test_the_first_reading_of_each_account_is_kept_the_students_too(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    for client in (as_guardian(dubois.sophie), as_student(dubois.emma.user)):
        for _time in range(2):
            read(client, "opinions", dubois)
    assert set(SheetReading.objects.values_list("user", flat=True)) == {dubois.sophie.user_id, dubois.emma.user_id}
    assert SheetReading.objects.count() == 2


@pytest.mark.usefixtures("morning")
@pytest.mark.parametrize("names", [["proposals", "agree"], ["agree", "proposals"]])
def test_reading_writes_the_receipt_and_nothing_else_and_only_once(
    dubois: Family, veil: Veil, names: list[str]
) -> None:
    veil.tell(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    before = whole_database()
    written = []
    for name in names:
        read(sophie, name, dubois, *(["stmg"] if name == "agree" else []))
        after = whole_database()
        written.append({table for table in after if after[table] != before[table]} - {"audit_change"})
        before = after
    assert written == [{"orientation_sheetreading"}, set()]


@pytest.mark.usefixtures("winter")
def test_avis_are_acknowledged_once_and_both_guardians_see_by_whom(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    page = as_guardian(dubois.marc).post(address("acknowledge", dubois), follow=True).content.decode()
    assert "Vous avez accusé réception" in page
    for client in (as_guardian(dubois.sophie), as_student(dubois.emma.user)):
        page = read(client, "opinions", dubois)
        assert "Marc Dubois a accusé réception le mardi 2 mars 2027" in page
        assert "J’accuse réception" not in page
    as_guardian(dubois.sophie).post(address("acknowledge", dubois))
    assert Acknowledgement.objects.get().guardian == dubois.marc


@pytest.mark.usefixtures("winter")
def test_a_student_reads_avis_and_acknowledges_nothing(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    emma = as_student(dubois.emma.user)
    page = read(emma, "opinions", dubois)
    assert "Avis réservé" in page
    assert '<button class="fr-btn" type="submit">J’accuse' not in page
    assert emma.post(address("acknowledge", dubois)).status_code == 403
    assert not Acknowledgement.objects.exists()


def test_avis_stay_readable_once_the_phase_is_closed_and_can_no_longer_be_acknowledged(
    dubois: Family, veil: Veil
) -> None:
    veil.tell(OPINIONS)
    Phase.objects.filter(kind=OPINIONS).update(closes_at=READ_AT[OPINIONS])
    with time_machine.travel(READ_AT[OPINIONS], tick=False):
        sophie = as_guardian(dubois.sophie)
        page = read(sophie, "opinions", dubois)
        assert "Avis réservé" in page
        assert "avant la fermeture" in page
        answer = sophie.post(address("acknowledge", dubois))
    assert answer.status_code == 409
    assert "après la fermeture" in answer.content.decode()


# --- Propositions ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("morning")
def test_propositions_are_shown_with_what_was_not_asked_and_what_calls_for_no_answer(
    dubois: Family, veil: Veil
) -> None:
    veil.tell(PROPOSALS)
    page = read(as_guardian(dubois.sophie), "proposals", dubois)
    for said in (
        "Des résultats trop fragiles.",
        "numérique et sciences informatiques",
        "Proposition du conseil de classe non demandée",
        "Un vrai goût pour les projets.",
        "vous n’avez pas de réponse à donner à cet avis",
        "devient la décision d’orientation, notifiée par le chef d’établissement",
        "jusqu’au samedi 19 juin 2027",
    ):
        assert said in page, said
    for code in ("generale", "stmg", "sti2d"):
        assert address("agree", dubois, code) in page
        assert address("disagree", dubois, code) in page
    assert address("agree", dubois, "autre-parcours") not in page


@pytest.mark.usefixtures("morning")
@pytest.mark.parametrize(
    ("name", "meaning", "shown"),
    [
        ("agree", "devient la décision d’orientation", "Réponse de la famille : d’accord"),
        ("disagree", "le dialogue continue, prenez contact", "Réponse de la famille : pas d’accord"),
    ],
)
def test_an_answer_says_what_it_means_before_it_is_given(
    dubois: Family, veil: Veil, name: str, meaning: str, shown: str
) -> None:
    veil.tell(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    assert meaning in read(sophie, name, dubois, "stmg")
    assert not FamilyAnswer.objects.exists()
    page = sophie.post(address(name, dubois, "stmg"), {"seen_number": 0}, follow=True).content.decode()
    assert shown in page.replace("\u00a0", " ")
    assert "— par Sophie Bernard le mardi 15 juin 2027" in page


@pytest.mark.usefixtures("morning")
def test_an_answer_is_changed_and_the_earlier_one_stays_readable(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    sophie.post(address("agree", dubois, "stmg"), {"seen_number": 0})
    asked = read(sophie, "disagree", dubois, "stmg")
    assert "La vôtre la remplacera" in asked
    assert 'name="seen_number" value="1"' in asked
    page = sophie.post(address("disagree", dubois, "stmg"), {"seen_number": 1}, follow=True).content.decode()
    assert "Réponses précédentes" in page
    assert FamilyAnswer.objects.count() == 2


@pytest.mark.usefixtures("morning")
def test_the_second_of_two_guardians_is_shown_the_firsts_answer_and_asked_again(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    as_guardian(dubois.sophie).post(address("agree", dubois, "stmg"), {"seen_number": 0})
    marc = as_guardian(dubois.marc)
    answer = marc.post(address("disagree", dubois, "stmg"), {"seen_number": 0})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Sophie Bernard a répondu pendant ce temps" in page
    assert 'name="seen_number" value="1"' in page
    assert FamilyAnswer.objects.count() == 1
    marc.post(address("disagree", dubois, "stmg"), {"seen_number": 1})
    assert FamilyAnswer.objects.get(number=2).guardian == dubois.marc


@pytest.mark.usefixtures("morning")
def test_an_unreadable_form_asks_again_and_the_answer_that_counts_is_not_asked_for(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    assert sophie.post(address("agree", dubois, "stmg"), {"seen_number": "?"}).status_code == 200
    assert not FamilyAnswer.objects.exists()
    sophie.post(address("agree", dubois, "stmg"), {"seen_number": 0})
    again = sophie.get(address("agree", dubois, "stmg"))
    assert again["Location"] == address("proposals", dubois)


@pytest.mark.usefixtures("morning")
def test_a_student_reads_propositions_and_answers_nothing(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    emma = as_student(dubois.emma.user)
    page = read(emma, "proposals", dubois)
    assert "trop fragiles" in page
    assert "/d-accord/" not in page
    assert emma.get(address("agree", dubois, "stmg")).status_code == 403
    assert emma.post(address("agree", dubois, "stmg"), {"seen_number": 0}).status_code == 403
    assert not FamilyAnswer.objects.exists()


@pytest.mark.usefixtures("morning")
def test_what_calls_for_no_answer_has_no_page_to_answer_it(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    for code in ("autre-parcours", "st2s"):
        assert sophie.get(address("agree", dubois, code)).status_code == 404
        assert sophie.post(address("agree", dubois, code), {"seen_number": 0}).status_code == 409


def test_an_answer_after_the_closing_is_said_and_the_propositions_stay_readable(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    Phase.objects.filter(kind=PROPOSALS).update(closes_at=READ_AT[PROPOSALS])
    with time_machine.travel(READ_AT[PROPOSALS], tick=False):
        sophie = as_guardian(dubois.sophie)
        page = read(sophie, "proposals", dubois)
        assert "Sans réponse" in page
        assert "/d-accord/" not in page
        for answer in (
            sophie.get(address("agree", dubois, "stmg")),
            sophie.post(address("agree", dubois, "stmg"), {"seen_number": 0}),
        ):
            assert answer.status_code == 409
            assert "après la fermeture" in answer.content.decode()


@pytest.mark.usefixtures("morning")
def test_before_the_publication_an_answer_is_asked_of_nobody(dubois: Family, veil: Veil) -> None:
    veil.ask(PROPOSALS)
    veil.meet(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    assert "n’a pas encore publié ses propositions" in read(sophie, "proposals", dubois)
    assert sophie.get(address("agree", dubois, "stmg")).status_code == 302
    assert sophie.post(address("agree", dubois, "stmg"), {"seen_number": 0}).status_code == 409


@pytest.mark.usefixtures("morning")
def test_who_validated_nothing_reads_so(dubois: Family, veil: Veil) -> None:
    veil.publish(PROPOSALS)
    assert "n’a pas fait de proposition" in read(as_guardian(dubois.sophie), "proposals", dubois)


@pytest.mark.usefixtures("morning")
def test_another_family_and_nobody_find_nothing(dubois: Family, veil: Veil) -> None:
    veil.tell(PROPOSALS)
    other = school("0699902Y")
    campaign(other)
    paule = guardian(other, "Paule", "Autre", student(other, "Autre", "Autre"), user=account())
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, user=account(), level=3)
    addresses = [("opinions",), ("proposals",), ("agree", "stmg"), ("disagree", "stmg")]
    for name, *rest in addresses:
        assert Client().get(address(name, dubois, *rest)).status_code == 302
        for person in (paule, contact):
            assert as_guardian(person).get(address(name, dubois, *rest)).status_code == 404
            assert as_guardian(person).post(address(name, dubois, *rest), {"seen_number": 0}).status_code in (404, 405)
    assert not FamilyAnswer.objects.exists()
    assert not SheetReading.objects.exists()


# --- Where the family arrives ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("morning")
def test_the_home_says_where_the_propositions_stand_with_the_one_button(dubois: Family, veil: Veil) -> None:
    veil.ask(PROPOSALS)
    veil.meet(PROPOSALS)
    sophie = as_guardian(dubois.sophie)
    page = read(sophie, "home", dubois)
    assert "Pas encore publié" in page
    assert page.count("n’a pas encore publié ses propositions") == 2, "in the menu too"
    veil.publish(PROPOSALS)
    page = read(sophie, "home", dubois).replace("\u00a0", " ")
    assert "Je consulte et je réponds aux propositions du conseil de classe" in page
    assert "Réponses données : 0 sur 3 propositions." in page
    sophie.post(address("agree", dubois, "stmg"), {"seen_number": 0})
    assert "Réponses données : 1 sur 3 propositions." in read(sophie, "home", dubois).replace("\u00a0", " ")
    page = read(as_student(dubois.emma.user), "home", dubois)
    assert "Je consulte les propositions du conseil de classe" in page


@pytest.mark.usefixtures("winter")
def test_the_home_says_who_acknowledged(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    marc = as_guardian(dubois.marc)
    assert "n’a encore accusé réception" in read(marc, "home", dubois)
    marc.post(address("acknowledge", dubois))
    assert "Marc Dubois a accusé réception le" in read(as_guardian(dubois.sophie), "home", dubois)


@pytest.mark.usefixtures("morning")
def test_avis_of_an_earlier_phase_are_found_again_from_the_home(dubois: Family, veil: Veil) -> None:
    veil.tell(OPINIONS)
    assert address("opinions", dubois) in read(as_guardian(dubois.sophie), "home", dubois)


@pytest.mark.parametrize(("kind", "done"), [(OPINIONS, ["acknowledge"]), (PROPOSALS, ["generale", "stmg", "sti2d"])])
def test_what_waits_for_the_family_is_said_until_it_is_done(
    dubois: Family, veil: Veil, kind: PhaseKind, done: list[str]
) -> None:
    veil.tell(kind)
    with time_machine.travel(READ_AT[kind], tick=False):
        sophie = as_guardian(dubois.sophie)
        waits = "attendent votre"
        assert waits in sophie.get("/mes-services/").content.decode()
        assert waits not in as_student(dubois.emma.user).get("/mes-services/").content.decode()
        for each in done:
            assert waits in sophie.get("/mes-services/").content.decode()
            if kind is OPINIONS:
                sophie.post(address(each, dubois))
            else:
                sophie.post(address("agree", dubois, each), {"seen_number": 0})
        assert waits not in sophie.get("/mes-services/").content.decode()


# --- Numbers of queries ----------------------------------------------------------------------------------------------


@pytest.fixture
def counted(dubois: Family, veil: Veil) -> Callable[[PhaseKind, str, str], int]:
    def count(kind: PhaseKind, method: str, url: str) -> int:
        with time_machine.travel(READ_AT[kind], tick=False):
            client = as_guardian(dubois.sophie)
            if method == "get":
                client.get(url)  # the read receipt
            with CaptureQueriesContext(connection) as queries:
                answer = getattr(client, method)(url, {"seen_number": 0})
            assert answer.status_code == (200 if method == "get" else 302)
        shown = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        print("\n".join(sql[:150] for sql in shown))  # noqa: T201 - shown when the count is wrong
        return len(shown)

    return count


def test_each_page_makes_eight_queries_at_most(
    dubois: Family, veil: Veil, counted: Callable[[PhaseKind, str, str], int]
) -> None:
    veil.tell(OPINIONS)
    veil.tell(PROPOSALS)
    assert counted(OPINIONS, "get", address("opinions", dubois)) == 8
    assert counted(PROPOSALS, "get", address("proposals", dubois)) == 8
    assert counted(PROPOSALS, "get", address("agree", dubois, "stmg")) == 8
    assert counted(PROPOSALS, "get", address("home", dubois)) == 6, "with what happened and the earlier years"


def test_each_act_makes_fifteen_queries_at_most(
    dubois: Family, veil: Veil, counted: Callable[[PhaseKind, str, str], int]
) -> None:
    veil.tell(OPINIONS)
    veil.tell(PROPOSALS)
    assert counted(OPINIONS, "post", address("acknowledge", dubois)) <= 15
    assert counted(PROPOSALS, "post", address("agree", dubois, "stmg")) <= 15
