"""The geometry of bar charts, drawn as SVG by `orientation/staff/includes/followup_bars.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BAR_HEIGHT = 18
GAP = 10
LABEL_HEIGHT = 18
LABELS_WIDTH = 30.0
"""Percent of the width kept for labels that stand beside their bars."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar; `x` and `width` are percents of the drawing's width, with a point."""

    index: int
    """Of its name among the chart's: it has that colour and that hatching."""
    number: int
    x: str
    width: str


@dataclass(frozen=True)
class Bar:
    """One line: its label, where it is drawn (pixels) and what it is made of."""

    label: str
    y: int
    text_y: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    names: tuple[str, ...]
    height: int


def chart(names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]], *, has_long_labels: bool = False) -> Chart:
    """Return the bars of rows whose numbers are named by `names`, all on the scale of the longest.

    Long labels stand above their bars, short ones beside them.
    """
    longest = max((sum(numbers) for _label, numbers in rows), default=0)
    above = LABEL_HEIGHT if has_long_labels else 0
    row_height = BAR_HEIGHT + GAP + above
    left = 0.0 if has_long_labels else LABELS_WIDTH
    bars = []
    for index, (label, numbers) in enumerate(rows):
        top = index * row_height + GAP // 2
        text_y = top + BAR_HEIGHT - 5
        bars.append(Bar(label, top + above, text_y, _segments(numbers, longest, left)))
    return Chart(tuple(bars), tuple(names), row_height * len(rows))


def _segments(numbers: Sequence[int], longest: int, left: float) -> tuple[Segment, ...]:
    x = left
    segments = []
    for position, number in enumerate(numbers):
        width = (100 - left) * number / longest if longest else 0.0
        if number:
            segments.append(Segment(position, number, f"{x:.2f}", f"{width:.2f}"))
        x += width
    return tuple(segments)
