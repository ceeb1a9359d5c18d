"""Why an act on an import is refused. `str(error)` is the French sentence to show."""

from __future__ import annotations

from schools.models import SiecleImport


class ImportRefusal(Exception):
    """Nothing was written."""


class MayNotImport(ImportRefusal):
    """Only head, deputy and office of the school import its files (answered 403)."""


class AnotherIsUnderWay(ImportRefusal):
    """One import at a time per school."""

    def __init__(self, message: str, other: SiecleImport | None) -> None:
        super().__init__(message)
        self.other = other


class NotToConfirm(ImportRefusal):
    """It has ended, is being read, or is being written already."""


class AnotherPlan(ImportRefusal):
    """What the page showed is no longer what would be written."""


class CautionNotAccepted(ImportRefusal):
    """A caution of the preview asks for an explicit tick."""


class TooLateToCancel(ImportRefusal):
    """It is being written, or was."""
