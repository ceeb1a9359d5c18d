"""What the home of the school's side says of one school."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from orientation.council.queries import CouncilPhases, progress_by_division, pupils_of
from orientation.council.rules import WRITING_KIND
from orientation.decisions.queries import dialogues_of
from orientation.decisions.rules import DialogueState, appeal_last_day, state_of
from orientation.decisions.wording import spoken_last_day
from orientation.followup.charts import Chart, chart
from orientation.followup.countdown import countdown, days_until
from orientation.followup.families import STATES_OF_PHASE, campaign_of, period_of
from orientation.followup.figures import Figures, figures_by_division, total_of
from orientation.followup.next_step import CouncilProgress, NextStep, Situation, next_step
from orientation.models import Campaign, Phase, PhaseKind, PhaseState, StepKind
from orientation.queries import PhaseSet
from schools.models import School, Student
from schools.policies import StaffAct
from schools.staff_pages import StaffScope


@dataclass(frozen=True, kw_only=True)
class SchoolHome:
    """One school at a glance; without a dated campaign, only what to do next."""

    school: School
    step: NextStep
    step_url: str
    """Where it is done; empty when there is nothing to do, or for another role to do."""
    campaign: Campaign | None = None
    phase: Phase | None = None
    state: PhaseState | None = None
    countdown: str = ""
    rows: list[Figures]
    total: Figures | None = None
    chart: Chart | None = None
    phase_url: str = ""
    """The list of families in the current phase."""
    written_url: str = ""
    """While a council's phase is the current one: the list in the families' phase before it, if that has dates."""


def home_of(scope: StaffScope) -> SchoolHome:
    """Return the figures of the school, a form teacher's own classes only: at most twelve queries."""
    students = scope.students(StaffAct.READ)
    campaign = campaign_of(scope.school, scope.now)
    phases = PhaseSet(campaign.phases.all()) if campaign else PhaseSet([])
    phase = phases.current_at(scope.now)
    if campaign is None or phase is None:
        return _unprepared(scope, students, campaign)
    rows = figures_by_division(campaign, phase, students=students, at=scope.now)
    total = total_of(rows, phase)
    step = next_step(_situation(scope, campaign, phases, phase, total))
    states = STATES_OF_PHASE[phase.phase_kind]
    writing, _council_kind = period_of(phase.phase_kind)
    return SchoolHome(
        school=scope.school,
        step=step,
        step_url=_url_of(step, scope),
        campaign=campaign,
        phase=phase,
        state=phase.state_at(scope.now),
        countdown=countdown(phase, at=scope.now, school=scope.school),
        rows=rows,
        total=total,
        chart=chart(
            [str(state.label) for state in states],
            [(row.label, [row.states[state] for state in states]) for row in rows],
        ),
        phase_url=_list_url(scope, phases, phase.phase_kind),
        written_url=_list_url(scope, phases, writing) if writing is not phase.phase_kind else "",
    )


def _unprepared(scope: StaffScope, students: QuerySet[Student], campaign: Campaign | None) -> SchoolHome:
    has_pupils = students.in_school().exists()  # type: ignore[attr-defined]
    step = next_step(Situation(has_pupils=has_pupils, has_campaign=campaign is not None))
    return SchoolHome(school=scope.school, step=step, step_url=_url_of(step, scope), campaign=campaign, rows=[])


def _situation(scope: StaffScope, campaign: Campaign, phases: PhaseSet, phase: Phase, total: Figures) -> Situation:
    kind, state = phase.phase_kind, phase.state_at(scope.now)
    next_instant = phase.opens_at if state is PhaseState.UPCOMING else phase.closes_at
    return Situation(
        has_pupils=total.pupils > 0 or scope.students(StaffAct.READ).exists(),
        has_campaign=True,
        taken=total.pupils,
        kind=kind,
        state=state,
        days=days_until(next_instant, at=scope.now, school=scope.school),
        offer_declared=campaign.offer_declared_at is not None,
        awaited=total.awaited,
        council=_council(scope, campaign, phases, phase) if kind in WRITING_KIND else None,
        **_dialogues(scope, campaign, phase),
        may_remind=scope.may(StaffAct.REMIND),
        may_publish=scope.may(StaffAct.STEER),
    )


def _dialogues(scope: StaffScope, campaign: Campaign, phase: Phase) -> dict[str, Any]:
    """Return where the dialogues stand once propositions may be published: five queries."""
    if phase.phase_kind is not PhaseKind.PROPOSALS or phase.state_at(scope.now) is PhaseState.UPCOMING:
        return {}
    reached = scope.students(StaffAct.READ).order_by().values("pk")
    students = list(pupils_of(campaign).filter(pk__in=reached).order_by().only("pk"))
    found = list(dialogues_of(students, phase, at=scope.now).values())
    states = [state_of(each, school=scope.school, at=scope.now) for each in found]
    received = [
        step.happened_on
        for each, state in zip(found, states, strict=True)
        if state is DialogueState.APPEAL_RUNNING and (step := each.step(StepKind.RECEIPT, each.contested))
    ]
    until = spoken_last_day(appeal_last_day(min(received), scope.school), scope.school) if received else ""
    return {"dialogues": Counter(states), "appeal_until": until}


def _council(scope: StaffScope, campaign: Campaign, phases: PhaseSet, phase: Phase) -> CouncilProgress:
    councils = CouncilPhases(phase, phases.get(WRITING_KIND[phase.phase_kind]))
    divisions = list(scope.divisions(StaffAct.READ, school_year=campaign.school_year))
    classes = progress_by_division(divisions, councils).values()
    return CouncilProgress(
        entry_began=councils.entry_began(scope.now),
        incomplete=sum(each.total - each.complete for each in classes),
        ready_classes=sum(each.is_ready and not each.is_published for each in classes),
        silent_classes=sum(each.is_silent and not each.is_published for each in classes),
    )


def _list_url(scope: StaffScope, phases: PhaseSet, kind: PhaseKind) -> str:
    if phases.get(kind) is None:
        return ""
    return f"{reverse('admin:followup', args=[scope.school.uai])}?phase={kind.slug}"


def _url_of(step: NextStep, scope: StaffScope) -> str:
    if not step.url_name or not scope.may(step.act):
        return ""
    return reverse(f"admin:{step.url_name}", args=[scope.school.uai]) + step.query
