"""What the families ask for, counted: to plan the next year's groups. Only the newest submissions count."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count, Q, QuerySet

from orientation.followup.families import students_taken
from orientation.models import Campaign, Choice, ChoiceSpeciality, PathwayGroup, Phase, Submission
from schools.models import Student

SHOWN_GROUPINGS = 20
"""How many of the most asked pairs and triplets are shown."""


@dataclass(frozen=True)
class Demand:
    """How many pupils ask for something at rank 1, and at any rank."""

    label: str
    first: int
    any_rank: int


@dataclass(frozen=True)
class Grouping:
    """Specialities of 1re générale asked together at rank 1."""

    labels: tuple[str, ...]
    pupils: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The demand of one writing phase."""

    phase: Phase
    pupils: int
    validated: int
    pathways: list[Demand]
    taught: list[Demand]
    """Specialities of 1re générale, taught in the school as families read it that day."""
    elsewhere: list[Demand]
    """The same, *hors établissement*."""
    series: list[Demand]
    """Specialities of the series that ask for one."""
    groupings: list[Grouping]
    """The whole sets of specialities, most asked first."""
    pairs: list[Grouping]


def totals_of(campaign: Campaign, phase: Phase, *, students: QuerySet[Student]) -> Totals:
    """Return the demand of those of these students whom the campaign takes: five queries, whatever their number."""
    taken = students_taken(campaign, students)
    newest = newest_of(phase, taken)
    specialities = _specialities(newest)
    groupings, pairs = _groupings(newest)
    counted = taken.aggregate(pupils=Count("pk"))
    return Totals(
        phase=phase,
        pupils=counted["pupils"],
        validated=newest.count(),
        pathways=_pathways(newest),
        taught=specialities["taught"],
        elsewhere=specialities["elsewhere"],
        series=specialities["series"],
        groupings=groupings,
        pairs=pairs,
    )


def newest_of(phase: Phase, students: QuerySet[Student]) -> QuerySet[Submission]:
    """Return the newest submission of each of these students in a phase."""
    within = Submission.objects.filter(phase=phase, student__in=students.order_by().values("pk"))
    newest = within.order_by("student_id", "-number").distinct("student_id")
    return Submission.objects.filter(pk__in=newest.values("pk"))


def _pathways(newest: QuerySet[Submission]) -> list[Demand]:
    rows = (
        Choice.objects.filter(submission__in=newest.values("pk"))
        .order_by("pathway__position")
        .values("pathway__position", "pathway__label")
        .annotate(first=Count("pk", filter=Q(rank=1)), any_rank=Count("pk"))
    )
    return [Demand(row["pathway__label"], row["first"], row["any_rank"]) for row in rows]


def _specialities(newest: QuerySet[Submission]) -> dict[str, list[Demand]]:
    found: dict[str, list[Demand]] = defaultdict(list)
    rows = (
        ChoiceSpeciality.objects.filter(choice__submission__in=newest.values("pk"))
        .order_by("choice__pathway__position", "speciality__position", "is_elsewhere")
        .values(
            "choice__pathway__position",
            "choice__pathway__label",
            "choice__pathway__group",
            "speciality__position",
            "speciality__label",
            "is_elsewhere",
        )
        .annotate(first=Count("pk", filter=Q(choice__rank=1)), any_rank=Count("pk"))
    )
    for row in rows:
        label = row["speciality__label"]
        if row["choice__pathway__group"] != PathwayGroup.GENERAL:
            name, label = "series", f"{row['choice__pathway__label']} — {label}"
        else:
            name = "elsewhere" if row["is_elsewhere"] else "taught"
        found[name].append(Demand(label, row["first"], row["any_rank"]))
    return found


def _groupings(newest: QuerySet[Submission]) -> tuple[list[Grouping], list[Grouping]]:
    """Return the sets and the pairs of specialities asked with 1re générale at rank 1: one query."""
    asked: dict[int, list[str]] = defaultdict(list)
    rows = (
        ChoiceSpeciality.objects.filter(
            choice__submission__in=newest.values("pk"), choice__rank=1, choice__pathway__group=PathwayGroup.GENERAL
        )
        .order_by("choice_id", "speciality__position")
        .values_list("choice_id", "speciality__label")
    )
    for choice, label in rows:
        asked[choice].append(label)
    sets = Counter(tuple(labels) for labels in asked.values())
    pairs = Counter(pair for labels in asked.values() for pair in combinations(labels, 2))
    return _most_asked(sets), _most_asked(pairs)


def _most_asked(counted: Counter[tuple[str, ...]] | Counter[tuple[str, str]]) -> list[Grouping]:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [Grouping(tuple(labels), pupils) for labels, pupils in ordered[:SHOWN_GROUPINGS]]
