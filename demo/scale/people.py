"""A school of the data set: its head, its classes, its pupils with their guardians, and everybody's account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from uuid import UUID

from accounts.models import Provider
from demo.invented_school import BOYS, FAMILY_NAMES, FATHERS, GIRLS, MEF_SECOND_GT, MOTHERS
from demo.scale.tables import Rows
from schools.models import Relationship, ResponsibilityLevel, Role, TimeZone
from schools.names import folded_guardian_name

PUPILS_OF_A_CLASS = 32
CLASSES_OF_A_SCHOOL = 7
PUPILS_OF_A_SCHOOL = PUPILS_OF_A_CLASS * CLASSES_OF_A_SCHOOL
"""2,500 schools for the 560,000 pupils of the country."""
ONE_GUARDIAN_IN = 8
"""One pupil in so many has a single legal guardian: 1.05 million guardians for 560,000 pupils."""

NO_PASSWORD = "!"
"""The mark of an unusable one."""
JOINED = datetime(2026, 1, 5, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Parent:
    """A legal guardian, as the rows of orientation need them."""

    guardian_id: int
    user_id: int
    name: str
    email: str


@dataclass(frozen=True)
class Pupil:
    student_id: int
    public_id: UUID
    name: str
    division_id: int
    guardians: tuple[Parent, ...]


@dataclass(frozen=True)
class LargeSchool:
    """A school with its people; `number` counts from 0."""

    number: int
    school_id: int
    name: str
    year: int
    head_id: int
    division_ids: tuple[int, ...]
    pupils: tuple[Pupil, ...]


def invent_school(rows: Rows, number: int, *, pupils: int, year: int) -> LargeSchool:
    """Add a school with so many pupils in so many classes as they need; `year` is the one in which theirs begins."""
    draw = Random(number)  # noqa: S311 - invented people
    name = f"Lycée {draw.choice(GIRLS)} {draw.choice(FAMILY_NAMES)}"
    uai = f"{number:07}S"
    school_id = rows.add("schools.School", uai, name, TimeZone.METROPOLE, "", "", "", "")
    head_id = _account(rows, f"chef.{uai.lower()}", draw.choice(MOTHERS), draw.choice(FAMILY_NAMES), is_staff=True)
    rows.add("schools.StaffMembership", head_id, school_id, Role.HEAD, "manual")
    classes = -(-pupils // PUPILS_OF_A_CLASS)
    divisions = tuple(
        rows.add("schools.Division", school_id, year, f"2DE{place}", f"2de {place}") for place in range(1, classes + 1)
    )
    return LargeSchool(
        number,
        school_id,
        name,
        year,
        head_id,
        divisions,
        tuple(
            _pupil(rows, draw, school_id, divisions[place // PUPILS_OF_A_CLASS], number, place)
            for place in range(pupils)
        ),
    )


def _account(rows: Rows, username: str, given: str, family: str, *, is_staff: bool = False) -> int:
    return rows.add("accounts.User", username, NO_PASSWORD, given, family, "", is_staff, False, True, JOINED, None)


def _pupil(rows: Rows, draw: Random, school_id: int, division_id: int, number: int, place: int) -> Pupil:
    family, given = draw.choice(FAMILY_NAMES), draw.choice(GIRLS if draw.random() < 0.5 else BOYS)
    ine, public_id = f"{number:05}{place:04}ZS", UUID(int=draw.getrandbits(128), version=4)
    user_id = _account(rows, f"e{ine.lower()}", given, family)
    rows.add("accounts.Identity", user_id, Provider.EDUCONNECT, f"scale-{ine}", JOINED, None)
    birth_date = date(2011, draw.randint(1, 12), draw.randint(1, 28))
    student_id = rows.add(
        "schools.Student",
        *(
            public_id,
            school_id,
            division_id,
            ine,
            str(place + 1),
            family,
            "",
            given,
            birth_date,
            MEF_SECOND_GT,
            user_id,
        ),
    )
    guardians = [_guardian(rows, draw, school_id, student_id, ine, family, Relationship.MOTHER)]
    if place % ONE_GUARDIAN_IN:
        other = family if draw.random() < 0.8 else draw.choice(FAMILY_NAMES)
        guardians.append(_guardian(rows, draw, school_id, student_id, ine, other, Relationship.FATHER))
    return Pupil(student_id, public_id, f"{given} {family}", division_id, tuple(guardians))


def _guardian(
    rows: Rows, draw: Random, school_id: int, student_id: int, ine: str, family: str, relationship: Relationship
) -> Parent:
    is_mother = relationship == Relationship.MOTHER
    given = draw.choice(MOTHERS if is_mother else FATHERS)
    key = f"{ine}{'m' if is_mother else 'p'}".lower()
    user_id = _account(rows, f"r{key}", given, family)
    rows.add("accounts.Identity", user_id, Provider.EDUCONNECT, f"scale-{key}", JOINED, None)
    email = f"{key}@familles.example"
    guardian_id = rows.add(
        "schools.Guardian",
        *(school_id, key, "Mme" if is_mother else "M.", family, "", given, folded_guardian_name(family, given)),
        *("1 rue de l’Exemple", "75001", "Paris", "FR", "", "", "", "", email, "", "", False, user_id),
    )
    rows.add("schools.Guardianship", guardian_id, student_id, relationship, ResponsibilityLevel.LEGAL, False)
    return Parent(guardian_id, user_id, f"{given} {family}", email)
