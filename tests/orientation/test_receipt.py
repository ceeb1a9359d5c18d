"""The receipt of a submission, read back as viewers and screen readers read it."""

from __future__ import annotations

import dataclasses
import io
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pypdfium2 as pdfium
import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pypdf import PdfReader

from accounts.models import Profile
from orientation.documents import receipt_pdf, typesetting
from orientation.models import Campaign, Draft, Pathway, Phase, PhaseKind, Submission
from orientation.queries import RankedChoice
from schools.models import Division, School, Student
from tests.factories import CLOSES_AT, NOW, Family, account, guardian, sign_in

FINAL = "choix-definitifs"
POINTS_PER_CENTIMETRE = 72 / 2.54
REFERENCE = uuid.UUID("c1d5f1de-6c9b-4a37-a52c-7d6c4c2e5a11")


# --- Reading a PDF ---------------------------------------------------------------------------------------------------


def text_of(pdf: bytes) -> str:
    """What a viewer gives back when everything is copied, one line for each line of the page."""
    with pdfium.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    return "\n".join(pages)


def squeezed(text: str) -> str:
    """The text without white space; at the end of a line a viewer marks a hyphen in its own way."""
    return re.sub(r"\s+", "", text.replace("\ufffe", "-").replace("\x02", "-"))


def reader_of(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf), strict=True)


def tags_of(pdf: bytes) -> list[str]:
    """The structure elements in reading order, those of a leaf included."""

    def walk(node: Any) -> Iterator[str]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for each in node:
                yield from walk(each)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"]).removeprefix("/")
            yield from walk(node.get("/K"))

    return list(walk(reader_of(pdf).root_object["/StructTreeRoot"]))


# --- A receipt without a database ------------------------------------------------------------------------------------


def choice(rank: int = 1, **values: Any) -> RankedChoice:
    default = RankedChoice(rank=rank, code=str(rank), label="1re générale", specialities=(), note="")
    return dataclasses.replace(default, **values)


def receipt(
    *choices: RankedChoice, number: int = 1, newest: int = 1, kind: PhaseKind = PhaseKind.FINAL_CHOICES, **school: Any
) -> bytes:
    place = School(**{"name": "Lycée Simone-Veil", "uai": "0759901X"} | school)
    division = Division(school=place, school_year=2026, code="2DE3", name="Seconde 3")
    child = Student(public_id=REFERENCE, school=place, division=division, given_name="Emma", family_name="Dubois")
    campaign = Campaign(school=place, school_year=2026)
    phase = Phase(campaign=campaign, kind=kind, opens_at=NOW, closes_at=CLOSES_AT)
    submission = Submission(public_id=REFERENCE, number=number, submitted_at=NOW, guardian_name="Sophie Bernard")
    return receipt_pdf(submission, student=child, phase=phase, choices=choices or [choice()], newest_number=newest)


LONG_NOTE = "Baccalauréat professionnel cuisine, à défaut commercialisation et services en restauration. " * 5
FULL_LIST = [
    choice(
        1,
        specialities=(
            ("histoire-géographie, géopolitique et sciences politiques", False),
            ("littérature et langues et cultures de l’Antiquité : latin", True),
            ("langues, littératures et cultures étrangères et régionales", False),
            ("éducation physique, pratiques et culture sportives", True),
        ),
    ),
    *(choice(rank, label=f"1re technologique : 1re numéro {rank} {'de longue haleine ' * 4}") for rank in range(2, 11)),
    choice(11, label="Autre parcours : un accès à la voie professionnelle", note=LONG_NOTE + "X" * 50),
]


# --- What is in it ---------------------------------------------------------------------------------------------------


