"""The déclaration d'accessibilité, made from `accessibility.toml`: what was checked, and what that allows to say."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

SOURCE = Path(__file__).with_suffix(".toml")

VALID_YEARS = 3
"""An audit older than that says nothing any more (arrêté du 20 septembre 2019)."""

HALF = 0.5


class Conformity(TextChoices):
    """What may be said of the whole site, in the law's words."""

    NONE = "none", _("non conforme")
    PARTIAL = "partial", _("partiellement conforme")
    TOTAL = "total", _("totalement conforme")


@dataclass(frozen=True)
class Audit:
    """An audit by a person: how many of the criteria that apply are met."""

    by: str
    on: date
    method: str
    applicable: int
    conform: int

    @property
    def rate(self) -> int:
        """Percent of the criteria that apply, rounded down."""
        return 100 * self.conform // self.applicable

    @property
    def conformity(self) -> Conformity:
        if self.conform >= self.applicable:
            return Conformity.TOTAL
        return Conformity.PARTIAL if self.conform >= HALF * self.applicable else Conformity.NONE

    def is_valid_on(self, day: date) -> bool:
        until = (self.on.year + VALID_YEARS, self.on.month, self.on.day)
        return self.applicable > 0 and self.on <= day and (day.year, day.month, day.day) < until


@dataclass(frozen=True)
class Declaration:
    """What the file says. Checks by tools are told, and count for nothing."""

    established_on: date
    technologies: list[str]
    environment: list[str]
    tools: list[str]
    checks: list[dict[str, Any]]
    contents: list[dict[str, Any]]
    plan: list[dict[str, Any]]
    audits: list[Audit]

    def audit_on(self, day: date) -> Audit | None:
        """Return the newest audit by a person that still counts on a day."""
        return max((each for each in self.audits if each.is_valid_on(day)), key=lambda each: each.on, default=None)

    def conformity_on(self, day: date) -> Conformity:
        audit = self.audit_on(day)
        return audit.conformity if audit else Conformity.NONE


def read_declaration(text: str) -> Declaration:
    """Return what a file says. Raises KeyError or TypeError for one that lacks something, tomllib.TOMLDecodeError."""
    values = tomllib.loads(text)
    return Declaration(
        established_on=values["established_on"],
        technologies=values["technologies"],
        environment=values["environment"],
        tools=values["tools"],
        checks=values.get("checks", []),
        contents=values.get("contents", []),
        plan=values.get("plan", []),
        audits=[Audit(**each) for each in values.get("audits", [])],
    )


@cache
def declaration() -> Declaration:
    """Return this site's own: read once per process."""
    return read_declaration(SOURCE.read_text(encoding="utf-8"))
