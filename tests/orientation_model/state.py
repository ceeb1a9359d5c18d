"""What the model knows of a school, its families and their mail: plain data, nothing of the product imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
FAMILY_WRITES = {"provisional_opinions": "intentions", "proposals": "final_choices"}
"""The families' phase that each council examines."""

PHASES = ("intentions", "provisional_opinions", "final_choices", "proposals")
HEADS, OFFICE, COUNCIL = {"head"}, {"head", "office"}, {"head", "teacher"}
"""Who steers, who enters for families, who enters what the council said."""
STAFF = {"head", "office", "teacher"}


class Wish(NamedTuple):
    """One rank: pathway, specialities, free text."""

    pathway: str
    specialities: tuple[str, ...] = ()
    note: str = ""


class Said(NamedTuple):
    """What the council says of a pathway."""

    pathway: str
    verdict: str = ""
    comment: str = ""


Wishes = tuple[Wish, ...]


@dataclass
class SetAside:
    author: str
    wishes: Wishes
    is_settled: bool = False


@dataclass
class Submission:
    wishes: Wishes
    by: str
    guardian: str
    at: datetime


@dataclass
class List:
    """What a family prepares for a pupil in a phase, and what it validated (submission n is `submissions[n - 1]`)."""

    versions: list[tuple[Wishes, str]] = field(default_factory=list)
    is_validated: bool = False
    set_aside: list[SetAside] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    changed_at: datetime | None = None

    def write(self, wishes: Wishes, author: str, at: datetime) -> None:
        self.versions.append((wishes, author))
        self.changed_at = at

    @property
    def version(self) -> int:
        return len(self.versions)

    def at_version(self, version: int) -> Wishes:
        return self.versions[version - 1][0] if 1 <= version <= len(self.versions) else ()

    @property
    def wishes(self) -> Wishes:
        return self.at_version(self.version)

    @property
    def asked(self) -> Wishes:
        return self.submissions[-1].wishes if self.submissions else ()


@dataclass
class Answer:
    agrees: bool
    guardian: str


@dataclass
class Sheet:
    """What the council says of a pupil; `authors` wrote versions 1, 2, …"""

    is_row: bool = False
    authors: list[str] = field(default_factory=list)
    said: tuple[Said, ...] = ()
    examined: int = 0
    publication: int | None = None
    readers: set[str] = field(default_factory=set)
    acknowledged_by: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def verdict(self, pathway: str) -> str:
        return next((each.verdict for each in self.said if each.pathway == pathway), "")

    def agreed(self, pathway: str) -> bool | None:
        return self.answers[pathway][-1].agrees if self.answers.get(pathway) else None


@dataclass
class Publication:
    kind: str
    at: datetime
    is_withdrawn: bool = False


@dataclass
class Decision:
    """`number` is its place in the school's year; `replaces` a number."""

    pupil: str
    kind: str
    pathway: str
    is_conform: bool
    reasons: str
    on: date
    replaces: int = 0
    decided_on: date | None = None
    readers: set[str] = field(default_factory=set)
    at: datetime | None = None


@dataclass
class Step:
    pupil: str
    kind: str
    decision: int
    on: date
    outcome: str = ""
    is_cancelled: bool = False
    at: datetime | None = None


@dataclass
class Address:
    text: str
    is_refused: bool = False


@dataclass
class Mail:
    """One e-mail owed: `about` names what it tells, so that (kind, about, guardian) is owed once."""

    kind: str
    about: tuple[Any, ...]
    guardian: str
    address: str
    state: str = "queued"
    due_at: datetime | None = None
    """When it may leave, unless at once."""


@dataclass
class Phase:
    opens_at: datetime
    closes_at: datetime


@dataclass
class State:
    """The whole of it at one instant."""

    now: datetime
    phases: dict[str, Phase]
    ties: dict[str, set[str]]
    """The legal guardians of each pupil; "self" is the record by which Emma may be her own."""
    addresses: dict[str, list[Address]]
    """Of each guardian: the one they confirmed, if any, then the school's."""
    emma_turns_18: date
    designated: str = ""
    """Emma's only writer, where the campaign wants one."""
    gone: set[str] = field(default_factory=set)
    lists: dict[tuple[str, str], List] = field(default_factory=dict)
    sheets: dict[tuple[str, str], Sheet] = field(default_factory=dict)
    publications: list[Publication] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    refusing: set[str] = field(default_factory=set)
    """The mailboxes that refuse what is sent to them."""
    muted: set[str] = field(default_factory=set)
    """The guardians who want no reminder."""
    reminded: dict[str, datetime] = field(default_factory=dict)
    """When the school last reminded each family."""

    # --- People ---------------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return self.now.astimezone(PARIS).date()

    def is_adult(self, pupil: str) -> bool:
        return pupil == "emma" and self.today >= self.emma_turns_18

    def is_theirs(self, guardian: str, pupil: str) -> bool:
        """Whether this is a legal guardian of a pupil of the school; one's own only once adult."""
        tied = guardian in self.ties[pupil] and pupil not in self.gone
        return tied and (guardian != "self" or self.is_adult(pupil))

    def acts_for(self, account: str, guardian: str, pupil: str) -> bool:
        return self.is_theirs(guardian, pupil) and account == ("emma" if guardian == "self" else guardian)

    def may_write_as(self, guardian: str, pupil: str) -> bool:
        """The designated guardian alone, as long as they are one."""
        only = self.designated if pupil == "emma" and self.designated in self.ties[pupil] else ""
        return self.is_theirs(guardian, pupil) and only in ("", guardian)

    # --- Time -----------------------------------------------------------------------------------------------------

    def is_open(self, kind: str) -> bool:
        return self.phases[kind].opens_at <= self.now < self.phases[kind].closes_at

    def is_closed(self, kind: str) -> bool:
        return self.phases[kind].closes_at <= self.now

    def list_of(self, pupil: str, kind: str) -> List:
        return self.lists.setdefault((pupil, kind), List())

    def sheet_of(self, pupil: str, kind: str) -> Sheet:
        return self.sheets.setdefault((pupil, kind), Sheet())

    # --- Mail -----------------------------------------------------------------------------------------------------

    def usable(self, guardian: str) -> str:
        return next((each.text for each in self.addresses[guardian] if not each.is_refused), "")

    def owe(self, kind: str, about: tuple[Any, ...], pupil: str) -> None:
        """Owe each legal guardian who has a usable address one e-mail."""
        for guardian in self.ties[pupil]:
            if address := self.usable(guardian):
                self.mails.append(Mail(kind, about, guardian, address))


PUBLIC_HOLIDAYS = {
    date(2027, 5, 1),
    date(2027, 5, 6),
    date(2027, 5, 8),
    date(2027, 5, 17),
    date(2027, 7, 14),
    date(2027, 8, 15),
    date(2027, 11, 1),
    date(2027, 11, 11),
    date(2027, 12, 25),
}
"""Of metropolitan France, from May to December 2027: Ascension and the Monday of Pentecost among them."""


def last_day_to_appeal(received_on: date) -> date:
    """The third day that is neither a Sunday nor a public holiday, after the day of receipt."""
    day, left = received_on, 3
    while left:
        day += timedelta(days=1)
        left -= day.weekday() != 6 and day not in PUBLIC_HOLIDAYS
    return day
