"""Whatever is sent where the school's staff give files: answered, kept as a pair or not at all, and nobody written."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import event, example, given
from hypothesis import strategies as st

from schools.imports.work import work
from schools.models import Division, Guardian, Guardianship, ImportFile, ImportState, Role, SiecleImport, Student
from tests.factories import school, sign_in, staff
from tests.fuzz import bounded, undone
from tests.fuzz.posting import ANSWERS, TYPES, content_types, nearly, odd, overfull, post
from tests.schools.exports import UAI, YEAR, Pair, zipped
from tests.schools_imports.conftest import NOW

pytestmark = pytest.mark.django_db

PAGE = f"/admin/etablissements/{UAI}/imports/"
BOUND = "multipart/form-data; boundary=bound"
PUPILS, PEOPLE = Pair().students(), Pair().guardians()
CONTENTS = [
    *(PUPILS, PEOPLE, PUPILS[:-40], PUPILS + b" " * 2_700_000, PUPILS.replace(b"Martin", b"\x00\xff")),
    *(zipped(PUPILS).getvalue(), zipped(PEOPLE).getvalue(), zipped(PUPILS, members=2).getvalue()),
    *(b"", b"<BEE_ELEVES", b"PK\x03\x04<BEE_ELEVES", b"<BEE_RESPONSABLES/>", b"\x00" * 50),
    *(b"<!DOCTYPE x [<!ENTITY a '&a;'>]><BEE_ELEVES>&a;", base64.b64encode(PUPILS)),
]
NAMES = [
    *(
        b'"ElevesAvecAdresses.xml"',
        b'"../../../etc/passwd"',
        rb'"C:\exports\eleves.xml"',
        b'""',
        b'"."',
        b'".."',
        b'"/"',
    ),
    *(b'"a\x00b.xml"', b'"\xff\xfe.xml"', '"élèves\u202e.xml"'.encode(), b'"<img src=x>.xml"', b'"x'),
    b'"' + b"x" * 5_000 + b'"',
]
EXTENDED = [
    *(b"*=utf-8''%00%ff", b"*=hex''%41", b"*=no-such''a", b"*=undefined''%41", b"*=utf-16''%d8%00", b"*=''"),
    *(b"*=utf-8''", b"*0=a; filename*1=b", b"*0*=hex''%41; filename*1*=%42", b"*1=b", b"*"),
]
FILENAMES = [*(b"=" + name for name in NAMES), *EXTENDED]
HEADERS = [
    *(b"Content-Type: text/xml", b"Content-Type: text/xml; charset=hex", b"Content-Type: multipart/mixed; boundary=x"),
    *(b"Content-Type: a; x*=hex''%41", b"Content-Disposition: attachment", b"no colon", b"\xff: \xff"),
    *(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"X: " + b"y" * 20_000),
    b"Content-Transfer-Encoding:",
]
ENDS = [b"--bound--\r\n", b"--bound--", b"--bound", b"", b"\r\n--bound\r\n\r\n", b"\x00"]

filenames = st.sampled_from(FILENAMES)
headers: st.SearchStrategy[list[bytes]] = st.just([]) | st.lists(st.sampled_from(HEADERS), max_size=2)


def part(name: bytes, filename: bytes | None, headers: list[bytes], content: bytes) -> bytes:
    """One part as it stands in a body; `filename` with what follows the parameter's name."""
    said = b'Content-Disposition: form-data; name="' + name + b'"'
    said += b"; filename" + filename if filename is not None else b""
    return b"\r\n".join([b"--bound", said, *headers, b"", content, b""])


PLAIN = b'="eleves.xml"'
YEAR_PART = part(b"school_year", None, [], str(YEAR).encode())
RIGHT = part(b"students", PLAIN, [], PUPILS) + part(b"guardians", PLAIN, [], PEOPLE) + YEAR_PART + ENDS[0]

right = st.tuples(
    st.builds(part, st.just(b"students"), filenames, headers, st.just(PUPILS)),
    st.builds(part, st.just(b"guardians"), filenames, headers, st.just(PEOPLE)),
    st.just(YEAR_PART),
).map(list)
wrong = st.builds(
    part,
    st.sampled_from([b"students", b"guardians", b"school_year", b"", b"x" * 300, b"\x00", b"\xff"]),
    st.none() | filenames,
    headers,
    st.sampled_from(CONTENTS) | odd,
)
bodies = st.one_of(
    right.map(lambda parts: b"".join(parts) + ENDS[0]),
    st.builds(
        lambda parts, others, end, cut: b"".join([*parts, *others, end])[:cut],
        right,
        st.lists(wrong, max_size=3),
        st.sampled_from(ENDS),
        st.none() | st.integers(0, 4_000),
    ),
    st.builds(
        lambda others, end: b"".join(others) + end, st.lists(wrong, min_size=1, max_size=4), st.sampled_from(ENDS)
    ),
    st.sampled_from([part(b"x", PLAIN, [], b"x") * 101 + ENDS[0], part(b"x", None, [], b"x") * 501 + ENDS[0]]),
)
types = st.sampled_from(
    [
        *[BOUND] * 40,
        *('multipart/form-data; boundary="bound"', "multipart/form-data; boundary=" + "x" * 300, "multipart/mixed"),
        *("multipart/form-data; boundary=é", "multipart/form-data; boundary=\x00", "multipart/mixed; boundary=bound"),
        *("multipart/form-data; boundary*=hex''%41", *TYPES),
    ]
)
lengths = st.sampled_from([*[None] * 12, "", "-1", "0", "abc"])
roles = st.sampled_from([*[Role.HEAD] * 8, Role.FORM_TEACHER])


