"""What the page of decisions lists: pupils with where their dialogue stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orientation.council.queries import campaign_at, pupils_of
from orientation.decisions.forms import SelectionForm
from orientation.decisions.queries import dialogues_of
from orientation.decisions.rules import Dialogue, DialogueState, appeal_last_day, state_of
from orientation.decisions.wording import spoken_last_day
from orientation.models import Phase, PhaseKind, StepKind
from schools.models import Student
from schools.policies import StaffAct
from schools.staff_pages import StaffScope


@dataclass(frozen=True)
class Row:
    """A pupil of the list; `until` says the end of the delay of appeal while it runs."""

    student: Student
    dialogue: Dialogue
    state: DialogueState
    until: str = ""


@dataclass(frozen=True)
class Selection:
    """The pupils of a campaign that this person reaches, and those chosen among them."""

    phase: Phase
    form: SelectionForm
    rows: Sequence[Row]
    chosen: Sequence[Row]

    @property
    def figures(self) -> list[tuple[DialogueState, int]]:
        """How many pupils stand in each state that somebody stands in, in the order of the states."""
        counted = Counter(row.state for row in self.rows)
        return [(state, counted[state]) for state in DialogueState if counted[state]]


def selection_of(scope: StaffScope, data: Mapping[str, Any], act: StaffAct) -> Selection | None:
    """Return what these values select, by class then name; None without such a phase. Eight queries."""
    campaign = campaign_at(scope.school, scope.now)
    phases = list(campaign.phases.all()) if campaign else []
    phase = next((each for each in phases if each.phase_kind is PhaseKind.PROPOSALS), None)
    if campaign is None or phase is None:
        return None
    divisions = list(scope.divisions(act, school_year=campaign.school_year))
    reached = scope.students(act).order_by().values("pk")
    students = list(
        pupils_of(campaign)
        .filter(pk__in=reached)
        .select_related("division", "school")
        .order_by("division__code", "family_name", "given_name", "pk")
    )
    rows = rows_of(students, phase, scope)
    form = SelectionForm(data, divisions=divisions)
    chosen = [row for row in rows if form.takes(row.student.division_id, row.state)] if form.is_valid() else []
    return Selection(phase, form, rows, chosen)


def rows_of(students: Sequence[Student], phase: Phase, scope: StaffScope) -> list[Row]:
    """Return where each of these pupils stands, in their order: four queries."""
    dialogues = dialogues_of(students, phase, at=scope.now)
    return [_row(student, dialogues[student.pk], scope) for student in students]


def _row(student: Student, dialogue: Dialogue, scope: StaffScope) -> Row:
    state = state_of(dialogue, school=scope.school, at=scope.now)
    until = ""
    receipt = dialogue.step(StepKind.RECEIPT, dialogue.contested) if dialogue.contested else None
    if receipt and state is DialogueState.APPEAL_RUNNING:
        until = spoken_last_day(appeal_last_day(receipt.happened_on, scope.school), scope.school)
    return Row(student, dialogue, state, until)
