"""The rules of what the council says, and of what families do with it; as in `lists.py`."""

from __future__ import annotations

from tests.orientation_model.state import (
    COUNCIL,
    FAMILY_WRITES,
    HEADS,
    OFFICE,
    STAFF,
    Answer,
    Publication,
    Said,
    Sheet,
    State,
)

PUPILS = ("emma", "lucas")


def verdicts(kind: str, pathway: str) -> tuple[str, ...]:
    """What can be said of a pathway, the most welcome first."""
    if kind == "provisional_opinions":
        return ("favourable", "reserved", "unfavourable")
    return ("favourable", "unfavourable") if pathway == "autre-parcours" else ("yes", "no")


def completed(state: State, pupil: str, kind: str, typed: tuple[Said, ...]) -> tuple[Said, ...]:
    """One answer per rank asked, then the council's own propositions, which say yes by being there."""
    asked = [wish.pathway for wish in state.list_of(pupil, FAMILY_WRITES[kind]).asked]
    by_pathway = {each.pathway: each for each in typed}
    added = [
        each._replace(verdict=each.verdict or verdicts(kind, each.pathway)[0])
        for each in typed
        if each.pathway not in asked
    ]
    return (*(by_pathway.get(pathway, Said(pathway)) for pathway in asked), *added)


def _may_be_said(state: State, pupil: str, kind: str, typed: tuple[Said, ...]) -> bool:
    asked = {wish.pathway for wish in state.list_of(pupil, FAMILY_WRITES[kind]).asked}
    names = [each.pathway for each in typed]
    if len(set(names)) < len(names):
        return False
    for each in typed:
        allowed = verdicts(kind, each.pathway)
        if each.pathway not in asked:
            if kind != "proposals":
                return False
            allowed = allowed[:1]
        if each.verdict and each.verdict not in allowed:
            return False
    return True


def save_sheet(
    state: State, pupil: str, kind: str, typed: tuple[Said, ...], *, version: int, examined: int, account: str
) -> set[str]:
    """`examined` is the number of the submission that the page showed."""
    sheet, held = state.sheet_of(pupil, kind), state.list_of(pupil, FAMILY_WRITES[kind])
    refused = set()
    if account not in COUNCIL or pupil in state.gone:
        refused.add("NotAllowed")
    if not state.is_closed(FAMILY_WRITES[kind]):
        refused.add("EntryNotBegun")
    if sheet.publication is not None:
        refused.add("SheetPublished")
    if examined != len(held.submissions):
        refused.add("ListChangedSince")
    if not _may_be_said(state, pupil, kind, typed):
        refused.add("AnswersRefused")
    if refused:
        return refused
    said = completed(state, pupil, kind, typed)
    sheet.is_row = True
    if (said, examined) == (sheet.said, sheet.examined):
        return set()
    if any(author != account for author in sheet.authors[version:]):
        return {"SheetChangedByOther"}
    sheet.authors.append(account)
    sheet.said, sheet.examined = said, examined
    return set()


def is_ready(state: State, pupil: str, kind: str) -> bool:
    """Whether the council has said all it must of what counts today."""
    sheet, held = state.sheet_of(pupil, kind), state.list_of(pupil, FAMILY_WRITES[kind])
    if sheet.authors and sheet.examined != len(held.submissions):
        return False
    said = {each.pathway: each for each in sheet.said}
    for wish in held.asked:
        answer = said.get(wish.pathway, Said(wish.pathway))
        needs_reason = kind == "provisional_opinions" and answer.verdict in ("reserved", "unfavourable")
        if not answer.verdict or (needs_reason and not answer.comment):
            return False
    return True


def publish(state: State, kind: str, *, account: str) -> set[str]:
    """A class is told at once; who came since, by a publication of their own."""
    refused = set() if account in HEADS else {"NotAllowed"}
    if not state.is_open(kind):
        refused.add("CannotPublishNow")
    if not state.is_closed(FAMILY_WRITES[kind]):
        refused.add("EntryNotBegun")
    present = [pupil for pupil in PUPILS if pupil not in state.gone]
    untold = [pupil for pupil in present if state.sheet_of(pupil, kind).publication is None]
    if not present:
        refused.add("NobodyToPublish")
    if not all(is_ready(state, pupil, kind) for pupil in untold):
        refused.add("LinesMissing")
    if refused or not untold:
        return refused
    state.publications.append(Publication(kind, state.now))
    for pupil in untold:
        sheet = state.sheet_of(pupil, kind)
        if not sheet.is_row:
            sheet.is_row = True
            sheet.authors.append(account)
        sheet.publication = len(state.publications) - 1
        about = (len(state.publications) - 1, pupil)
        state.owe("opinions_published" if kind == "provisional_opinions" else "proposals_published", about, pupil)
    return set()


