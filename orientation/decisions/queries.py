"""What the end of the dialogue is read from: each function says how many queries it makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from orientation.decisions.rules import Dialogue, Proposition, replacements
from orientation.models import CouncilAnswer, CouncilSheet, Decision, DialogueStep, FamilyAnswer, Phase, PhaseKind
from orientation.queries import phases_of
from schools.models import Student


def dialogues_of(
    students: Collection[Student] | QuerySet[Student], phase: Phase, *, at: datetime
) -> dict[int, Dialogue]:
    """Return the dialogue about each of these pupils, by their keys: four queries, however many they are."""
    published = set(
        CouncilSheet.objects.filter(student__in=students, phase=phase, publication__withdrawn_at=None)
        .exclude(publication=None)
        .order_by()
        .values_list("student_id", flat=True)
    )
    propositions = _propositions(students, phase)
    decisions, steps = defaultdict(list), defaultdict(list)
    for decision in decisions_of(students, phase).defer("reasons"):
        decisions[decision.student_id].append(decision)
    for step in DialogueStep.objects.filter(student__in=students, phase=phase, cancelled_at=None):
        steps[step.student_id].append(step)
    state = phase.state_at(at)
    return {
        key: Dialogue(
            phase_state=state,
            is_published=key in published,
            propositions=tuple(propositions[key]) if key in published else (),
            decisions=tuple(decisions[key]),
            steps=tuple(steps[key]),
        )
        for key in (each.pk for each in students)
    }


def _propositions(students: Collection[Student] | QuerySet[Student], phase: Phase) -> dict[int, list[Proposition]]:
    newest = FamilyAnswer.objects.filter(answer=OuterRef("pk")).order_by("-number")
    rows = (
        CouncilAnswer.objects.filter(sheet__student__in=students, sheet__phase=phase)
        .annotate(
            agrees=Subquery(newest.values("agrees")[:1]),
            is_decided=Exists(Decision.objects.filter(answer=OuterRef("pk"))),
        )
        .values_list("sheet__student_id", "pk", "label", "pathway__group", "verdict", "agrees", "is_decided")
    )
    found: dict[int, list[Proposition]] = defaultdict(list)
    for student, *values in rows:
        found[student].append(Proposition(*values))
    return found


def decisions_of(students: Collection[Student] | QuerySet[Student], phase: Phase) -> QuerySet[Decision]:
    """Return the decisions about these pupils, in order of number."""
    return Decision.objects.filter(student__in=students, phase=phase).order_by("number")


def replacement_of(decision: Decision) -> Decision | None:
    """Return the decision that took the place of this one, if one has: one query."""
    found = Decision.objects.filter(student=decision.student_id, phase=decision.phase_id).order_by("number")
    return replacements(list(found.defer("reasons"))).get(decision.pk)


def proposals_phase(student: Student) -> Phase | None:
    """Return the phase of propositions of the campaign to show a student: one query, once per student object."""
    return phases_of(student).get(PhaseKind.PROPOSALS)
