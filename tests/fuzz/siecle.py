"""Pairs of SIECLE exports as hypothesis makes them: of the right structure, each of their pieces right or wrong."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.schools.exports import UAI, YEAR, Address, Pair, Pupil, Someone, Tie

CONTROLS = "\u0085\u200b\ue000\ufdd0"
xml_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from(CONTROLS),
    max_size=20,
)
oversized = st.builds(
    lambda piece, length: piece * length,
    st.sampled_from(["x", "œ", "ﬄ", "ﷺ", "é ", "9"]),
    st.sampled_from([99, 100, 101, 255, 1_001]),
)
wrong = st.one_of(st.just(""), xml_text, oversized, st.sampled_from(["<b>", "&amp;", "=1+1", "-1", "0", " 1 ", "NULL"]))


def field(*right: str) -> st.SearchStrategy[str]:
    """A field that is nearly always right: a record has a dozen."""
    return st.integers(0, 15).flatmap(lambda n: wrong if n == 7 else st.sampled_from(right))


def key(*right: str) -> st.SearchStrategy[str]:
    """An identifier: one of a few, so that several records share it, sometimes written otherwise."""
    return st.integers(0, 11).flatmap(
        lambda n: wrong if n == 7 else st.sampled_from([f" {each}" for each in right] if n == 5 else right)
    )


days = st.dates().map(lambda day: f"{day:%d/%m}/{day.year:04}") | st.sampled_from(
    ["14/05/2011", "31/02/2011", "00/00/0000", "1/1/2011"]
)
stamps = st.one_of(
    st.just("23/11/2026 08:15:00"),
    st.datetimes().map(lambda at: f"{at:%d/%m}/{at.year:04} {at:%H:%M:%S}"),
    st.sampled_from(
        ["01/01/0001 00:00:00", "31/12/9999 23:59:59", "29/03/2026 02:30:00", "23/11/2026", "23/11/2026 24:00:00"]
    ),
    wrong,
)
ines = field("070000001AA", "070000002BB", "0700000003C", "070000001aa")
emails = field(
    "claire.martin@familles.example", "x@localhost", "é@é.example", "a@b@c.example", "a@" + "b" * 64 + ".example"
)
pupil_keys, person_keys, address_keys = key("1", "2", "3"), key("100001", "100002"), key("7001", "7002")
flags = field("0", "1", "O", "N")
phones = field("0612345678", "+262692000000", "0612", "06 12 34 56 78", "tél. 06")

pupils = st.builds(
    Pupil,
    key=pupil_keys,
    ine=ines,
    old_ine=ines | st.just(""),
    family=field("Martin", "Œuvré", "d’Élan"),
    usual=field("", "Durand"),
    given=field("Léa", "Zoé"),
    born=field("14/05/2011", "01/01/1900", "31/02/2011"),
    leaves=field("", "", "01/09/2026", "31/12/9999") | days,
    mef=field("20010019110", "20210019110"),
    divisions=st.lists(field("2DE1", "2DE2"), max_size=2).map(tuple),
    groups=st.lists(field("GRP1"), max_size=2).map(tuple),
)
people = st.builds(
    Someone,
    key=person_keys,
    family=field("Martin", "Bernard"),
    usual=field("", "Durand"),
    given=field("Claire", "Ève"),
    civility=field("MME", "M."),
    phone=phones,
    work_phone=phones,
    mobile=phones,
    email=emails,
    accepts_sms=flags,
    occupation=field("", "34", "99"),
    shares_coordinates=flags,
    address=address_keys | st.just(""),
)
ties = st.builds(
    Tie,
    pupil=pupil_keys,
    person=person_keys,
    code=field("10", "20", "70"),
    level=field("1", "2", "3"),
    resp_legal=field("", "1", "0"),
)
addresses = st.builds(
    Address,
    key=address_keys,
    lines=st.lists(field("12 RUE DES LILAS"), max_size=4).map(tuple),
    postal_code=field("75011", "97400"),
    town=field("PARIS"),
    country=field("FRANCE", "ATLANTIDE"),
)
pairs = st.builds(
    Pair,
    pupils=st.lists(pupils, min_size=1, max_size=4),
    people=st.lists(people, min_size=1, max_size=3),
    ties=st.lists(ties, min_size=1, max_size=4),
    addresses=st.lists(addresses, max_size=2),
    uai=st.integers(0, 15).flatmap(
        lambda n: wrong if n == 7 else st.sampled_from([UAI, UAI, UAI, "9720001A", "9870001B"])
    ),
    year=st.integers(0, 15).flatmap(lambda n: st.integers() if n == 7 else st.just(YEAR)),
    stamp=st.integers(0, 9).flatmap(lambda n: stamps if n == 7 else st.just("23/11/2026 08:15:00")),
    old_format=st.booleans(),
)

ENTITIES = {
    "a name of our own": ('<!DOCTYPE x [<!ENTITY a "b">]>', "&a;"),
    "a file": ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"),
    "names of names": ('<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>', "&c;"),
    "a name nobody gave": ("", "&a;"),
    "a character that is none": ("", "&#0;"),
    "half a character": ("", "&#xD800;"),
}


@dataclass(frozen=True)
class Wrapping:
    """How one file is given: its encoding against the one it announces, what is spoilt in it, and in what archive."""

    encoding: str = "utf-8"
    announced: str = "UTF-8"
    entity: str = ""
    repeated: str = ""
    dropped: str = ""
    members: int = 0
    """Of the zip; 0 for no zip."""

    def wrap(self, content: bytes, name: str) -> io.BytesIO:
        """Return the file to import, made from the right XML."""
        text = content.decode().replace('encoding="UTF-8"', f'encoding="{self.announced}"', 1)
        if self.entity:
            declared, used = ENTITIES[self.entity]
            text = text.replace("?>\n", f"?>\n{declared}\n", 1).replace(
                "<NOM_DE_FAMILLE>", f"<NOM_DE_FAMILLE>{used}", 1
            )
        for piece, copies in ((self.repeated, 2), (self.dropped, 0)):
            start, end = text.find(f"<{piece}"), text.find(f"</{piece}>")
            if piece and -1 < start < end:
                end += len(piece) + 3
                text = text[:start] + text[start:end] * copies + text[end:]
        file = io.BytesIO(text.encode(self.encoding, errors="xmlcharrefreplace"))
        if self.members:
            file = zipped_members(file.getvalue(), self.members)
        file.name = name
        return file


def zipped_members(content: bytes, members: int) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"../Export{number}.xml", content)
    return file


PIECES = [
    "PARAMETRES",
    "UAJ",
    "ELEVE",
    "ELEVES",
    "STRUCTURES_ELEVE",
    "PERSONNE",
    "PERSONNES",
    "RESPONSABLE_ELEVE",
    "ADRESSES",
    "DONNEES",
    "NOM_DE_FAMILLE",
]


def now_and_then(often: Any, seldom: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 15).flatmap(lambda n: seldom if n == 7 else st.just(often))


wrappings = st.builds(
    Wrapping,
    encoding=now_and_then("utf-8", st.sampled_from(["iso-8859-15", "utf-16", "utf-8-sig", "cp1252"])),
    announced=now_and_then(
        "UTF-8", st.sampled_from(["ISO-8859-15", "ISO-8859-1", "UTF-16", "UTF-7", "cp037", "hex", ""])
    ),
    entity=now_and_then("", st.sampled_from(list(ENTITIES))),
    repeated=now_and_then("", st.sampled_from(PIECES)),
    dropped=now_and_then("", st.sampled_from(PIECES)),
    members=now_and_then(0, st.sampled_from([1, 2, 11])),
)
