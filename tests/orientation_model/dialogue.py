"""The rules of what ends the dialogue: decisions, and the steps of a disagreement (decision 13); as in `lists.py`."""

from __future__ import annotations

from datetime import date

from tests.orientation_model.state import HEADS, PARIS, Decision, State, Step, last_day_to_appeal


def contested(state: State, pupil: str) -> int:
    """The number of the newest decision taken without the family's agreement, 0 for none."""
    numbers = [
        number
        for number, each in enumerate(state.decisions, start=1)
        if each.pupil == pupil and each.kind != "agreement"
    ]
    return max(numbers, default=0)


def superseded(state: State, pupil: str) -> int:
    """The number of the decision that one of the head's own would replace: one by agreement may be a mistake."""
    mine = [number for number, each in enumerate(state.decisions, start=1) if each.pupil == pupil]
    return contested(state, pupil) or max(mine, default=0)


def steps(state: State, pupil: str, kind: str, decision: int | None = None) -> list[Step]:
    return [
        each
        for each in state.steps
        if (each.pupil, each.kind, each.is_cancelled) == (pupil, kind, False) and decision in (None, each.decision)
    ]


def is_accepted(state: State, pupil: str, pathway: str) -> bool:
    sheet = state.sheet_of(pupil, "proposals")
    return sheet.verdict(pathway) == "yes" and sheet.agreed(pathway) is True


def possible(state: State, pupil: str) -> set[str]:
    """What the school may record next."""
    sheet = state.sheet_of(pupil, "proposals")
    if steps(state, pupil, "maintien"):
        return set()
    number = contested(state, pupil)
    if number:
        return _after(state, pupil, number)
    mine = {each.pathway for each in state.decisions if each.pupil == pupil}
    if any(is_accepted(state, pupil, each.pathway) and each.pathway not in mine for each in sheet.said):
        return set()
    if mine:
        since = state.decisions[superseded(state, pupil) - 1].at
        is_taken_up_again = any(each.at and since and each.at > since for each in steps(state, pupil, "interview"))
        return {"interview", "decide"} if is_taken_up_again else {"interview"}
    silent = [each for each in sheet.said if each.verdict == "yes" and sheet.agreed(each.pathway) is None]
    if silent and state.is_open("proposals"):
        return set()
    return {"interview", "decide"} if steps(state, pupil, "interview") else {"interview"}


def _after(state: State, pupil: str, number: int) -> set[str]:
    decision = state.decisions[number - 1]
    if decision.is_conform:
        return set()
    if decision.kind == "commission":
        return {"maintien"}
    if steps(state, pupil, "appeal", number):
        return {"commission", "maintien"}
    receipt = steps(state, pupil, "receipt", number)
    if not receipt:
        return {"receipt", "decide", "maintien"}
    if state.today <= last_day_to_appeal(receipt[0].on):
        return {"appeal", "decide", "maintien"}
    return {"appeal", "maintien"}


def _refused(state: State, pupil: str, account: str) -> set[str]:
    refused = set() if account in HEADS else {"NotAllowed"}
    if state.sheet_of(pupil, "proposals").publication is None:
        refused.add("NotPublishedYet")
    return refused


def issue(state: State, chosen: list[tuple[str, str]], *, account: str) -> set[str]:
    """Notify accepted propositions, (pupil, pathway) in the order of names then ranks: all or nothing."""
    refused = set() if account in HEADS else {"NotAllowed"}
    if any(state.sheet_of(pupil, "proposals").publication is None for pupil, _pathway in chosen):
        refused.add("NotAllowed")
    decided = {(each.pupil, each.pathway) for each in state.decisions if each.kind == "agreement"}
    new = [each for each in chosen if each not in decided]
    if any(not is_accepted(state, *each) or contested(state, each[0]) for each in new):
        refused.add("CannotBecomeDecision")
    if not refused:
        for pupil, pathway in new:
            _notify(state, Decision(pupil, "agreement", pathway, True, "", state.today))
    return refused


def decide(
    state: State, pupil: str, pathway: str, *, reasons: str, is_conform: bool, seen_number: int, account: str
) -> set[str]:
    refused = _refused(state, pupil, account)
    if pathway == "autre-parcours":
        refused.add("NotDecidable")
    if not reasons:
        refused.add("ReasonsMissing")
    number = superseded(state, pupil)
    new = Decision(pupil, "reasoned", pathway, is_conform, reasons, state.today, replaces=number)
    if not refused and number and _says_the_same(state.decisions[number - 1], new):
        return refused
    if number and number != seen_number:
        refused.add("DecidedMeanwhile")
    if "decide" not in possible(state, pupil):
        refused.add("NotTheTime")
    if not refused:
        _notify(state, new)
    return refused


def commission(
    state: State, pupil: str, pathway: str, *, on: date, is_conform: bool, reasons: str, account: str
) -> set[str]:
    refused = _refused(state, pupil, account)
    if pathway == "autre-parcours":
        refused.add("NotDecidable")
    number = contested(state, pupil)
    new = Decision(pupil, "commission", pathway, is_conform, reasons, on, replaces=number, decided_on=on)
    if not refused and number and _says_the_same(state.decisions[number - 1], new):
        return refused
    if "commission" not in possible(state, pupil):
        refused.add("NotTheTime")
    else:
        (appeal,) = steps(state, pupil, "appeal", number)
        if not appeal.on <= on <= state.today:
            refused.add("WrongDay")
    if not refused:
        _notify(state, new)
    return refused


def _says_the_same(one: Decision, other: Decision) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("kind", "pathway", "is_conform", "reasons", "decided_on")
    )


def _notify(state: State, decision: Decision) -> None:
    decision.at = state.now
    state.decisions.append(decision)
    state.owe("decision_notified", (len(state.decisions),), decision.pupil)


def record(state: State, pupil: str, kind: str, *, on: date, outcome: str, account: str) -> set[str]:
    refused = _refused(state, pupil, account)
    number = 0 if kind == "interview" else contested(state, pupil)
    standing = steps(state, pupil, kind, number)
    if not refused and any((each.on, each.outcome) == (on, outcome) for each in standing):
        return refused
    if standing and kind != "interview":
        refused.add("StepAlreadyRecorded")
    if kind not in possible(state, pupil):
        refused.add("NotTheTime")
    elif kind == "appeal":
        (receipt,) = steps(state, pupil, "receipt", number)
        if not receipt.on <= on <= state.today:
            refused.add("WrongDay")
        if on > last_day_to_appeal(receipt.on):
            refused.add("AppealTooLate")
    else:
        opened_on = state.phases["proposals"].opens_at.astimezone(PARIS).date()
        if not (state.decisions[number - 1].on if number else opened_on) <= on <= state.today:
            refused.add("WrongDay")
    if not refused:
        state.steps.append(Step(pupil, kind, number, on, outcome, at=state.now))
    return refused


def cancel(state: State, index: int, *, account: str) -> set[str]:
    """A step on which nothing rests."""
    step = state.steps[index]
    refused = set() if account in HEADS else {"NotAllowed"}
    if step.is_cancelled:
        return refused
    is_followed = {
        "interview": bool(contested(state, step.pupil)) and len(steps(state, step.pupil, "interview")) == 1,
        "receipt": bool(steps(state, step.pupil, "appeal", step.decision)),
        "appeal": any(each.replaces == step.decision for each in state.decisions),
        "maintien": False,
    }
    if is_followed[step.kind]:
        refused.add("StepFollowed")
    step.is_cancelled = not refused
    return refused