def test_it_says_who_asked_what_when_and_whom_to_ask() -> None:
    text = text_of(
        receipt(
            choice(1, specialities=(("mathématiques", False), ("sciences de l’ingénieur", True))),
            choice(2, label="1re technologique : 1re STL", specialities=(("biotechnologies", False),)),
            choice(3, label="Autre parcours", note="CAP cuisine\nou pâtisserie"),
            address="12 rue des Écoles\n75005 Paris",
            phone="01 23 45 67 89",
            email="secretariat@lycee.example",
        )
    )
    for expected in [
        "Récépissé de la demande d’orientation",
        "Emma Dubois",
        "Seconde 3",
        "Lycée Simone-Veil",
        "0759901X",
        "12 rue des Écoles\n75005 Paris",
        "01 23 45 67 89",
        "secretariat@lycee.example",
        "Phase définitive — Choix définitifs",
        "2026-2027",
        "jeudi 20 mai 2027 à 22\u00a0h\u00a040 (heure de Paris)",
        "Sophie Bernard",
        "Nous souhaitons pour la rentrée prochaine :",
        "Enseignements de spécialité choisis :",
        "mathématiques\n",
        "sciences de l’ingénieur (hors établissement)",
        "Spécialité :",
        "biotechnologies",
        "CAP cuisine\nou pâtisserie",
        "le jeudi 20 mai 2027 à 23\u00a0h\u00a059",
        "Le conseil de classe du troisième trimestre",
        "Ce récépissé ne contient les coordonnées d’aucun représentant légal.",
        str(REFERENCE),
        "Page 1 sur 1",
    ]:
        assert expected.replace("\u00a0", " ") in text.replace("\u00a0", " "), expected
    page = f"{django_settings.SITE_URL}/mes-services/orientation/{REFERENCE}/{FINAL}/demande/1/"
    assert page in squeezed(text)


def test_every_rank_comes_in_its_order() -> None:
    text = text_of(receipt(*FULL_LIST))
    assert re.findall(r"Rang (\d+)", text) == [str(rank) for rank in range(1, 12)]
    labels = [squeezed(text).index(squeezed(each.label)) for each in FULL_LIST]
    assert labels == sorted(labels)


def test_the_newest_says_that_it_counts_and_an_older_one_which_replaced_it() -> None:
    assert "c’est elle qui compte" in text_of(receipt(number=2, newest=2))
    replaced = text_of(receipt(number=1, newest=3))
    assert "Remplacée par la demande n° 3" in replaced
    assert "c’est elle qui compte" not in replaced


def test_intentions_lead_to_provisional_opinions() -> None:
    text = text_of(receipt(kind=PhaseKind.INTENTIONS))
    assert "Phase provisoire — Intentions" in text
    assert squeezed("donnera ses avis provisoires") in squeezed(text)


def test_instants_are_said_in_the_time_of_the_school() -> None:
    text = text_of(receipt(time_zone="Indian/Reunion")).replace("\u00a0", " ")
    assert "vendredi 21 mai 2027 à 0 h 40 (heure de La Réunion)" in text
    assert "vendredi 21 mai 2027 à 1 h 59" in text


def test_a_demonstration_says_so_and_the_states_own_deployment_does_not(settings: Any) -> None:
    assert squeezed("n’a aucune valeur officielle") in squeezed(text_of(receipt()))
    settings.BRAND = {**settings.BRAND, "state": True}
    text = text_of(receipt())
    assert "Démonstration" not in text
    assert "Ministère de l’Éducation nationale" in text


# --- What people type is never markup --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        '#panic() #import "x.typ" #sys.inputs',
        "*gras* _italique_ `code` $x^2$ @nom <etiquette> = titre",
        "- liste + numéro / terme : valeur // fin /* fin */",
        "\\n \\u{41} \\ ] ) } [ ( { ~ -- --- ... \"droit\" 'droit'",
        "{page} %(number)d %s {{ x }} {% y %}",
        "Œuvre, façade, Łódź, Ελλάδα, Київ, n° 5 — 3 €",
        "😀 👩‍👩‍👧 ❤️ 👍🏽",
        "漢字",
        "ne plus\u00a0se couper",
    ],
)
def test_what_families_type_comes_out_as_it_was_typed(typed: str) -> None:
    assert squeezed(typed) in squeezed(text_of(receipt(choice(note=typed))))


def test_a_note_in_arabic_keeps_its_letters_and_their_order() -> None:
    typed = "أريد أن أكون طباخا"
    assert typed in text_of(receipt(choice(note=typed)))


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=300))
@hypothesis_settings(max_examples=40, deadline=None)
def test_no_text_of_a_keyboard_is_changed(typed: str) -> None:
    assert squeezed(typed) in squeezed(text_of(receipt(choice(note=typed))))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
@hypothesis_settings(max_examples=60, deadline=None)
def test_whatever_is_typed_there_is_a_receipt(typed: str) -> None:
    assert receipt(choice(note=typed, label=typed), name=typed, address=typed).startswith(b"%PDF-1.7")


def test_control_characters_are_left_out_and_lines_kept() -> None:
    assert typesetting.printable("a\x00b\x07\ufeff\r\nc\rd\te\x85f\ue000é") == "ab\nc\nd e\nf\ue000é"


# --- Layout ----------------------------------------------------------------------------------------------------------


