"""What families and the school's office do to the lists; what families do with what the council said."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orientation import rules as product
from orientation import services
from orientation.dialogue.services import GivenAnswer, acknowledge_opinions, answer_proposal
from orientation.entry.services import acknowledge_for_family, answer_for_family, submit_for_family
from orientation.models import SetAside
from tests.orientation_model import council, lists
from tests.orientation_model.machine import Machine
from tests.orientation_model.state import List, Wish, Wishes

SOPHIE, MARC, KARIM = ("sophie", "sophie", "emma"), ("marc", "marc", "emma"), ("karim", "karim", "lucas")
OWN = ("emma", "self", "emma")
ODD = [("emma", "", "emma"), ("marc", "sophie", "emma"), ("karim", "karim", "emma")]
"""The account, the guardian in whose name, the pupil: the pupil herself, another's name, a stranger."""

PEOPLE = st.sampled_from([SOPHIE, MARC] * 4 + [OWN] * 2 + [KARIM] * 2 + ODD)
LAGS = st.sampled_from([0, 0, 0, 0, 1, 2])
"""How many versions ago the page was shown."""
AGAIN = st.sampled_from([False, False, False, True])
RARELY = st.sampled_from([False] * 7 + [True])
WRITING = ("intentions", "final_choices")
PATHWAYS = ["generale", "stmg", "sti2d", "stl", "autre-parcours"]
PROPOSED = ["stmg", "stmg", "sti2d", "sti2d", "generale", "stl", "autre-parcours"]
WISHES = st.sampled_from([*PATHWAYS, *PATHWAYS, "generale arts", "generale short", "stl bare", "stmg noted", "nowhere"])


