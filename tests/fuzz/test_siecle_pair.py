"""A pair of exports of which any piece is wrong: refused in a sentence, or written but for the lines that say why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, example, given

from schools.imports.services import import_at_once
from schools.models import Division, Guardian, Guardianship, School, SiecleImport, Student
from schools.siecle import SiecleError, SiecleExport, read_pair
from schools.siecle.reader import SiecleDocument, read_document
from tests.fuzz import bounded, undone
from tests.fuzz.siecle import Wrapping, pairs, wrappings
from tests.schools.conftest import NOW
from tests.schools.exports import YEAR, Pair, Pupil, Someone, Tie

BEFORE = Pair(
    pupils=[Pupil(), Pupil(key="2", ine="070000002BB", family="Œuvré", given="Zoé", divisions=("2DE2",))],
    people=[Someone(), Someone(key="100002", family="Bernard", given="Ève")],
    ties=[Tie(), Tie(pupil="2", person="100002", code="20")],
)
PLAIN = Wrapping()

pytestmark = pytest.mark.django_db


def rows() -> list[list[Any]]:
    models = (School, Division, Student, Guardian, Guardianship, SiecleImport)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture
def known() -> None:
    """Two pupils and their guardians are here already."""
    write(read_pair(BEFORE.files(), expected_year=YEAR))


def given_as(pair: Pair, *wrapped: Wrapping) -> list[Any]:
    pair = replace(pair, encoding="UTF-8")
    contents = (pair.students(), pair.guardians())
    names = ("Élèves.xml", "Responsables.xml")
    return [wrapping.wrap(content, name) for wrapping, content, name in zip(wrapped, contents, names, strict=True)]


def write(export: SiecleExport) -> Any:
    return import_at_once(export, files=[], at=NOW, create_school=True, accept_older=True)


def is_sentence(text: str) -> bool:
    return text[:1].isupper() and text.endswith((".", "»", ")"))


@bounded(25)
@given(pair=pairs, of_students=wrappings, of_guardians=wrappings)
@example(pair=Pair(people=[Someone(family="œ" * 100, given="œ" * 100)]), of_students=PLAIN, of_guardians=PLAIN)
@example(pair=Pair(stamp="01/01/0001 00:00:00"), of_students=PLAIN, of_guardians=PLAIN)
@example(pair=Pair(uai="9720001A", stamp="31/12/9999 23:59:59"), of_students=PLAIN, of_guardians=PLAIN)
@example(pair=Pair(people=[Someone(), Someone(key=" 100001")]), of_students=PLAIN, of_guardians=PLAIN)
@example(pair=Pair(pupils=[Pupil(), Pupil(key=" 1", ine="070000002BB")]), of_students=PLAIN, of_guardians=PLAIN)
def test_a_pair_is_refused_in_a_sentence_or_written_once_and_wholly(
    known: None, pair: Pair, of_students: Wrapping, of_guardians: Wrapping
) -> None:
    with undone():
        before = rows()
        try:
            export = read_pair(given_as(pair, of_students, of_guardians), expected_year=YEAR)
            report = write(export)
        except SiecleError as refusal:
            event(type(refusal).__name__)
            assert is_sentence(str(refusal))  # noqa: PT017 - either outcome is right
            assert rows() == before
            return
        event("written, some lines refused" if report.refused else "written")
        assert all(note.line > 0 and is_sentence(note.reason) for note in [*report.refused, *report.warnings])
        written = rows()[:-1]
        again = write(read_pair(given_as(pair, of_students, of_guardians), expected_year=YEAR))
        assert rows()[:-1] == written
        for counts in (again.students, again.guardians, again.links):
            assert (counts.created, counts.changed, counts.ended) == (0, 0, 0)


@bounded(60)
@given(pair=pairs, of_students=wrappings, of_guardians=wrappings)
@example(pair=Pair(people=[Someone(), Someone(key=" 100001")]), of_students=PLAIN, of_guardians=PLAIN)
def test_each_record_of_a_pair_is_taken_or_refused(pair: Pair, of_students: Wrapping, of_guardians: Wrapping) -> None:
    try:
        export = read_pair(given_as(pair, of_students, of_guardians), expected_year=YEAR)
    except SiecleError:
        return
    students, guardians = map(read_document, given_as(pair, of_students, of_guardians))
    refused = {(note.file, note.line) for note in export.refused}

    assert lines(students, "students") == taken_or_refused(export.students, students, refused)
    assert lines(guardians, "persons") == taken_or_refused(export.persons.values(), guardians, refused, "persons")
    keys = Counter(record.siecle_id for record in export.students)
    assert not [key for key, count in keys.items() if count > 1]


def lines(document: SiecleDocument, of: str) -> set[int]:
    return {raw.line for raw in getattr(document, of)}


def taken_or_refused(
    taken: Any, document: SiecleDocument, refused: set[tuple[str, int]], of: str = "students"
) -> set[int]:
    return {record.line for record in taken} | {
        line for line in lines(document, of) if (document.name, line) in refused
    }
