"""What the data of a person are said with: sections, entries, facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from schools.models import School
from schools.times import spoken_instant


@dataclass(frozen=True)
class Fact:
    """One piece: its name for programs, its label for people, its value (text, number, truth, date, instant, list)."""

    name: str
    label: str | Promise
    value: Any

    def spoken(self, school: School) -> str:
        """Return the value in French; empty for none."""
        value = self.value
        if isinstance(value, bool):
            return _("oui") if value else _("non")
        if isinstance(value, datetime):
            return spoken_instant(value, school)
        if isinstance(value, date):
            return date_format(value, "j F Y")
        if isinstance(value, list | tuple):
            return "\n".join(str(each) for each in value)
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Entry:
    """A row that is kept, told by its facts; those without a value are left out."""

    facts: Sequence[Fact]


@dataclass(frozen=True)
class Section:
    """What is kept of one kind; `name` is for programs."""

    name: str
    heading: str | Promise
    entries: list[Entry] = field(default_factory=list)
    note: str = ""
    """What there is to know of the whole, in French."""


def entry(*facts: tuple[str, str | Promise, Any]) -> Entry:
    """Return an entry of these facts: (name, label, value)."""
    kept = [Fact(name, label, _plain(value)) for name, label, value in facts]
    return Entry([each for each in kept if each.value not in (None, "", [])])


def section(name: str, heading: str | Promise, entries: Iterable[Entry], *, note: str = "") -> Section:
    """Return a section of these entries."""
    return Section(name, heading, list(entries), note)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Promise) else value
