"""What makes a pair of exports be refused whole, and what does not."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from schools.siecle import (
    HostileFile,
    SiecleError,
    UnreadableFile,
    WrongPair,
    WrongSchool,
    WrongYear,
    apply_import,
    read_pair,
    sources,
)
from schools.siecle import reader as reader_module
from tests.schools.conftest import NOW
from tests.schools.exports import UAI, YEAR, Pair, Pupil, Someone, named, zipped


def read(*files: io.BytesIO | str | Path, year: int = YEAR, uai: str | None = None):
    return read_pair(files, expected_year=year, expected_uai=uai)


def test_the_two_files_are_recognised_in_any_order():
    students, guardians = Pair().files()

    assert read(students, guardians).students == read(guardians, students).students
    assert len(read(guardians, students).links) == 1


def test_paths_open_files_and_zips_are_all_taken(tmp_path):
    pair = Pair()
    paths = pair.write(tmp_path)
    archive = tmp_path / "ExportXML_ResponsablesAvecAdresses.zip"
    archive.write_bytes(zipped(pair.guardians()).getvalue())

    for files in ((paths[0], Path(paths[1])), (paths[0], archive), (zipped(pair.students()), zipped(pair.guardians()))):
        assert [student.given_name for student in read(*files).students] == ["Léa"]


def test_an_open_file_is_read_from_its_beginning():
    students, guardians = zipped(Pair().students()), Pair().files()[1]
    students.read()
    guardians.read(100)

    assert len(read(students, guardians).students) == 1


@pytest.mark.parametrize("encoding", ["ISO-8859-15", "UTF-8"])
def test_both_encodings_keep_accents_ligatures_and_the_euro(encoding):
    pair = Pair(pupils=[Pupil(family="Œuvré-Žák", given="Zoé €")], encoding=encoding)

    (student,) = read(*pair.files()).students

    assert (student.family_name, student.given_name) == ("Œuvré-Žák", "Zoé €")


def test_a_byte_order_mark_before_utf_8_is_harmless():
    pair = Pair(encoding="UTF-8")

    export = read(named(b"\xef\xbb\xbf" + pair.students(), "e.xml"), named(pair.guardians(), "r.xml"))

    assert export.students[0].given_name == "Léa"


def refused_students() -> dict[str, tuple[bytes, type[SiecleError]]]:
    """Wrong files of pupils, to be given with a right file of guardians."""
    good = Pair().students()
    declaration = b'<?xml version="1.0" encoding="ISO-8859-15"?>'
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    external = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return {
        "empty": (b"", UnreadableFile),
        "truncated": (good[: len(good) // 2], UnreadableFile),
        "without its last tag": (good.rstrip()[: -len("</BEE_ELEVES>")], UnreadableFile),
        "malformed": (good.replace(b"</PRENOM>", b"</NOM>"), UnreadableFile),
        "not XML": (b"INE;NOM;PRENOM\n", UnreadableFile),
        "another root": (good.replace(b"BEE_ELEVES", b"BEE_STRUCTURES"), UnreadableFile),
        "billion laughs": (good.replace(declaration, declaration + laughs).replace(b"Martin", b"&b;"), HostileFile),
        "external entity": (good.replace(declaration, declaration + external).replace(b"Martin", b"&e;"), HostileFile),
        "external document type": (
            good.replace(declaration, declaration + b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'),
            HostileFile,
        ),
        "too deep": (good.replace(b"<DONNEES>", b"<DONNEES>" + b"<A>" * 50 + b"</A>" * 50), HostileFile),
        "UTF-8 declared ISO-8859-15": (
            Pair(encoding="UTF-8").students().replace(b'"UTF-8"', b'"ISO-8859-15"'),
            UnreadableFile,
        ),
        "ISO-8859-15 declared UTF-8": (good.replace(b'"ISO-8859-15"', b'"UTF-8"'), UnreadableFile),
        "UTF-16": (good.decode("iso-8859-15").replace("ISO-8859-15", "UTF-16").encode("utf-16"), UnreadableFile),
        "an encoding that is not expected": (good.replace(b"ISO-8859-15", b"windows-1252"), UnreadableFile),
        "an encoding that does not exist": (good.replace(b"ISO-8859-15", b"klingon"), UnreadableFile),
        "without a date": (
            good.replace(b"<HORODATAGE>23/11/2026 08:15:00<", b"<HORODATAGE><")
            .replace(b"<DATE_EXPORT>23/11/2026<", b"<D_><")
            .replace(b"</DATE_EXPORT>", b"</D_>", 1),
            UnreadableFile,
        ),
        "of another day": (Pair(stamp="22/11/2026 08:15:00").students(), WrongPair),
        "of another school": (Pair(uai="0699902Y").students(), WrongPair),
        "of another year": (Pair(year=YEAR - 1).students(), WrongYear),
        "without a pupil": (Pair(pupils=[]).students(), WrongPair),
        "of guardians again": (Pair().guardians(), WrongPair),
    }


@pytest.mark.parametrize("what", refused_students())
def test_a_wrong_file_refuses_the_pair_with_a_french_sentence(what):
    content, error = refused_students()[what]

    with pytest.raises(error) as refusal:
        read(named(content, "ElevesAvecAdresses.xml"), named(Pair().guardians(), "r.xml"))

    assert type(refusal.value) is error
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert "Martin" not in sentence


@pytest.mark.parametrize("count", [0, 1, 3])
def test_two_files_are_needed(count):
    with pytest.raises(WrongPair, match="deux fichiers"):
        read(*[named(Pair().students(), "e.xml") for _number in range(count)])


def test_two_files_of_pupils_are_not_a_pair():
    with pytest.raises(WrongPair, match="même type"):
        read(named(Pair().students(), "a.xml"), named(Pair().students(), "b.xml"))


def test_a_file_of_guardians_without_a_link_would_cut_every_access_and_is_refused():
    with pytest.raises(WrongPair, match="aucun lien"):
        read(*Pair(ties=[]).files())


def test_a_file_that_does_not_exist_is_refused_by_its_name(tmp_path):
    with pytest.raises(UnreadableFile, match=r"« absent\.xml »"):
        read(tmp_path / "absent.xml", named(Pair().guardians(), "r.xml"))


def test_the_line_of_what_cannot_be_read_is_said():
    content = Pair().students().replace(b"</PRENOM>", b"</NOM>")
    line = content[: content.index(b"<PRENOM>")].count(b"\n") + 1

    with pytest.raises(UnreadableFile, match=rf"à la ligne {line}\s"):
        read(named(content, "e.xml"), named(Pair().guardians(), "r.xml"))


def test_another_school_than_the_one_asked_is_refused():
    assert read(*Pair().files(), uai=UAI).uai == UAI
    with pytest.raises(WrongSchool, match="0699902Y"):
        read(*Pair().files(), uai="0699902Y")


@pytest.mark.parametrize("uai", ["", "759901X", "0759901x", "07599011", "0759901X2"])
def test_what_is_not_a_uai_is_refused(uai):
    with pytest.raises(WrongSchool):
        read(*Pair(uai=uai).files())


@pytest.mark.django_db
def test_an_unknown_school_is_refused_unless_it_is_to_be_created():
    export = read(*Pair().files())

    with pytest.raises(WrongSchool, match=f"{UAI} n’est pas connu"):
        apply_import(export, at=NOW)

    assert apply_import(export, at=NOW, create_school=True).students.created == 1


def test_a_zip_bomb_is_refused_while_it_is_read(monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 1_000_000)
    bomb = zipped(Pair().students().replace(b"<DONNEES>", b"<DONNEES>" + b" " * 3_000_000))
    assert len(bomb.getvalue()) < 20_000

    with pytest.raises(HostileFile, match="dépasse"):
        read(bomb, named(Pair().guardians(), "r.xml"))


def test_the_true_limit_stops_a_bomb_of_a_gigabyte_without_unpacking_it(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("e.xml", "w") as member:
        member.write(b'<?xml version="1.0"?><BEE_ELEVES><DONNEES>')
        for _number in range(160):
            member.write(b" " * 1024 * 1024)

    with pytest.raises(HostileFile):
        read(path, named(Pair().guardians(), "r.xml"))


def test_the_size_that_a_zip_declares_is_not_believed(monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 1_000_000)
    content = zipped(Pair().students().replace(b"<DONNEES>", b"<DONNEES>" + b" " * 3_000_000)).getvalue()
    true_size = struct.pack("<L", len(Pair().students()) + 3_000_000)
    assert content.count(true_size) == 2
    lying = content.replace(true_size, struct.pack("<L", 500))

    with pytest.raises(SiecleError):
        read(named(lying, "e.zip"), named(Pair().guardians(), "r.xml"))


def test_a_plain_file_has_the_same_limit(monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 300)

    with pytest.raises(HostileFile):
        read(*Pair().files())


def test_a_file_of_more_records_than_any_school_is_refused(monkeypatch):
    monkeypatch.setattr(reader_module, "MAX_RECORDS", 3)

    with pytest.raises(HostileFile, match="trop d’enregistrements"):
        read(*Pair(people=[Someone(key=str(number)) for number in range(9)]).files())


@pytest.mark.parametrize(("members", "error"), [(0, UnreadableFile), (2, UnreadableFile), (11, HostileFile)])
def test_a_zip_holds_one_file(members, error):
    with pytest.raises(error):
        read(zipped(Pair().students(), members=members), named(Pair().guardians(), "r.xml"))


def test_a_zip_of_very_many_members_is_refused_before_it_is_opened(monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "infolist", lambda _archive: pytest.fail("opened"))

    with pytest.raises(HostileFile, match="trop de fichiers"):
        read(zipped(b"", members=2_000), named(Pair().guardians(), "r.xml"))


def test_an_encrypted_zip_is_refused():
    content = bytearray(zipped(Pair().students()).getvalue())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnreadableFile, match="mot de passe"):
        read(named(bytes(content), "e.zip"), named(Pair().guardians(), "r.xml"))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_compressed_in_another_way_is_refused(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("e.xml", Pair().students())

    with pytest.raises(UnreadableFile, match="compression"):
        read(named(file.getvalue(), "e.zip"), named(Pair().guardians(), "r.xml"))


def test_a_damaged_zip_is_refused():
    content = bytearray(zipped(Pair().students()).getvalue())
    content[60] ^= 0xFF

    with pytest.raises(UnreadableFile):
        read(named(bytes(content), "e.zip"), named(Pair().guardians(), "r.xml"))
