"""Reading messages: each function says how many queries it makes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Substr

from operations.prepared import Keys, Parameter, prepared
from schools.models import Audience, Division, School, SchoolMessage, Student
from schools.siecle.territories import school_year_at

LEVEL_LENGTH = 5
"""Characters of a MEF code that say the level: `20010` is the 2de générale et technologique."""


def shown_to(students: Collection[int] | Keys, *, at: datetime | Parameter) -> QuerySet[SchoolMessage]:
    """Return what the schools of these pupils, by their keys, tell their families at this instant, the newest first."""
    pupils = Student.objects.filter(pk__in=students)
    of_level = pupils.filter(school=OuterRef("school"), mef_code__startswith=OuterRef("mef_prefix"))
    of_classes = SchoolMessage.divisions.through.objects.filter(division__in=pupils.values("division"))
    told = (
        Q(audience=Audience.SCHOOL)
        | (Q(audience=Audience.LEVEL) & Exists(of_level))
        | Q(audience=Audience.DIVISIONS, pk__in=of_classes.values("schoolmessage"))
    )
    return (
        SchoolMessage.objects.filter(told, school__in=pupils.values("school"), shown_from__lte=at, shown_until__gt=at)
        .select_related("school")
        .order_by("-shown_from", "-pk")
    )


NEWEST = 3
"""Messages shown where one arrives; the others are on their own page."""


@prepared
def newest_shown_to(students: Keys, at: Parameter) -> QuerySet[SchoolMessage]:
    """Return the newest of what is told to them, and one more where there is more. One query."""
    return shown_to(students, at=at)[: NEWEST + 1]


@dataclass(frozen=True)
class Level:
    """A level of a school, as the MEF codes of its pupils tell it, with the codes of its classes."""

    prefix: str
    label: str


def levels_of(school: School) -> list[Level]:
    """Return the levels that the school's pupils are in. One query."""
    rows = (
        Student.objects.in_school()
        .filter(school=school)
        .exclude(mef_code="")
        .order_by()
        .annotate(prefix=Substr("mef_code", 1, LEVEL_LENGTH))
        .values("prefix")
        .annotate(
            classes=ArrayAgg("division__code", distinct=True, filter=Q(division__isnull=False), default=[]),
        )
        .order_by("prefix")
    )
    return [Level(row["prefix"], _described(row["prefix"], row["classes"])) for row in rows]


def _described(prefix: str, classes: list[str]) -> str:
    return f"MEF {prefix}… ({', '.join(sorted(classes))})" if classes else f"MEF {prefix}…"


def divisions_of(school: School, at: datetime) -> QuerySet[Division]:
    """Return the classes of the school year that runs at this instant, in the order of their codes. One query."""
    year = school_year_at(at, school.time_zone)
    return Division.objects.filter(school=school, school_year=year).order_by("code")


def messages_of(school: School) -> QuerySet[SchoolMessage]:
    """Return the school's messages, the newest first, with their author and their classes. Two queries."""
    return (
        SchoolMessage.objects.filter(school=school)
        .select_related("author", "school")
        .prefetch_related(Prefetch("divisions", Division.objects.order_by("code")))
        .order_by("-shown_from", "-pk")
    )
