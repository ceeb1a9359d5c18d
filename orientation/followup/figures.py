"""The campaign at a glance: figures per class, from the same rows as the lists."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from orientation.followup.families import (
    AWAITED_STATES,
    STATES_OF_PHASE,
    FamilyState,
    Reachability,
    state_of_families,
)
from orientation.models import Campaign, Phase
from schools.models import Student


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Numbers of pupils of one class, or of the whole; `states` are those of the phase, in their order."""

    division_id: int | None
    label: str
    pupils: int
    signed_in: int
    no_account: int
    validated: int
    no_address: int
    refused: int
    states: dict[FamilyState, int]

    @property
    def awaited(self) -> int:
        """How many families have something left to do in the phase."""
        return sum(number for state, number in self.states.items() if state in AWAITED_STATES)


_FLAGS = ["has_signed_in", "is_validated"]
_CLASS = ["division_id", "division__code", "division__name"]


def figures_by_division(
    campaign: Campaign, phase: Phase, *, students: QuerySet[Student], at: datetime
) -> list[Figures]:
    """Return the figures of each class among these students, in the order of codes; those without a class come last.

    One query, whatever the number of classes and pupils: PostgreSQL counts the pupils of a class who are alike.
    """
    alike = (
        state_of_families(campaign, phase, students=students, at=at)
        .order_by()
        .values(*_CLASS, *_FLAGS, "reachability", "state")
        .annotate(pupils=Count("pk"))
        .order_by("division__code", "division_id")
    )
    return [_figures(list(rows), phase) for _pk, rows in groupby(alike, key=itemgetter("division_id"))]


def _figures(rows: list[dict[str, Any]], phase: Phase) -> Figures:
    """Return the figures of one class from its pupils who are alike; there is at least one."""

    def count(name: str, value: object) -> int:
        return sum(row["pupils"] for row in rows if row[name] == value)

    return Figures(
        division_id=rows[0]["division_id"],
        label=rows[0]["division__name"] or rows[0]["division__code"] or _("Sans classe"),
        pupils=sum(row["pupils"] for row in rows),
        signed_in=count("has_signed_in", True),
        no_account=count("has_signed_in", False),
        validated=count("is_validated", True),
        no_address=count("reachability", Reachability.NO_ADDRESS),
        refused=count("reachability", Reachability.REFUSED),
        states={state: count("state", state) for state in STATES_OF_PHASE[phase.phase_kind]},
    )


_SUMMED = [each.name for each in fields(Figures) if each.type == "int"]


def total_of(rows: list[Figures], phase: Phase) -> Figures:
    """Return the sum of the classes. No query."""
    return Figures(
        division_id=None,
        label="",
        states={state: sum(row.states[state] for row in rows) for state in STATES_OF_PHASE[phase.phase_kind]},
        **{name: sum(getattr(row, name) for row in rows) for name in _SUMMED},
    )