def withdraw(state: State, index: int, *, account: str) -> set[str]:
    """Before any family has read, and before anything rests on it."""
    publication = state.publications[index]
    refused = set() if account in HEADS else {"NotAllowed"}
    if publication.is_withdrawn:
        return refused
    told = [(pupil, sheet) for (pupil, _kind), sheet in state.sheets.items() if sheet.publication == index]
    if any(sheet.readers for _pupil, sheet in told):
        refused.add("AlreadyRead")
    if publication.kind == "proposals" and any(_rests_on_it(state, pupil) for pupil, _sheet in told):
        refused.add("DialogueFollows")
    if not refused:
        publication.is_withdrawn = True
        for _pupil, sheet in told:
            sheet.publication = None
    return refused


def _rests_on_it(state: State, pupil: str) -> bool:
    return any(each.pupil == pupil for each in state.decisions) or any(
        each.pupil == pupil and not each.is_cancelled for each in state.steps
    )


# --- The family ------------------------------------------------------------------------------------------------------


def may_read(state: State, account: str, pupil: str) -> bool:
    """Whether this account opens the pupil's file, as guardian or as the pupil."""
    if pupil in state.gone:
        return False
    return (account == "emma" and pupil == "emma") or (account in state.ties[pupil] and account != "self")


def read_sheet(state: State, pupil: str, kind: str, *, account: str) -> bool:
    """Open the page of what the council said; False where there is nothing to see yet."""
    sheet = state.sheet_of(pupil, kind)
    if sheet.publication is None:
        return False
    sheet.readers.add(account)
    return True


def _dialogue_refused(state: State, sheet: Sheet, pupil: str, kind: str, account: str, guardian: str) -> set[str]:
    """Who may not; an account of the staff enters what came on paper, in the guardian's name."""
    refused = set()
    is_paper = account in STAFF
    may = account in OFFICE and state.is_theirs(guardian, pupil)
    if not (may if is_paper else state.acts_for(account, guardian, pupil)):
        refused.add("NotAllowed")
    if not state.is_open(kind):
        refused.add("EntryClosed" if is_paper else "DialogueClosed")
    if sheet.publication is None:
        refused.add("NotPublished")
    return refused


def acknowledge(state: State, pupil: str, *, account: str, guardian: str) -> set[str]:
    sheet = state.sheet_of(pupil, "provisional_opinions")
    refused = _dialogue_refused(state, sheet, pupil, "provisional_opinions", account, guardian)
    if not refused:
        sheet.readers.add(account)
        sheet.acknowledged_by = sheet.acknowledged_by or guardian
    return refused


def answer(
    state: State, pupil: str, pathway: str, *, agrees: bool, seen_number: int, account: str, guardian: str
) -> set[str]:
    sheet = state.sheet_of(pupil, "proposals")
    refused = _dialogue_refused(state, sheet, pupil, "proposals", account, guardian)
    if sheet.verdict(pathway) not in ("yes", "no"):
        refused.add("NothingToAnswer")
    if refused:
        return refused
    given = sheet.answers.setdefault(pathway, [])
    if not given or given[-1].agrees != agrees:
        if is_frozen(state, pupil, pathway):
            refused.add("AnswerFrozen")
        if len(given) > seen_number and (given[-1].guardian != guardian or account in STAFF):
            refused.add("AnsweredMeanwhile")
        if refused:
            return refused
        given.append(Answer(agrees, guardian))
        state.owe("proposal_answered", (pupil, pathway, len(given)), pupil)
    sheet.readers.add(account)
    return set()


def is_frozen(state: State, pupil: str, pathway: str) -> bool:
    """The head has decided on this proposition, or by themself about the pupil."""
    return any(
        each.pupil == pupil and (each.kind != "agreement" or each.pathway == pathway) for each in state.decisions
    )
