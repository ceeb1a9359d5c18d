"""A person downloads what is kept of them: all of it, and nobody else's coordinates."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries

from accounts.models import Identity, Profile, User
from audit.services import note_reading
from notifications.models import MessageState, OutboxMessage
from notifications.rendering import build_email, subject_of
from orientation.models import (
    CouncilSheet,
    Decision,
    DecisionReading,
    DivisionPublication,
    Draft,
    DraftRevision,
    Pathway,
    PhaseKind,
    SetAside,
    SheetReading,
)
from portal.models import ContactMessage
from schools.models import ContactChange, Guardian, Guardianship, Relationship, Student
from tests.factories import NOW, Family, guardian, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

PAGE = "/espace-famille/mes-donnees/"
JSON, PDF = PAGE + "donnees.json", PAGE + "donnees.pdf"
MARCS = ("marc.dubois@familles.example", "0600000002", "3 rue de Marc", "essai-de-marc@familles.example")


def text_of(pdf: bytes) -> str:
    """The words of a document, apart by one space."""
    pages = PdfReader(io.BytesIO(pdf), strict=True).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def lived(dubois: Family) -> Family:
    """Both guardians have coordinates and a past; Sophie validated, and wrote to the school."""
    sophie, marc = dubois.sophie, dubois.marc
    assert sophie.user
    Guardian.objects.filter(pk=sophie.pk).update(mobile="+33600000001", address_lines="1 rue de Sophie")
    Guardian.objects.filter(pk=marc.pk).update(
        mobile="0600000002", address_lines="3 rue de Marc", pending_email="essai-de-marc@familles.example"
    )
    for person, town in ((sophie, "Sophieville"), (marc, "Marcville")):
        ContactChange.objects.create(guardian=person, field="town", after=town, changed_at=NOW, changed_by=person.user)
        OutboxMessage.objects.create(
            kind="schools.email_replaced", recipient=f"guardian:{person.pk}", address=person.school_email,
            deduplication_key=f"to {person.pk}", context={"school": "x"}, state=MessageState.SENT,
        )  # fmt: skip
    Identity.objects.create(user=sophie.user, provider="educonnect", subject="sub-de-sophie")
    client = sign_in(Client(), sophie.user, Profile.GUARDIAN)
    where = [dubois.emma.public_id, "choix-definitifs"]
    values = {"version": 0, "group": "technologique", "series": "stmg"}
    client.post(reverse("orientation:add_choice", args=where), values)
    client.post(reverse("orientation:validate_choices", args=where), {"version": 1})
    DraftRevision.objects.create(
        draft=Draft.objects.get(), version=9, changed_at=NOW, changed_by=marc.user,
        wishes=[{"pathway": "std2a", "specialities": [], "note": ""}],
    )  # fmt: skip
    for person, pathway in ((sophie, "st2s"), (marc, "std2a")):
        assert person.user is not None
        SetAside.objects.create(
            draft=Draft.objects.get(), written_at=NOW, written_by=person.user,
            wishes=[{"pathway": pathway, "specialities": [], "note": ""}],
        )  # fmt: skip
    message = ContactMessage.objects.create(
        sent_by=sophie.user, school=dubois.school, student=dubois.emma, subject="other",
        wants_answer_by_email=False, sent_at=NOW,
    )  # fmt: skip
    OutboxMessage.objects.create(
        kind="portal.family_message", recipient="school:1", address="lycee@example.org",
        deduplication_key=message.outbox_key, context={"text": "Bonjour, une question."},
    )  # fmt: skip
    head = staff(dubois.school)
    note_reading(by=head, school_id=dubois.school.pk, subject=dubois.emma, page="followup_student", at=NOW)
    note_reading(by=head, school_id=dubois.school.pk, subject=sophie, page="guardian_page", at=NOW)
    return dubois


def downloaded(client: Client) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    answer = client.get(JSON)
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="mes-donnees.json"'
    data = json.loads(answer.content)
    return answer.content.decode(), {each["name"]: each["entries"] for each in data["sections"]}


def test_a_guardian_gets_who_they_are_and_what_they_wrote(lived: Family) -> None:
    _text, data = downloaded(sign_in(Client(), lived.sophie.user, Profile.GUARDIAN))
    assert data["identity"][0]["town"] == "Sophieville"
    assert data["identity"][0]["mobile"] == "06 00 00 00 01"
    assert data["links"] == [{"name": "Emma Dubois", "relationship": "mère", "level": "représentant légal"}]
    assert data["account"][1]["subject"] == "sub-de-sophie"
    assert [each["choices"] for each in data["submissions"]] == [["1. 1re technologique : 1re STMG"]]
    assert data["submissions"][0]["submitted_at"] == "2027-05-20T22:40:00+02:00"
    assert [each["version"] for each in data["drafts"]] == [1], "her own versions, not his"
    assert [each["choices"] for each in data["set_aside"]] == [["1. 1re technologique : 1re ST2S"]]
    assert data["messages"][0]["text"] == "Bonjour, une question."
    assert {each["address"] for each in data["mails"]} == {"sophie.bernard@familles.example"}
    assert [each["at"] for each in data["readings"]] == ["2027-05-20T22:40:00+02:00"]
    assert data["contact_changes"][0]["after"] == "Sophieville"


@pytest.mark.parametrize("profile", ["guardian", "student"])
def test_nobody_gets_the_coordinates_of_another(lived: Family, profile: str) -> None:
    user = lived.sophie.user if profile == "guardian" else lived.emma.user
    client = sign_in(Client(), user, Profile.GUARDIAN if profile == "guardian" else Profile.STUDENT)
    paper = text_of(client.get(PDF).content)
    text, _data = downloaded(client)
    others = [*MARCS, "Marcville"]
    if profile == "student":
        others += ["sophie.bernard@familles.example", "600000001", "1 rue de Sophie", "Sophieville", "sub-de-sophie"]
    assert [each for each in others if each in text or each in paper] == []


def test_a_pupil_gets_their_own_file_without_any_draft(lived: Family) -> None:
    text, data = downloaded(sign_in(Client(), lived.emma.user, Profile.STUDENT))
    assert data["identity"][0]["ine"] == lived.emma.ine
    assert data["file_submissions"][0]["number"] == 1
    assert "drafts" not in data
    assert "STD2A" not in text
    assert {each["name"] for each in data["links"]} == {"Sophie Bernard", "Marc Dubois"}


def test_a_pupil_who_downloads_what_was_told_of_them_has_read_it(lived: Family) -> None:
    head, emma = staff(lived.school), lived.emma
    proposals = lived.campaign.phases.get(kind=PhaseKind.PROPOSALS)
    assert emma.division
    told = DivisionPublication.objects.create(
        phase=proposals, division=emma.division, published_at=NOW, published_by=head
    )
    opinions = lived.campaign.phases.get(kind=PhaseKind.PROVISIONAL_OPINIONS)
    written = {"student": emma, "changed_at": NOW, "changed_by": head}
    sheet = CouncilSheet.objects.create(phase=proposals, publication=told, **written)
    CouncilSheet.objects.create(phase=opinions, **written)
    decision = Decision.objects.create(
        student=emma, phase=proposals, number=1, kind="reasoned", pathway=Pathway.objects.get(code="stmg"),
        label="1re STMG", is_conform=False, reasons="Résultats", issued_at=NOW, issued_by=head, issuer_name="H",
    )  # fmt: skip
    downloaded(sign_in(Client(), lived.sophie.user, Profile.GUARDIAN))
    assert not SheetReading.objects.exists(), "a guardian's own data hold none of it"
    assert not DecisionReading.objects.exists()
    client = sign_in(Client(), emma.user, Profile.STUDENT)
    for address in (JSON, PDF):
        assert client.get(address).status_code == 200
    assert [(each.sheet, each.user) for each in SheetReading.objects.all()] == [(sheet, emma.user)]
    assert [(each.decision, each.user) for each in DecisionReading.objects.all()] == [(decision, emma.user)]


def test_an_adult_who_is_their_own_guardian_gets_both(lived: Family) -> None:
    Student.objects.filter(pk=lived.emma.pk).update(birth_date="2009-01-01")
    guardian(lived.school, "Emma", "Dubois", lived.emma, user=lived.emma.user, relationship=Relationship.SELF)
    _text, data = downloaded(sign_in(Client(), lived.emma.user, Profile.STUDENT))
    assert len(data["identity"]) == 2
    assert {"drafts", "file_submissions"} <= data.keys()


def test_the_document_is_a_tagged_pdf_that_says_the_same(lived: Family) -> None:
    client = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN)
    answer = client.get(PDF)
    assert answer["Content-Type"] == "application/pdf"
    assert b"pdfuaid" in answer.content
    paper = text_of(answer.content)
    for words in ("Mes données personnelles", "Sophieville", "Bonjour, une question.", "jeudi 20 mai 2027"):
        assert words in paper


def test_it_is_french_whatever_the_language_of_the_page(lived: Family) -> None:
    User.objects.filter(pk=lived.sophie.user_id or 0).update(language="en")
    client = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN)
    assert "Mes données personnelles" in text_of(client.get(PDF).content)
    assert downloaded(client)[1]["links"][0]["relationship"] == "mère"


def test_a_download_writes_nothing_and_asks_a_fixed_number_of_times(
    lived: Family, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN)
    client.get(PAGE)
    with django_assert_num_queries(3):
        assert client.get(PAGE).status_code == 200
    with django_assert_num_queries(24):  # one per kind of row: it grows with schools, not with what was done
        client.get(JSON)
    for number in range(2, 6):
        DraftRevision.objects.create(
            draft=Draft.objects.get(), version=number, wishes=[], changed_at=NOW + timedelta(seconds=number),
            changed_by=lived.sophie.user,
        )  # fmt: skip
    with django_assert_num_queries(24):
        client.get(JSON)


def test_who_left_still_gets_what_is_kept(lived: Family) -> None:
    Student.objects.filter(pk=lived.emma.pk).update(left_on="2027-05-01")
    _text, data = downloaded(sign_in(Client(), lived.sophie.user, Profile.GUARDIAN))
    assert data["submissions"]


def test_the_page_tells_the_rights_and_staff_are_sent_to_their_head(lived: Family) -> None:
    page = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN).get(PAGE).content.decode()
    assert JSON in page
    assert PDF in page
    client = sign_in(Client(), staff(lived.school), None)
    assert JSON not in client.get(PAGE).content.decode()
    assert client.get(JSON).status_code == 404


def exported(tmp_path: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    out, target = StringIO(), tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    call_command("export_person", *arguments, "--output", str(target), stdout=out)
    return json.loads(target.read_bytes()), out.getvalue()


def test_the_operator_answers_a_written_request_into_a_file(lived: Family, tmp_path: Path) -> None:
    data, said = exported(tmp_path, "--uai", lived.school.uai, "--person", lived.sophie.siecle_person_id)
    assert "Sophieville" in json.dumps(data)
    assert not any(each in json.dumps(data) for each in MARCS)
    assert "Sophie" not in said
    data, said = exported(tmp_path, "--uai", lived.school.uai, "--ine", lived.emma.ine)
    assert lived.emma.ine in json.dumps(data)
    assert lived.emma.ine not in said
    target = tmp_path / "donnees.pdf"
    call_command(
        "export_person", "--uai", lived.school.uai, "--ine", lived.emma.ine, "--output", str(target), stdout=StringIO()
    )
    assert target.read_bytes().startswith(b"%PDF")
    assert target.stat().st_mode & 0o077 == 0, "for the operator's eyes"
    with pytest.raises(CommandError, match="n’a pas pu être écrit"):  # nothing is written over
        call_command("export_person", "--uai", lived.school.uai, "--ine", lived.emma.ine, "--output", str(target))


def test_who_is_their_own_guardian_is_one_person_by_either_record(lived: Family, tmp_path: Path) -> None:
    own = guardian(lived.school, "Emma", "Dubois", lived.emma, relationship=Relationship.SELF)
    Guardian.objects.filter(pk=own.pk).update(own_email="emma@familles.example")
    for arguments in (("--ine", lived.emma.ine), ("--person", own.siecle_person_id)):
        data, _said = exported(tmp_path, "--uai", lived.school.uai, *arguments)
        text = json.dumps(data)
        assert lived.emma.ine in text
        assert "emma@familles.example" in text
        assert "date_joined" in text
        assert not [each for each in MARCS if each in text]


def test_an_unknown_person_and_an_unknown_kind_of_file_are_refused(lived: Family, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Aucun dossier"):
        exported(tmp_path, "--uai", lived.school.uai, "--person", "inconnu")
    with pytest.raises(CommandError, match="pas connu"):
        exported(tmp_path, "--uai", "0000000A", "--person", "1")
    with pytest.raises(CommandError, match=r"json ou \.pdf"):
        call_command(
            "export_person", "--uai", lived.school.uai, "--ine", lived.emma.ine, "--output", str(tmp_path / "x.txt")
        )


def test_a_record_without_an_account_is_exported_too(lived: Family, tmp_path: Path) -> None:
    other = student(lived.school, "Zoé")
    alone = guardian(lived.school, "Paule", "Autre", other)
    assert Guardianship.objects.filter(guardian=alone).count() == 1
    data, _said = exported(tmp_path, "--uai", lived.school.uai, "--person", alone.siecle_person_id)
    assert data["sections"][0]["entries"][0]["given_name"] == "Paule"


def owe(to: str, address: str, **values: Any) -> OutboxMessage:
    own = {"recipient": to, "address": address, "deduplication_key": f"{to} {values}", "state": MessageState.SENT}
    return OutboxMessage.objects.create(**own | values)


def test_e_mails_are_there_word_for_word_and_nobody_else_s(lived: Family) -> None:
    client = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN)
    _text, data = downloaded(client)
    own = f"guardian:{lived.sophie.pk}"
    message = OutboxMessage.objects.get(kind="orientation.submission_validated", recipient=own)
    told = next(each for each in data["mails"] if each["subject"] == subject_of(message))
    assert told["text"] == build_email(message).body
    assert (told["address"], told["state"]) == (message.address, "à envoyer")
    assert told["created_at"].startswith("2027-05-20T22:40:00")
    assert all(each["text"] for each in data["mails"])
    paper = text_of(client.get(PDF).content)
    for line in filter(None, (each.strip() for each in str(told["text"]).splitlines()[:3])):
        assert " ".join(line.split()) in paper


def test_a_link_that_proves_a_mailbox_is_not_given_to_who_only_downloads(lived: Family) -> None:
    client = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN)
    client.post("/mes-services/fiche-renseignements/", {"email": "ailleurs@familles.example", "save_email": "1"})
    sent = build_email(OutboxMessage.objects.get(kind="schools.confirm_email")).body
    token = re.search(r"/courriel/confirmation/([^/\s]+)/", str(sent))
    assert token
    text, data = downloaded(client)
    assert any("/courriel/confirmation/***/" in each["text"] for each in data["mails"])
    assert token[1] not in text
    assert token[1] not in text_of(client.get(PDF).content)


def test_what_is_no_longer_kept_is_said(lived: Family) -> None:
    owe(f"guardian:{lived.sophie.pk}", "sophie.bernard@familles.example", kind="bourses.gone")
    client = sign_in(Client(), lived.sophie.user, Profile.GUARDIAN)
    _text, data = downloaded(client)
    assert ("bourses.gone", "Le texte n’est plus conservé.") in [
        (each["subject"], each["text"]) for each in data["mails"]
    ]
    note = "Les courriels sont gardés 1 an après leur création"
    assert note in " ".join(str(client.get(JSON).content.decode()).split())
    assert note in text_of(client.get(PDF).content)


def test_what_was_sent_to_the_account_is_there_too(lived: Family) -> None:
    own, other = lived.sophie.user, lived.marc.user
    assert own
    assert other
    for user in (own, other):
        link = f"https://ici.example/admin/connexion/mot-de-passe/{user.pk}/s3cret/"
        context = {"username": user.username, "link": link}
        owe(f"account:{user.pk}", f"{user.pk}@academie.example", kind="accounts.staff_password", context=context)
    text, data = downloaded(sign_in(Client(), own, Profile.GUARDIAN))
    assert [each["address"] for each in data["mails"] if "academie" in each["address"]] == [
        f"{own.pk}@academie.example"
    ]
    assert "s3cret" not in text
