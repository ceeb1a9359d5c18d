"""Why a pair of SIECLE files is refused whole. Each carries one French sentence for the person who imports."""

from __future__ import annotations


class SiecleError(Exception):
    """Nothing was written. `str()` is the sentence to show; it never holds personal data."""


class UnreadableFile(SiecleError):
    """Not well-formed, truncated, in a wrong encoding, or an archive that cannot be opened."""


class HostileFile(SiecleError):
    """Made to harm: document type, entities, archive bomb, more than a school can hold."""


class WrongPair(SiecleError):
    """Not one file of pupils and one of guardians, of the same school and the same day."""


class WrongSchool(SiecleError):
    """Of a school that is unknown here, or not the one expected."""


class WrongYear(SiecleError):
    """Of another school year than the one expected."""
