"""The rules of what families write. Each function says why the act is refused; where nothing is, it does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from tests.orientation_model.state import HEADS, OFFICE, PHASES, List, SetAside, State, Submission, Wish, Wishes

NUMBER_ASKED = {"intentions": 4, "final_choices": 3}
SERIES = {"stl": {"stl-biotechnologies", "stl-spcl"}}
GENERAL = {"mathematiques", "nsi", "svt", "ses", "physique-chimie", "musique", "theatre"}
ARTS = {"musique", "theatre"}
OTHERS = {"stmg", "sti2d", "autre-parcours"}


def stands(wish: Wish, kind: str) -> bool:
    """Whether a rank may be asked as it is."""
    chosen = set(wish.specialities)
    if wish.note and (wish.pathway != "autre-parcours" or len(wish.note) > 500):
        return False
    if wish.pathway == "generale":
        number = NUMBER_ASKED[kind]
        return chosen <= GENERAL and len(chosen) == len(wish.specialities) == number and len(chosen & ARTS) <= 1
    if wish.pathway in SERIES:
        return chosen <= SERIES[wish.pathway] and len(wish.specialities) == 1
    return wish.pathway in OTHERS and not wish.specialities


def may_stand(wishes: Wishes, kind: str) -> bool:
    names = [wish.pathway for wish in wishes]
    return len(set(names)) == len(names) <= 11 and all(stands(wish, kind) for wish in wishes)


Edit = Callable[[Wishes], Wishes]


def adding(wish: Wish, replacing: str) -> Edit:
    def edit(wishes: Wishes) -> Wishes:
        if replacing in [each.pathway for each in wishes]:
            return tuple(wish if each.pathway == replacing else each for each in wishes)
        return wishes if wish in wishes else (*wishes, wish)

    return edit


def removing(pathway: str) -> Edit:
    return lambda wishes: tuple(each for each in wishes if each.pathway != pathway)


def moving(pathway: str, rank: int) -> Edit:
    def edit(wishes: Wishes) -> Wishes:
        found = [each for each in wishes if each.pathway == pathway]
        others = [each for each in wishes if each.pathway != pathway]
        for each in found:
            others.insert(rank - 1, each)
        return tuple(others)

    return edit


def _writing_refused(state: State, pupil: str, kind: str, *, account: str, guardian: str) -> set[str]:
    refused = set()
    if not (state.acts_for(account, guardian, pupil) and state.may_write_as(guardian, pupil)):
        refused.add("NotAllowed")
    if not state.is_open(kind):
        refused.add("PhaseNotOpen")
    return refused


def _is_over_another(held: List, version: int, account: str) -> bool:
    return any(author != account for _wishes, author in held.versions[version:])


def edit_list(
    state: State, pupil: str, kind: str, edit: Edit | None, *, version: int, account: str, guardian: str
) -> set[str]:
    """Write the edited list; over another person's newer one, put it aside. No edit is *Annuler*."""
    held = state.list_of(pupil, kind)
    if refused := _writing_refused(state, pupil, kind, account=account, guardian=guardian):
        return refused
    is_over = _is_over_another(held, version, account)
    seen = held.at_version(version) if is_over else held.wishes
    edited = held.asked if edit is None else edit(seen)
    if edited != seen and not may_stand(edited, kind):
        return {"WishRefused"}
    if is_over:
        held.set_aside.append(SetAside(account, edited))
        return {"DraftChangedByOther"}
    is_validated = edit is None and bool(held.submissions)
    if edited != held.wishes or (is_validated and not held.is_validated):
        held.write(edited, account, state.now)
        held.is_validated = is_validated
    return set()


def take_up(state: State, pupil: str, kind: str, index: int, *, version: int, account: str, guardian: str) -> set[str]:
    held = state.list_of(pupil, kind)
    aside = held.set_aside[index]
    refused = _writing_refused(state, pupil, kind, account=account, guardian=guardian)
    if _is_over_another(held, version, account):
        refused.add("DraftChangedByOther")
    if aside.is_settled:
        refused.add("AlreadySettled")
    if not refused:
        aside.is_settled = True
        held.write(aside.wishes, account, state.now)
        held.is_validated = False
    return refused