def test_eleven_ranks_with_long_texts_take_two_pages() -> None:
    reader = reader_of(receipt(*FULL_LIST))
    assert len(reader.pages) == 2
    assert "Page 2 sur 2" in reader.pages[1].extract_text()


@pytest.mark.parametrize("word", ["W" * 500, "é" * 500, "漢" * 500, "😀" * 500, "ab/" * 160, "أ" * 500])
def test_nothing_runs_over_the_margins(word: str) -> None:
    pdf = receipt(choice(1, label=word[:200], note=word), name=word[:200], email=f"{word[:60]}@lycee.example")
    margin = 2 * POINTS_PER_CENTIMETRE - 1
    with pdfium.PdfDocument(pdf) as document:
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_charbox(index) for index in range(text.count_chars())]
            shown = [box for box in boxes if box[2] > box[0]]
            assert shown
            assert min(box[0] for box in shown) >= margin
            assert max(box[2] for box in shown) <= page.get_width() - margin
            assert min(box[1] for box in shown) > 0


@pytest.mark.parametrize("lines", range(1, 9))
def test_a_rank_is_never_cut_by_the_end_of_a_page(lines: int) -> None:
    """Each time, the end of the first page falls on another line of a rank."""
    notes = ["\n".join(["dans l’ordre :"] * lines), *["un\ndeux\ntrois\nquatre\ncinq\nfin-du-rang"] * 10]
    with pdfium.PdfDocument(
        receipt(*(choice(rank, note=note) for rank, note in enumerate(notes, start=1)))
    ) as document:
        text = document[0].get_textpage().get_text_range()
        assert len(document) > 1
        assert text.count("Rang ") == text.count("fin-du-rang") + 1


# --- PDF/UA ----------------------------------------------------------------------------------------------------------


def test_it_declares_pdf_ua_its_language_and_its_title() -> None:
    reader = reader_of(receipt(*FULL_LIST))
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/MarkInfo"]["/Suspects"].value is False
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    metadata = root["/Metadata"].get_object().get_data().decode()
    title = "Récépissé de la demande d’orientation n° 1 — Choix définitifs — Emma Dubois"
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert title in metadata
    assert reader.metadata is not None
    assert reader.metadata.title == title


def test_it_is_tagged_with_headings_lists_and_a_described_link() -> None:
    pdf = receipt(*FULL_LIST)
    tags = tags_of(pdf)
    assert tags[:2] == ["Document", "H1"]
    assert tags.count("H1") == 1
    assert tags.count("H2") == 6
    assert not {"H3", "H4", "Figure", "Table"} & set(tags)
    facts, ranks, specialities = 2 + 1 + 6 + 2, 11, 4
    assert tags.count("L") == 4 + 1 + 1
    assert tags.count("LI") == tags.count("Lbl") == tags.count("LBody") == facts + ranks + specialities
    assert tags.count("Link") == 1
    [link] = [note.get_object() for page in reader_of(pdf).pages for note in page.get("/Annots", [])][:1]
    assert link["/Contents"]


def test_every_page_is_read_in_the_order_of_its_structure() -> None:
    assert {page["/Tabs"] for page in reader_of(receipt(choice(note="x" * 500))).pages if "/Annots" in page} == {"/S"}


def test_every_font_is_embedded_and_none_is_the_machines() -> None:
    pdf = receipt(*FULL_LIST, choice(12, note="أ 😀 漢"))
    names = set()
    for page in reader_of(pdf).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            [descendant] = font.get_object()["/DescendantFonts"]
            descriptor = descendant.get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
            names.add(str(descriptor["/FontName"]).partition("+")[2])
    assert names == {
        "NotoSans-Regular",
        "NotoSans-Bold",
        "NotoNaskhArabic-Regular",
        "NotoEmoji-Regular",
        "EveryCharacter-Regular",
    }


# --- The same every time ---------------------------------------------------------------------------------------------


def test_the_same_submission_gives_the_same_bytes_whenever_and_wherever_it_is_made() -> None:
    first = receipt(*FULL_LIST)
    typesetting._local.__dict__.clear()
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC), tick=False), ThreadPoolExecutor(1) as pool:
        assert pool.submit(receipt, *FULL_LIST).result() == first
        assert receipt(*FULL_LIST) == first
    assert reader_of(first).metadata.creation_date == NOW  # type: ignore[union-attr]


def test_receipts_made_at_once_are_not_mixed_up() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: receipt(choice(note=f"note-{number}-fin"), number=number), range(1, 25)))
    for number, pdf in enumerate(made, start=1):
        assert re.findall(r"note-(\d+)-fin", text_of(pdf)) == [str(number)]


