"""What importing a pair would change in a school: read here, written by `write.py`, shown by whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from schools.models import Division, Guardian, Guardianship, ResponsibilityLevel, School, Student
from schools.names import folded_guardian_name
from schools.siecle.pair import SiecleExport
from schools.siecle.records import LinkRecord, Note, PersonRecord, StudentRecord


@dataclass(frozen=True)
class Counts:
    """How many rows of one table an import creates, changes, leaves alone and ends.

    `ended` are students archived or guardianships deleted; guardians are never ended.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do, for the person who asked for it.

    `students_returned` are counted in `students.changed` too. `students_ignored` had left before we knew them.
    """

    uai: str
    school_year: int
    students: Counts
    guardians: Counts
    links: Counts
    students_returned: int
    students_ignored: int
    refused: list[Note]
    warnings: list[Note]


@dataclass
class ImportPlan:
    """The rows to write, as model instances that carry their new values. Nothing is written by making one."""

    school: School
    export: SiecleExport
    divisions_new: list[Division] = field(default_factory=list)
    students_new: list[Student] = field(default_factory=list)
    students_changed: list[Student] = field(default_factory=list)
    students_returned: list[Student] = field(default_factory=list)
    students_archived: list[Student] = field(default_factory=list)
    students_unchanged: int = 0
    students_ignored: int = 0
    guardians_new: list[Guardian] = field(default_factory=list)
    guardians_changed: list[Guardian] = field(default_factory=list)
    guardians_readdressed: list[Guardian] = field(default_factory=list)
    """Those of `guardians_changed` whose address at the school is another one."""
    guardians_unchanged: int = 0
    links_new: list[Guardianship] = field(default_factory=list)
    links_changed: list[Guardianship] = field(default_factory=list)
    links_gone: list[Guardianship] = field(default_factory=list)
    links_unchanged: int = 0
    students_here: int = 0
    """How many pupils were in the school before."""
    former: dict[Student | Guardian | Guardianship, dict[str, Any]] = field(default_factory=dict)
    """What the fields that differ held before, of each row that is changed."""

    @property
    def refused(self) -> list[Note]:
        return self.export.refused

    @property
    def warnings(self) -> list[Note]:
        return self.export.warnings

    @property
    def report(self) -> ImportReport:
        return ImportReport(
            uai=self.export.uai,
            school_year=self.export.school_year,
            students=Counts(
                len(self.students_new),
                len(self.students_changed),
                self.students_unchanged,
                len(self.students_archived),
            ),
            guardians=Counts(len(self.guardians_new), len(self.guardians_changed), self.guardians_unchanged),
            links=Counts(len(self.links_new), len(self.links_changed), self.links_unchanged, len(self.links_gone)),
            students_returned=len(self.students_returned),
            students_ignored=self.students_ignored,
            refused=self.refused,
            warnings=self.warnings,
        )


def plan_import(export: SiecleExport, *, school: School, on: date) -> ImportPlan:
    """Return what importing the pair would change in the school. `on` is today, at the school. Only reads."""
    planner = _Planner(ImportPlan(school, export), on)
    planner.plan_students()
    planner.plan_guardians()
    planner.plan_links()
    return planner.plan


class _Planner:
    """Compares a pair with what the school has: four queries, whatever its size."""

    def __init__(self, plan: ImportPlan, on: date) -> None:
        self.plan = plan
        self.export = plan.export
        self.on = on
        school = plan.school
        found = Student.objects.filter(school=school).select_related("division")
        self.students = {student.ine: student for student in found}
        self.guardians = {guardian.siecle_person_id: guardian for guardian in Guardian.objects.filter(school=school)}
        self.links = {
            (link.student_id, link.guardian_id): link for link in Guardianship.objects.filter(student__school=school)
        }
        self.divisions = {
            division.code: division
            for division in Division.objects.filter(school=school, school_year=self.export.school_year)
        }
        plan.students_here = sum(student.left_on is None for student in self.students.values())
        self.student_of: dict[str, Student] = {}
        """By ELEVE_ID: the students of the file, but for those who left before we knew them."""
        self.spared: set[int] = set()
        """Primary keys of the students whose record was refused: they and their links stay as they are."""

    def _assign(self, instance: Student | Guardian | Guardianship, values: dict[str, Any]) -> bool:
        """Give the instance its new values. Return whether one of them is another than before."""
        former = {name: now for name, value in values.items() if (now := getattr(instance, name)) != value}
        for name in former:
            setattr(instance, name, values[name])
        if former:
            self.plan.former.setdefault(instance, {}).update(former)
        return bool(former)

    def plan_students(self) -> None:
        ines = {record.ine for record in self.export.students}
        met: set[int] = set()
        for record in self.export.students:
            student = self.students.get(record.ine)
            if student is None and record.former_ine not in ines:
                student = self.students.get(record.former_ine)
            if student is not None and student.pk not in met:
                met.add(student.pk)
                self._compare_student(student, record)
            elif self._has_left(record):
                self.plan.students_ignored += 1
            else:
                student = Student(school=self.plan.school, **self._student_values(record))
                self.student_of[record.siecle_id] = student
                self.plan.students_new.append(student)
        for student in self.students.values():
            if student.pk not in met:
                self._part_with(student)

    def _has_left(self, record: StudentRecord) -> bool:
        return record.leaves_on is not None and record.leaves_on < self.on

    def _student_values(self, record: StudentRecord) -> dict[str, Any]:
        return {
            "ine": record.ine,
            "siecle_id": record.siecle_id,
            "family_name": record.family_name,
            "usual_name": record.usual_name,
            "given_name": record.given_name,
            "birth_date": record.birth_date,
            "mef_code": record.mef_code,
            "division": self._division(record.division),
            "left_on": record.leaves_on if self._has_left(record) else None,
        }

    def _division(self, code: str) -> Division | None:
        if not code:
            return None
        if code not in self.divisions:
            division = Division(school=self.plan.school, school_year=self.export.school_year, code=code)
            self.divisions[code] = division
            self.plan.divisions_new.append(division)
        return self.divisions[code]

    def _compare_student(self, student: Student, record: StudentRecord) -> None:
        self.student_of[record.siecle_id] = student
        values = self._student_values(record)
        division = values.pop("division")
        was_here = student.left_on is None
        moved = student.division_id != (division.pk if division else None) or (division and division.pk is None)
        if moved:
            self.plan.former.setdefault(student, {})["division"] = student.division
            student.division = division
        if not self._assign(student, values) and not moved:
            self.plan.students_unchanged += 1
        elif was_here and student.left_on is not None:
            self.plan.students_archived.append(student)
        else:
            self.plan.students_changed.append(student)
            if not was_here and student.left_on is None:
                self.plan.students_returned.append(student)

    def _part_with(self, student: Student) -> None:
        """Archive a student who is not in the file; one whose record was refused is left alone."""
        if student.ine in self.export.unread_ines or (
            student.siecle_id and student.siecle_id in self.export.unread_students
        ):
            self.spared.add(student.pk)
            return
        # ELEVE_ID is only good for the latest import: kept here, it could one day be somebody else's
        if student.left_on is None:
            self._assign(student, {"left_on": self.export.exported_on, "siecle_id": ""})
            self.plan.students_archived.append(student)
        elif self._assign(student, {"siecle_id": ""}):
            self.plan.students_changed.append(student)

    def plan_guardians(self) -> None:
        linked = {link.person_id for link in self.export.links if link.siecle_id in self.student_of}
        for record in self.export.persons.values():
            guardian = self.guardians.get(record.person_id)
            if guardian is not None:
                self._compare_guardian(guardian, record)
            elif record.person_id in linked:
                guardian = Guardian(
                    school=self.plan.school,
                    siecle_person_id=record.person_id,
                    school_email=record.email,
                    **_guardian_values(record),
                )
                self.guardians[record.person_id] = guardian
                self.plan.guardians_new.append(guardian)

    def _compare_guardian(self, guardian: Guardian, record: PersonRecord) -> None:
        changed = self._assign(guardian, _guardian_values(record))
        if guardian.school_email != record.email:
            self._assign(guardian, {"school_email": record.email, "school_email_refused_at": None})
            self.plan.guardians_readdressed.append(guardian)
            changed = True
        if changed:
            self.plan.guardians_changed.append(guardian)
        else:
            self.plan.guardians_unchanged += 1

    def plan_links(self) -> None:
        kept = set()
        for record in self.export.links:
            student = self.student_of.get(record.siecle_id)
            if student is None:
                continue
            guardian = self.guardians[record.person_id]
            link = self.links.get((student.pk, guardian.pk))
            if link is None:
                values = _link_values(record)
                self.plan.links_new.append(Guardianship(student=student, guardian=guardian, **values))
                continue
            kept.add(link.pk)
            self._compare_link(link, record)
        unread = self._unread_links()
        for key, link in self.links.items():
            if link.pk in kept:
                continue
            if link.student_id in self.spared or key in unread:
                self.plan.links_unchanged += 1
            else:
                self.plan.links_gone.append(link)
        self._name_ends([*self.plan.links_changed, *self.plan.links_gone])

    def _name_ends(self, links: list[Guardianship]) -> None:
        """Tie these links to the rows that are already read, for whoever shows them."""
        students = {student.pk: student for student in self.students.values()}
        guardians = {guardian.pk: guardian for guardian in self.guardians.values()}
        for link in links:
            link.student = students[link.student_id]
            if link.guardian_id in guardians:
                link.guardian = guardians[link.guardian_id]

    def _compare_link(self, link: Guardianship, record: LinkRecord) -> None:
        values = _link_values(record)
        if record.level != ResponsibilityLevel.LEGAL:
            values["is_designated"] = False  # only a legal guardian can be the one who writes
        if self._assign(link, values):
            self.plan.links_changed.append(link)
        else:
            self.plan.links_unchanged += 1

    def _unread_links(self) -> set[tuple[int, int]]:
        """Return the keys of the links whose record was refused."""
        return {
            (self.student_of[siecle_id].pk, self.guardians[person_id].pk)
            for siecle_id, person_id in self.export.unread_links
            if siecle_id in self.student_of and person_id in self.guardians
        }


def _guardian_values(record: PersonRecord) -> dict[str, Any]:
    address = record.address
    where = (
        {
            "address_lines": address.lines,
            "postal_code": address.postal_code,
            "town": address.town,
            "country": address.country,
        }
        if address
        else {}
    )
    return {
        "civility": record.civility,
        "family_name": record.family_name,
        "usual_name": record.usual_name,
        "given_name": record.given_name,
        "folded_name": folded_guardian_name(record.family_name, record.given_name),
        "phone": record.phone,
        "work_phone": record.work_phone,
        "mobile": record.mobile,
        "accepts_sms": record.accepts_sms,
        "occupation": record.occupation,
        "shares_coordinates": record.shares_coordinates,
        **where,
    }


def _link_values(record: LinkRecord) -> dict[str, Any]:
    return {"relationship": record.relationship, "level": record.level}
