"""The frame of a drawing: axes with ticks at round numbers, and places on the sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

LEFT, RIGHT, TOP, BOTTOM = 52, 20, 26, 40


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a drawing: from `low` to `high`, with a label.

    ticks: where numbers stand; by default at round ones. is_share: numbers are written in percent.
    is_log: in powers of ten; then `low` is above 0. is_whole: numbers are written without fraction.
    """

    label: str
    low: float
    high: float
    ticks: tuple[float, ...] | None = None
    is_share: bool = False
    is_log: bool = False
    is_whole: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value lies: 0 at `low`, 1 at `high`."""
        low, high = self.low, self.high
        if self.is_log:
            value, low, high = (math.log10(max(one, self.low)) for one in (value, low, high))
        return (value - low) / (high - low) if high > low else 0.5

    def written(self, value: float) -> str:
        """A tick's number."""
        if self.is_share:
            return f"{100 * value:.4g} %"
        if self.is_whole:
            return f"{value:,.0f}"
        return f"{value:.4g}"

    def marks(self) -> tuple[float, ...]:
        """Where ticks stand."""
        if self.ticks is not None:
            return self.ticks
        if self.is_log:
            return decades(self.low, self.high)
        return tuple(round_numbers(self.low, self.high, is_whole=self.is_whole))


def around(values: Sequence[float], label: str, *, from_zero: bool = False) -> Axis:
    """An axis of round ends that holds all values."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if from_zero:
        low = min(low, 0.0)
    if high == low:
        high, low = high + (abs(high) or 1) * 0.05, low - (abs(low) or 1) * 0.05 * (not from_zero)
    step = _step(high - low, 5)
    return Axis(label, math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step)


def round_numbers(low: float, high: float, *, most: int = 6, is_whole: bool = False) -> list[float]:
    """Round numbers from `low` to `high`, evenly spaced, both ends included where they are round.

    >>> round_numbers(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if high <= low:
        return [low]
    step = _step(high - low, most - 1)
    if is_whole:
        step = max(1.0, step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def decades(low: float, high: float) -> tuple[float, ...]:
    """Powers of ten from `low` to `high`, every so many of them that they can be told apart."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    apart = max(1, -(-(last - first) // 5))
    return tuple(10.0**power for power in range(first, last + 1, apart)) or (low, high)


def _step(length: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that fits at most so often."""
    power = 10.0 ** math.floor(math.log10(length / most))
    return next(one * power for one in (1, 2, 2.5, 5, 10) if one * power * most >= length * 0.999)


class Sheet:
    """A drawing with axes that grows part by part; its size in its own units, about pixels."""

    def __init__(
        self, x: Axis, y: Axis, *, title: str, width: int = 420, height: int = 270
    ) -> None:
        self.x, self.y = x, y
        self.title = title
        self.width, self.height = width, height
        self._parts: list[Markup] = []
        self._frame()

    def across(self, value: float) -> float:
        """Place of a value along the x axis."""
        return round(LEFT + self.x.share(value) * (self.width - LEFT - RIGHT), 1)

    def down(self, value: float) -> float:
        """Place of a value along the y axis."""
        inner = self.height - TOP - BOTTOM
        return round(TOP + (1 - self.y.share(value)) * inner, 1)

    def add(self, markup: str, **values: object) -> None:
        """Put a part on the sheet; values are escaped."""
        self._parts.append(Markup(markup).format(**values))

    def text(self, across: float, down: float, words: str, *, kind: str = "tick") -> None:
        """Write words; `kind` says how they look and where they are held."""
        self.add('<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{words}</text>',
                 kind=kind, x=across, y=down, words=words)  # fmt: skip

    def svg(self) -> Markup:
        """The drawing."""
        return Markup(
            '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
            "{parts}</svg>"
        ).format(
            width=self.width,
            height=self.height,
            title=self.title,
            parts=Markup("\n").join(self._parts),
        )

    def _frame(self) -> None:
        left, right = LEFT, self.width - RIGHT
        bottom = self.height - BOTTOM
        self.text(left, 14, self.title, kind="title")
        line = '<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
        for mark in self.y.marks():
            down = self.down(mark)
            self.add(line, kind="grid", x1=left, y1=down, x2=right, y2=down)
            self.text(left - 6, down + 3.5, self.y.written(mark), kind="tick end")
        for mark in self.x.marks():
            across = self.across(mark)
            self.add(line, kind="axis", x1=across, y1=bottom, x2=across, y2=bottom + 4)
            self.text(across, bottom + 15, self.x.written(mark), kind="tick middle")
        self.add(line, kind="axis", x1=left, y1=bottom, x2=right, y2=bottom)
        self.text((left + right) / 2, self.height - 8, self.x.label, kind="label middle")
        self.add(
            '<text class="label middle" transform="translate(11 {down}) rotate(-90)">'
            "{words}</text>",
            down=round((TOP + bottom) / 2, 1),
            words=self.y.label,
        )