# --- Downloading it --------------------------------------------------------------------------------------------------


def address(family: Family, number: int = 1, kind: str = FINAL, name: str = "receipt") -> str:
    return reverse(f"orientation:{name}", args=[family.emma.public_id, kind, number])


@pytest.fixture
def sophie(client: Client, dubois: Family, last_evening: object) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


@pytest.fixture
def validated(sophie: Client, dubois: Family) -> Client:
    """Two choices, validated; then a third, validated again."""
    where = [dubois.emma.public_id, FINAL]
    lists = [
        [
            {"group": "generale", "speciality_1": "sciences-ingenieur", "speciality_2": "nsi", "speciality_3": "svt"},
            {"group": "autre-parcours", "note": "CAP #panic() *cuisine*"},
        ],
        [{"group": "technologique", "series": "stmg"}],
    ]
    for each in lists:
        for values in each:
            version = getattr(Draft.objects.first(), "version", 0)
            answer = sophie.post(reverse("orientation:add_choice", args=where), {"version": version, **values})
            assert answer.status_code == 302
        version = Draft.objects.get().version
        assert sophie.post(reverse("orientation:validate_choices", args=where), {"version": version}).status_code == 302
    return sophie


@pytest.mark.django_db
def test_a_guardian_downloads_the_receipt_of_each_submission(validated: Client, dubois: Family) -> None:
    answer = validated.get(address(dubois))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="recepisse-choix-definitifs-n1.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    text = text_of(answer.content)
    assert "sciences de l’ingénieur (hors établissement)" in text
    assert "numérique et sciences informatiques (hors établissement)" not in text
    assert "CAP #panic() *cuisine*" in text
    assert "Remplacée par la demande n° 2" in text
    assert "STMG" not in text
    assert "STMG" in text_of(validated.get(address(dubois, 2)).content)


@pytest.mark.django_db
def test_the_page_of_a_submission_leads_to_its_receipt_and_says_what_it_is(validated: Client, dubois: Family) -> None:
    page = validated.get(address(dubois, name="submission")).content.decode()
    assert f'href="{address(dubois)}"' in page
    assert "Télécharger le récépissé de la demande n° 1 (PDF, moins de 100 ko)" in page


def test_it_is_as_light_as_the_page_says() -> None:
    odd = "".join(map(chr, [*range(0x21, 0x17F), *range(0x621, 0x64B), *range(0x1F600, 0x1F640)]))[:500]
    assert len(receipt(*FULL_LIST[:10], choice(11, note=odd))) < 100_000


@pytest.mark.django_db
def test_both_guardians_and_the_student_get_the_same_receipt(validated: Client, dubois: Family) -> None:
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    emma = sign_in(Client(), dubois.emma.user, Profile.STUDENT)
    receipts = {each.get(address(dubois)).content for each in (validated, marc, emma)}
    assert len(receipts) == 1


@pytest.mark.django_db
def test_nobodys_contact_data_is_in_it(validated: Client, dubois: Family) -> None:
    for person in (dubois.sophie, dubois.marc):
        person.phone, person.mobile, person.own_email = "01 99 00 00 01", "06 99 00 00 02", "a-moi@familles.example"
        person.save()
    pdf = validated.get(address(dubois)).content
    text = text_of(pdf)
    assert "@" not in text
    assert "99 00 00" not in text
    assert "Marc" not in text


@pytest.mark.django_db
def test_what_is_not_there_or_not_ones_own_is_not_found(validated: Client, dubois: Family) -> None:
    assert validated.get(address(dubois, 3)).status_code == 404
    assert validated.get(address(dubois, kind="intentions")).status_code == 404
    stranger = guardian(dubois.school, "Paule", "Autre", user=account())
    assert sign_in(Client(), stranger.user, Profile.GUARDIAN).get(address(dubois)).status_code == 404
    assert validated.post(address(dubois)).status_code == 405
    assert Client().get(address(dubois)).status_code == 302


@pytest.mark.django_db
def test_it_costs_few_queries_however_long_the_list_is(validated: Client, dubois: Family) -> None:
    def count(number: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert validated.get(address(dubois, number)).status_code == 200
        return len(queries)

    assert count(2) == count(1) == 7
    assert Pathway.objects.count() == 11


@pytest.mark.django_db
def test_asking_for_its_headers_only_gives_them(validated: Client, dubois: Family) -> None:
    answer: HttpResponse = validated.head(address(dubois))  # type: ignore[assignment]
    assert answer.status_code == 200
    assert not answer.content
