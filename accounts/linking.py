"""Which records of the schools are a person's (decisions 17, 18, 19): questions only, nothing is written here."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from itertools import combinations

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from accounts.models import Identity
from accounts.oidc.educonnect import Vector
from schools.models import Guardian, Guardianship, Relationship, Student
from schools.names import fold, folded_guardian_name


@dataclass(frozen=True)
class Person:
    """Somebody a provider vouches for."""

    provider: str
    subject: str
    family_name: str
    given_name: str

    @property
    def folded_name(self) -> str:
        """The key of decision 19; an empty string when the provider gave no name."""
        return folded_guardian_name(self.family_name, self.given_name) if self.family_name else ""


def guardians_by_person_ids(person: Person, person_ids: Iterable[str]) -> list[Guardian]:
    """Return the records that bear one of these SIECLE person ids and the person's name.

    The ids are unique within one academy only: the name keeps out the stranger who bears the same number elsewhere,
    and the first given name a stranger of the same family name. A record without a given name is held to the family
    name alone. Where nothing is found, the proof of decision 19 is asked.
    """
    family_name = fold(person.family_name)
    if not family_name:
        return []
    return [
        guardian
        for guardian in Guardian.objects.filter(siecle_person_id__in=list(person_ids))
        if (person.folded_name if guardian.given_name else family_name) in _folded_names(guardian)
    ]


def guardian_by_vector(vector: Vector) -> Guardian | None:
    """Return the legal guardian of the vector's student who bears the vector's name, if exactly one does."""
    legal = Guardian.objects.filter(
        guardianships__in=_legal_links(),
        guardianships__student__school__uai=vector.uai,
        guardianships__student__siecle_id=vector.siecle_student_id,
    ).distinct()
    wanted = folded_guardian_name(vector.family_name, vector.given_name)
    found = [guardian for guardian in legal if wanted in _folded_names(guardian)]
    return found[0] if len(found) == 1 else None


def are_legal_guardians(guardians: Iterable[Guardian]) -> list[Guardian]:
    """Return those who are, today, a legal guardian of a student in school (decision 17)."""
    guardians = list(guardians)
    legal = set(_legal_links().filter(guardian__in=guardians).values_list("guardian_id", flat=True))
    return [guardian for guardian in guardians if guardian.pk in legal]


def students_by_ine(ine: str) -> list[Student]:
    """Return the student's files, one per school."""
    return list(Student.objects.in_school().filter(ine=ine).select_related("school")) if ine else []


def own_guardian_records(students: Iterable[Student], *, at: datetime.datetime) -> list[Guardian]:
    """Return the records of the students as their own guardians, of those who are adults by then (decision 3).

    The day is that of their school's clock. A minor written down so by mistake is nobody's guardian.
    """
    adults = [student for student in students if student.is_adult_on(timezone.localdate(at, student.school.zone))]
    links = Guardianship.objects.legal().filter(student__in=adults, relationship=Relationship.SELF)
    return list(Guardian.objects.filter(pk__in=links.values("guardian_id")))


@dataclass
class Candidate:
    """A record of the person's name, and the birth dates that prove it theirs."""

    guardian_id: int
    school_id: int
    is_free: bool
    """Whether the person may have it: it is nobody's, their own, or of an account they may join."""
    in_school: set[datetime.date] = field(default_factory=set)
    """Children the person must name: those in the school."""
    ever: dict[datetime.date, set[str]] = field(default_factory=dict)
    """Children the person may name: those who have left too. Their INE by birth date."""


def candidates(person: Person, known_user_id: int | None) -> list[Candidate]:
    """Return the legal guardians' records of the person's name, those of another account too.

    One query, whether there are candidates or not: the time it takes says nothing.
    """
    other_provider_only = ~Exists(
        Identity.objects.filter(user_id=OuterRef("guardian__user_id"), provider=person.provider)
    )
    free = Q(guardian__user_id=None) | Q(guardian__user_id=known_user_id)
    if known_user_id is None:
        free |= Q(other_provider_only, guardian__user__is_staff=False, guardian__user__is_superuser=False)
    rows = (
        Guardianship.objects.legal()
        .exclude(relationship=Relationship.SELF)
        .filter(~Q(guardian__folded_name=""), guardian__folded_name=person.folded_name)
        .order_by("guardian_id", "student_id")
        .values_list(
            "guardian_id",
            F("guardian__school_id"),
            ExpressionWrapper(free, output_field=models.BooleanField()),
            F("student__birth_date"),
            F("student__ine"),
            F("student__left_on"),
        )
    )
    found: dict[int, Candidate] = {}
    for guardian_id, school_id, is_free, birth_date, ine, left_on in rows:
        candidate = found.setdefault(guardian_id, Candidate(guardian_id, school_id, bool(is_free)))
        candidate.ever.setdefault(birth_date, set()).add(ine)
        if left_on is None:
            candidate.in_school.add(birth_date)
    return [candidate for candidate in found.values() if candidate.in_school]


def proven(records: Iterable[Candidate], birth_dates: Set[datetime.date]) -> list[Candidate]:
    """Return the records that these birth dates prove: each date of theirs is said, and none is said of nobody.

    A person has one record per school, each with its own children: they name all their children, whatever the school.
    `bear_different_children` tells where one answer fits two persons. A limit of decision 19 remains: where the only
    record of that name is a namesake's, the person's own being absent, the same birth dates prove it.
    """
    found = [record for record in records if record.in_school <= birth_dates]
    known: set[datetime.date] = set().union(*(record.ever for record in found))
    return found if birth_dates and birth_dates <= known else []


def have_two_in_one_school(records: Iterable[Candidate]) -> bool:
    schools = [record.school_id for record in records]
    return len(schools) != len(set(schools))


def bear_different_children(records: Iterable[Candidate], birth_dates: Set[datetime.date]) -> bool:
    """Tell whether one of these dates is of one child in a record, and of another (by INE) in another school's.

    They may be two namesakes whose children were born on the same day: neither may have the other's file. So may they
    be one parent whose twins are in two schools: nothing here tells them from namesakes, they must ask the school.
    The same child in two schools has the same INE, and is no doubt.
    """
    return any(
        one.ever[date].isdisjoint(other.ever[date])
        for one, other in combinations(records, 2)
        for date in birth_dates & one.ever.keys() & other.ever.keys()
    )


def _legal_links() -> models.QuerySet[Guardianship]:
    return (
        Guardianship.objects.legal()
        .exclude(relationship=Relationship.SELF)
        .filter(student__in=Student.objects.in_school())
    )


def _folded_names(guardian: Guardian) -> set[str]:
    names = filter(None, (guardian.family_name, guardian.usual_name))
    return {folded_guardian_name(name, guardian.given_name) for name in names}
