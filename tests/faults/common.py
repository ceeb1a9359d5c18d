"""What the scenarios share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults.clients import UNREACHED, Answer, Family, prepare, validating
from tests.faults.site import Site

MANY = 8
"""Families per fault: as many as the two web processes have threads."""


def ready(site: Site, count: int = MANY) -> list[Family]:
    """Return families who only have to validate."""
    families = site.take(count)
    prepare(families)
    return families


def try_again(families: Sequence[Family]) -> None:
    """Let those who were not told that they are done send the same form again, as the page says."""
    left = [family for family in families if not family.accepted]
    for answer, family in zip(validating(left).answers() if left else [], left, strict=True):
        assert answer.number == 1, (family.student, answer.status, answer.location, answer.text)


def all_accepted(families: Sequence[Family]) -> None:
    """Let them validate, and hold the site to accepting it: this fault is none of theirs."""
    for answer in validating(families).answers():
        assert answer.number == 1, (answer.status, answer.location, answer.text)


def readable(families: Sequence[Family]) -> None:
    """Hold the site to showing their lists, to the sessions that they have."""
    for family in families:
        answer = family.read()
        assert answer.status == 200, (answer.status, answer.location, answer.text)


def said(answers: Iterable[Answer]) -> str:
    """Say in short what was answered."""
    counts = Counter(answer.status for answer in answers)
    words = [
        f"{'none' if status == UNREACHED else 'accepted' if status == 302 else status} × {count}"
        for status, count in sorted(counts.items())
    ]
    return ", ".join(words)


def check_unavailable(answers: Iterable[Answer]) -> None:
    """Hold each answer to being accepted, none at all, or the page that says what is not possible."""
    for answer in answers:
        assert answer.status in (200, 302, 503, UNREACHED), (answer.status, answer.text)
        if answer.status == 503:
            assert "momentanément indisponible" in answer.text
            assert "est conservé" in answer.text
