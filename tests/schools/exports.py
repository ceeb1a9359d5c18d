"""Builds SIECLE exports for the tests, in the shape of domain.md, part B, 3.1; each piece can be made wrong."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

UAI = "0759901X"
YEAR = 2026
MEF = "20010019110"


@dataclass
class Pupil:
    key: str = "1"
    ine: str = "070000001AA"
    old_ine: str = ""
    family: str = "Martin"
    usual: str = ""
    given: str = "Léa"
    born: str = "14/05/2011"
    leaves: str = ""
    mef: str = MEF
    divisions: tuple[str, ...] = ("2DE1",)
    groups: tuple[str, ...] = ("GRP1",)

    def xml(self, *, old_format: bool) -> str:
        name = "NOM" if old_format else "NOM_DE_FAMILLE"
        return (
            f'<ELEVE ELEVE_ID={quoteattr(self.key)} ELENOET="9">\n'
            + tag("ID_NATIONAL", self.old_ine)
            + tag("INE_RNIE", self.ine)
            + tag(name, self.family)
            + tag("NOM_USAGE", self.usual)
            + tag("PRENOM", self.given)
            + tag("DATE_NAISS", self.born)
            + tag("DATE_SORTIE", self.leaves)
            + tag("CODE_MEF", self.mef)
            + "<SCOLARITE_AN_DERNIER><CODE_MEF>10310019110</CODE_MEF><MEL>ailleurs@ecole.example</MEL>"
            "</SCOLARITE_AN_DERNIER>\n</ELEVE>\n"
        )

    def structures(self) -> str:
        inside = "".join(
            f"<STRUCTURE>{tag('CODE_STRUCTURE', code)}{tag('TYPE_STRUCTURE', kind)}</STRUCTURE>"
            for kind, codes in (("D", self.divisions), ("G", self.groups))
            for code in codes
        )
        return f"<STRUCTURES_ELEVE ELEVE_ID={quoteattr(self.key)} ELENOET='9'>\n{inside}</STRUCTURES_ELEVE>\n"


@dataclass
class Someone:
    key: str = "100001"
    family: str = "Martin"
    usual: str = ""
    given: str = "Claire"
    civility: str = "MME"
    phone: str = ""
    work_phone: str = ""
    mobile: str = ""
    email: str = "claire.martin@familles.example"
    accepts_sms: str = ""
    occupation: str = ""
    shares_coordinates: str = ""
    address: str = ""
    """ADRESSE_ID."""

    def xml(self, *, old_format: bool) -> str:
        return (
            f"<PERSONNE PERSONNE_ID={quoteattr(self.key)}>\n"
            + tag("NOM" if old_format else "NOM_DE_FAMILLE", self.family)
            + tag("NOM_USAGE", self.usual)
            + tag("PRENOM", self.given)
            + tag("LC_CIVILITE", self.civility)
            + tag("TEL_PERSONNEL", self.phone)
            + tag("TEL_PROFESSIONNEL", self.work_phone)
            + tag("TEL_PORTABLE", self.mobile)
            + tag("MEL", self.email)
            + tag("ACCEPTE_SMS", self.accepts_sms)
            + tag("ADRESSE_ID", self.address)
            + tag("CODE_PROFESSION", self.occupation)
            + tag("COMMUNICATION_ADRESSE", self.shares_coordinates)
            + "</PERSONNE>\n"
        )


@dataclass
class Tie:
    pupil: str = "1"
    person: str = "100001"
    code: str = "10"
    level: str = "1"
    resp_legal: str = ""

    def xml(self) -> str:
        return (
            "<RESPONSABLE_ELEVE>\n"
            + tag("ELEVE_ID", self.pupil)
            + tag("PERSONNE_ID", self.person)
            + tag("RESP_LEGAL", self.resp_legal)
            + tag("CODE_PARENTE", self.code)
            + tag("NIVEAU_RESPONSABILITE", self.level)
            + "</RESPONSABLE_ELEVE>\n"
        )


@dataclass
class Address:
    key: str = "7001"
    lines: tuple[str, ...] = ("12 RUE DES LILAS",)
    postal_code: str = "75011"
    town: str = "PARIS"
    country: str = "FRANCE"

    def xml(self) -> str:
        lines = "".join(tag(f"LIGNE{number}_ADRESSE", line) for number, line in enumerate(self.lines, start=1))
        return (
            f"<ADRESSE ADRESSE_ID={quoteattr(self.key)}>\n{lines}"
            + tag("CODE_POSTAL", self.postal_code)
            + tag("LIBELLE_POSTAL", self.town)
            + tag("LL_PAYS", self.country)
            + "</ADRESSE>\n"
        )


@dataclass
class Pair:
    """The two exports of a school: one pupil and her mother, unless told otherwise."""

    pupils: list[Pupil] = field(default_factory=lambda: [Pupil()])
    people: list[Someone] = field(default_factory=lambda: [Someone()])
    ties: list[Tie] = field(default_factory=lambda: [Tie()])
    addresses: list[Address] = field(default_factory=list)
    uai: str = UAI
    year: int = YEAR
    stamp: str = "23/11/2026 08:15:00"
    encoding: str = "ISO-8859-15"
    old_format: bool = False

    def _document(self, root: str, data: str) -> bytes:
        text = (
            f'<?xml version="1.0" encoding="{self.encoding}"?>\n<{root} VERSION="3.0">\n<PARAMETRES>\n'
            f"{tag('UAJ', self.uai)}{tag('ANNEE_SCOLAIRE', str(self.year))}"
            f"{tag('DATE_EXPORT', self.stamp[:10])}{tag('HORODATAGE', self.stamp)}"
            f"</PARAMETRES>\n<DONNEES>\n{data}</DONNEES>\n</{root}>\n"
        )
        return text.encode(self.encoding)

    def students(self) -> bytes:
        pupils = "".join(pupil.xml(old_format=self.old_format) for pupil in self.pupils)
        structures = "".join(pupil.structures() for pupil in self.pupils)
        return self._document("BEE_ELEVES", f"<ELEVES>\n{pupils}</ELEVES>\n<STRUCTURES>\n{structures}</STRUCTURES>\n")

    def guardians(self) -> bytes:
        people = "".join(someone.xml(old_format=self.old_format) for someone in self.people)
        ties = "".join(tie.xml() for tie in self.ties)
        addresses = "".join(address.xml() for address in self.addresses)
        return self._document(
            "BEE_RESPONSABLES",
            f"<PERSONNES>\n{people}</PERSONNES>\n<RESPONSABLES>\n{ties}</RESPONSABLES>\n"
            f"<ADRESSES>\n{addresses}</ADRESSES>\n",
        )

    def files(self) -> list[io.BytesIO]:
        return [
            named(self.students(), "ElevesAvecAdresses.xml"),
            named(self.guardians(), "ResponsablesAvecAdresses.xml"),
        ]

    def write(self, folder: Path) -> list[str]:
        paths = [folder / "ElevesAvecAdresses.xml", folder / "ResponsablesAvecAdresses.xml"]
        for path, content in zip(paths, (self.students(), self.guardians()), strict=True):
            path.write_bytes(content)
        return [str(path) for path in paths]


def tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>\n" if text else ""


def named(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def zipped(content: bytes, name: str = "export.zip", members: int = 1) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"Export{number}.xml", content)
    return named(file.getvalue(), name)


def large_pair(pupils: int, *, year: int = YEAR, division_of: int = 35) -> Pair:
    """A school of so many pupils, each with two parents of their own."""
    pair = Pair([], [], [], year=year)
    for number in range(pupils):
        key = str(500_000 + number)
        pair.pupils.append(
            Pupil(
                key=key,
                ine=f"{number:09}AB",
                family=f"Nom{number}",
                given="Zoé",
                divisions=(f"2DE{number // division_of}",),
            )
        )
        for parent, code in (("1", "10"), ("2", "20")):
            person = f"{parent}{number:06}"
            pair.people.append(
                Someone(
                    key=person,
                    family=f"Nom{number}",
                    given="Dominique",
                    mobile="0600000000",
                    email=f"parent{person}@familles.example",
                )
            )
            pair.ties.append(Tie(key, person, code))
    return pair
