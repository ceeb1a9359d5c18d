"""The pair of exports of one school: of the same school, year and day, and what in it can be taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from schools.siecle.errors import UnreadableFile, WrongPair, WrongSchool, WrongYear
from schools.siecle.reader import Kind, Raw, SiecleDocument, read_document
from schools.siecle.records import (
    LinkRecord,
    Note,
    PersonRecord,
    RecordError,
    StudentRecord,
    division_code,
    french_instant,
    in_division,
    is_own_guardian,
    link_from,
    person_from,
    student_from,
)
from schools.siecle.sources import SiecleFile
from schools.siecle.territories import is_uai, time_zone_of

_EXPORTED_IN = range(2000, 2100)
"""Years in which an export can have been made; far outside them, the database cannot say an instant either."""


@dataclass
class SiecleExport:
    """A pair that can be imported: its clean records, and what was refused in it.

    What a refused record describes is left as it stands: the `unread_…` say of whom, so that nobody is archived and
    no link is cut because of a line that could not be read.
    """

    uai: str
    school_year: int
    exported_on: date
    made_at: datetime
    """When the older of the two files was made (HORODATAGE), which SIECLE says in the school's own time."""
    students: list[StudentRecord] = field(default_factory=list)
    persons: dict[str, PersonRecord] = field(default_factory=dict)
    links: list[LinkRecord] = field(default_factory=list)
    refused: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    unread_students: set[str] = field(default_factory=set)
    """ELEVE_ID of the pupils refused."""
    unread_ines: set[str] = field(default_factory=set)
    unread_links: set[tuple[str, str]] = field(default_factory=set)
    """(ELEVE_ID, PERSONNE_ID) of the links refused."""


def read_pair(
    files: Sequence[SiecleFile], *, expected_year: int | Callable[[str], int], expected_uai: str | None = None
) -> SiecleExport:
    """Read the two exports of a school, given in any order, and check all that needs no database.

    `expected_year` is the year in which the school year begins, or says it of the UAI found. Raises SiecleError.
    """
    if len(files) != 2:
        raise WrongPair(_("Il faut deux fichiers : celui des élèves et celui des responsables."))
    documents = {document.kind: document for document in map(read_document, files)}
    if len(documents) != 2:
        raise WrongPair(_("Les deux fichiers sont du même type : il faut celui des élèves et celui des responsables."))
    students, guardians = documents[Kind.STUDENTS], documents[Kind.GUARDIANS]
    export = _checked_header(students, guardians, expected_year=expected_year, expected_uai=expected_uai)
    if not students.students:
        raise WrongPair(_("Le fichier des élèves ne contient aucun élève."))
    if not guardians.links:
        raise WrongPair(_("Le fichier des responsables ne contient aucun lien avec un élève."))
    _Sorter(export, students, guardians).sort()
    return export


def _checked_header(
    students: SiecleDocument,
    guardians: SiecleDocument,
    *,
    expected_year: int | Callable[[str], int],
    expected_uai: str | None,
) -> SiecleExport:
    uai, other_uai = students.header.get("UAJ", ""), guardians.header.get("UAJ", "")
    if uai != other_uai:
        raise WrongPair(
            _("Les deux fichiers ne sont pas du même établissement. Refaites les deux exports dans SIECLE.")
        )
    if not is_uai(uai):
        raise WrongSchool(_("Les fichiers ne disent pas de quel établissement ils sont (UAJ)."))
    if expected_uai is not None and uai != expected_uai:
        raise WrongSchool(
            _(
                "Les fichiers sont de l’établissement %(uai)s, et non de %(expected)s. "
                "Refaites les deux exports depuis le bon établissement."
            )
            % {"uai": uai, "expected": expected_uai}
        )
    year = expected_year if isinstance(expected_year, int) else expected_year(uai)
    for document in (students, guardians):
        if document.header.get("ANNEE_SCOLAIRE", "") != str(year):
            raise WrongYear(
                _(
                    "Le fichier « %(file)s » n’est pas de l’année scolaire %(year)s-%(next)s. "
                    "Choisissez cette année dans SIECLE, puis refaites les deux exports."
                )
                % {"file": document.name, "year": year, "next": year + 1}
            )
    zone = ZoneInfo(time_zone_of(uai))
    made_at = sorted(_instant_of(document, zone) for document in (students, guardians))
    if made_at[0].date() != made_at[1].date():
        raise WrongPair(_("Les deux fichiers n’ont pas été exportés le même jour. Refaites les deux exports."))
    return SiecleExport(uai=uai, school_year=year, exported_on=made_at[0].date(), made_at=made_at[0])


def _instant_of(document: SiecleDocument, zone: ZoneInfo) -> datetime:
    header = document.header
    instant = french_instant(header.get("HORODATAGE", ""), zone) or french_instant(header.get("DATE_EXPORT", ""), zone)
    if instant is None or instant.year not in _EXPORTED_IN:
        raise UnreadableFile(
            _("Le fichier « %(file)s » ne dit pas quand il a été exporté. Refaites l’export dans SIECLE.")
            % {"file": document.name}
        )
    return instant


def _twice(keys: Iterable[str]) -> set[str]:
    return {key for key, count in Counter(keys).items() if key and count > 1}


