"""The rules of what leaves by e-mail: notices that nobody asks for, the school's reminders, until when they hold."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.orientation_model.council import PUPILS
from tests.orientation_model.dialogue import contested
from tests.orientation_model.state import OFFICE, PARIS, Mail, State

NEAR, DAY, LEFT_AFTER = timedelta(days=3), timedelta(days=1), timedelta(hours=1)
OF_COUNCIL = {"provisional_opinions": "opinions_to_acknowledge", "proposals": "proposals_to_answer"}
REMINDERS = {"phase_opens", "phase_closes_soon", "draft_left", *OF_COUNCIL.values(), "reminder"}


def instants(state: State) -> list[datetime]:
    """When a notice begins or ceases to be owed."""
    found = []
    for phase in state.phases.values():
        found += [phase.opens_at, phase.opens_at + DAY, phase.closes_at - NEAR, phase.closes_at - DAY]
    return found + [each.at + DAY for each in state.publications]


def sweep(state: State) -> int:
    """Owe what is due and is not owed yet; return how many."""
    before = len(state.mails)
    for kind in state.phases:
        for notice in sorted(_due(state, kind)):
            for pupil in PUPILS:
                _owe(state, notice, kind, pupil)
    return len(state.mails) - before


def _due(state: State, kind: str) -> set[str]:
    phase = state.phases[kind]
    if not state.is_open(kind):
        return set()
    remaining = phase.closes_at - state.now
    if kind in OF_COUNCIL:
        return {OF_COUNCIL[kind]} if remaining <= NEAR else set()
    due = {"draft_left"} if remaining <= DAY else set()
    if state.now - phase.opens_at < DAY:
        return due | {"phase_opens"}
    return due | {"phase_closes_soon"} if remaining <= NEAR else due


def _owe(state: State, notice: str, kind: str, pupil: str) -> None:
    about = (kind, _announced(state, notice, kind), pupil)
    owed = {(each.kind, each.about, each.guardian) for each in state.mails}
    for guardian in state.ties[pupil]:
        address = state.usable(guardian)
        is_new = (notice, about, guardian) not in owed
        if address and is_new and _is_for(state, notice, kind, pupil, guardian, is_leaving=False):
            state.mails.append(Mail(notice, about, guardian, address, due_at=_morning(state, kind)))


def _announced(state: State, notice: str, kind: str) -> datetime:
    phase = state.phases[kind]
    return phase.opens_at if notice == "phase_opens" else phase.closes_at


def _is_for(state: State, notice: str, kind: str, pupil: str, guardian: str, *, is_leaving: bool) -> bool:
    """Whether something is asked of this guardian, who acts for the pupil and wants reminders."""
    may = state.is_theirs(guardian, pupil) if kind in OF_COUNCIL else state.may_write_as(guardian, pupil)
    if not may or guardian in state.muted:
        return False
    if kind in OF_COUNCIL:
        is_fresh = not is_leaving and _was_just_told(state, kind, pupil)
        is_over = kind == "proposals" and contested(state, pupil)
        return _is_awaited(state, kind, pupil) and not is_fresh and not is_over
    held = state.list_of(pupil, kind)
    is_draft = bool(held.wishes) and not held.is_validated
    if notice == "draft_left":
        return is_draft and (is_leaving or (held.changed_at is not None and state.now - held.changed_at >= LEFT_AFTER))
    is_last_day = state.phases[kind].closes_at - state.now <= DAY
    return not held.submissions and not (notice == "phase_closes_soon" and is_last_day and is_draft)


def _was_just_told(state: State, kind: str, pupil: str) -> bool:
    publication = state.sheet_of(pupil, kind).publication
    return publication is not None and state.now - state.publications[publication].at < DAY


def _is_awaited(state: State, kind: str, pupil: str) -> bool:
    """Whether the family has not done what the phase asks."""
    if kind not in OF_COUNCIL:
        return not state.list_of(pupil, kind).submissions
    sheet = state.sheet_of(pupil, kind)
    if sheet.publication is None:
        return False
    if kind == "provisional_opinions":
        return not sheet.acknowledged_by
    return any(each.verdict == "yes" and sheet.agreed(each.pathway) is None for each in sheet.said)


def remind(state: State, kind: str, *, account: str) -> set[str]:
    """The school reminds the families awaited, none that it reminded less than three days ago."""
    refused = set() if account in OFFICE else {"NotAllowed"}
    if not state.is_open(kind):
        refused.add("ReminderRefused")
    for pupil in () if refused else PUPILS:
        last = state.reminded.get(pupil)
        if not _is_awaited(state, kind, pupil) or (last and state.now - last < NEAR):
            continue
        for guardian in state.ties[pupil] - state.muted:
            if state.is_theirs(guardian, pupil) and (address := state.usable(guardian)):
                state.mails.append(Mail("reminder", (kind, state.now, pupil), guardian, address))
                state.reminded[pupil] = state.now
    return refused


def _morning(state: State, kind: str) -> datetime | None:
    """The next eight in the morning for what is owed at night, unless all is over by then."""
    local = state.now.astimezone(PARIS)
    if 8 <= local.hour < 21:
        return None
    day = local + DAY if local.hour >= 21 else local
    morning = day.replace(hour=8, minute=0, second=0, microsecond=0)
    return morning if morning < state.phases[kind].closes_at else None


# --- Leaving ---------------------------------------------------------------------------------------------------------


def send(state: State) -> list[Mail]:
    """What one passage of the worker does, reminders last; return what left."""
    due = [each for each in state.mails if each.state == "queued" and (each.due_at is None or each.due_at <= state.now)]
    for mail in sorted(due, key=lambda each: each.kind in REMINDERS):
        if not _is_still_wanted(state, mail):
            mail.state = "dropped"
        elif mail.address in state.refusing:
            mail.state = "bounced"
            for address in state.addresses[mail.guardian]:
                address.is_refused |= address.text == mail.address
        else:
            mail.state = "sent"
    return [each for each in due if each.state == "sent"]


def _is_still_wanted(state: State, mail: Mail) -> bool:
    """A reminder goes with its reason, a publication when it is taken back; all else is owed whatever happens."""
    if mail.kind.endswith("_published"):
        return not state.publications[mail.about[0]].is_withdrawn
    if mail.kind not in REMINDERS:
        return True
    kind, announced, pupil = mail.about
    if not state.is_open(kind) or state.usable(mail.guardian) != mail.address:
        return False
    if mail.kind == "reminder":
        is_wanted = state.is_theirs(mail.guardian, pupil) and mail.guardian not in state.muted
        return is_wanted and _is_awaited(state, kind, pupil)
    is_said_still = announced == _announced(state, mail.kind, kind)
    return is_said_still and _is_for(state, mail.kind, kind, pupil, mail.guardian, is_leaving=True)


def outcome(state: State, kind: str, address: str, result: str) -> str:
    """What became of an e-mail; of several reminders to a mailbox that refuses, any may be the one that finds out."""
    is_lost = kind in REMINDERS and address in state.refusing and result in ("bounced", "dropped")
    return "lost" if is_lost else result
