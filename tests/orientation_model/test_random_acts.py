"""Random sequences of acts by two guardians, a pupil, a stranger, staff, imports, the mail worker and the clock.

After each act the tables must say what the model says (`state.py`, `lists.py`, `council.py`, `dialogue.py`, `mails.py`:
plain Python, nothing of the product imported), and a refusal must be one that the model knows. A red run prints the
acts that lead to it, and a blob that plays them again. `FUZZ=20` makes twenty times as many, new ones at each run.

That it can fail was tried on a copy of the product, broken in one place at a time; each was red. With these few
examples: an answer, or a validation, accepted after the closing; a confirmation kept from who wants no reminder; a
notice sent to who no longer wants it. With 14 examples of somewhat other acts: a notice owed twice, to one guardian
only, to who wants none, or sent when its reason is gone. With 25 examples: one guardian left out of those told of an
answer, a draft written over a newer version, a confirmation owed twice, a sheet shown before its publication, a
publication taken back announced all the same, an answer taken over another's that was not shown. Not found among
disagreements: a reminder of propositions after the head's own decision.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from schools.models import Guardianship
from tests.orientation_model.family_acts import KARIM, MARC, SOPHIE
from tests.orientation_model.world import World, build
from tests.orientation_model.world_acts import WorldActs

FUZZ = int(os.environ.get("FUZZ", "0"))
EXAMPLES, STEPS = 14, 40
STAGES = ["writing", "council", "published", "disagreement"]


class SchoolYear(WorldActs):
    """Begins where its stage says, by the same acts as all that follows."""

    def __init__(self, world: World, stage: str) -> None:
        super().__init__(world)
        self.stage = stage

    @initialize(
        is_final=st.sampled_from([True, True, True, False]),
        turns_18=st.sampled_from([date(2029, 2, 20), date(2027, 5, 4), date(2027, 5, 20), date(2027, 6, 1)]),
        is_tied_to_herself=st.booleans(),
        has_single_writer=st.sampled_from([False, False, False, True]),
        has_sheet=st.booleans(),
        is_read=st.booleans(),
        is_taken_back=st.sampled_from([False, False, True]),
        how_far=st.integers(0, 3),
    )
    def begin(
        self,
        is_final: bool,
        turns_18: date,
        is_tied_to_herself: bool,
        has_single_writer: bool,
        has_sheet: bool,
        is_read: bool,
        is_taken_back: bool,
        how_far: int,
    ) -> None:
        self.state.emma_turns_18 = turns_18
        self.update_student("emma", birth_date=turns_18.replace(year=turns_18.year - 18))
        if is_tied_to_herself:
            self.world.tie("self", "emma")
            self.state.ties["emma"].add("self")
        if has_single_writer:
            self.world.campaign.single_writer = True
            self.world.campaign.save(update_fields=["single_writer"])
            Guardianship.objects.filter(guardian=self.world.guardians["sophie"]).update(is_designated=True)
            self.state.designated = "sophie"
        self._changed_by_hand()
        is_final = is_final or self.stage == "disagreement"
        phases = self.state.phases
        writing, council = ("final_choices", "proposals") if is_final else ("intentions", "provisional_opinions")
        self.move_clock(max(phases[writing].opens_at, self.state.now))
        stage = STAGES.index(self.stage)
        if stage >= STAGES.index("council"):
            self._ask()
            self.move_clock(phases[writing].closes_at + timedelta(hours=3))
        if stage >= STAGES.index("published") or (has_sheet and self.stage == "council"):
            for pupil in ("emma", "lucas"):
                self.save_sheet(pupil, "explained", 0, False, "teacher")
            self.save_sheet("emma", "adding" if is_final else "severe", 0, False, "head" if is_final else "teacher")
        if stage >= STAGES.index("published"):
            self.move_clock(phases[council].opens_at + timedelta(hours=3))
            self.publish("head")
            if is_taken_back:
                self.withdraw(0, "head", False)
                self.send_mails()
                self.publish("head")
            if is_read:
                self.look("marc", "council", "emma")
        if self.stage == "disagreement":
            self._disagree(how_far)
        else:
            self._approach_closing(how_far, writing)

    def _changed_by_hand(self) -> None:
        self.import_changes(lambda: None)

    def _ask(self) -> None:
        self.enter_paper(SOPHIE, "office", ["generale", "stmg", "autre-parcours"], 0, True)
        self.enter_paper(KARIM, "office", ["stl"], 0, True)

    def _approach_closing(self, how_far: int, writing: str) -> None:
        """Come as near to the closing as is said, a draft left meanwhile where families write."""
        if self.state.is_open(writing) and how_far:
            self.save_choice(SOPHIE, "stmg", "", 0, False)
        for _time in range(how_far):
            self.wait_for_next_notice(False)

    def _disagree(self, how_far: int) -> None:
        """Go to the entretien; then, as far as is said, to the head's decision, its receipt, the appeal."""
        for pathway in ("generale", "stmg", "sti2d"):
            self.answer(MARC, pathway, False, 0)
        self.move_clock(self.state.phases["proposals"].closes_at + timedelta(hours=3))
        self.record_step("emma", "interview", 0, "head")
        if how_far:
            self.decide("emma", "stmg", True, False, "newest", "head")
        for kind in ("receipt", "appeal")[: max(0, how_far - 1)]:
            self.move_clock(self.state.now + timedelta(days=1))
            self.record_step("emma", kind, 0, "head")


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.EMAIL_BACKEND = "tests.orientation_model.mailboxes.Mailboxes"
    return build()


def profile() -> hypothesis.settings:
    """The same few examples at each run, so that a red one is found again; with `FUZZ`, many new ones."""
    common = hypothesis.settings(
        stateful_step_count=STEPS,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    if FUZZ:
        return hypothesis.settings(common, max_examples=EXAMPLES * FUZZ)
    return hypothesis.settings(common, max_examples=EXAMPLES, derandomize=True, database=None)


@pytest.mark.parametrize("stage", STAGES)
def test_whatever_people_do_the_product_does_what_the_rules_say(world: World, stage: str) -> None:
    run_state_machine_as_test(lambda: SchoolYear(world, stage), settings=profile())  # type: ignore[arg-type]
