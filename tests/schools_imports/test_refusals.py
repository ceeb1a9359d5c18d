"""What is not an export of this school, this year and one day is refused with what to do; nothing is half-written."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from schools.models import (
    Division,
    Guardian,
    Guardianship,
    ImportFile,
    ImportState,
    School,
    SiecleImport,
    Student,
    TimeZone,
)
from tests.factories import school, sign_in, staff
from tests.schools.exports import UAI, YEAR, Pair, Pupil, Tie, zipped
from tests.schools_imports.conftest import confirm, files_of, page_of, worked

pytestmark = pytest.mark.django_db


def named(content: bytes, name: str = "export.xml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def nothing_is_kept() -> bool:
    kept = (ImportFile, Student, Guardian, Division)
    return not any(model._default_manager.exists() for model in kept)


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(20):
            archive.writestr(f"{number}.xml", b"<BEE_ELEVES/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"students": ""}, "students", "Donnez le fichier des élèves."),
        ({"guardians": ""}, "guardians", "Donnez le fichier des responsables."),
        ({"students": named(b"")}, "students", "Ce fichier est vide."),
        ({"students": named(b"%PDF-1.7 ...", "a.pdf")}, "students", "n’est pas un export SIECLE"),
        ({"students": named(b"<html></html>")}, "students", "n’est pas un export SIECLE"),
        ({"guardians": named(b"<BEE_STRUCTURES/>")}, "guardians", "n’est pas un export SIECLE"),
        ({"students": named(b"PK\x03\x04 cut", "a.zip")}, "students", "abîmée ou incomplète"),
        ({"students": named(bomb(), "a.zip")}, "students", "trop de fichiers"),
        ({"students": named(b"<BEE_ELEVES>" + b" " * 2_000_000)}, "students", "dépasse 1 Mo"),
        ({"students": named(Pair().guardians())}, None, "Le même fichier est donné deux fois"),
        ({"students": named(Pair(stamp="23/11/2026 09:00:00").guardians())}, None, "il manque celui des élèves"),
        ({"guardians": named(Pair(stamp="23/11/2026 09:00:00").students())}, None, "il manque celui des responsables"),
    ],
)
def test_what_is_obviously_wrong_is_said_at_once(changes: dict[str, Any], field, sentence, send, place, settings):
    settings.SIECLE_UPLOAD_MAX_BYTES = 1024 * 1024
    answer = send(**changes)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    if field:
        assert re.search(rf'<div class="staff-field has-errors">\s*<label for="id_{field}">', page)
    assert not SiecleImport.objects.exists()
    assert nothing_is_kept()


def other_day(pair: Pair) -> dict[str, Any]:
    later = Pair(pair.pupils, pair.people, pair.ties, stamp="22/11/2026 23:59:59")
    return {"guardians": named(later.guardians())}


@pytest.mark.parametrize(
    ("pair", "changes", "sentence"),
    [
        (Pair(uai="0699902Y"), {}, "de l’établissement 0699902Y, et non de 0759901X. Refaites les deux exports"),
        (Pair(), {"guardians": named(Pair(uai="0699902Y").guardians())}, "pas du même établissement"),
        (Pair(year=2025), {}, "n’est pas de l’année scolaire 2026-2027. Choisissez cette année dans SIECLE"),
        (Pair(), other_day(Pair()), "pas été exportés le même jour. Refaites les deux exports"),
        (Pair(stamp="hier"), {}, "ne dit pas quand il a été exporté"),
        (Pair(), {"students": named(Pair().students()[:-30])}, "abîmé ou incomplet"),
        (Pair(pupils=[]), {}, "aucun élève"),
        (Pair(), {"students": named(b'<!DOCTYPE a [<!ENTITY b "c">]><BEE_ELEVES>&b;</BEE_ELEVES>')}, "entités"),
    ],
)
def test_what_reading_finds_wrong_ends_the_import_with_the_reason(pair, changes, sentence, head, place, send):
    assert send(pair, **changes).status_code == 302
    one = worked()
    assert one.state == ImportState.REFUSED
    assert sentence in one.reason
    page = page_of(head, one)
    assert "rien n’a été changé" in page
    assert one.reason.split("«")[0] in page
    assert (one.summary, one.lines) == ({}, {})
    assert nothing_is_kept()


def test_a_refused_import_leaves_room_for_the_next(head, place, send):
    send(Pair(uai="0699902Y"))
    worked()
    send()
    assert worked().state == ImportState.TO_CONFIRM


def test_archives_are_taken_as_siecle_makes_them_in_either_field(head, place, send):
    pair = Pair()
    send(
        students=SimpleUploadedFile("responsables.zip", zipped(pair.guardians()).getvalue()),
        guardians=SimpleUploadedFile("eleves.zip", zipped(pair.students()).getvalue()),
    )
    confirm(head, worked())
    assert worked().state == ImportState.DONE
    assert Student.objects.count() == 1


def test_a_large_file_that_the_server_keeps_on_disk_is_taken_too(head, place, send, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 100
    send()
    one = worked()
    assert one.state == ImportState.TO_CONFIRM
    assert [file["name"] for file in one.files] == ["ElevesAvecAdresses.xml", "ResponsablesAvecAdresses.xml"]


def test_a_year_that_the_page_does_not_offer_is_refused(send, place):
    answer = send(Pair(year=2025), school_year=2025)
    assert answer.status_code == 422
    assert not SiecleImport.objects.exists()


def test_near_the_turn_of_the_year_the_page_asks_which_one(send, head, place, november):
    november.move_to(datetime(2027, 7, 5, 9, tzinfo=UTC))
    page = sign_in(head, head_of(place), None).get(reverse("admin:imports", args=[UAI])).content.decode()
    assert '<option value="2027">2027-2028</option>' in page
    assert '<option value="2026">2026-2027</option>' in page
    send(Pair(year=2027, stamp="05/07/2027 08:00:00"), school_year=2027)
    confirm(head, worked())
    assert worked().state == ImportState.DONE
    assert Division.objects.get().school_year == 2027
    send(Pair(stamp="05/07/2027 09:00:00"), school_year=YEAR)
    assert [caution["code"] for caution in worked().summary["cautions"]] == ["older"]


def head_of(place: School):
    return place.staff.get().user


def test_a_school_of_the_south_is_asked_for_the_year_of_its_calendar(client, db, november):
    november.move_to(datetime(2027, 5, 5, 9, tzinfo=UTC))
    noumea = school("9830002K", time_zone=TimeZone.NOUVELLE_CALEDONIE)
    sign_in(client, staff(noumea), None)
    address = reverse("admin:imports", args=["9830002K"])
    assert "2027-2028" in client.get(address).content.decode()
    pair = Pair(uai="9830002K", year=2027, stamp="05/05/2027 08:00:00")
    assert client.post(address, files_of(pair) | {"school_year": 2027}).status_code == 302
    one = worked()
    assert one.state == ImportState.TO_CONFIRM
    assert one.export_made_at == datetime(2027, 5, 4, 21, 0, tzinfo=UTC)


def test_an_error_in_the_middle_of_writing_leaves_nothing(head, place, send, monkeypatch, caplog):
    send(Pair(pupils=[Pupil(given="Secrète")], ties=[Tie()]))
    one = worked()
    confirm(head, one)
    monkeypatch.setattr(Guardianship._default_manager, "bulk_create", break_down)
    one = worked()
    assert one.state == ImportState.FAILED
    assert "rien n’a été écrit" in page_of(head, one)
    assert nothing_is_kept()
    assert "RuntimeError" in caplog.text
    assert "Secrète" not in caplog.text


def break_down(*_args: Any, **_values: Any) -> None:
    if Student.objects.exists():
        raise RuntimeError(Student.objects.get().given_name)