class FamilyActs(Machine):
    def kind(self, is_other: bool) -> str:
        """The families' phase of the moment, or the other one."""
        is_final = self.state.now >= self.state.phases["final_choices"].opens_at
        return "final_choices" if is_final != is_other else "intentions"

    def wish(self, name: str, kind: str) -> Wish:
        pathway, _space, fault = name.partition(" ")
        number = lists.NUMBER_ASKED[kind] - (fault == "short")
        general = ["musique", "theatre", "nsi", "ses"] if fault == "arts" else ["nsi", "ses", "svt", "mathematiques"]
        specialities = {"generale": tuple(general[:number]), "stl": () if fault else ("stl-spcl",)}.get(pathway, ())
        return Wish(pathway, specialities, self.token() if pathway == "autre-parcours" or fault == "noted" else "")

    def _with(self, who: tuple[str, str, str], kind: str) -> dict[str, Any]:
        account, guardian, pupil = who
        world = self.world
        return {
            "file": world.file(pupil, guardian),
            "phase": world.phase(kind),
            "by": world.accounts[account],
            "at": self.state.now,
        }

    def _edit(
        self, service: Any, edit: lists.Edit | None, who: Any, kind: str, lag: int, again: bool, **asked: Any
    ) -> None:
        version = max(0, self.state.list_of(who[2], kind).version - lag)
        refused = lists.edit_list(self.state, who[2], kind, edit, version=version, account=who[0], guardian=who[1])
        self.act(refused, who[0], lambda: service(**self._with(who, kind), version=version, **asked), again=again)

    @precondition(lambda self: self.is_time_for(*WRITING))
    @rule(who=PEOPLE, name=WISHES, replacing=st.sampled_from(["", "", *PATHWAYS]), lag=LAGS, again=AGAIN, other=RARELY)
    def save_choice(self, who: Any, name: str, replacing: str, lag: int, again: bool, other: bool = False) -> None:
        kind = self.kind(other)
        wish = self.wish(name, kind)
        asked = {"wish": product.Wish(*wish), "replacing": replacing}
        self._edit(services.save_choice, lists.adding(wish, replacing), who, kind, lag, again, **asked)

    @precondition(lambda self: self.is_time_for(*WRITING))
    @rule(who=PEOPLE, pathway=st.sampled_from(PATHWAYS), lag=LAGS, again=AGAIN)
    def remove_choice(self, who: Any, pathway: str, lag: int, again: bool) -> None:
        edit = lists.removing(pathway)
        self._edit(services.remove_choice, edit, who, self.kind(False), lag, again, pathway=pathway)

    @precondition(lambda self: self.is_time_for(*WRITING))
    @rule(who=PEOPLE, pathway=st.sampled_from(PATHWAYS), rank=st.integers(1, 5), lag=LAGS, again=AGAIN)
    def move_choice(self, who: Any, pathway: str, rank: int, lag: int, again: bool) -> None:
        edit = lists.moving(pathway, rank)
        self._edit(services.move_choice, edit, who, self.kind(False), lag, again, pathway=pathway, rank=rank)

    @precondition(lambda self: self.is_time_for(*WRITING))
    @rule(who=PEOPLE, lag=LAGS, again=AGAIN)
    def reset(self, who: Any, lag: int, again: bool) -> None:
        self._edit(services.reset_draft, None, who, self.kind(False), lag, again)

    @precondition(lambda self: any(self.state.is_open(kind) for kind in WRITING))
    @rule(name=WISHES, other=WISHES, is_marc_first=st.booleans())
    def two_parents_from_the_same_page(self, name: str, other: str, is_marc_first: bool) -> None:
        """Each adds a choice to the list as both saw it."""
        first, second = (MARC, SOPHIE) if is_marc_first else (SOPHIE, MARC)
        version = self.state.list_of("emma", self.kind(False)).version
        self.save_choice(first, name, "", 0, False)
        self.save_choice(second, other, "", self.state.list_of("emma", self.kind(False)).version - version, False)

    def _waiting(self) -> list[tuple[str, List, int]]:
        return [
            (kind, held, index)
            for (pupil, kind), held in self.state.lists.items()
            if pupil == "emma"
            for index in range(len(held.set_aside))
        ]

    @precondition(lambda self: self._waiting() and self.is_time_for(*WRITING))
    @rule(pick=st.integers(0, 20), lag=LAGS, again=AGAIN)
    def take_up_again(self, pick: int, lag: int, again: bool) -> None:
        waiting = self._waiting()
        kind, held, index = waiting[pick % len(waiting)]
        account = held.set_aside[index].author
        who = (account, "self" if account == "emma" else account, "emma")
        version = max(0, held.version - lag)
        refused = lists.take_up(self.state, "emma", kind, index, version=version, account=account, guardian=who[1])
        row = SetAside.objects.filter(draft__student=self.world.pupils["emma"], draft__phase__kind=kind)
        found = row.order_by("pk")[index]
        self.act(
            refused,
            account,
            lambda: services.take_up_again(set_aside=found, version=version, **self._with(who, kind)),
            again=again,
        )

    @precondition(lambda self: self.is_time_for(*WRITING))
    @rule(who=PEOPLE, lag=LAGS, is_confirmed=st.booleans(), again=AGAIN)
    def validate(self, who: Any, lag: int, is_confirmed: bool, again: bool) -> None:
        kind = self.kind(False)
        version = max(0, self.state.list_of(who[2], kind).version - lag)
        asked: dict[str, Any] = {"version": version, "is_confirmed": is_confirmed}
        refused = lists.validate(self.state, who[2], kind, account=who[0], guardian=who[1], **asked)
        self.act(refused, who[0], lambda: services.validate_draft(**self._with(who, kind), **asked), again=again)

    @precondition(lambda self: self.is_time_for(*WRITING))
    @rule(
        who=st.sampled_from([SOPHIE, MARC, KARIM, KARIM, OWN, ODD[2]]),
        by=st.sampled_from(["head", "office", "office", "teacher"]),
        names=st.lists(WISHES, max_size=3),
        lag=LAGS,
        is_confirmed=st.booleans(),
        again=AGAIN,
    )
    def enter_paper(
        self, who: Any, by: str, names: list[str], lag: int, is_confirmed: bool, again: bool = False
    ) -> None:
        kind = self.kind(False)
        wishes: Wishes = tuple(self.wish(name, kind) for name in names)
        seen = max(0, len(self.state.list_of(who[2], kind).submissions) - lag)
        asked: dict[str, Any] = {"seen_number": seen, "is_confirmed": is_confirmed}
        refused = lists.enter_paper(self.state, who[2], kind, wishes, guardian=who[1], account=by, **asked)
        given = self._with((by, who[1], who[2]), kind)
        file = given.pop("file")
        typed = tuple(product.Wish(*each) for each in wishes)
        self.act(
            refused,
            by,
            lambda: submit_for_family(student=file.student, guardian=file.guardian, wishes=typed, **given, **asked),
            again=again,
        )

    # --- What the council said ------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_time_for("provisional_opinions"))
    @rule(who=PEOPLE, again=AGAIN)
    def acknowledge(self, who: Any, again: bool) -> None:
        refused = council.acknowledge(self.state, who[2], account=who[0], guardian=who[1])
        given = self._with(who, "provisional_opinions")
        self.act(refused, who[0], lambda: acknowledge_opinions(**given), again=again)

    @precondition(lambda self: self.is_time_for("proposals"))
    @rule(who=PEOPLE, pathway=st.sampled_from(PROPOSED), agrees=st.booleans(), lag=LAGS, again=AGAIN)
    def answer(self, who: Any, pathway: str, agrees: bool, lag: int, again: bool = False) -> None:
        given = self.state.sheet_of(who[2], "proposals").answers.get(pathway, [])
        asked: dict[str, Any] = {"agrees": agrees, "seen_number": max(0, len(given) - lag)}
        refused = council.answer(self.state, who[2], pathway, account=who[0], guardian=who[1], **asked)
        self.act(
            refused,
            who[0],
            lambda: answer_proposal(pathway=pathway, **self._with(who, "proposals"), **asked),
            again=again,
        )

    @precondition(lambda self: self.state.is_open("proposals") and self.state.sheet_of("emma", "proposals").said)
    @rule(pathway=st.sampled_from(PROPOSED), agrees=st.booleans(), is_marc_first=st.booleans())
    def two_parents_answer_from_the_same_page(self, pathway: str, agrees: bool, is_marc_first: bool) -> None:
        """Each answers as both saw it: the second is shown the first's answer before theirs counts."""
        first, second = (MARC, SOPHIE) if is_marc_first else (SOPHIE, MARC)
        given = self.state.sheet_of("emma", "proposals").answers.setdefault(pathway, [])
        seen = len(given)
        self.answer(first, pathway, agrees, 0)
        self.answer(second, pathway, not agrees, len(given) - seen)

    @precondition(lambda self: self.is_time_for("proposals", "provisional_opinions"))
    @rule(
        who=st.sampled_from([SOPHIE, MARC, OWN, KARIM, ODD[2]]),
        by=st.sampled_from(["office", "office", "head", "teacher"]),
        pathway=st.sampled_from(["", "", *PROPOSED]),
        agrees=st.booleans(),
        lag=LAGS,
        again=AGAIN,
    )
    def enter_answer_from_paper(self, who: Any, by: str, pathway: str, agrees: bool, lag: int, again: bool) -> None:
        """Enter an answer, or the accusé de réception where no pathway is named."""
        _account, guardian, pupil = who
        kind = "proposals" if pathway else "provisional_opinions"
        given = self._with((by, guardian, pupil), kind)
        file = given.pop("file")
        given |= {"student": file.student, "guardian": file.guardian}
        if not pathway:
            refused = council.acknowledge(self.state, pupil, account=by, guardian=guardian)
            self.act(refused, by, lambda: acknowledge_for_family(**given), again=again)
            return
        seen = max(0, len(self.state.sheet_of(pupil, kind).answers.get(pathway, [])) - lag)
        asked: dict[str, Any] = {"agrees": agrees, "seen_number": seen}
        refused = council.answer(self.state, pupil, pathway, account=by, guardian=guardian, **asked)
        typed = [GivenAnswer(pathway=pathway, **asked)]
        self.act(refused, by, lambda: answer_for_family(answers=typed, **given), again=again)
