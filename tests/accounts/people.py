"""Families as the schools know them."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

from schools.models import Guardian, Guardianship, Relationship, ResponsibilityLevel, School, Student
from schools.names import folded_guardian_name

_numbers = itertools.count(1)

LEA_BIRTH = datetime.date(2011, 5, 14)
HUGO_BIRTH = datetime.date(2011, 11, 2)


def school(uai: str = "") -> School:
    number = next(_numbers)
    return School.objects.create(uai=uai or f"{number:07d}A", name=f"Lycée {number}")


def student(at: School, *, birth_date: datetime.date = LEA_BIRTH, **values: Any) -> Student:
    number = next(_numbers)
    defaults = {"ine": f"{number:09d}AA", "siecle_id": str(number), "family_name": "MARTIN", "given_name": "Léa"}
    return Student.objects.create(school=at, birth_date=birth_date, **(defaults | values))


def guardian(
    *children: Student,
    level: int = ResponsibilityLevel.LEGAL,
    relationship: str = Relationship.MOTHER,
    **values: Any,
) -> Guardian:
    """A guardian of these children, who are in one school."""
    defaults: dict[str, Any] = {
        "school": children[0].school,
        "siecle_person_id": str(next(_numbers)),
        "family_name": "MARTIN",
        "given_name": "Claire",
    }
    values = defaults | values
    values["folded_name"] = folded_guardian_name(values["family_name"], values["given_name"])
    created = Guardian.objects.create(**values)
    for child in children:
        Guardianship.objects.create(guardian=created, student=child, level=level, relationship=relationship)
    return created