def validate(
    state: State, pupil: str, kind: str, *, version: int, is_confirmed: bool, account: str, guardian: str
) -> set[str]:
    held = state.list_of(pupil, kind)
    refused = _writing_refused(state, pupil, kind, account=account, guardian=guardian)
    if version != held.version:
        refused.add("DraftChangedSince")
    if refused or held.is_validated:
        return refused
    if not held.wishes:
        refused.add("NothingToValidate")
    elif held.versions[-1][1] != account and not is_confirmed:
        refused.add("LastChangeByOther")
    if not refused:
        _submit(state, pupil, kind, held.wishes, account=account, guardian=guardian)
        held.is_validated = True
    return refused


def enter_paper(
    state: State,
    pupil: str,
    kind: str,
    wishes: Wishes,
    *,
    guardian: str,
    seen_number: int,
    is_confirmed: bool,
    account: str,
) -> set[str]:
    held = state.list_of(pupil, kind)
    refused = set()
    if account not in OFFICE or not state.may_write_as(guardian, pupil):
        refused.add("NotAllowed")
    if not state.is_open(kind):
        refused.add("EntryClosed")
    number = len(held.submissions)
    if number and number != seen_number:
        newest = held.submissions[-1]
        if not refused and (newest.by, newest.guardian, newest.wishes) == (account, guardian, wishes):
            return set()
        refused.add("SubmittedMeanwhile")
    if not wishes:
        refused.add("NothingToValidate")
    if held.wishes and not held.is_validated and not is_confirmed:
        refused.add("DraftInProgress")
    if not may_stand(wishes, kind):
        refused.add("WishRefused")
    if not refused:
        _submit(state, pupil, kind, wishes, account=account, guardian=guardian)
        if not held.versions:
            held.write(wishes, account, state.now)
        held.is_validated = held.wishes == wishes
    return refused


def _submit(state: State, pupil: str, kind: str, wishes: Wishes, *, account: str, guardian: str) -> None:
    submissions = state.list_of(pupil, kind).submissions
    submissions.append(Submission(wishes, account, guardian, state.now))
    state.owe("submission_validated", (pupil, kind, len(submissions)), pupil)


# --- The head's hand on the dates -------------------------------------------------------------------------------------


def _dates_stand(state: State, kind: str, opens_at: datetime, closes_at: datetime) -> bool:
    """Phases open in their order; no council begins while the families still write."""
    dates = {name: (phase.opens_at, phase.closes_at) for name, phase in state.phases.items()}
    dates[kind] = (opens_at, closes_at)
    pairs = pairwise(PHASES)
    return opens_at < closes_at and all(
        dates[later][0] >= dates[earlier][1 if earlier in NUMBER_ASKED else 0] for earlier, later in pairs
    )


def is_told(state: State, writing: str) -> bool:
    """Whether the council that examines this writing phase is published."""
    council = PHASES[PHASES.index(writing) + 1]
    return any(each.kind == council and not each.is_withdrawn for each in state.publications)


def close(state: State, kind: str, *, account: str) -> set[str]:
    phase = state.phases[kind]
    refused = set() if account in HEADS else {"MayNotSteer"}
    if state.now < phase.opens_at:
        refused.add("NotYetOpen")
    if not refused and state.is_open(kind):
        last = [each.at for (_pupil, of), held in state.lists.items() if of == kind for each in held.submissions]
        in_time = [instant + timedelta(microseconds=1) for instant in [phase.opens_at, *last]]
        phase.closes_at = max(state.now, *in_time)
    return refused


def open_early(state: State, kind: str, *, account: str) -> set[str]:
    phase = state.phases[kind]
    refused = set() if account in HEADS else {"MayNotSteer"}
    if state.is_closed(kind):
        refused.add("AlreadyClosed")
    elif state.now < phase.opens_at and not _dates_stand(state, kind, state.now, phase.closes_at):
        refused.add("DatesRefused")
    if not refused:
        phase.opens_at = min(phase.opens_at, state.now)
    return refused


def prolong(state: State, kind: str, until: datetime, *, account: str) -> set[str]:
    """Prolong or reopen; families never write again under a council that was told."""
    phase = state.phases[kind]
    refused = set() if account in HEADS else {"MayNotSteer"}
    if state.now < phase.opens_at:
        refused.add("NotYetOpen")
    if until == phase.closes_at and state.is_open(kind):
        return refused
    if until <= state.now or until <= phase.closes_at:
        refused.add("NotLater")
    if not _dates_stand(state, kind, phase.opens_at, until):
        refused.add("DatesRefused")
    if kind in NUMBER_ASKED and state.is_closed(kind) and is_told(state, kind):
        refused.add("ResultsPublished")
    if not refused:
        phase.closes_at = until
    return refused
