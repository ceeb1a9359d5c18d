"""Reading one SIECLE export as a stream: bytes in, raw records out, never the whole tree in memory.

The structure is that of domain.md, part B, 3.1. Names of elements are those of before and after 2016.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser
from django.utils.translation import gettext as _

from schools.siecle.errors import HostileFile, SiecleError, UnreadableFile
from schools.siecle.sources import SiecleFile, chunks, display_name

MAX_DEPTH = 20
MAX_RECORDS = 200_000
MAX_TEXT = 1_000
"""Of one element; what is longer is cut here, and found too long by whoever checks the record."""

_ENCODINGS = {"utf-8", "iso-8859-1", "iso-8859-15"}
_DECLARATION = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class Kind(Enum):
    """Which of the two files; the value is the root element."""

    STUDENTS = "BEE_ELEVES"
    GUARDIANS = "BEE_RESPONSABLES"


class Raw(NamedTuple):
    """A record as it stands in the file: the line where it begins, its attributes, its direct children."""

    line: int
    attributes: dict[str, str]
    fields: dict[str, str]


@dataclass
class SiecleDocument:
    """One file, read to its end."""

    name: str
    kind: Kind
    header: dict[str, str] = field(default_factory=dict)
    students: list[Raw] = field(default_factory=list)
    structures: list[Raw] = field(default_factory=list)
    persons: list[Raw] = field(default_factory=list)
    addresses: list[Raw] = field(default_factory=list)
    links: list[Raw] = field(default_factory=list)


_RECORDS: dict[str, tuple[str, frozenset[str]]] = {
    "/BEE_ELEVES/DONNEES/ELEVES/ELEVE": (
        "students",
        frozenset(
            [
                "ID_NATIONAL",
                "INE_RNIE",
                "NOM",
                "NOM_DE_FAMILLE",
                "NOM_USAGE",
                "PRENOM",
                "DATE_NAISS",
                "DATE_SORTIE",
                "CODE_MEF",
            ],
        ),
    ),
    "/BEE_ELEVES/DONNEES/STRUCTURES/STRUCTURES_ELEVE/STRUCTURE": (
        "structures",
        frozenset(["CODE_STRUCTURE", "TYPE_STRUCTURE"]),
    ),
    "/BEE_RESPONSABLES/DONNEES/PERSONNES/PERSONNE": (
        "persons",
        frozenset(
            [
                "NOM",
                "NOM_DE_FAMILLE",
                "NOM_USAGE",
                "PRENOM",
                "LC_CIVILITE",
                "TEL_PERSONNEL",
                "TEL_PROFESSIONNEL",
                "TEL_PORTABLE",
                "MEL",
                "ACCEPTE_SMS",
                "ADRESSE_ID",
                "CODE_PROFESSION",
                "COMMUNICATION_ADRESSE",
            ]
        ),
    ),
    "/BEE_RESPONSABLES/DONNEES/ADRESSES/ADRESSE": (
        "addresses",
        frozenset(
            [
                "LIGNE1_ADRESSE",
                "LIGNE2_ADRESSE",
                "LIGNE3_ADRESSE",
                "LIGNE4_ADRESSE",
                "CODE_POSTAL",
                "LIBELLE_POSTAL",
                "LL_PAYS",
                "COMMUNE_ETRANGERE",
            ]
        ),
    ),
    "/BEE_RESPONSABLES/DONNEES/RESPONSABLES/RESPONSABLE_ELEVE": (
        "links",
        frozenset(["ELEVE_ID", "PERSONNE_ID", "CODE_PARENTE", "NIVEAU_RESPONSABILITE", "RESP_LEGAL"]),
    ),
    "/BEE_ELEVES/PARAMETRES": ("header", frozenset(["UAJ", "ANNEE_SCOLAIRE", "DATE_EXPORT", "HORODATAGE"])),
    "/BEE_RESPONSABLES/PARAMETRES": ("header", frozenset(["UAJ", "ANNEE_SCOLAIRE", "DATE_EXPORT", "HORODATAGE"])),
}
_PARENTS_ATTRIBUTES = "/BEE_ELEVES/DONNEES/STRUCTURES/STRUCTURES_ELEVE"
"""The pupil whose classes follow is named on the parent."""


def read_document(file: SiecleFile) -> SiecleDocument:
    """Read one file to its end. Raises UnreadableFile, HostileFile."""
    name = display_name(file)
    handler = _Handler(name)
    parser = create_parser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)  # only whole-file parsing does so by itself
    try:
        for chunk in _decodable(chunks(file), name):
            parser.feed(chunk)
        parser.close()
    except SiecleError:
        raise
    except DefusedXmlException as error:
        raise HostileFile(
            _("Le fichier « %(file)s » contient des entités ou un type de document : il est refusé.") % {"file": name}
        ) from error
    except SAXParseException as error:
        raise UnreadableFile(
            _("Le fichier « %(file)s » n’est pas lisible à la ligne %(line)s : il est abîmé ou incomplet.")
            % {"file": name, "line": error.getLineNumber()}
        ) from error
    except (SAXException, LookupError, ValueError) as error:
        raise UnreadableFile(_("Le fichier « %(file)s » n’est pas un XML lisible.") % {"file": name}) from error
    if handler.document is None:
        raise UnreadableFile(_("Le fichier « %(file)s » est vide.") % {"file": name})
    return handler.document


def _decodable(source: Iterable[bytes], name: str) -> Iterable[bytes]:
    """Pass the chunks on, making sure that the encoding is one we expect, and the one which is declared."""
    looks_like_utf_8: Callable[[bytes], str] | None = None
    has_accents = False
    is_first = True
    for chunk in source:
        if is_first:
            is_first = False
            encoding = _declared_encoding(chunk, name)
            if encoding != "utf-8":
                looks_like_utf_8 = codecs.getincrementaldecoder("utf-8")().decode
        if looks_like_utf_8 is not None and not chunk.isascii():
            has_accents = True
        if looks_like_utf_8 is not None:
            try:
                looks_like_utf_8(chunk)
            except UnicodeDecodeError:
                looks_like_utf_8 = None
        yield chunk
    # accents of an 8-bit encoding are never valid UTF-8 throughout: such a file was saved again by another program
    if looks_like_utf_8 is not None and has_accents:
        raise _wrong_encoding(name)


def _declared_encoding(head: bytes, name: str) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head[:4]:
        raise _wrong_encoding(name)
    declaration = _DECLARATION.search(head[:200])
    encoding = declaration[1].decode("ascii").lower() if declaration else "utf-8"
    if encoding not in _ENCODINGS:
        raise _wrong_encoding(name)
    return encoding


def _wrong_encoding(name: str) -> UnreadableFile:
    return UnreadableFile(
        _(
            "L’encodage du fichier « %(file)s » n’est pas celui qu’il annonce ou n’est pas accepté "
            "(ISO-8859-15 ou UTF-8). Refaites l’export sans ouvrir le fichier dans un autre logiciel."
        )
        % {"file": name}
    )


def _stripped(attributes: AttributesImpl) -> dict[str, str]:
    """Return what an element says of itself, its spaces as those of the fields: both name the same records."""
    return {name: " ".join(value.split()) for name, value in attributes.items()}


class _Handler(ContentHandler):
    """Keeps where it stands in the tree and, inside a record, the text of the children that are of use."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.document: SiecleDocument | None = None
        self._paths = [""]
        self._count = 0
        self._target = ""
        self._wanted: frozenset[str] = frozenset()
        self._record: Raw | None = None
        self._record_depth = 0
        self._parent_attributes: dict[str, str] = {}
        self._text: list[str] | None = None
        self._text_length = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (SAX's name)
        depth = len(self._paths)
        if depth > MAX_DEPTH:
            raise HostileFile(_("Le fichier « %(file)s » est anormalement profond.") % {"file": self.name})
        if self._record is not None:
            self._paths.append("")
            if depth == self._record_depth + 1 and name in self._wanted:
                self._text, self._text_length = [], 0
            return
        path = f"{self._paths[-1]}/{name}"
        self._paths.append(path)
        if depth == 1:
            self._begin_document(name)
        elif path == _PARENTS_ATTRIBUTES:
            self._parent_attributes = _stripped(attrs)
        elif path in _RECORDS:
            self._begin_record(path, attrs, depth)

    def _begin_document(self, root: str) -> None:
        try:
            self.document = SiecleDocument(name=self.name, kind=Kind(root))
        except ValueError:
            raise UnreadableFile(
                _("Le fichier « %(file)s » n’est pas un export SIECLE des élèves ou des responsables.")
                % {"file": self.name}
            ) from None

    def _begin_record(self, path: str, attrs: AttributesImpl, depth: int) -> None:
        self._count += 1
        if self._count > MAX_RECORDS:
            raise HostileFile(_("Le fichier « %(file)s » contient trop d’enregistrements.") % {"file": self.name})
        self._target, self._wanted = _RECORDS[path]
        attributes = self._parent_attributes if self._target == "structures" else _stripped(attrs)
        self._record = Raw(self._locator.getLineNumber(), attributes, {})  # type: ignore[attr-defined]
        self._record_depth = depth

    def characters(self, content: str) -> None:
        if self._text is not None and self._text_length <= MAX_TEXT:
            self._text.append(content)
            self._text_length += len(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        self._paths.pop()
        if self._record is None or self.document is None:
            return
        depth = len(self._paths)
        if depth == self._record_depth + 1 and self._text is not None:
            self._record.fields[name] = " ".join("".join(self._text)[: MAX_TEXT + 1].split())
            self._text = None
        elif depth == self._record_depth:
            if self._target == "header":
                self.document.header.update(self._record.fields)
            else:
                getattr(self.document, self._target).append(self._record)
            self._record = None
