"""Decisions, deadlines and the timeline as the family reads them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar
from pypdf import PdfReader

from accounts.models import Profile, User
from orientation.models import Decision, DecisionReading
from schools.models import Guardian
from tests.factories import Family, account, guardian, school, sign_in, student
from tests.orientation.test_receipt import reader_of, squeezed, tags_of, text_of
from tests.orientation_decisions.conftest import ANSWERED_AT, CLOSED_AT, Dialogue
from tests.orientation_dialogue.conftest import PROPOSALS

pytestmark = pytest.mark.django_db


Reader = tuple[User | None, Profile]


def as_(person: Guardian) -> Reader:
    return person.user, Profile.GUARDIAN


def student_of(veil: Dialogue) -> Reader:
    return veil.emma.user, Profile.STUDENT


def signed_in(reader: Reader) -> Client:
    """Sign in at the instant that the test stands at: sessions end."""
    return sign_in(Client(), *reader)


def address(name: str, veil: Dialogue, *rest: object) -> str:
    return reverse(f"orientation:{name}", args=[veil.emma.public_id, *rest])


def page(reader: Reader, name: str, veil: Dialogue, *, at: datetime = CLOSED_AT) -> str:
    with time_machine.travel(at, tick=False):
        answer = signed_in(reader).get(address(name, veil))
    assert answer.status_code == 200
    return re.sub(r"[ \n]+", " ", re.sub(r"</?sup>", "", answer.content.decode()))


def agreed(veil: Dialogue) -> Decision:
    veil.tell(PROPOSALS)
    veil.answer(True)
    return veil.issue()[0]


# --- The list --------------------------------------------------------------------------------------------------------


def test_each_guardian_and_the_student_read_the_decision(dubois: Family, veil: Dialogue) -> None:
    decision = agreed(veil)
    for reader in (as_(dubois.sophie), as_(dubois.marc), student_of(veil)):
        text = page(reader, "decisions", veil)
        assert "Décision n° 1" in text
        assert decision.label in text
        assert "D331-33" in text
        assert "dimanche 20 juin 2027 à 10\u00a0h\u00a040 (heure de Paris)" in text
        assert "bernard@" not in text


@pytest.mark.parametrize("who", ["stranger", "contact", "nobody"])
def test_nobody_else_finds_anything(dubois: Family, veil: Dialogue, who: str) -> None:
    decision = agreed(veil)
    other = school("0699902Y")
    stranger = guardian(other, "Paule", "Autre", student(other, "Autre", "Autre"), user=account())
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, user=account(), level=3)
    client = Client() if who == "nobody" else signed_in(as_({"stranger": stranger, "contact": contact}[who]))
    expected = 302 if who == "nobody" else 404
    for name, *rest in (("decisions",), ("deadlines",), ("decision_pdf", decision.public_id)):
        assert client.get(address(name, veil, *rest)).status_code == expected
    assert not DecisionReading.objects.exists()


def test_the_first_reading_of_each_account_is_kept(dubois: Family, veil: Dialogue) -> None:
    decision = agreed(veil)
    for person in (dubois.sophie, dubois.sophie, dubois.marc):
        page(as_(person), "decisions", veil)
        page(as_(person), "decisions", veil, at=CLOSED_AT + timedelta(days=1))
    found = DecisionReading.objects.order_by("pk").values_list("decision", "user", "read_at")
    assert list(found) == [
        (decision.pk, dubois.sophie.user_id, CLOSED_AT),
        (decision.pk, dubois.marc.user_id, CLOSED_AT),
    ]


def test_without_a_decision_the_page_says_so_and_where_the_file_stands(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    text = page(as_(dubois.sophie), "decisions", veil, at=ANSWERED_AT)
    assert "Aucune décision d’orientation n’a encore été notifiée." in text
    assert "Les propositions du conseil de classe sont publiées." in text
    assert not DecisionReading.objects.exists()


def test_a_reasoned_decision_says_why_and_what_can_be_done_until_when(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    text = page(as_(dubois.marc), "decisions", veil)
    assert "Des résultats trop fragiles." in text
    assert "trois jours ouvrables" in text
    assert "D331-34" in text
    veil.receive()
    later = datetime(2027, 6, 28, 12, tzinfo=UTC)
    assert "Appel jusqu’au mardi 29 juin 2027 à 24\u00a0h (heure de Paris)." in page(
        as_(dubois.marc), "decisions", veil, at=later
    )


def test_a_decision_that_was_replaced_says_by_which_one(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    veil.receive()
    veil.appeal()
    veil.commission(pathway="generale", is_conform=True)
    text = page(as_(dubois.sophie), "decisions", veil, at=CLOSED_AT + timedelta(days=20))
    assert text.count("Remplacée par la décision n°\u00a02") == 2, "on the decision and in the story"
    assert "nnulée" not in text
    assert "vendredi 2 juillet 2027" in text
    assert text.count("Voies de recours") == 1


# --- The home --------------------------------------------------------------------------------------------------------


def test_the_home_says_where_the_file_stands_and_what_happened(dubois: Family, veil: Dialogue) -> None:
    agreed(veil)
    text = page(as_(dubois.sophie), "home", veil)
    assert "La décision d’orientation est notifiée." in text
    assert "Je lis la décision d’orientation" in text
    titles = re.findall(r'timeline__title">([^<]*)<', text)
    assert titles == [
        "Choix définitifs\u00a0: demande n° 1 validée",
        "Propositions du conseil de classe publiées",
        "D’accord\u00a0: " + veil.answer_on("stmg").label,
        "Décision n° 1 notifiée\u00a0: " + veil.answer_on("stmg").label,
    ]


def test_what_is_decided_can_no_longer_be_answered_and_the_page_says_why(dubois: Family, veil: Dialogue) -> None:
    veil.tell(PROPOSALS)
    veil.answer(True)
    veil.issue(at=ANSWERED_AT)
    text = page(as_(dubois.sophie), "proposals", veil, at=ANSWERED_AT)
    assert "la réponse ne peut plus être changée" in text
    assert reverse("orientation:disagree", args=[veil.emma.public_id, "stmg"]) not in text
    assert reverse("orientation:agree", args=[veil.emma.public_id, "sti2d"]) in text
    with time_machine.travel(ANSWERED_AT, tick=False):
        client, place = signed_in(as_(dubois.sophie)), address("disagree", veil, "stmg")
        assert client.get(place).status_code == 409
        refused = client.post(place, {"seen_number": 1})
    assert refused.status_code == 409
    assert "déjà été notifiée" in refused.content.decode()


def test_a_student_is_never_told_of_a_draft(dubois: Family, veil: Dialogue) -> None:
    with time_machine.travel(veil.phase(PROPOSALS).opens_at - timedelta(days=21), tick=False):
        client = signed_in(as_(dubois.sophie))
        values = {"version": 0, "group": "technologique", "series": "stmg"}
        where = [veil.emma.public_id, "choix-definitifs"]
        assert client.post(reverse("orientation:add_choice", args=where), values).status_code == 302
        assert "Un brouillon est en cours" in client.get(address("home", veil)).content.decode()
        own = signed_in(student_of(veil)).get(address("home", veil)).content.decode()
    assert "brouillon" not in own.lower()
    assert "Aucun choix n’est encore saisi" in own


# --- Paper -----------------------------------------------------------------------------------------------------------


def pdf_of(veil: Dialogue, decision: Decision, client: Client) -> bytes:
    answer = client.get(address("decision_pdf", veil, decision.public_id))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="decision-orientation-n{decision.number}.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    return bytes(answer.content)


def test_the_notification_says_all_that_makes_it_one(dubois: Family, veil: Dialogue) -> None:
    decision = veil.disagree()
    pdf = pdf_of(veil, decision, signed_in(as_(dubois.sophie)))
    text = squeezed(text_of(pdf))
    for words in (
        "Notification de décision d’orientation",
        "Lycée Simone-Veil (UAI 0759901X)",
        "Emma Dubois",
        "20 février 2011",
        "2DE3",
        "0759901X-2026-0001",
        "Des résultats trop fragiles.",
        "Article D331-34",
        "Arrêté du 19 juillet 2019",
        "trois jours ouvrables",
        "être entendus",
        "D331-37",
        "dimanche 20 juin 2027 à 10 h 40 (heure de Paris)",
        "Date, signature et cachet",
    ):
        assert squeezed(words) in text, words
    assert "@" not in text
    assert "Sophie" not in text
    assert DecisionReading.objects.get().user == dubois.sophie.user


def test_it_is_tagged_for_screen_readers_and_the_same_each_time(dubois: Family, veil: Dialogue) -> None:
    decision = agreed(veil)
    first, second = (pdf_of(veil, decision, signed_in(as_(dubois.sophie))) for _ in range(2))
    assert first == second
    reader: PdfReader = reader_of(first)
    assert b"pdfuaid:part" in first
    assert reader.root_object["/Lang"] == "fr"
    tags = tags_of(first)
    assert tags.count("H1") == 1
    assert tags.count("H2") >= 5
    assert "Emma Dubois" in str(reader.metadata.title if reader.metadata else "")


def test_a_decision_of_another_child_is_not_found(dubois: Family, veil: Dialogue) -> None:
    decision = agreed(veil)
    brother = student(dubois.school, "Noé", "Dubois")
    guardian(dubois.school, "Sophie", "Bernard", brother, user=dubois.sophie.user)
    place = reverse("orientation:decision_pdf", args=[brother.public_id, decision.public_id])
    assert signed_in(as_(dubois.sophie)).get(place).status_code == 404


# --- The calendar ----------------------------------------------------------------------------------------------------


def test_the_calendar_holds_the_closings_and_the_end_of_the_appeal_with_alarms(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    veil.receive()
    answer = signed_in(as_(dubois.sophie)).get(address("deadlines", veil))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    found = Calendar.from_ical(answer.content)
    events = found.walk("VEVENT")
    assert len(events) == 5
    assert all(len(event.walk("VALARM")) == 2 for event in events)
    appeal = next(event for event in events if "appel" in str(event["SUMMARY"]))
    assert appeal.decoded("DTEND") == datetime(2027, 6, 29, 22, tzinfo=UTC)
    assert "mardi 29 juin 2027 à 24\u00a0h (heure de Paris)" in str(appeal["DESCRIPTION"])
    proposals = veil.proposals
    assert proposals.closes_at in [event.decoded("DTEND") for event in events]
    assert len({str(event["UID"]) for event in events}) == 5


def test_nobody_is_named_in_it_but_the_child_by_the_first_name(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    text = signed_in(as_(dubois.sophie)).get(address("deadlines", veil)).content.decode().replace("\r\n ", "")
    assert "Emma" in text
    for word in ("Dubois", "Sophie", "Marc", "Bernard", "2DE3", "fragiles", "STMG"):
        assert word not in text


def test_a_receipt_recorded_by_mistake_leaves_the_calendar(dubois: Family, veil: Dialogue) -> None:
    from orientation.decisions.services import cancel_step

    veil.disagree()
    step = veil.receive(date(2027, 6, 25))
    cancel_step(step=step, by=veil.head, at=CLOSED_AT + timedelta(days=6))
    found = Calendar.from_ical(signed_in(as_(dubois.sophie)).get(address("deadlines", veil)).content)
    assert len(found.walk("VEVENT")) == 4


# --- Numbers of queries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "count"), [("decisions", 5), ("home", 6), ("decision_pdf", 6), ("deadlines", 5)])
def test_each_page_makes_its_number_of_queries(dubois: Family, veil: Dialogue, name: str, count: int) -> None:
    decision = veil.disagree()
    veil.receive()
    place = address(name, veil, *([decision.public_id] if name == "decision_pdf" else []))
    with time_machine.travel(CLOSED_AT, tick=False):
        client = signed_in(as_(dubois.sophie))
        client.get(place)  # the read receipt
        with CaptureQueriesContext(connection) as queries:
            assert client.get(place).status_code == 200
    counted = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(counted) == count, "\n".join(sql[:150] for sql in counted)


# --- Afterwards ------------------------------------------------------------------------------------------------------


def test_a_decision_stays_readable_once_the_child_has_left_the_level(dubois: Family, veil: Dialogue) -> None:
    """Even for a child for whom nothing was validated."""
    veil.publish(PROPOSALS)
    veil.meet_family()
    veil.decide()
    dubois.emma.mef_code = "20111010110"
    dubois.emma.save()
    assert "Décision n° 1" in page(as_(dubois.sophie), "decisions", veil)


def test_the_receipt_of_a_decision_that_was_replaced_is_no_deadline(dubois: Family, veil: Dialogue) -> None:
    veil.disagree()
    veil.receive(date(2027, 6, 21))
    at = CLOSED_AT + timedelta(days=2)
    veil.decide(pathway="sti2d", seen_number=1, at=at)
    with time_machine.travel(at, tick=False):
        found = Calendar.from_ical(signed_in(as_(dubois.sophie)).get(address("deadlines", veil)).content)
    assert len(found.walk("VEVENT")) == 4
