"""What the programs of the benchmark tell each other; nothing of Django is needed to read it."""

from __future__ import annotations

from dataclasses import dataclass

CSRF = "b" * 32
"""The same in the cookie and in the form, as CSRF wants it."""

TABLE = "benchmark_row"
"""Where the dressed floor writes its rows: eleven per list, and nothing else."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody with an open session. `place` is the student's public id, or a head's UAI.

    Of a guardian, also the version of the draft, and the rank in it of `generale`.
    """

    cookies: str
    place: str
    version: int = 0
    rank: int = 0
