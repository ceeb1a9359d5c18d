"""`import_siecle` leaves a line in the history, and does not put an old export over a newer one unasked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from schools.models import ImportFile, ImportOrigin, ImportState, SiecleImport, Student
from tests.schools.exports import UAI, Pair, Pupil
from tests.schools_imports.conftest import confirm, page_of, worked

pytestmark = pytest.mark.django_db

OLDER = Pair(pupils=[Pupil(given="Ancienne")], stamp="22/11/2026 08:15:00")


def test_the_command_leaves_a_line_in_the_history(tmp_path, head, place):
    paths = Pair().write(tmp_path)
    call_command("import_siecle", *paths)
    one = SiecleImport.objects.get()
    assert (one.school, one.state, one.origin) == (place, ImportState.DONE, ImportOrigin.COMMAND)
    assert one.summary["counts"]["students_new"] == 1
    assert one.files[0] == {
        "name": "ElevesAvecAdresses.xml",
        "size": Path(paths[0]).stat().st_size,
        "sha256": hashlib.sha256(Path(paths[0]).read_bytes()).hexdigest(),
    }
    assert not ImportFile.objects.exists()
    page = page_of(head, one)
    assert "l’exploitant du site" in page
    assert "Nouveaux élèves\u00a0: 1" in page


def test_a_refused_pair_leaves_none(tmp_path, place):
    with pytest.raises(CommandError):
        call_command("import_siecle", *Pair(year=2025).write(tmp_path))
    assert not SiecleImport.objects.exists()


def test_the_command_refuses_an_export_older_than_the_last_one_unless_told(tmp_path, head, place, send):
    send()
    confirm(head, worked())
    worked()
    paths = OLDER.write(tmp_path)
    with pytest.raises(CommandError, match="de plus anciennes"):
        call_command("import_siecle", *paths)
    assert Student.objects.get().given_name == "Léa"
    assert SiecleImport.objects.count() == 1
    call_command("import_siecle", "--accept-older", *paths)
    assert Student.objects.get().given_name == "Ancienne"


def test_what_the_command_imported_counts_as_the_last_export(tmp_path, head, place, send):
    call_command("import_siecle", *Pair().write(tmp_path), "--uai", UAI)
    send(OLDER)
    assert [caution["code"] for caution in worked().summary["cautions"]] == ["older"]


def test_the_command_may_pass_while_an_import_waits_to_be_confirmed_and_it_is_then_shown_again(
    tmp_path, head, place, send
):
    send(Pair(pupils=[Pupil(given="Autre")], stamp="23/11/2026 08:00:00"))
    one = worked()
    call_command("import_siecle", *Pair().write(tmp_path))
    confirm(head, one)
    work_again = worked_on(one)
    assert work_again.state == ImportState.TO_CONFIRM
    assert [caution["code"] for caution in work_again.summary["cautions"]] == ["older"]
    assert Student.objects.get().given_name == "Léa"


def worked_on(one: SiecleImport) -> SiecleImport:
    worked()
    return SiecleImport.objects.get(pk=one.pk)
