"""What an act is, and who may do which: the words of the tables beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.rights.world import Person, World

FAMILY = frozenset({Person.GUARDIAN, Person.ADULT})
HEAD = frozenset({Person.HEAD})
LEADS = HEAD | {Person.DEPUTY}
OFFICE = LEADS | {Person.OFFICE}
COUNCIL = LEADS | {Person.TEACHER}
OWNER = frozenset({Person.GUARDIAN})
"""Of what is Sophie's alone."""


@dataclass(frozen=True)
class Act:
    """Who may do an act, what must have happened before, and how it is done by the person of the world."""

    may: frozenset[Person]
    do: Callable[[World], Any]
    before: Callable[[World], Any] | None = None
