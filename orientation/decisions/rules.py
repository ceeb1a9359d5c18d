"""Where the dialogue about a pupil stands once the council has spoken, and what may follow: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from orientation.models import (
    Decision,
    DecisionKind,
    DialogueStep,
    PathwayGroup,
    PhaseState,
    StepKind,
    Verdict,
)
from schools.calendar import is_working_day
from schools.models import School

APPEAL_DAYS = 3
"""*Jours ouvrables* in which a family appeals, from the receipt of the notification (decision 13)."""


class DialogueState(TextChoices):
    """Where a pupil's dialogue stands, in words for the school. Each has its own next step."""

    NOT_PUBLISHED = "not_published", _("non publiée")
    WAITING = "waiting", _("réponse attendue")
    TO_NOTIFY = "to_notify", _("accord donné : à notifier")
    NOTIFIED = "notified", _("notifiée")
    DISAGREEMENT = "disagreement", _("désaccord : entretien à tenir")
    UNANSWERED = "unanswered", _("sans réponse")
    NOTHING_PROPOSED = "nothing_proposed", _("aucune proposition")
    PROFESSIONAL_ONLY = "professional_only", _("voie professionnelle : pas de décision")
    INTERVIEWED = "interviewed", _("entretien tenu : décision à prendre")
    REASONED = "reasoned", _("décision motivée : réception à noter")
    APPEAL_RUNNING = "appeal_running", _("délai d’appel en cours")
    APPEAL_OVER = "appeal_over", _("délai d’appel passé")
    APPEALED = "appealed", _("en appel")
    COMMISSION = "commission", _("commission d’appel : décidée")
    MAINTAINED = "maintained", _("maintien demandé")


TO_INTERVIEW = frozenset(
    {
        DialogueState.DISAGREEMENT,
        DialogueState.UNANSWERED,
        DialogueState.NOTHING_PROPOSED,
        DialogueState.PROFESSIONAL_ONLY,
        DialogueState.INTERVIEWED,
    }
)
"""States in which the head receives the family."""

FOR_THE_HEAD = frozenset(
    {
        DialogueState.TO_NOTIFY,
        DialogueState.DISAGREEMENT,
        DialogueState.UNANSWERED,
        DialogueState.NOTHING_PROPOSED,
        DialogueState.INTERVIEWED,
        DialogueState.REASONED,
        DialogueState.APPEALED,
    }
)
"""States in which the school has something to do."""


class Act(Enum):
    """What the school may do next for a pupil; the values stand in addresses."""

    ISSUE = "notifier"
    INTERVIEW = "entretien"
    DECIDE = "decider"
    RECEIPT = "reception"
    APPEAL = "appel"
    COMMISSION = "commission"
    MAINTIEN = "maintien"


@dataclass(frozen=True)
class Proposition:
    """One published answer of the council, with the family's newest answer (None for none)."""

    pk: int
    label: str
    group: str
    verdict: str
    agrees: bool | None = None
    is_decided: bool = False

    @property
    def is_answerable(self) -> bool:
        return self.verdict in (Verdict.YES, Verdict.NO)

    @property
    def may_become_decision(self) -> bool:
        """Whether an agreement makes it a decision: a *oui*, and not the voie professionnelle, a passerelle."""
        return self.verdict == Verdict.YES and self.group != PathwayGroup.OTHER

    @property
    def is_accepted(self) -> bool:
        return self.may_become_decision and self.agrees is True


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """What happened about one pupil since the council: decisions in order of number, steps that were not cancelled."""

    phase_state: PhaseState
    is_published: bool = False
    propositions: tuple[Proposition, ...] = ()
    decisions: tuple[Decision, ...] = ()
    steps: tuple[DialogueStep, ...] = ()

    @property
    def to_issue(self) -> list[Proposition]:
        """The propositions accepted and not decided yet, none once the head has decided by themself."""
        if self.contested:
            return []
        return [each for each in self.propositions if each.is_accepted and not each.is_decided]

    @property
    def contested(self) -> Decision | None:
        """The decision that stands after a disagreement: the newest of the head's and the commission's."""
        found = [each for each in self.decisions if each.kind != DecisionKind.AGREEMENT]
        return found[-1] if found else None

    @property
    def superseded(self) -> Decision | None:
        """The decision of which one of the head's own would take the place: the contested one, else the newest."""
        return self.contested or (self.decisions[-1] if self.decisions else None)

    @property
    def standing(self) -> list[Decision]:
        """The decisions that no other one has replaced."""
        replaced = replacements(self.decisions)
        return [each for each in self.decisions if each.pk not in replaced]

    @property
    def is_taken_up_again(self) -> bool:
        """Whether the head has received the family since the decision by agreement, to come back on it."""
        newest = self.superseded
        return newest is not None and any(
            each.kind == StepKind.INTERVIEW and each.recorded_at > newest.issued_at for each in self.steps
        )

    def step(self, kind: StepKind, decision: Decision | None = None) -> DialogueStep | None:
        """Return the newest step of a kind, about this decision where one is given."""
        found = [
            each for each in self.steps if each.kind == kind and (decision is None or each.decision_id == decision.pk)
        ]
        return found[-1] if found else None

    @property
    def maintien(self) -> DialogueStep | None:
        return self.step(StepKind.MAINTIEN)


