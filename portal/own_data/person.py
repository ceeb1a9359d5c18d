"""Whose data: an account, and the records of the schools that are this very person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.actors import Actor
from accounts.models import Profile, User
from schools.contact import records_of_person
from schools.models import Guardian, Guardianship, Relationship, School, Student


@dataclass(frozen=True)
class Person:
    """One person, as we know them; records of schools have their school at hand."""

    user: User | None
    guardians: Sequence[Guardian] = field(default=())
    students: Sequence[Student] = field(default=())

    @property
    def _records(self) -> list[Guardian | Student]:
        return [*self.guardians, *self.students]

    @property
    def full_name(self) -> str:
        return next((each.full_name for each in self._records), str(self.user or ""))

    @property
    def school(self) -> School:
        """The school in whose zone instants are said; without a record, Paris's."""
        return next((each.school for each in self._records), School())


def person_of(actor: Actor) -> Person:
    """Return who acts, by the profile they came as; an adult who is their own guardian is both. Two queries."""
    if actor.profile is Profile.GUARDIAN:
        records = Guardian.objects.filter(user=actor.user).exclude(guardianships__relationship=Relationship.SELF)
        return Person(actor.user, guardians=list(records.select_related("school").order_by("pk")))
    if actor.profile is Profile.STUDENT:
        own = {file.guardian.pk for file in actor.files if file.guardian}
        return Person(
            actor.user,
            guardians=list(Guardian.objects.filter(pk__in=own).select_related("school")) if own else (),
            students=list(Student.objects.filter(user=actor.user).select_related("school", "division")),
        )
    return Person(actor.user)


def person_of_record(record: Guardian | Student) -> Person:
    """Return the person whose record this is, with their records in other schools. Two queries.

    Who is their own guardian is one person, whichever of their records is named.
    """
    themselves = Guardianship.objects.legal().filter(relationship=Relationship.SELF)
    if isinstance(record, Guardian):
        guardians = list(records_of_person(record).select_related("school").order_by("pk"))
        students = _students(Q(pk__in=themselves.filter(guardian__in=guardians).values("student")))
    else:
        students = _students(Q(user=record.user) if record.user else Q(pk=record.pk))
        own = Guardian.objects.filter(pk__in=themselves.filter(student__in=students).values("guardian"))
        guardians = list(own.select_related("school").order_by("pk"))
    user = record.user or next((each.user for each in students if each.user), None)
    return Person(user, guardians=guardians, students=students)


def _students(condition: Q) -> list[Student]:
    return list(Student.objects.filter(condition).select_related("school", "division", "user").order_by("pk"))
