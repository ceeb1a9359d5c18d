"""What each step goes through: an act is done on the model, then for real, and both must say and hold the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime
from typing import Any

import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from hypothesis.stateful import RuleBasedStateMachine

from accounts.models import User
from audit.context import acting
from audit.models import Change
from notifications.models import OutboxMessage
from orientation.errors import OrientationError
from orientation.models import Decision, DivisionPublication, FamilyAnswer, Reminder, Submission
from schools.models import Student
from tests.orientation_model.lists import is_told
from tests.orientation_model.mailboxes import Mailboxes
from tests.orientation_model.mails import outcome
from tests.orientation_model.state import FAMILY_WRITES, State
from tests.orientation_model.tables import (
    IN_THE_TRAIL,
    NEVER_CHANGED,
    NEVER_DELETED,
    SECTIONS,
    TABLES,
    Rows,
    expected,
    rows,
)
from tests.orientation_model.world import World, first_state

SENTENCE = re.compile(r"^[A-ZÀÉ«].*[.?!»]$", re.DOTALL)
"""How a refusal reads: a sentence, with nothing left to fill in."""


class Machine(RuleBasedStateMachine):
    """One school year of the same rows, rolled back at the end."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.state: State = first_state(date(2029, 2, 20))
        self.tokens = 0
        self.turn = 0
        self.swept = -1
        self.compared: dict[str, Any] = {}
        self.clients: dict[tuple[str, datetime], Client] = {}
        self.subjects: dict[str, tuple[object, ...]] = {}
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.clock = time_machine.travel(self.state.now, tick=False)
        self.traveller = self.clock.start()
        mail.outbox = []
        Mailboxes.refusing = self.state.refusing
        self.rows: Rows = rows()
        self.last_change = self._newest_change()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def move_clock(self, to: datetime) -> None:
        assert to >= self.state.now
        self.state.now = to
        self.turn += 1
        self.traveller.move_to(to)

    def token(self) -> str:
        """A word that stands nowhere else, to be looked for on pages."""
        self.tokens += 1
        return f"jeton-{self.tokens}."

    def is_time_for(self, *kinds: str) -> bool:
        """Whether one of these phases is open, or it is the turn of what is refused all the same: one act in six."""
        return self.turn % 6 == 0 or any(self.state.is_open(kind) for kind in kinds)

    # --- One act --------------------------------------------------------------------------------------------------

    def act(self, refused: set[str], account: str, do: Callable[[], object], *, again: bool = False) -> None:
        """Do for real what the model did, or refused for these reasons; once more if `again`, which changes nothing."""
        self.turn += 1
        outcome = self._done(do, self.world.accounts[account])
        self._answers_as_the_model(refused, outcome)
        now = rows()
        if outcome is not None and type(outcome).__name__ != "DraftChangedByOther":
            assert now == self.rows, f"{type(outcome).__name__}, and yet written: {_differences(self.rows, now)}"
        else:
            self._changed(now, self.world.accounts[account])
        if again and not refused:
            self._done(do, self.world.accounts[account])
            assert rows() == now, f"a second time changed {_differences(now, rows())}"

    def _done(self, do: Callable[[], object], by: User) -> OrientationError | None:
        try:
            with acting(user=by, origin="modèle"):
                do()
        except OrientationError as error:
            return error
        return None

    def _answers_as_the_model(self, refused: set[str], outcome: OrientationError | None) -> None:
        if outcome is None:
            assert not refused, f"accepted, in spite of {refused}"
            return
        assert type(outcome).__name__ in refused, f"refused by {outcome!r}, where the model says {refused or 'yes'}"
        assert SENTENCE.match(str(outcome)), f"no sentence: {outcome!r}"
        assert "%(" not in str(outcome)

    def _changed(self, now: Rows, by: User | None) -> None:
        """Look at what an act wrote: nothing that never changes, and in the trail, under who acted."""
        changed = _differences(self.rows, now)
        for table, key in changed & self.rows.keys():
            assert (table, key) in now or table not in NEVER_DELETED, f"{table} {key} is gone"
            assert table not in NEVER_CHANGED, f"{table} {key} was changed"
        trail = set(self._trail()) if changed else set()
        missing = {each for each in changed if each[0] in IN_THE_TRAIL} - {each[:2] for each in trail}
        assert not missing, f"not in the trail: {missing}"
        assert {actor for _table, _key, actor in trail} <= {by.pk if by else None}
        if changed:
            self.rows, self.last_change = now, self._newest_change()
        self._holds_what_the_model_says({table for table, _key in changed})

    def _trail(self) -> list[tuple[str, str, int | None]]:
        since = Change.objects.filter(pk__gt=self.last_change, table__in=TABLES)
        return list(since.values_list("table", "object_pk", "actor_id"))

    def _newest_change(self) -> int:
        return Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    # --- What is compared -----------------------------------------------------------------------------------------

    def _holds_what_the_model_says(self, changed: set[str]) -> None:
        """Compare what has changed since the last time, on either side."""
        wanted = expected(self.state)
        for name, (tables, read) in SECTIONS.items():
            if tables & changed or wanted[name] != self.compared.get(name):
                found = read(self.world)
                assert found == wanted[name], f"{name}: the tables say {found}, the model {wanted[name]}"
        owed = Counter(self._owed())
        if "notifications_outboxmessage" in changed or owed != self.compared.get("mails"):
            found = Counter(self._mails())
            assert found == owed, f"mails: too many {found - owed}, missing {owed - found}"
        self.compared = {**deepcopy(wanted), "mails": owed}
        connection.check_constraints()
        self._is_no_forbidden_state()

    def _owed(self) -> Iterator[tuple[object, ...]]:
        for each in self.state.mails:
            result = outcome(self.state, each.kind, each.address, each.state)
            waits_until = each.due_at if each.state == "queued" else None
            yield each.kind, each.about, each.guardian, each.address, result, waits_until

    def _mails(self) -> Iterator[tuple[object, ...]]:
        for message in OutboxMessage.objects.defer("context"):
            kind = message.kind.removeprefix("orientation.")
            subject, guardian = message.deduplication_key, message.recipient.removeprefix("guardian:")
            if kind != "reminder":
                assert subject.endswith(f":{guardian}")
                subject = subject.removesuffix(f":{guardian}")
            result = outcome(self.state, kind, message.address, message.state)
            is_later = message.state == "queued" and message.due_at > message.created_at
            waits_until = message.due_at if is_later else None
            name = self.world.guardian_names[int(guardian)]
            yield kind, self._subject(subject), name, message.address, result, waits_until

    def _subject(self, key: str) -> tuple[object, ...]:
        """What an e-mail is about, by the beginning of its key."""
        if key.startswith("notice:"):
            _notice, _kind, phase, rest = key.split(":", 3)
            instant, _separator, student = rest.rpartition(":")
            kind = self.world.phase_names[int(phase)]
            return kind, datetime.fromisoformat(instant), self.world.pupil_names[int(student)]
        if key not in self.subjects:
            self.subjects = self._subjects()
        return self.subjects[key]

    def _subjects(self) -> dict[str, tuple[object, ...]]:
        names = self.world.pupil_names
        return {
            **{
                f"submission:{each.public_id}:guardian": (names[each.student_id], each.phase.kind, each.number)
                for each in Submission.objects.select_related("phase")
            },
            **{
                f"publication:{each.pk}:student:{pk}:guardian": (index, name)
                for index, each in enumerate(DivisionPublication.objects.order_by("pk"))
                for pk, name in names.items()
            },
            **{
                f"answer:{each.pk}:guardian": (
                    names[each.answer.sheet.student_id],
                    each.answer.pathway.code,
                    each.number,
                )
                for each in FamilyAnswer.objects.select_related("answer__sheet", "answer__pathway")
            },
            **{
                f"reminder:{each.pk}": (each.phase.kind, each.reminded_at, names[each.student_id])
                for each in Reminder.objects.select_related("phase")
            },
            **{f"decision:{each.public_id}:guardian": (each.number,) for each in Decision.objects.all()},
        }

    def _is_no_forbidden_state(self) -> None:
        """What must never be, said once more apart from the acts that could lead to it."""
        for council, writing in FAMILY_WRITES.items():
            is_read = any(kind == council and sheet.readers for (_pupil, kind), sheet in self.state.sheets.items())
            assert not (self.state.is_open(writing) and (is_told(self.state, writing) or is_read))
        for each in self.state.decisions:
            assert self.state.sheet_of(each.pupil, "proposals").publication is not None

    def import_changes(self, change: Callable[[], object]) -> None:
        """What an import writes, in nobody's name."""
        with acting(origin="import"):
            change()
        self._changed(rows(), None)

    def update_student(self, pupil: str, **values: object) -> None:
        Student.objects.filter(pk=self.world.pupils[pupil]).update(**values)


def _differences(before: Rows, after: Rows) -> set[tuple[str, str]]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
