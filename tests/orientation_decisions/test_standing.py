"""Every state of a file has its sentence, its next step and its deadline, in the school's zone: no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from orientation.decisions.history import Given, History, Told
from orientation.decisions.rules import Proposition
from orientation.models import (
    Campaign,
    Decision,
    DecisionKind,
    DialogueStep,
    PathwayGroup,
    Phase,
    PhaseKind,
    StepKind,
    Submission,
)
from orientation.queries import PhaseSet
from orientation.standing import WORDS, FileState, Where, where_it_stands
from orientation.timeline import events_of
from schools.models import School, TimeZone

SCHOOL = School(uai="0759901X", name="Lycée Simone-Veil")
DAY = timedelta(days=1)
START = datetime(2027, 1, 1, 8, tzinfo=UTC)
INTENTIONS, OPINIONS, FINAL, PROPOSALS = PhaseKind
OPENS = {INTENTIONS: 0, OPINIONS: 20, FINAL: 40, PROPOSALS: 60}
"""In days from START; each phase lasts ten days."""


def instant(kind: PhaseKind, days: float = 5) -> datetime:
    return START + (OPENS[kind] + days) * DAY


OPEN = {kind: instant(kind) for kind in PhaseKind}
BEFORE, AFTER_ALL = START - DAY, instant(PROPOSALS, 15)


def phases(*kinds: PhaseKind, offer: bool = True, school: School = SCHOOL) -> PhaseSet:
    campaign = Campaign(school=school, school_year=2026, offer_declared_at=START if offer else None)
    return PhaseSet(
        Phase(pk=number, campaign=campaign, kind=kind, opens_at=instant(kind, 0), closes_at=instant(kind, 10))
        for number, kind in enumerate(kinds or PhaseKind, start=1)
    )


def sent(*kinds: PhaseKind) -> dict[PhaseKind, list[Submission]]:
    return {kind: [Submission(number=1, submitted_at=OPEN[kind], guardian_name="Sophie Bernard")] for kind in kinds}


def told(kind: PhaseKind, *, acknowledged: bool = False) -> dict[PhaseKind, Told]:
    at = OPEN[kind]
    return {kind: Told(at, at + DAY if acknowledged else None, "Marc Dubois" if acknowledged else "")}


def line(pk: int, agrees: bool | None = None, verdict: str = "yes", *, decided: bool = False) -> Proposition:
    group = PathwayGroup.OTHER if verdict == "favourable" else PathwayGroup.TECHNOLOGICAL
    return Proposition(pk, f"voie {pk}", group, verdict, agrees, decided)


def decided(kind: DecisionKind = DecisionKind.REASONED, *, is_conform: bool = False, pk: int = 1) -> Decision:
    return Decision(
        pk=pk,
        number=pk,
        kind=kind,
        label="1re STMG",
        is_conform=is_conform,
        issued_at=OPEN[PROPOSALS],
        replaces_id=1 if kind is DecisionKind.COMMISSION else None,
    )


def step(kind: StepKind, days: float = 16, **values: Any) -> DialogueStep:
    at = instant(PROPOSALS, days)
    given = {"outcome": "disagreement"} if kind is StepKind.INTERVIEW else {"decision_id": 1}
    return DialogueStep(kind=kind, happened_on=at.date(), recorded_at=at, **given, **values)


def history(*lines: Proposition, **values: Any) -> History:
    """The file of a child whose class was told the propositions."""
    given = {"phases": phases(), "told": told(PROPOSALS), "submissions": sent(FINAL), "propositions": lines, **values}
    return History(**given)


REFUSED = (line(1, False), line(2, False))
TALKED = step(StepKind.INTERVIEW, 14)
RECEIVED = step(StepKind.RECEIPT)
"""Received on Thursday 18 March 2027: the delay ends on Monday 22 at 24:00."""
RUNNING, OVER = instant(PROPOSALS, 17), instant(PROPOSALS, 30)
REASONED: dict[str, Any] = {"decisions": (decided(),), "steps": (TALKED,)}
WITH = phases()
UNOPENED = {PROPOSALS: Told(OPEN[PROPOSALS], is_opened=False)}

CASES: list[tuple[Where, History, datetime, bool]] = [
    (Where.NO_CAMPAIGN, History(), OPEN[FINAL], False),
    (Where.BEFORE, History(phases=WITH), BEFORE, False),
    (Where.OFFER_AWAITED, History(phases=phases(offer=False)), OPEN[INTENTIONS], False),
    (Where.OFFER_AWAITED, History(phases=phases(offer=False)), OPEN[FINAL], True),
    *(
        case
        for kind in (INTENTIONS, FINAL)
        for case in (
            (Where.NOTHING_WRITTEN, History(phases=WITH), OPEN[kind], False),
            (Where.DRAFTED, History(phases=WITH), OPEN[kind], True),
            (Where.VALIDATED, History(phases=WITH, submissions=sent(kind)), OPEN[kind], False),
            (Where.CHANGED_SINCE, History(phases=WITH, submissions=sent(kind)), OPEN[kind], True),
            (Where.COUNCIL_MEETS, History(phases=WITH, submissions=sent(kind)), OPEN[kind] + 10 * DAY, False),
            (Where.COUNCIL_MEETS_WITHOUT_CHOICE, History(phases=WITH), OPEN[kind] + 10 * DAY, False),
            (Where.NOTHING_FOLLOWS, History(phases=phases(kind)), OPEN[kind] + 10 * DAY, False),
        )
    ),
    (Where.OPINIONS_AWAITED, History(phases=WITH), OPEN[OPINIONS], False),
    (Where.OPINIONS_PUBLISHED, History(phases=WITH, told=told(OPINIONS)), OPEN[OPINIONS], False),
    (Where.OPINIONS_ACKNOWLEDGED, History(phases=WITH, told=told(OPINIONS, acknowledged=True)), OPEN[OPINIONS], False),
    (Where.BETWEEN, History(phases=WITH, told=told(OPINIONS, acknowledged=True)), instant(OPINIONS, 15), False),
    (Where.BETWEEN_UNACKNOWLEDGED, History(phases=WITH, told=told(OPINIONS)), instant(OPINIONS, 15), False),
    (Where.BETWEEN_UNACKNOWLEDGED, History(phases=WITH), instant(OPINIONS, 15), False),
    (Where.NOTHING_FOLLOWS, History(phases=phases(OPINIONS), told=told(OPINIONS)), instant(OPINIONS, 15), False),
    (Where.NEVER_PUBLISHED, History(phases=phases(OPINIONS)), instant(OPINIONS, 15), False),
    (Where.PROPOSALS_AWAITED, History(phases=WITH), OPEN[PROPOSALS], False),
    (Where.NEVER_PUBLISHED, History(phases=WITH), AFTER_ALL, False),
    *(
        (Where.PROPOSALS_UNOPENED, history(*lines, told=UNOPENED), OPEN[PROPOSALS], False)
        for lines in ((line(1), line(2)), (line(1, None, "no"),), (line(1, None, "favourable"),), ())
    ),
    (Where.PROPOSALS_UNOPENED, history(line(1, None, "no"), told=UNOPENED), AFTER_ALL, False),
    (Where.UNANSWERED, history(line(1), told=UNOPENED), AFTER_ALL, False),
    (Where.PROPOSALS_PUBLISHED, history(line(1), line(2)), OPEN[PROPOSALS], False),
    (Where.PROPOSALS_PARTLY_ANSWERED, history(line(1, False), line(2)), OPEN[PROPOSALS], False),
    (Where.ACCEPTED, history(line(1, True), line(2)), OPEN[PROPOSALS], False),
    (Where.ACCEPTED_CLOSED, history(line(1, True), line(2, False)), AFTER_ALL, False),
    (Where.PROPOSALS_REFUSED, history(*REFUSED), OPEN[PROPOSALS], False),
    (Where.PROPOSALS_REFUSED, history(*REFUSED), AFTER_ALL, False),
    (Where.PROPOSALS_ALL_NO, history(line(1, None, "no")), OPEN[PROPOSALS], False),
    (Where.UNANSWERED, history(line(1), line(2)), AFTER_ALL, False),
    (Where.NOTHING_PROPOSED, history(submissions={}), OPEN[PROPOSALS], False),
    (Where.PROFESSIONAL_ONLY, history(line(1, None, "favourable")), OPEN[PROPOSALS], False),
    (Where.PROFESSIONAL_ONLY, history(line(1, None, "favourable")), AFTER_ALL, False),
    (
        Where.DECIDED,
        history(line(1, True, decided=True), decisions=(decided(DecisionKind.AGREEMENT, is_conform=True),)),
        OPEN[PROPOSALS],
        False,
    ),
    (Where.DECIDED, history(*REFUSED, decisions=(decided(is_conform=True),), steps=(TALKED,)), AFTER_ALL, False),
    (Where.INTERVIEWED, history(*REFUSED, steps=(TALKED,)), AFTER_ALL, False),
    (Where.REASONED, history(*REFUSED, **REASONED), AFTER_ALL, False),
    (Where.APPEAL_RUNNING, history(*REFUSED, **{**REASONED, "steps": (TALKED, RECEIVED)}), RUNNING, False),
    (Where.APPEAL_OVER, history(*REFUSED, **{**REASONED, "steps": (TALKED, RECEIVED)}), OVER, False),
    (
        Where.APPEALED,
        history(*REFUSED, **{**REASONED, "steps": (TALKED, RECEIVED, step(StepKind.APPEAL, 18))}),
        RUNNING,
        False,
    ),
    (
        Where.COMMISSION,
        history(*REFUSED, decisions=(decided(), decided(DecisionKind.COMMISSION, is_conform=True, pk=2))),
        OVER,
        False,
    ),
    (
        Where.COMMISSION_NOT_CONFORM,
        history(*REFUSED, decisions=(decided(), decided(DecisionKind.COMMISSION, pk=2))),
        OVER,
        False,
    ),
    (Where.MAINTAINED, history(*REFUSED, **{**REASONED, "steps": (TALKED, step(StepKind.MAINTIEN))}), RUNNING, False),
]


@pytest.mark.parametrize(
    ("where", "past", "at", "has_changes"), CASES, ids=[f"{i}-{each[0].value}" for i, each in enumerate(CASES)]
)
def test_each_state_of_a_file_stands_somewhere_with_its_words(
    where: Where, past: History, at: datetime, has_changes: bool
) -> None:
    found = where_it_stands(FileState(school=SCHOOL, history=past, has_changes=has_changes), at=at)
    assert found.where is where
    assert all(words.endswith(".") for words in (found.sentence, found.next_step, found.deadline_words))
    if found.deadline:
        assert found.deadline > at
        assert "heure de Paris" in found.deadline_words


def test_every_place_is_tried_and_has_its_words() -> None:
    assert {each[0] for each in CASES} == set(Where) == set(WORDS)


def test_a_file_stands_somewhere_at_every_instant_whatever_happened() -> None:
    """Each history, seen at each instant of the campaign: never an error, always three sentences."""
    instants = [START + n * DAY / 2 for n in range(-4, 240)]
    for _where, past, _at, has_changes in CASES:
        for at in instants:
            found = where_it_stands(FileState(school=SCHOOL, history=past, has_changes=has_changes), at=at)
            assert found.sentence
            assert found.next_step
            assert found.deadline_words


def test_a_step_that_was_cancelled_counts_for_nothing() -> None:
    cancelled = step(StepKind.MAINTIEN, cancelled_at=OVER)
    past = history(*REFUSED, **{**REASONED, "steps": (TALKED, cancelled)})
    assert where_it_stands(FileState(school=SCHOOL, history=past), at=OVER).where is Where.REASONED


def test_deadlines_are_said_in_the_school_s_own_zone() -> None:
    school = School(uai="9740001A", name="Lycée", time_zone=TimeZone.REUNION)
    running = history(*REFUSED, phases=phases(school=school), **{**REASONED, "steps": (TALKED, RECEIVED)})
    found = where_it_stands(FileState(school=school, history=running), at=RUNNING)
    assert RECEIVED.happened_on == date(2027, 3, 18)
    assert found.deadline_words == "Appel jusqu’au lundi 22 mars 2027 à 24\u00a0h (heure de La Réunion)."
    assert found.deadline == datetime(2027, 3, 23, tzinfo=school.zone)
    writing = where_it_stands(FileState(school=school, history=History(phases=phases(school=school))), at=OPEN[FINAL])
    assert writing.deadline_words == "Jusqu’au samedi 20 février 2027 à 12\u00a0h (heure de La Réunion)."


# --- The timeline ----------------------------------------------------------------------------------------------------


def story() -> History:
    return history(
        *REFUSED,
        submissions=sent(INTENTIONS, FINAL),
        told=told(OPINIONS, acknowledged=True) | told(PROPOSALS),
        answers=(
            Given("1re STMG", 1, True, instant(PROPOSALS, 6), "Sophie Bernard"),
            Given("1re STMG", 2, False, instant(PROPOSALS, 7), "Marc Dubois"),
        ),
        decisions=(
            replace_decision(decided(), issued_at=instant(PROPOSALS, 15)),
            replace_decision(decided(DecisionKind.COMMISSION, pk=2), issued_at=instant(PROPOSALS, 25)),
        ),
        steps=(
            TALKED,
            step(StepKind.RECEIPT, 15.5, cancelled_at=OVER),
            RECEIVED,
            step(StepKind.APPEAL, 18, wants_to_be_heard=True, text="Une lettre."),
            step(StepKind.MAINTIEN, 26),
        ),
        read_decisions={1: instant(PROPOSALS, 15.2)},
    )


def replace_decision(decision: Decision, **values: Any) -> Decision:
    for name, value in values.items():
        setattr(decision, name, value)
    return decision


def test_the_timeline_tells_all_that_happened_in_its_order() -> None:
    titles = [event.title for event in events_of(story(), SCHOOL)]
    assert titles == [
        "Intentions\u00a0: demande n° 1 validée",
        "Avis provisoires du conseil de classe publiés",
        "Réception des avis accusée",
        "Choix définitifs\u00a0: demande n° 1 validée",
        "Propositions du conseil de classe publiées",
        "D’accord\u00a0: 1re STMG",
        "Pas d’accord\u00a0: 1re STMG",
        "Entretien avec le chef d’établissement",
        "Décision n° 1 notifiée\u00a0: 1re STMG",
        "Décision n° 1 lue en ligne",
        "Notification reçue",
        "Appel formé devant la commission d’appel",
        "Décision n° 2 notifiée\u00a0: 1re STMG",
        "Maintien dans la classe d’origine demandé",
    ]


def test_the_family_does_not_read_what_was_recorded_by_mistake_and_the_school_does() -> None:
    shown = events_of(story(), SCHOOL, with_cancelled=True)
    assert [event.title for event in shown if event.is_cancelled] == ["Notification reçue"]
    assert len(shown) == len(events_of(story(), SCHOOL)) + 1


def test_an_appeal_says_who_wants_to_be_heard_and_a_receipt_its_deadline() -> None:
    details = {event.title: event.detail for event in events_of(story(), SCHOOL)}
    assert "demande à être entendue. Une lettre." in details["Appel formé devant la commission d’appel"]
    assert "lundi 22 mars 2027 à 24\u00a0h" in details["Notification reçue"]


def test_a_told_without_acknowledgement_is_no_acknowledgement() -> None:
    past = replace(story(), told=told(OPINIONS))
    assert "Réception des avis accusée" not in [event.title for event in events_of(past, SCHOOL)]
