"""What the school does with a family's request: in its name, in the council, and to the end of the dialogue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from orientation.council import services as council
from orientation.council.rules import Answer
from orientation.decisions import services as decisions
from orientation.dialogue import services as dialogue
from orientation.entry import services as entry
from orientation.models import PhaseKind, StepKind
from orientation.rules import Wish
from tests.factories import NOW
from tests.orientation_decisions.conftest import CLOSED_AT
from tests.orientation_dialogue.conftest import MET_AT, OPINIONS, PROPOSALS, READ_AT, TOLD_AT
from tests.rights.act import COUNCIL, LEADS, OFFICE, Act
from tests.rights.world import World


def _save_sheet(world: World) -> Any:
    return council.save_sheet(
        student=world.emma,
        phase=world.veil.proposals,
        answers=(Answer("generale", "yes"), Answer("stmg", "yes"), Answer("autre-parcours", "favourable")),
        version=world.sheet.version,
        submission_id=world.sheet.submission_id,
        by=world.by,
        at=MET_AT[PROPOSALS],
    )


def _on_paper(world: World, kind: PhaseKind) -> dict[str, Any]:
    return {
        "student": world.emma,
        "guardian": world.family.marc,
        "phase": world.veil.phase(kind),
        "by": world.by,
        "at": READ_AT[kind],
    }


def _met(world: World) -> None:
    world.veil.refuse_all()
    world.veil.meet_family()


def _appealed(world: World) -> None:
    _met(world)
    world.veil.decide()
    world.veil.receive()
    world.veil.appeal()


def _cancel_step(world: World) -> Any:
    step = world.emma.dialogue_steps.get()
    return decisions.cancel_step(step=step, by=world.by, at=CLOSED_AT + timedelta(hours=1))


ACTS: dict[str, Act] = {
    "orientation.entry.services.submit_for_family": Act(
        OFFICE,
        lambda w: entry.submit_for_family(
            student=w.emma,
            guardian=w.family.marc,
            phase=w.family.phase,
            wishes=(Wish("sti2d"),),
            seen_number=1,
            by=w.by,
            at=NOW,
        ),
    ),
    "orientation.entry.services.acknowledge_for_family": Act(
        OFFICE, lambda w: entry.acknowledge_for_family(**_on_paper(w, OPINIONS))
    ),
    "orientation.entry.services.answer_for_family": Act(
        OFFICE,
        lambda w: entry.answer_for_family(
            **_on_paper(w, PROPOSALS), answers=[dialogue.GivenAnswer(pathway="stmg", agrees=True, seen_number=0)]
        ),
    ),
    "orientation.council.services.save_sheet": Act(COUNCIL, _save_sheet, World.withdraw),
    "orientation.council.services.publish_division": Act(
        LEADS,
        lambda w: council.publish_division(phase=w.veil.proposals, division=w.division, by=w.by, at=TOLD_AT[PROPOSALS]),
        World.withdraw,
    ),
    "orientation.council.services.withdraw_publication": Act(
        LEADS, lambda w: council.withdraw_publication(publication=w.publication, by=w.by, at=TOLD_AT[PROPOSALS])
    ),
    "orientation.decisions.services.issue_decisions": Act(
        LEADS,
        lambda w: decisions.issue_decisions(answers=[w.veil.answer_on("stmg")], by=w.by, at=CLOSED_AT),
        lambda w: w.veil.answer(True),
    ),
    "orientation.decisions.services.issue_reasoned_decision": Act(LEADS, lambda w: w.veil.decide(by=w.by), _met),
    "orientation.decisions.services.record_commission_decision": Act(
        LEADS, lambda w: w.veil.commission(by=w.by), _appealed
    ),
    "orientation.decisions.services.record_step": Act(
        LEADS,
        lambda w: w.veil.record(StepKind.INTERVIEW, date(2027, 6, 18), at=CLOSED_AT, by=w.by, outcome="disagreement"),
        lambda w: w.veil.refuse_all(),
    ),
    "orientation.decisions.services.cancel_step": Act(LEADS, _cancel_step, _met),
}
