"""What the school takes away opens in a spreadsheet, runs nothing there, and says what the pages say."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
import tablib
from django.test import Client

from orientation.followup import exports
from orientation.followup.exports import FileFormat, Table, written
from orientation.models import PhaseKind, Verdict
from schools.models import School, Student
from tests.factories import NOW, Family, guardian, sign_in, staff, student
from tests.orientation_followup.builders import acknowledge, address, answer, open_only, phase_of, sheet, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


def exported(family: Family, **query: str) -> list[dict[str, str]]:
    client = sign_in(Client(), staff(family.school), None)
    found = client.get(address("followup_export", family.school, **{"format": "csv", **query}))
    assert found.status_code == 200
    return rows_of(found.content)


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_the_list_is_a_row_per_pupil_with_french_dates_and_no_ine(dubois: Family) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie)
    [row] = exported(dubois, contenu="familles")
    assert row["Nom"] == "Dubois"
    assert row["Classe"] == "2DE3"
    assert row["État"] == "choix validés"
    assert row["Validée le"] == "20/05/2027 22:40"
    assert row["Par"] == "validée par Sophie Bernard"
    assert dubois.emma.ine not in str(row)
    assert "@" not in str(row)


def test_the_export_follows_the_filter(dubois: Family) -> None:
    lea = student(dubois.school, "Léa", "Nuñez")
    submission(lea, dubois.phase, guardian(dubois.school, "Jo", "Nuñez", lea))
    assert [row["Prénom"] for row in exported(dubois, contenu="familles", etat="validee")] == ["Léa"]
    assert [row["Prénom"] for row in exported(dubois, contenu="familles", q="dubois")] == ["Emma"]


def test_choices_come_a_pupil_per_row_or_a_choice_per_row_from_the_newest_submission(dubois: Family) -> None:
    submission(dubois.emma, dubois.phase, dubois.sophie, [("stl", ())])
    submission(
        dubois.emma, dubois.phase, dubois.sophie, [("generale", ["nsi", "svt"]), ("stmg", ())], elsewhere=["svt"]
    )
    student(dubois.school, "Léa", "Sans-Choix")
    [row] = exported(dubois, contenu="rangs")
    assert row["N° de la demande"] == "2"
    assert row["Rang 1"].startswith("1re générale (")
    assert "(hors établissement)" in row["Rang 1"]
    assert "STMG" in row["Rang 2"]
    assert row["Rang 3"] == ""
    assert "Rang 11" in row
    first, second = exported(dubois, contenu="choix")
    assert (first["Rang"], second["Rang"]) == ("1", "2")
    assert first["Spécialités"].count(",") == 1
    assert first["Hors établissement"]
    assert second["Hors établissement"] == ""


def test_answers_are_counted_with_a_flag_where_guardians_differ(dubois: Family) -> None:
    phase = open_only(dubois.campaign, PhaseKind.PROPOSALS)
    told = sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.YES, "generale": Verdict.YES})
    answer(told, dubois.sophie)
    answer(told, dubois.marc, agrees=False)
    [row] = exported(dubois, contenu="familles")
    assert (row["Propositions"], row["D’accord"], row["Pas d’accord"], row["Sans réponse"]) == ("2", "0", "1", "1")
    assert row["Réponses différentes"] == "oui"


def test_acknowledgements_are_told_with_their_author(dubois: Family) -> None:
    phase = phase_of(dubois.campaign, PhaseKind.PROVISIONAL_OPINIONS)
    acknowledge(sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.FAVOURABLE}), dubois.marc)
    [row] = exported(dubois, contenu="familles", phase="avis-provisoires")
    assert (row["Accusé de réception le"], row["Par"]) == ("20/05/2027 22:40", "Marc Dubois")


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("file_format", list(FileFormat))
def test_no_cell_can_be_a_formula(file_format: FileFormat, beginning: str) -> None:
    text = f"{beginning}SOMME(A1)"
    content = written(Table("Titre", ["Nom"], [[text]]), file_format, School())
    if file_format is FileFormat.CSV:
        [row] = rows_of(content)
    else:
        row = tablib.Dataset().load(BytesIO(content), format=file_format.value).dict[0]
    assert row["Nom"].startswith("'")


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_what_no_spreadsheet_can_hold_does_not_stop_an_export(file_format: FileFormat) -> None:
    content = written(Table("Titre", ["Nom"], [["a\x0bb\x00c\ufffe"]]), file_format, School())
    assert content


def test_a_hostile_name_or_note_is_defused_from_end_to_end(dubois: Family) -> None:
    Student.objects.filter(pk=dubois.emma.pk).update(family_name='=HYPERLINK("http://x.example")')
    submission(dubois.emma, dubois.phase, dubois.sophie, [("autre-parcours", ())], note="@cmd")
    [row] = exported(dubois, contenu="choix")
    assert row["Nom"] == '\'=HYPERLINK("http://x.example")'
    assert row["Précision"] == "'@cmd"


@pytest.mark.parametrize("file_format", [FileFormat.XLSX, FileFormat.ODS])
def test_spreadsheets_open_and_hold_instants_as_such(file_format: FileFormat) -> None:
    table = Table("Un titre bien trop long pour un onglet de tableur", ["Nom", "Le"], [["Élève", NOW], ["Autre", None]])
    content = written(table, file_format, School(time_zone="Europe/Paris"))
    data = tablib.Dataset().load(BytesIO(content), format=file_format.value)
    assert data.headers == ["Nom", "Le"]
    assert data[0][0] == "Élève"
    assert str(data[0][1]).startswith("2027-05-20 22:40")


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_each_format_is_a_file_named_by_school_phase_and_instant(dubois: Family, file_format: FileFormat) -> None:
    client = sign_in(Client(), staff(dubois.school), None)
    url = address("followup_export", dubois.school, contenu="familles", format=file_format.value)
    found = client.get(url)
    name = f"0759901X_choix-definitifs_familles_2027-05-20_22h40.{file_format.value}"
    assert found["Content-Disposition"] == f'attachment; filename="{name}"'
    assert found["Content-Type"] == exports.CONTENT_TYPES[file_format]


def test_instants_are_those_of_the_school(dubois: Family) -> None:
    dubois.school.time_zone = "Indian/Reunion"
    dubois.school.save()
    submission(dubois.emma, dubois.phase, dubois.sophie)
    [row] = exported(dubois, contenu="familles")
    assert row["Validée le"] == "21/05/2027 00:40"
