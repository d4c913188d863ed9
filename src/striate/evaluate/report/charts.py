"""Curves, bars and reliability as drawings; colours and letters are those of the page around."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from striate.evaluate.report.axes import RIGHT, TOP, Axis, Sheet

# A curve of more points looks no different.
MOST_POINTS = 600
TONES = ("one", "two", "three", "four")
LETTER_PX = 6.2  # of a legend, on average


@dataclass(frozen=True, slots=True)
class Series:
    """A curve: places along both axes; None leaves a gap."""

    name: str
    points: Sequence[tuple[float, float | None]]
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Bin:
    """Images of about one confidence.

    confidence: their mean. accuracy: share of them that are right; low, high: its interval.
    """

    confidence: float
    accuracy: float
    low: float
    high: float
    images: int


def line_chart(
    series: Sequence[Series],
    x: Axis,
    y: Axis,
    *,
    title: str,
    mark: tuple[float, str] | None = None,
) -> Markup:
    """Curves over common axes, with a legend where there are several.

    mark: a place along x that is pointed out, and what it is called.
    """
    sheet = Sheet(x, y, title=title)
    if mark is not None:
        _mark(sheet, series, *mark)
    for number, one in enumerate(series):
        tone = TONES[number % len(TONES)]
        for stretch in _stretches(_thinned(one.points)):
            _draw(sheet, stretch, tone, is_dashed=one.is_dashed)
    if len(series) > 1:
        _legend(sheet, [one.name for one in series])
    return sheet.svg()


def histogram(
    edges: Sequence[float],
    layers: Sequence[tuple[str, Sequence[int]]],
    x: Axis,
    *,
    title: str,
) -> Markup:
    """Counts between edges as bars, layers on top of each other: name and counts of each."""
    totals = [sum(counts) for counts in zip(*(counts for _, counts in layers), strict=True)]
    high = max([*totals, 1])
    sheet = Sheet(x, Axis("images", 0, high, is_whole=True), title=title)
    for place in range(len(edges) - 1):
        base = 0
        for number, (name, counts) in enumerate(layers):
            if not counts[place]:
                continue
            left, right = sheet.across(edges[place]), sheet.across(edges[place + 1])
            top, bottom = sheet.down(base + counts[place]), sheet.down(base)
            sheet.add(
                '<rect class="fill-{tone}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" '
                'height="{h:.1f}"><title>{told}</title></rect>',
                tone=TONES[number], x=left + 0.5, y=top, w=max(right - left - 1, 0.5),
                h=bottom - top, told=f"{counts[place]:,} {name}",
            )  # fmt: skip
            base += counts[place]
    _legend(sheet, [name for name, _ in layers], is_filled=True)
    return sheet.svg()


def reliability(
    bins: Sequence[Bin], *, title: str, tone: str = "one", is_multilabel: bool = False
) -> Markup:
    """How often the network is right against how sure it is; on the diagonal all is as said.

    is_multilabel: the bins are of labels by their probability, not of images.

    Source: G. Guo et al., "On Calibration of Modern Neural Networks", 2017, figure 1.
    """
    across, down = "confidence: probability of the predicted class", "is right"
    if is_multilabel:
        across, down = "probability of a label", "have the label"
    sheet = Sheet(
        Axis(across, 0, 1, is_share=True),
        Axis(down, 0, 1, is_share=True),
        title=title,
        width=330,
        height=330,
    )
    sheet.add(
        '<line class="mark" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>',
        x1=sheet.across(0), y1=sheet.down(0), x2=sheet.across(1), y2=sheet.down(1),
    )  # fmt: skip
    most = max((one.images for one in bins), default=1)
    for one in bins:
        place = sheet.across(one.confidence)
        told = (
            f"{one.images:,} images, confidence {100 * one.confidence:.1f} %, "
            f"right {100 * one.accuracy:.1f} % ({100 * one.low:.1f} to {100 * one.high:.1f})"
        )
        sheet.add(
            '<g><title>{told}</title><line class="whisker stroke-{tone}" x1="{x}" y1="{low}" '
            'x2="{x}" y2="{high}"/><circle class="fill-{tone}" cx="{x}" cy="{y}" r="{r:.1f}"/></g>',
            told=told, tone=tone, x=place, low=sheet.down(one.low), high=sheet.down(one.high),
            y=sheet.down(one.accuracy), r=2.5 + 5.5 * math.sqrt(one.images / most),
        )  # fmt: skip
    return sheet.svg()


def _mark(sheet: Sheet, series: Sequence[Series], place: float, words: str) -> None:
    """A dashed line across the curves, its words where no curve is: above or below them."""
    across = sheet.across(place)
    bottom = sheet.down(sheet.y.low)
    sheet.add(
        '<line class="mark" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>',
        x=across,
        top=TOP,
        bottom=bottom,
    )
    met = [y for one in series for x, y in one.points if x == place and y is not None]
    is_high = bool(met) and sheet.y.share(sum(met) / len(met)) > 0.5
    is_late = sheet.x.share(place) > 0.6
    sheet.text(
        across - 4 if is_late else across + 4,
        bottom - 6 if is_high else TOP + 10,
        words,
        kind="tick end" if is_late else "tick",
    )


def _draw(
    sheet: Sheet, points: Sequence[tuple[float, float]], tone: str, *, is_dashed: bool
) -> None:
    if len(points) == 1:
        across, down = points[0]
        sheet.add('<circle class="fill-{tone}" cx="{x}" cy="{y}" r="3"/>',
                  tone=tone, x=sheet.across(across), y=sheet.down(down))  # fmt: skip
        return
    places = " ".join(f"{sheet.across(x)},{sheet.down(y)}" for x, y in points)
    kind = f"stroke-{tone} dashed" if is_dashed else f"stroke-{tone}"
    sheet.add('<polyline class="curve {kind}" points="{places}"/>', kind=kind, places=places)


def _stretches(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """The points without gaps, as runs of known ones."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is not None and math.isfinite(y):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _thinned(
    points: Sequence[tuple[float, float | None]],
) -> Sequence[tuple[float, float | None]]:
    """At most so many points as can be seen, the last among them."""
    every = -(-len(points) // MOST_POINTS)
    if every <= 1:
        return points
    kept = list(points[::every])
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _legend(sheet: Sheet, names: Sequence[str], *, is_filled: bool = False) -> None:
    """Names of curves at the upper right, from right to left so that they end at the frame."""
    right = float(sheet.width - RIGHT)
    for number in reversed(range(len(names))):
        right -= LETTER_PX * len(names[number])
        sheet.text(right, 14, names[number], kind="tick")
        right -= 17
        tone = TONES[number % len(TONES)]
        if is_filled:
            sheet.add('<rect class="fill-{tone}" x="{x:.1f}" y="6" width="12" height="9"/>',
                      tone=tone, x=right)  # fmt: skip
        else:
            sheet.add(
                '<line class="curve stroke-{tone}" x1="{x:.1f}" y1="10" x2="{end:.1f}" y2="10"/>',
                tone=tone, x=right, end=right + 12,
            )  # fmt: skip
        right -= 10
