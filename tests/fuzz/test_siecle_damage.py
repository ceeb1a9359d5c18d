"""Whatever the files hold, the answer is an import or a typed refusal; and what is refused writes nothing."""

import re
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import pytest
from django.db import transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from schools.models import Division, Guardian, Guardianship, School, Student
from schools.names import folded_guardian_name
from schools.siecle import SiecleError, apply_import, read_pair
from tests.fuzz import bounded
from tests.schools.conftest import NOW
from tests.schools.exports import MEF, YEAR, Pair, Pupil, Someone, Tie, named, zipped

PAIR = Pair(
    pupils=[Pupil(), Pupil(key="2", ine="070000002BB", family="Œuvré", given="Zoé", divisions=("2DE2",))],
    people=[Someone(), Someone(key="100002", family="Bernard", given="Ève")],
    ties=[Tie(), Tie(pupil="2", person="100002", code="20")],
)
CONTENTS = {"students": PAIR.students(), "guardians": PAIR.guardians()}
ZIPS = {which: zipped(content).getvalue() for which, content in CONTENTS.items()}


def rows() -> list[list[Any]]:
    return [list(m.objects.order_by("pk").values()) for m in (School, Division, Student, Guardian, Guardianship)]


def try_import(which: str, content: bytes) -> None:
    """Import the pair with one of its files replaced, over a school which has the right one; then undo it."""
    files = [named({**CONTENTS, which: content}[name], name) for name in CONTENTS]
    with transaction.atomic():
        apply_import(read_pair(PAIR.files(), expected_year=YEAR), at=NOW, create_school=True)
        before = rows()
        try:
            report = apply_import(read_pair(files, expected_year=YEAR), at=NOW)
        except SiecleError:
            assert rows() == before
        else:
            assert report.students.created + report.students.changed + report.students.unchanged <= 4
        transaction.set_rollback(True)


@pytest.mark.django_db
@bounded(40)
@given(which=st.sampled_from(list(CONTENTS)), data=st.data())
def test_a_truncated_file_is_always_refused(which, data):
    content = CONTENTS[which].rstrip()
    cut = data.draw(st.integers(0, len(content) - 1))
    files = [named({**CONTENTS, which: content[:cut]}[name], name) for name in CONTENTS]

    with pytest.raises(SiecleError):
        read_pair(files, expected_year=YEAR)


@pytest.mark.django_db
@bounded(40)
@given(
    which=st.sampled_from(list(CONTENTS)),
    is_zip=st.booleans(),
    edits=st.lists(
        st.tuples(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=4
    ),
)
def test_a_damaged_file_is_imported_or_refused_but_never_anything_else(which, is_zip, edits):
    content = (ZIPS if is_zip else CONTENTS)[which]
    for place, put, removed in edits:
        start = place % len(content)
        content = content[:start] + put + content[start + removed :]

    try_import(which, content)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00"), max_size=120)


@pytest.mark.django_db
@bounded(40)
@given(
    which=st.sampled_from(list(CONTENTS)),
    values=st.lists(st.tuples(st.integers(0, 200), texts), min_size=1, max_size=4),
)
def test_any_text_in_any_element_is_imported_or_refused(which, values):
    text = CONTENTS[which].decode("iso-8859-15").replace("ISO-8859-15", "UTF-8")
    for number, value in values:
        places = list(re.finditer(r">([^<>\n]+)<", text))
        place = places[number % len(places)]
        text = text[: place.start(1)] + escape(value) + text[place.end(1) :]

    try_import(which, text.encode())


def reads_as_utf_8(text: str) -> bool:
    """Whether all the accents of an ISO-8859-15 text happen to be valid UTF-8, by which a wrong encoding is told."""
    try:
        text.encode("iso-8859-15").decode()
    except UnicodeDecodeError:
        return False
    return not text.isascii()


names = st.text(st.characters(codec="iso-8859-15", categories=["L"]), min_size=1, max_size=100)


@pytest.mark.django_db
@bounded(40)
@given(
    encoding=st.sampled_from(["ISO-8859-15", "UTF-8"]),
    old_format=st.booleans(),
    ines=st.lists(st.from_regex(r"[0-9]{9}[0-9A-Z][A-Z]", fullmatch=True), min_size=1, max_size=5, unique=True),
    family=names,
    given_name=names,
    born=st.dates(date(1900, 1, 1), date(2026, 11, 23)),
    level=st.sampled_from(["1", "2", "3"]),
)
def test_what_is_written_in_the_files_is_what_is_read_back(encoding, old_format, ines, family, given_name, born, level):
    assume(encoding == "UTF-8" or not reads_as_utf_8(f"{family} {given_name}"))
    pair = Pair(
        pupils=[
            Pupil(key=str(n), ine=ine, family=family, given=given_name, born=f"{born:%d/%m/%Y}")
            for n, ine in enumerate(ines)
        ],
        people=[Someone(family=family, given=given_name)],
        ties=[Tie(pupil=str(n), level=level) for n, _ine in enumerate(ines)],
        encoding=encoding,
        old_format=old_format,
    )
    with transaction.atomic():
        report = apply_import(read_pair(pair.files(), expected_year=YEAR), at=NOW, create_school=True)

        assert report.refused == report.warnings == []
        students = Student.objects.values_list("ine", "family_name", "given_name", "birth_date", "mef_code")
        assert set(students) == {(ine, family, given_name, born, MEF) for ine in ines}
        guardian = Guardian.objects.get()
        assert (guardian.family_name, guardian.given_name) == (family, given_name)
        assert guardian.folded_name == folded_guardian_name(family, given_name)
        assert set(Guardianship.objects.values_list("student__ine", "level")) == {(ine, int(level)) for ine in ines}
        transaction.set_rollback(True)
