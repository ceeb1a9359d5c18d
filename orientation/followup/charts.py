"""The geometry of bar charts, drawn as SVG by `orientation/staff/includes/followup_bars.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROW_HEIGHT = 28
BAR_HEIGHT = 18
LABELS_WIDTH = 30.0
"""Percent of the width kept for the labels."""


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

    @property
    def height(self) -> int:
        return ROW_HEIGHT * len(self.bars)


def chart(names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """Return the bars of rows whose numbers are named by `names`, all on the scale of the longest."""
    longest = max((sum(numbers) for _label, numbers in rows), default=0)
    return Chart(tuple(_bar(row, index, longest) for index, row in enumerate(rows)), tuple(names))


def _bar(row: tuple[str, Sequence[int]], index: int, longest: int) -> Bar:
    label, numbers = row
    x = LABELS_WIDTH
    segments = []
    for position, number in enumerate(numbers):
        width = (100 - LABELS_WIDTH) * number / longest if longest else 0.0
        if number:
            segments.append(Segment(position, number, f"{x:.2f}", f"{width:.2f}"))
        x += width
    top = index * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) // 2
    return Bar(label, top, top + BAR_HEIGHT - 5, tuple(segments))
