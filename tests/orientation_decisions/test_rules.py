"""Where a dialogue stands, what may follow, and the delay of appeal in each territory: no database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.decisions.rules import (
    Act,
    Dialogue,
    DialogueState,
    Proposition,
    acts_of,
    appeal_deadline,
    appeal_last_day,
    state_of,
)
from orientation.decisions.wording import LEGAL_BASIS, recourses, spoken_last_day
from orientation.models import Decision, DecisionKind, DialogueStep, PathwayGroup, PhaseState, StepKind
from schools.calendar import is_working_day
from schools.models import School, TimeZone

PARIS = School(uai="0759901X", name="Lycée Simone-Veil")
NOW = datetime(2027, 6, 26, 12, tzinfo=UTC)
STMG = Proposition(1, "1re STMG", PathwayGroup.TECHNOLOGICAL, "yes")
STI2D = Proposition(2, "1re STI2D", PathwayGroup.TECHNOLOGICAL, "yes")
GENERAL_NO = Proposition(3, "1re générale", PathwayGroup.GENERAL, "no")
PROFESSIONAL = Proposition(4, "Autre parcours", PathwayGroup.OTHER, "favourable")


def answered(proposition: Proposition, agrees: bool | None, *, is_decided: bool = False) -> Proposition:
    return Proposition(proposition.pk, proposition.label, proposition.group, proposition.verdict, agrees, is_decided)


def decision(kind: DecisionKind = DecisionKind.REASONED, *, is_conform: bool = False, pk: int = 1) -> Decision:
    replaces = 1 if kind is DecisionKind.COMMISSION else None
    return Decision(pk=pk, number=pk, kind=kind, is_conform=is_conform, replaces_id=replaces, issued_at=NOW)


def step(kind: StepKind, day: date = date(2027, 6, 25), decision_id: int | None = 1) -> DialogueStep:
    return DialogueStep(kind=kind, happened_on=day, decision_id=decision_id)


def dialogue(
    *propositions: Proposition,
    decisions: tuple[Decision, ...] = (),
    steps: tuple[DialogueStep, ...] = (),
    phase_state: PhaseState = PhaseState.CLOSED,
    is_published: bool = True,
) -> Dialogue:
    return Dialogue(
        phase_state=phase_state,
        is_published=is_published,
        propositions=propositions,
        decisions=decisions,
        steps=steps,
    )


INTERVIEW = step(StepKind.INTERVIEW, decision_id=None)
RECEIPT, APPEAL, MAINTIEN = step(StepKind.RECEIPT), step(StepKind.APPEAL), step(StepKind.MAINTIEN)
REFUSED = (answered(STMG, False), answered(STI2D, False))
REASONED = (decision(),)
AFTER_THE_DELAY = step(StepKind.RECEIPT, date(2027, 6, 1))

STATES = [
    (dialogue(STMG, is_published=False), "not_published", []),
    (dialogue(STMG, phase_state=PhaseState.OPEN), "waiting", []),
    (dialogue(answered(STMG, False), STI2D, phase_state=PhaseState.OPEN), "waiting", []),
    (dialogue(answered(STMG, True), STI2D, phase_state=PhaseState.OPEN), "to_notify", ["issue"]),
    (dialogue(answered(STMG, True), answered(STI2D, False)), "to_notify", ["issue"]),
    (
        dialogue(answered(STMG, True, is_decided=True), decisions=(decision(DecisionKind.AGREEMENT, is_conform=True),)),
        "notified",
        ["interview"],
    ),
    (
        dialogue(
            answered(STMG, True, is_decided=True),
            answered(STI2D, True),
            decisions=(decision(DecisionKind.AGREEMENT, is_conform=True),),
        ),
        "to_notify",
        ["issue"],
    ),
    (dialogue(*REFUSED, phase_state=PhaseState.OPEN), "disagreement", ["interview"]),
    (dialogue(answered(STMG, False), STI2D), "disagreement", ["interview"]),
    (dialogue(GENERAL_NO, phase_state=PhaseState.OPEN), "disagreement", ["interview"]),
    (dialogue(answered(GENERAL_NO, True)), "disagreement", ["interview"]),
    (dialogue(STMG, STI2D, GENERAL_NO), "unanswered", ["interview"]),
    (dialogue(), "nothing_proposed", ["interview"]),
    (dialogue(PROFESSIONAL), "professional_only", ["interview"]),
    (dialogue(*REFUSED, steps=(INTERVIEW,)), "interviewed", ["decide", "interview"]),
    (dialogue(*REFUSED, decisions=REASONED, steps=(INTERVIEW,)), "reasoned", ["receipt", "decide", "maintien"]),
    (
        dialogue(*REFUSED, decisions=(decision(is_conform=True),), steps=(INTERVIEW,)),
        "notified",
        [],
    ),
    (
        dialogue(*REFUSED, decisions=REASONED, steps=(INTERVIEW, RECEIPT)),
        "appeal_running",
        ["appeal", "decide", "maintien"],
    ),
    (
        dialogue(*REFUSED, decisions=REASONED, steps=(INTERVIEW, AFTER_THE_DELAY)),
        "appeal_over",
        ["appeal", "maintien"],
    ),
    (
        dialogue(*REFUSED, decisions=REASONED, steps=(INTERVIEW, RECEIPT, APPEAL)),
        "appealed",
        ["commission", "maintien"],
    ),
    (
        dialogue(
            *REFUSED,
            decisions=(*REASONED, decision(DecisionKind.COMMISSION, pk=2)),
            steps=(INTERVIEW, RECEIPT, APPEAL),
        ),
        "commission",
        ["maintien"],
    ),
    (
        dialogue(
            *REFUSED,
            decisions=(*REASONED, decision(DecisionKind.COMMISSION, is_conform=True, pk=2)),
            steps=(INTERVIEW, RECEIPT, APPEAL),
        ),
        "commission",
        [],
    ),
    (dialogue(*REFUSED, decisions=REASONED, steps=(INTERVIEW, MAINTIEN)), "maintained", []),
]


@pytest.mark.parametrize(("found", "state", "acts"), STATES, ids=[f"{i}-{each[1]}" for i, each in enumerate(STATES)])
def test_each_state_and_what_the_school_may_do_in_it(found: Dialogue, state: str, acts: list[str]) -> None:
    assert state_of(found, school=PARIS, at=NOW) == state
    assert acts_of(found, school=PARIS, at=NOW) == [Act[each.upper()] for each in acts]


def test_every_state_is_tried() -> None:
    assert {each[1] for each in STATES} == {state.value for state in DialogueState}


@given(
    st.lists(st.sampled_from([STMG, STI2D, GENERAL_NO, PROFESSIONAL]), unique=True),
    st.lists(st.sampled_from([True, False, None]), min_size=4, max_size=4),
    st.sampled_from(list(PhaseState)),
)
def test_what_the_head_may_notify_is_a_yes_that_the_family_agrees_with(
    propositions: list[Proposition], answers: list[bool | None], phase_state: PhaseState
) -> None:
    lines = [answered(each, answer) for each, answer in zip(propositions, answers, strict=False)]
    found = dialogue(*lines, phase_state=phase_state)
    assert all(each.verdict == "yes" and each.agrees and each.group != "other" for each in found.to_issue)
    is_to_notify = state_of(found, school=PARIS, at=NOW) is DialogueState.TO_NOTIFY
    assert is_to_notify == any(each.verdict == "yes" and each.agrees for each in lines)


# --- The delay of appeal ---------------------------------------------------------------------------------------------


def at(zone: TimeZone) -> School:
    return School(uai="0759901X", name="Lycée", time_zone=zone)


@pytest.mark.parametrize(
    ("zone", "received_on", "last"),
    [
        # Friday to Tuesday, the Saturday being a jour ouvrable
        (TimeZone.METROPOLE, date(2027, 6, 25), date(2027, 6, 29)),
        (TimeZone.METROPOLE, date(2027, 6, 21), date(2027, 6, 24)),
        (TimeZone.METROPOLE, date(2027, 6, 26), date(2027, 6, 30)),
        # received on a Sunday: Monday is the first day
        (TimeZone.METROPOLE, date(2027, 6, 20), date(2027, 6, 23)),
        # 14 July
        (TimeZone.METROPOLE, date(2027, 7, 12), date(2027, 7, 16)),
        # 20 December, abolition in La Réunion, a Monday: not in Paris
        (TimeZone.REUNION, date(2027, 12, 17), date(2027, 12, 22)),
        (TimeZone.METROPOLE, date(2027, 12, 17), date(2027, 12, 21)),
        # 27 May in Guadeloupe, 22 May in Martinique, 10 June in Guyane
        (TimeZone.GUADELOUPE, date(2027, 5, 25), date(2027, 5, 29)),
        (TimeZone.MARTINIQUE, date(2027, 5, 20), date(2027, 5, 25)),
        (TimeZone.GUYANE, date(2027, 6, 9), date(2027, 6, 14)),
        (TimeZone.METROPOLE, date(2027, 6, 9), date(2027, 6, 12)),
        # 20 November in French Polynesia (Matari’i, since 2025); 24 September in New Caledonia
        (TimeZone.POLYNESIE, date(2027, 11, 18), date(2027, 11, 23)),
        (TimeZone.NOUVELLE_CALEDONIE, date(2027, 9, 23), date(2027, 9, 28)),
        # over the end of the year: 25 December 2027 and 1 January 2028 are Saturdays
        (TimeZone.METROPOLE, date(2027, 12, 30), date(2028, 1, 4)),
    ],
)
def test_three_jours_ouvrables_of_the_territory(zone: TimeZone, received_on: date, last: date) -> None:
    assert appeal_last_day(received_on, at(zone)) == last


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.sampled_from(list(TimeZone)))
def test_the_delay_has_exactly_three_jours_ouvrables_and_ends_on_one(received_on: date, zone: TimeZone) -> None:
    school = at(zone)
    last = appeal_last_day(received_on, school)
    days = [received_on + timedelta(days=n) for n in range(1, (last - received_on).days + 1)]
    assert sum(is_working_day(day, school) for day in days) == 3
    assert is_working_day(last, school)


@pytest.mark.parametrize("zone", [TimeZone.METROPOLE, TimeZone.REUNION, TimeZone.POLYNESIE])
def test_it_ends_at_24_00_local_time_that_instant_excluded(zone: TimeZone) -> None:
    school = at(zone)
    end = appeal_deadline(date(2027, 9, 3), school)
    assert end == datetime(2027, 9, 8, tzinfo=school.zone)
    running = dialogue(*REFUSED, decisions=REASONED, steps=(INTERVIEW, step(StepKind.RECEIPT, date(2027, 9, 3))))
    before = end - timedelta(seconds=1)
    assert state_of(running, school=school, at=before) is DialogueState.APPEAL_RUNNING
    assert state_of(running, school=school, at=end) is DialogueState.APPEAL_OVER


def test_the_end_of_the_delay_is_said_as_24_00_of_its_day_with_its_zone() -> None:
    assert spoken_last_day(date(2027, 6, 29), PARIS) == "mardi 29 juin 2027 à 24\u00a0h (heure de Paris)"


# --- Words -----------------------------------------------------------------------------------------------------------


def test_each_kind_of_decision_cites_its_article_and_its_own_ways_to_appeal() -> None:
    assert {kind for kind in DecisionKind if kind.article in str(LEGAL_BASIS[kind])} == set(DecisionKind)
    said = " ".join(recourses(decision()))
    assert "trois jours ouvrables" in said
    assert "entendus" in said
    assert "D331-37" in said
    assert "appel dans" not in " ".join(recourses(decision(is_conform=True)))
    assert "définitive" in recourses(decision(DecisionKind.COMMISSION))[0]
    assert len(recourses(decision(DecisionKind.COMMISSION, is_conform=True))) == 1
