"""Counting: what people were told, what the database keeps, what is owed by e-mail, what the provider received."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from tests.faults.clients import Family
from tests.faults.site import Site

PROMISED = 120
"""Seconds after recovery within which every e-mail owed has left."""

PATIENCE = 240
"""Seconds until we stop waiting: a machine that is busy is no fault of the product's."""

SUBMISSION_VALIDATED = "orientation.submission_validated"
"""The kind of the e-mails that are counted: reminders leave by themselves meanwhile."""

_OWED = "SELECT id::text FROM notifications_outboxmessage WHERE recipient = ANY(%s) AND kind = %s"
_SUBMISSIONS = """
SELECT s.public_id::text, v.number FROM orientation_submission v JOIN schools_student s ON s.id = v.student_id
JOIN orientation_phase p ON p.id = v.phase_id WHERE s.public_id = ANY(%s::uuid[]) AND p.kind = 'final_choices'
"""


@dataclass
class Row:
    """One line of the table.

    `window` is how many duplicates the protocol itself may leave; `seconds` is when the last
    e-mail left, since recovery.
    """

    fault: str
    in_flight: int
    accepted: int
    kept: int
    owed: int
    sent: int
    duplicates: int
    seconds: int
    window: int = 0
    said: str = ""
    """What the pages answered meanwhile."""

    @property
    def faults(self) -> list[str]:
        """Return which promises were not kept, in words."""
        faults = []
        if self.kept != self.accepted:
            faults.append("an accepted submission is not in the database")
        if self.sent != self.owed:
            faults.append("an e-mail owed has not left")
        if self.duplicates > self.window:
            faults.append("an e-mail was sent twice")
        return faults

    @property
    def cells(self) -> list[str]:
        counts = (self.in_flight, self.accepted, self.kept, self.owed, self.sent, self.duplicates, self.seconds)
        return [self.fault, *map(str, counts), self.said]


HEADINGS = ["fault", "in flight", "accepted", "kept", "owed", "sent", "duplicates", "last after (s)", "pages meanwhile"]


class Ledger:
    """Counts what became of these families, and of the e-mails that their submissions owe, but the `earlier` ones."""

    def __init__(self, site: Site, families: Sequence[Family]) -> None:
        self.site = site
        self.families = families
        self.earlier: frozenset[str] = frozenset()

    def owed(self) -> list[str]:
        """Return the Message-IDs that are owed to their guardians."""
        keys = [f"guardian:{pk}" for family in self.families for pk in family.guardians]
        rows = self.site.database.rows(_OWED, keys, SUBMISSION_VALIDATED)
        return [head for (pk,) in rows if (head := f"<{pk}@") not in self.earlier]

    def received(self) -> Counter[str]:
        """Return how often the provider received each of those."""
        messages = requests.get(f"{self.site.mailbox}/api/messages", timeout=60).json()
        heads = Counter(message["message_id"].partition("@")[0] + "@" for message in messages)
        return Counter({head: heads[head] for head in self.owed() if heads[head]})

    def kept(self) -> set[tuple[str, int]]:
        """Return the submissions that the database holds."""
        return {
            (str(row[0]), int(row[1]))
            for row in self.site.database.rows(_SUBMISSIONS, [family.student for family in self.families])
        }

    def close(self, fault: str, *, in_flight: int, recovered: float, window: int = 0, said: str = "") -> Row:
        """Wait for the e-mails, then count. `recovered` is when the fault was over (monotonic seconds).

        Every submission owes two e-mails, whether its family heard that it was accepted or not.
        """
        deadline = time.monotonic() + PATIENCE
        while len(self.received()) < len(self.owed()) and time.monotonic() < deadline:
            time.sleep(0.5)
        seconds = round(time.monotonic() - recovered)
        kept, received, owed = self.kept(), self.received(), self.owed()
        assert len(owed) == 2 * len(kept), f"{len(kept)} submissions owe {len(owed)} e-mails"
        accepted = {(family.student, number) for family in self.families for number in family.accepted}
        duplicates = received.total() - len(received)
        counts = (len(accepted), len(accepted & kept), len(owed), len(received), duplicates)
        return Row(fault, in_flight, *counts, seconds, window, said)
