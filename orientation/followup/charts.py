"""The lengths of bar charts, drawn by `orientation/staff/includes/followup_bars.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """A part of a bar; `x` and `width` are percents of the longest bar, with a point."""

    index: int
    """Of its name among the chart's: it has that colour and that hatching."""
    number: int
    x: str
    width: str


@dataclass(frozen=True)
class Bar:
    """One line: its label and what it is made of."""

    label: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    names: tuple[str, ...]
    has_long_labels: bool
    """Long labels stand above their bars, short ones beside them."""


def chart(names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]], *, has_long_labels: bool = False) -> Chart:
    """Return the bars of rows whose numbers are named by `names`, all on the scale of the longest."""
    longest = max((sum(numbers) for _label, numbers in rows), default=0)
    bars = tuple(Bar(label, _segments(numbers, longest)) for label, numbers in rows)
    return Chart(bars, tuple(names), has_long_labels)


def _segments(numbers: Sequence[int], longest: int) -> tuple[Segment, ...]:
    x = 0.0
    segments = []
    for position, number in enumerate(numbers):
        width = 100 * number / longest if longest else 0.0
        if number:
            segments.append(Segment(position, number, f"{x:.2f}", f"{width:.2f}"))
        x += width
    return tuple(segments)