def replacements(decisions: Sequence[Decision]) -> dict[int, Decision]:
    """Return, of each decision of a pupil that was replaced, by its key, the one that took its place.

    A decision of the head by themself takes the place of all those that were by agreement.
    """
    found = {each.replaces_id: each for each in decisions if each.replaces_id}
    own = next((each for each in decisions if each.kind != DecisionKind.AGREEMENT), None)
    agreed = [each.pk for each in decisions if each.kind == DecisionKind.AGREEMENT]
    return {**(dict.fromkeys(agreed, own) if own else {}), **found}


def state_of(dialogue: Dialogue, *, school: School, at: datetime) -> DialogueState:
    """Return where a pupil's dialogue stands at an instant."""
    if not dialogue.is_published:
        return DialogueState.NOT_PUBLISHED
    if dialogue.maintien:
        return DialogueState.MAINTAINED
    if dialogue.contested:
        return _after_decision(dialogue, dialogue.contested, school=school, at=at)
    if dialogue.to_issue:
        return DialogueState.TO_NOTIFY
    return DialogueState.NOTIFIED if dialogue.decisions else _without_agreement(dialogue)


def _after_decision(dialogue: Dialogue, decision: Decision, *, school: School, at: datetime) -> DialogueState:
    if decision.kind == DecisionKind.COMMISSION:
        return DialogueState.COMMISSION
    if decision.is_conform:
        return DialogueState.NOTIFIED
    if dialogue.step(StepKind.APPEAL, decision):
        return DialogueState.APPEALED
    receipt = dialogue.step(StepKind.RECEIPT, decision)
    if receipt is None:
        return DialogueState.REASONED
    runs = at < appeal_deadline(receipt.happened_on, school)
    return DialogueState.APPEAL_RUNNING if runs else DialogueState.APPEAL_OVER


def _without_agreement(dialogue: Dialogue) -> DialogueState:
    welcome = [each for each in dialogue.propositions if each.may_become_decision]
    silent = [each for each in welcome if each.agrees is None]
    if silent and dialogue.phase_state is PhaseState.OPEN:
        return DialogueState.WAITING
    if dialogue.step(StepKind.INTERVIEW):
        return DialogueState.INTERVIEWED
    if not dialogue.propositions:
        return DialogueState.NOTHING_PROPOSED
    if not any(each.is_answerable for each in dialogue.propositions):
        return DialogueState.PROFESSIONAL_ONLY
    if welcome and len(silent) == len(welcome):
        return DialogueState.UNANSWERED
    return DialogueState.DISAGREEMENT


def acts_of(dialogue: Dialogue, *, school: School, at: datetime) -> list[Act]:
    """Return what the school may do now, what is expected first.

    A decision by agreement that was a mistake is taken up again in an entretien, then replaced with reasons.
    """
    state = state_of(dialogue, school=school, at=at)
    if state is DialogueState.NOTIFIED and not dialogue.contested:
        acts = [Act.DECIDE, Act.INTERVIEW] if dialogue.is_taken_up_again else [Act.INTERVIEW]
    elif state in TO_INTERVIEW:
        acts = [Act.DECIDE, Act.INTERVIEW] if state is DialogueState.INTERVIEWED else [Act.INTERVIEW]
    else:
        acts = list(_EXPECTED.get(state, ()))
    if may_ask_maintien(dialogue):
        acts.append(Act.MAINTIEN)
    return acts


_EXPECTED: dict[DialogueState, Sequence[Act]] = {
    DialogueState.TO_NOTIFY: (Act.ISSUE,),
    DialogueState.REASONED: (Act.RECEIPT, Act.DECIDE),
    DialogueState.APPEAL_RUNNING: (Act.APPEAL, Act.DECIDE),
    DialogueState.APPEAL_OVER: (Act.APPEAL,),
    DialogueState.APPEALED: (Act.COMMISSION,),
}
"""APPEAL stays possible once the delay is over: an appeal lodged in time may be recorded later."""


def may_ask_maintien(dialogue: Dialogue) -> bool:
    """Whether the maintien is of right: after a non-conform decision, without appeal first (D331-37)."""
    decision = dialogue.contested
    return decision is not None and not decision.is_conform and dialogue.maintien is None


def appeal_last_day(received_on: date, school: School) -> date:
    """Return the last day of the appeal: the third *jour ouvrable* after the day of receipt (decision 13).

    Counted on the calendar of the school's territory; a receipt on a Friday leads to the Tuesday.
    """
    day, counted = received_on, 0
    while counted < APPEAL_DAYS:
        day += timedelta(days=1)
        counted += is_working_day(day, school)
    return day


def appeal_deadline(received_on: date, school: School) -> datetime:
    """Return the instant at which the delay of appeal ends, excluded: 24:00 of its last day, in the school's zone."""
    following = appeal_last_day(received_on, school) + timedelta(days=1)
    return datetime.combine(following, time(), tzinfo=school.zone)