@pytest.fixture
def role(db: None) -> Any:
    """Give the client of a member of staff of the school, by role."""
    place = school(UAI)
    people = {each: staff(place, each) for each in Role}
    return lambda which: sign_in(Client(), people[which], None)


def people_written() -> list[int]:
    return [model.objects.count() for model in (Student, Guardian, Guardianship, Division)]


def check_what_is_kept() -> None:
    """Hold what is kept of files to what the page takes: a pair, under names of files and nothing else."""
    for one in SiecleImport.objects.all():
        kept = [file.name for file in ImportFile.objects.filter(siecle_import=one).order_by("pk")]
        assert kept == ([file["name"] for file in one.files] if one.is_under_way else [])
        for file in one.files:
            assert 0 < len(file["name"]) <= 100
            assert file["name"].isprintable()
            assert not set(file["name"]) & {"/", "\\", "\x00"}


@bounded(30)
@given(body=bodies, content_type=types, length=lengths, who=roles)
@example(body=RIGHT, content_type=BOUND, length=None, who=Role.HEAD)
@example(body=RIGHT, content_type=BOUND, length=None, who=Role.FORM_TEACHER)
def test_whatever_is_uploaded_is_kept_as_a_pair_or_not_at_all_and_nobody_is_written(
    role: Any, body: bytes, content_type: str, length: str | None, who: Role
) -> None:
    with undone(), time_machine.travel(NOW, tick=False):
        client, sized = role(who), {} if length is None else {"CONTENT_LENGTH": length}
        answer = client.generic("POST", PAGE, body, content_type, **sized)
        event(f"{answer.status_code}")
        assert answer.status_code in ANSWERS
        assert SiecleImport.objects.count() == (answer.status_code == 302)
        assert who is Role.HEAD or answer.status_code in {400, 403}
        check_what_is_kept()
        work(at=timezone.now())
        check_what_is_kept()
        for one in SiecleImport.objects.all():
            event(one.state)
            assert one.state in {ImportState.TO_CONFIRM, ImportState.REFUSED}
            assert client.get(f"{PAGE}{one.pk}/").status_code == 200
        assert client.get(PAGE).status_code == (200 if who is Role.HEAD else 403)
        assert not any(people_written())


answered = {"digest": st.sampled_from([b"right", b"right", b"wrong"]), "cautions": st.just(b"on")}
forms = st.fixed_dictionaries(answered).map(lambda fields: list(fields.items())) | nearly(
    answered, names=["digest", "accepted", "cautions", "state"]
)
acts = st.tuples(st.sampled_from(["confirmer", "confirmer", "annuler"]), forms | overfull, content_types)


@bounded(20)
@given(acts=st.lists(acts, min_size=1, max_size=3))
@example(acts=[("confirmer", [("digest", b"right"), ("cautions", b"on")], TYPES[0])])
def test_only_the_plan_that_was_shown_is_written(role: Any, acts: list[tuple[str, Any, str]]) -> None:
    with undone(), time_machine.travel(NOW, tick=False):
        client = role(Role.HEAD)
        assert client.generic("POST", PAGE, RIGHT, BOUND).status_code == 302
        work(at=timezone.now())
        one = SiecleImport.objects.get()
        for act, form, content_type in acts:
            filled = [(name, one.digest.encode() if value == b"right" else value) for name, value in form]
            filled += [(each["code"], b"on") for each in one.summary.get("cautions", []) if ("cautions", b"on") in form]
            before = one.state
            status = post(client, f"{PAGE}{one.pk}/{act}/", filled, content_type).status_code
            event(f"{act}: {status}")
            assert status in ANSWERS
            one.refresh_from_db()
            assert one.state == before or status == 302
            work(at=timezone.now())
            one.refresh_from_db()
            assert any(people_written()) == (one.state == ImportState.DONE)
            asked = dict(filled).get("digest", b"")
            assert one.state != ImportState.DONE or before == ImportState.DONE or asked.strip() == one.digest.encode()
            check_what_is_kept()