class _Sorter:
    """Sorts the records of a pair into those to take and those refused."""

    def __init__(self, export: SiecleExport, students: SiecleDocument, guardians: SiecleDocument) -> None:
        self.export = export
        self.students = students
        self.guardians = guardians
        self.known_students = {raw.attributes.get("ELEVE_ID", "") for raw in students.students}
        self.known_persons = {raw.attributes.get("PERSONNE_ID", "") for raw in guardians.persons}

    def sort(self) -> None:
        self._sort_students()
        self._sort_persons()
        self._sort_links()
        self.export.refused.sort()
        self.export.warnings.sort()

    def _refuse(self, document: SiecleDocument, raw: Raw, reason: object) -> None:
        self.export.refused.append(Note(document.name, raw.line, str(reason)))

    def _warn(self, document: SiecleDocument, raw: Raw, reasons: list[str]) -> None:
        self.export.warnings.extend(Note(document.name, raw.line, reason) for reason in reasons)

    def _sort_students(self) -> None:
        twice = _twice(raw.attributes.get("ELEVE_ID", "") for raw in self.students.students)
        divisions, unclassed = self._divisions()
        taken: list[tuple[Raw, StudentRecord]] = []
        for raw in self.students.students:
            key = raw.attributes.get("ELEVE_ID", "")
            try:
                if key in twice:
                    raise RecordError(_("Cet ELEVE_ID est donné à plusieurs élèves."))
                if key in unclassed:
                    raise RecordError(_("La classe de l’élève n’est pas lisible."))
                taken.append((raw, in_division(student_from(raw, on=self.export.exported_on), divisions[key])))
            except RecordError as reason:
                self._refuse_student(raw, reason)
        same_ine = _twice(record.ine for _raw, record in taken)
        for raw, record in taken:
            if record.ine in same_ine:
                self._refuse_student(raw, _("Cet INE est donné à plusieurs élèves."))
            else:
                self.export.students.append(record)

    def _refuse_student(self, raw: Raw, reason: object) -> None:
        self._refuse(self.students, raw, reason)
        self.export.unread_students.add(raw.attributes.get("ELEVE_ID", ""))
        self.export.unread_ines.update(
            ine for name in ("INE_RNIE", "ID_NATIONAL") if (ine := raw.fields.get(name, "").upper())
        )

    def _divisions(self) -> tuple[dict[str, list[str]], set[str]]:
        """Return the classes of each ELEVE_ID, and those whose class could not be read."""
        divisions: dict[str, list[str]] = defaultdict(list)
        unclassed = set()
        for raw in self.students.structures:
            key = raw.attributes.get("ELEVE_ID", "")
            try:
                if key not in self.known_students:
                    raise RecordError(_("Cette classe est celle d’un élève qui n’est pas dans le fichier."))
                if code := division_code(raw):
                    divisions[key].append(code)
            except RecordError as reason:
                self._refuse(self.students, raw, reason)
                unclassed.add(key)
        return divisions, unclassed

    def _sort_persons(self) -> None:
        time_zone = time_zone_of(self.export.uai)
        addresses = {raw.attributes.get("ADRESSE_ID", ""): raw for raw in self.guardians.addresses} or None
        twice = _twice(raw.attributes.get("PERSONNE_ID", "") for raw in self.guardians.persons)
        for raw in self.guardians.persons:
            try:
                if raw.attributes.get("PERSONNE_ID", "") in twice:
                    raise RecordError(_("Ce PERSONNE_ID est donné à plusieurs personnes."))
                record, left_out = person_from(raw, time_zone=time_zone, addresses=addresses)
            except RecordError as reason:
                self._refuse(self.guardians, raw, reason)
                continue
            self.export.persons[record.person_id] = record
            self._warn(self.guardians, raw, left_out)

    def _sort_links(self) -> None:
        taken: dict[tuple[str, str], tuple[Raw, LinkRecord]] = {}
        conflicting: set[tuple[str, str]] = set()
        good_students = {record.siecle_id: record for record in self.export.students}
        for raw in self.guardians.links:
            try:
                record, left_out = link_from(raw)
                self._check_ends(record, good_students)
            except RecordError as reason:
                self._refuse_link(raw, reason)
                continue
            self._warn(self.guardians, raw, left_out)
            key = (record.siecle_id, record.person_id)
            _first, known = taken.setdefault(key, (raw, record))
            if (known.relationship, known.level) != (record.relationship, record.level):
                conflicting.add(key)
                self._refuse_link(raw, _("Ce lien est donné deux fois, différemment."))
        for key, (raw, record) in taken.items():
            if key in conflicting:
                self._refuse_link(raw, _("Ce lien est donné deux fois, différemment."))
            else:
                self.export.links.append(record)
                self._warn_of_minor(raw, record, good_students[record.siecle_id])

    def _warn_of_minor(self, raw: Raw, link: LinkRecord, student: StudentRecord) -> None:
        if is_own_guardian(link) and not student.is_adult_on(self.export.exported_on):
            reason = _("Élève mineur noté comme son propre représentant légal : ce lien ne compte qu’à ses 18 ans.")
            self._warn(self.guardians, raw, [reason])

    def _check_ends(self, record: LinkRecord, good_students: Container[str]) -> None:
        if record.siecle_id not in self.known_students:
            raise RecordError(_("Ce lien est avec un élève qui n’est pas dans le fichier des élèves."))
        if record.person_id not in self.known_persons:
            raise RecordError(_("Ce lien est avec une personne qui n’est pas dans le fichier."))
        if record.siecle_id not in good_students:
            raise RecordError(_("Ce lien est avec un élève refusé."))
        if record.person_id not in self.export.persons:
            raise RecordError(_("Ce lien est avec une personne refusée."))

    def _refuse_link(self, raw: Raw, reason: object) -> None:
        self._refuse(self.guardians, raw, reason)
        self.export.unread_links.add((raw.fields.get("ELEVE_ID", ""), raw.fields.get("PERSONNE_ID", "")))
