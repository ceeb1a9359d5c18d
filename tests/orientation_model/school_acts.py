"""What the school does: dates, council, publication, decisions, the steps of a disagreement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orientation.campaigns import services as campaigns
from orientation.campaigns.errors import NeedsConfirmation, signature
from orientation.council import services as councils
from orientation.council.rules import Answer
from orientation.decisions import services as decisions
from orientation.models import CouncilAnswer, DialogueStep, DivisionPublication, PhaseKind, StepKind, Submission
from tests.orientation_model import council, dialogue, lists
from tests.orientation_model.family_acts import AGAIN, LAGS, MARC, RARELY, SOPHIE, FamilyActs
from tests.orientation_model.state import FAMILY_WRITES, PHASES, Said

HEAD = st.sampled_from(["head"] * 7 + ["teacher", "office"])
PUPILS = st.sampled_from(["emma", "emma", "emma", "lucas"])
DECIDABLE = st.sampled_from(["stmg", "sti2d", "generale", "autre-parcours"])
DAYS_AGO = st.sampled_from([0, 0, 0, 1, 2, 5, -1])


class SchoolActs(FamilyActs):
    def council_kind(self, is_other: bool) -> str:
        return next(kind for kind, writing in FAMILY_WRITES.items() if writing == self.kind(is_other))

    def is_council_time(self) -> bool:
        """Whether families no longer write, or it is the turn of what is refused all the same."""
        return self.turn % 6 == 0 or self.state.is_closed(self.kind(False))

    # --- Dates ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.turn % 3 == 0)
    @rule(is_opening=st.booleans(), kind=st.sampled_from(PHASES), by=HEAD, again=AGAIN)
    def open_or_close_phase(self, is_opening: bool, kind: str, by: str, again: bool) -> None:
        decided, service = (lists.open_early, campaigns.open_now) if is_opening else (lists.close, campaigns.close_now)
        refused = decided(self.state, kind, account=by)
        self.act(refused, by, lambda: service(**self._steering(kind, by)), again=again)

    @rule(kind=st.sampled_from(PHASES), hours=st.sampled_from([-1, 0, 5, 30, 96]), by=HEAD, again=AGAIN)
    def prolong_phase(self, kind: str, hours: int, by: str, again: bool) -> None:
        """Prolong or reopen, having read what there is to read."""
        until = self.state.now + timedelta(hours=hours) if hours else self.state.phases[kind].closes_at
        refused = lists.prolong(self.state, kind, until, account=by)

        def prolong() -> None:
            given = {"closes_at": until, **self._steering(kind, by)}
            try:
                campaigns.keep_open_until(**given)
            except NeedsConfirmation as asked:
                campaigns.keep_open_until(confirmed=signature(asked.cautions), **given)

        self.act(refused, by, prolong, again=again)

    def _steering(self, kind: str, by: str) -> dict[str, Any]:
        return {
            "campaign": self.world.campaign,
            "kind": PhaseKind(kind),
            "by": self.world.accounts[by],
            "at": self.state.now,
        }

    # --- Council --------------------------------------------------------------------------------------------------

    def _typed(self, pupil: str, kind: str, manner: str) -> tuple[Said, ...]:
        asked = [each.pathway for each in self.state.list_of(pupil, FAMILY_WRITES[kind]).asked]
        welcome = [Said(pathway, council.verdicts(kind, pathway)[0]) for pathway in asked]
        if manner == "explained":
            return tuple(each._replace(comment=self.token()) for each in welcome)
        if manner == "severe":
            return tuple(Said(each, council.verdicts(kind, each)[-1], self.token()) for each in asked)
        if manner == "unexplained":
            return tuple(Said(each, council.verdicts(kind, each)[-1]) for each in asked)
        if manner == "partial":
            return tuple(welcome[1:])
        if manner == "adding":
            added = next(each for each in ("sti2d", "stmg", "std2a", "sthr") if each not in asked)
            return (*welcome, Said(added, "", self.token()))
        if manner == "wrong":
            return (*welcome, *(Said(each, "maybe") for each in asked[:1]), Said("stav", "no"))
        return tuple(welcome)

    @precondition(lambda self: self.is_council_time())
    @rule(
        pupil=PUPILS,
        manner=st.sampled_from(
            ["welcome", "explained", "severe", "unexplained", "partial", "adding", "adding", "wrong"]
        ),
        lag=LAGS,
        list_lag=RARELY,
        by=st.sampled_from(["head", "teacher", "teacher", "head", "office"]),
        again=AGAIN,
        other=RARELY,
    )
    def save_sheet(
        self, pupil: str, manner: str, lag: int, list_lag: bool, by: str, again: bool = False, other: bool = False
    ) -> None:
        kind = self.council_kind(other)
        typed = self._typed(pupil, kind, manner)
        version = max(0, len(self.state.sheet_of(pupil, kind).authors) - lag)
        examined = max(0, len(self.state.list_of(pupil, FAMILY_WRITES[kind]).submissions) - list_lag)
        refused = council.save_sheet(self.state, pupil, kind, typed, version=version, examined=examined, account=by)
        seen = Submission.objects.filter(
            student=self.world.pupils[pupil], phase__kind=FAMILY_WRITES[kind], number=examined
        ).first()
        given: dict[str, Any] = {
            "student": self.world.student(pupil),
            "phase": self.world.phase(kind),
            "answers": tuple(Answer(*each) for each in typed),
            "version": version,
            "submission_id": seen.pk if seen else None,
            "by": self.world.accounts[by],
            "at": self.state.now,
        }

        def save() -> None:
            try:
                councils.save_sheet(**given)
            except councils.SheetChangedByOther as error:
                mine = tuple(Said(each.pathway, each.verdict, each.comment) for each in error.mine)
                assert mine == council.completed(self.state, pupil, kind, typed), "what was typed is not offered back"
                raise

        self.act(refused, by, save, again=again)

    @precondition(lambda self: not self.is_time_for(FAMILY_WRITES[self.council_kind(False)]))
    @rule(
        pupil=PUPILS, manners=st.permutations(["welcome", "explained", "severe", "adding"]), is_head_first=st.booleans()
    )
    def two_of_the_council_from_the_same_page(self, pupil: str, manners: list[str], is_head_first: bool) -> None:
        """Each enters the line as both saw it."""
        first, second = ("head", "teacher") if is_head_first else ("teacher", "head")
        sheet = self.state.sheet_of(pupil, self.council_kind(False))
        version = len(sheet.authors)
        self.save_sheet(pupil, manners[0], 0, False, first)
        self.save_sheet(pupil, manners[1], len(sheet.authors) - version, False, second)

    @precondition(lambda self: self.is_council_time())
    @rule(by=HEAD, again=AGAIN, other=RARELY)
    def publish(self, by: str, again: bool = False, other: bool = False) -> None:
        kind = self.council_kind(other)
        refused = council.publish(self.state, kind, account=by)
        given: dict[str, Any] = {
            "phase": self.world.phase(kind),
            "division": self.world.division,
            "by": self.world.accounts[by],
            "at": self.state.now,
        }
        self.act(refused, by, lambda: councils.publish_division(**given), again=again)

    @precondition(lambda self: self.state.publications and self.turn % 3 == 0)
    @rule(pick=st.integers(0, 5), by=HEAD, again=AGAIN)
    def withdraw(self, pick: int, by: str, again: bool) -> None:
        index = len(self.state.publications) - 1 - pick % len(self.state.publications)
        refused = council.withdraw(self.state, index, account=by)
        row = DivisionPublication.objects.order_by("pk")[index]
        given: dict[str, Any] = {"publication": row, "by": self.world.accounts[by], "at": self.state.now}
        self.act(refused, by, lambda: councils.withdraw_publication(**given), again=again)

    # --- Decisions ------------------------------------------------------------------------------------------------

    def _answers(self) -> list[tuple[str, str]]:
        """The propositions of pupils that were ever published and may be chosen, those accepted twice."""
        said = [
            (pupil, each.pathway) for pupil in council.PUPILS for each in self.state.sheet_of(pupil, "proposals").said
        ]
        return said + [each for each in said if dialogue.is_accepted(self.state, *each)] * 3

    @precondition(lambda self: self._answers())
    @rule(picks=st.lists(st.integers(0, 30), min_size=1, max_size=2), by=HEAD, again=AGAIN)
    def issue_decisions(self, picks: list[int], by: str, again: bool) -> None:
        possible = self._answers()
        chosen = sorted({possible[-1 - pick % len(possible)] for pick in picks}, key=self._paper_order)
        self._issue(chosen, by, again)

    @precondition(lambda self: self._is_dialogue() and self.state.is_open("proposals"))
    @rule(pathway=st.sampled_from(["sti2d", "sti2d", "stmg", "generale"]), is_marc_first=st.booleans())
    def a_mind_changes_after_the_decision(self, pathway: str, is_marc_first: bool) -> None:
        """One parent agrees, the head notifies, the other parent disagrees."""
        first, second = (MARC, SOPHIE) if is_marc_first else (SOPHIE, MARC)
        self.answer(first, pathway, True, 0)
        if dialogue.is_accepted(self.state, "emma", pathway):
            self._issue([("emma", pathway)], "head", False)
        self.answer(second, pathway, False, 0)

    def _issue(self, chosen: list[tuple[str, str]], by: str, again: bool) -> None:
        refused = dialogue.issue(self.state, chosen, account=by)
        rows = [
            CouncilAnswer.objects.get(
                sheet__student=self.world.pupils[pupil], sheet__phase__kind="proposals", pathway__code=pathway
            )
            for pupil, pathway in chosen
        ]
        given: dict[str, Any] = {"answers": rows, "by": self.world.accounts[by], "at": self.state.now}
        self.act(refused, by, lambda: decisions.issue_decisions(**given), again=again)

    def _paper_order(self, answer: tuple[str, str]) -> tuple[str, int]:
        pupil, pathway = answer
        names = [each.pathway for each in self.state.sheet_of(pupil, "proposals").said]
        return pupil, names.index(pathway)

    def _is_dialogue(self) -> bool:
        return any(each.kind == "proposals" and not each.is_withdrawn for each in self.state.publications)

    def _deciding(self, pupil: str, by: str) -> dict[str, Any]:
        return {
            "student": self.world.student(pupil),
            "phase": self.world.phase("proposals"),
            "by": self.world.accounts[by],
            "at": self.state.now,
        }

    @precondition(lambda self: self._is_dialogue() or self.is_time_for())
    @rule(
        pupil=PUPILS,
        pathway=DECIDABLE,
        has_reasons=st.sampled_from([True, True, True, False]),
        is_conform=RARELY,
        seen=st.sampled_from(["newest", "newest", "newest", "none", "forged"]),
        by=HEAD,
        again=AGAIN,
    )
    def decide(
        self, pupil: str, pathway: str, has_reasons: bool, is_conform: bool, seen: str, by: str, again: bool = False
    ) -> None:
        newest = dialogue.superseded(self.state, pupil)
        asked: dict[str, Any] = {
            "reasons": self.token() if has_reasons else "",
            "is_conform": is_conform,
            "seen_number": {"newest": newest, "none": 0, "forged": 99}[seen],
        }
        refused = dialogue.decide(self.state, pupil, pathway, account=by, **asked)
        given = {**self._deciding(pupil, by), **asked}
        self.act(refused, by, lambda: decisions.issue_reasoned_decision(pathway=pathway, **given), again=again)

    @precondition(lambda self: self.state.decisions)
    @rule(pupil=PUPILS, pathway=DECIDABLE, is_conform=st.booleans(), days_ago=DAYS_AGO, by=HEAD, again=AGAIN)
    def decide_in_commission(
        self, pupil: str, pathway: str, is_conform: bool, days_ago: int, by: str, again: bool
    ) -> None:
        on = self.state.today - timedelta(days=days_ago)
        asked: dict[str, Any] = {"is_conform": is_conform, "reasons": self.token()}
        refused = dialogue.commission(self.state, pupil, pathway, on=on, account=by, **asked)
        given = {**self._deciding(pupil, by), **asked, "decided_on": on}
        self.act(refused, by, lambda: decisions.record_commission_decision(pathway=pathway, **given), again=again)

    @precondition(lambda self: self._is_dialogue() or self.is_time_for())
    @rule(
        pupil=PUPILS,
        kind=st.sampled_from(["interview", "interview", "receipt", "appeal", "maintien"]),
        days_ago=DAYS_AGO,
        by=HEAD,
        again=AGAIN,
    )
    def record_step(self, pupil: str, kind: str, days_ago: int, by: str, again: bool = False) -> None:
        on = self.state.today - timedelta(days=days_ago)
        outcome = "disagreement" if kind == "interview" else ""
        refused = dialogue.record(self.state, pupil, kind, on=on, outcome=outcome, account=by)
        given = {**self._deciding(pupil, by), "kind": StepKind(kind), "happened_on": on, "outcome": outcome}
        self.act(refused, by, lambda: decisions.record_step(**given), again=again)

    @precondition(lambda self: self.state.steps and self.turn % 4 == 0)
    @rule(pick=st.integers(0, 20), by=HEAD, again=AGAIN)
    def cancel_step(self, pick: int, by: str, again: bool) -> None:
        index = len(self.state.steps) - 1 - pick % len(self.state.steps)
        refused = dialogue.cancel(self.state, index, account=by)
        row = DialogueStep.objects.order_by("pk")[index]
        given: dict[str, Any] = {"step": row, "by": self.world.accounts[by], "at": self.state.now}
        self.act(refused, by, lambda: decisions.cancel_step(**given), again=again)
