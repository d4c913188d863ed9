"""Published accuracy against multiply-accumulates, as an SVG picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from striate.errors import UsageError
from striate.quantities import dimensions, short
from striate.zoo import Card

WIDTH, HEIGHT = 1240, 860
LEFT, TOP, RIGHT, BOTTOM = 64, 74, 300, 58
SMALLEST_INPUT = 128
"""Pixels; accuracies on the small images of CIFAR and MNIST cannot stand on one axis with these."""
ELSEWHERE = "accuracy at"
"""On a card: the accuracy is that of another input size than the multiply-accumulates."""
FONT = "ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
LABEL_PX = 10
LETTER = 0.62 * LABEL_PX
"""Width of a letter, on the wide side."""
RADIUS = 4.0
COLOURS = (
    "#4c78a8",
    "#f58518",
    "#54a24b",
    "#e45756",
    "#3aa6a0",
    "#b279a2",
    "#9d755d",
    "#6b6b6b",
    "#c79a00",
    "#7a5cc9",
)
SHAPES = ("circle", "square", "diamond", "triangle", "wedge", "cross")
STEPS = (1, 2, 5)


class Box(NamedTuple):
    """A rectangle: left, top, right, bottom, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles share a point."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Point(NamedTuple):
    """A network on the picture."""

    card: Card
    macs: int
    top1: float
    x: float
    y: float
    is_best: bool

    @property
    def box(self) -> Box:
        """What its mark covers."""
        reach = RADIUS + 1
        return Box(self.x - reach, self.y - reach, self.x + reach, self.y + reach)


class Label(NamedTuple):
    """A name with its place; `has_line` where it stands apart from its mark."""

    point: Point
    box: Box
    has_line: bool

    @property
    def end(self) -> tuple[float, float]:
        """Where the line from the mark meets the name."""
        x = min(max(self.point.x, self.box.left), self.box.right)
        return x, min(max(self.point.y, self.box.top), self.box.bottom)

    @property
    def line(self) -> list[Box]:
        """Small boxes along that line; none where there is no line."""
        if not self.has_line:
            return []
        x, y = self.end
        steps = [step / 16 for step in range(17)]
        along = [
            (self.point.x + t * (x - self.point.x), self.point.y + t * (y - self.point.y))
            for t in steps
        ]
        return [Box(one - 1, two - 1, one + 1, two + 1) for one, two in along]


class Scale(NamedTuple):
    """From values to pixels; `macs` as powers of ten."""

    low_power: float
    high_power: float
    low: float
    high: float

    def x(self, macs: float) -> float:
        """Pixels from the left."""
        share = (math.log10(macs) - self.low_power) / (self.high_power - self.low_power)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, top1: float) -> float:
        """Pixels from the top."""
        share = (top1 - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def plot(cards: Sequence[Card]) -> str:
    """Top-1 against MACs, families by colour and mark, the best at each cost joined by a line.

    Raises:
        UsageError: none of the cards has both numbers for images of ImageNet's size.
    """
    known = [
        (card, card.macs, card.top1)
        for card in cards
        if card.macs
        and card.top1
        and min(card.input[1:], default=0) >= SMALLEST_INPUT
        and ELSEWHERE not in card.notes
    ]
    if not known:
        raise UsageError.of(
            "nothing-to-plot",
            f"none of the {len(cards)} networks has a published top-1 accuracy on ImageNet",
            "choose others: striate zoo --plot FILE draws all",
        )
    scale = _scale([macs for _, macs, _ in known], [top1 for _, _, top1 in known])
    best = pareto([(macs, top1) for _, macs, top1 in known])
    points = [
        Point(card, macs, top1, scale.x(macs), scale.y(top1), (macs, top1) in best)
        for card, macs, top1 in known
    ]
    families = list(dict.fromkeys(card.family for card, _, _ in sorted(known, key=_by_age)))
    parts = [
        *_frame(scale, len(points)),
        *_front(points),
        *(_mark(point.x, point.y, families.index(point.card.family), point) for point in points),
        *_labels(points),
        *_legend(families, points),
    ]
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">'
    return "\n".join(
        [head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *parts, "</svg>\n"]
    )


def pareto(pairs: Sequence[tuple[int, float]]) -> set[tuple[int, float]]:
    """Those of (cost, value) that nothing cheaper or equal in cost exceeds or equals.

    >>> sorted(pareto([(1, 50.0), (2, 40.0), (2, 60.0), (3, 60.0)]))
    [(1, 50.0), (2, 60.0)]
    """
    best, found = -math.inf, set[tuple[int, float]]()
    for cost, value in sorted(set(pairs), key=lambda pair: (pair[0], -pair[1])):
        if value > best:
            best = value
            found.add((cost, value))
    return found


def _by_age(item: tuple[Card, int, float]) -> tuple[int, str]:
    return item[0].year or 9999, item[0].family


def _scale(macs: Sequence[int], top1: Sequence[float]) -> Scale:
    low, high = math.log10(min(macs)), math.log10(max(macs))
    room = max(0.06 * (high - low), 0.1)
    floor, ceiling = min(top1), max(top1)
    margin = max(0.04 * (ceiling - floor), 1.0)
    return Scale(low - room, high + room, floor - margin, ceiling + margin)


def _frame(scale: Scale, count: int) -> Iterator[str]:
    """Title, axes and their grid."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    yield f'<text x="{LEFT}" y="30" font-size="19" font-weight="700">Accuracy against work</text>'
    yield (
        f'<text x="{LEFT}" y="52" font-size="12.5" fill="#555">published top-1 on ImageNet of '
        f"{count} networks; the line joins those that no cheaper one reaches</text>"
    )
    for power in range(math.floor(scale.low_power), math.ceil(scale.high_power) + 1):
        for step in STEPS:
            macs = step * 10.0**power
            if scale.low_power <= math.log10(macs) <= scale.high_power:
                x = scale.x(macs)
                yield _line(x, TOP, x, bottom, "#e3e3e3" if step == 1 else "#f3f3f3")
                yield _text(x, bottom + 18, short(macs), "middle")
    apart = _tick(scale.high - scale.low)
    for place in range(math.ceil(scale.low / apart), math.floor(scale.high / apart) + 1):
        y = scale.y(place * apart)
        yield _line(LEFT, y, right, y, "#ececec")
        yield _text(LEFT - 8, y + 4, f"{place * apart:g}", "end")
    size = f'width="{right - LEFT}" height="{bottom - TOP}"'
    yield f'<rect x="{LEFT}" y="{TOP}" {size} fill="none" stroke="#999"/>'
    yield _text((LEFT + right) / 2, HEIGHT - 16, "multiply-accumulates for one image", "middle")
    yield _text(LEFT - 44, TOP - 8, "top-1, %", "start")


def _tick(extent: float) -> float:
    """A round step that gives about ten lines."""
    power = 10.0 ** math.floor(math.log10(extent / 10))
    return next(step * power for step in (1, 2, 5, 10) if extent / (step * power) <= 10)


def _front(points: Sequence[Point]) -> Iterator[str]:
    best = sorted((point for point in points if point.is_best), key=lambda point: point.x)
    path = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in best)
    style = 'fill="none" stroke="#222" stroke-width="1.2" stroke-dasharray="5 3" opacity="0.75"'
    yield f'<polyline points="{path}" {style}/>'


def _mark(x: float, y: float, family: int, point: Point | None = None) -> str:
    """The mark of a family; black around where nothing cheaper is as good."""
    colour, shape = COLOURS[family % len(COLOURS)], SHAPES[family // len(COLOURS) % len(SHAPES)]
    line = "#111" if point is not None and point.is_best else "#fff"
    style = f'fill="{colour}" stroke="{line}" stroke-width="{1.3 if line == "#111" else 0.7}"'
    title = ""
    if point is not None:
        told = f"{point.card.name}: top-1 {point.top1:g} %, {short(point.macs)} MACs, "
        title = f"<title>{escape(told + dimensions(point.card.input))}</title>"
    r = RADIUS
    corners: dict[str, tuple[tuple[float, float], ...]] = {
        "square": ((-r, -r), (r, -r), (r, r), (-r, r)),
        "diamond": ((0, -1.35 * r), (1.35 * r, 0), (0, 1.35 * r), (-1.35 * r, 0)),
        "triangle": ((0, -1.3 * r), (1.2 * r, r), (-1.2 * r, r)),
        "wedge": ((0, 1.3 * r), (1.2 * r, -r), (-1.2 * r, -r)),
    }
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" {style}>{title}</circle>'
    thin = 0.42 * r
    cross: tuple[tuple[float, float], ...] = (
        (-thin, -r),
        (thin, -r),
        (thin, -thin),
        (r, -thin),
        (r, thin),
        (thin, thin),
    )
    cross += ((thin, r), (-thin, r), (-thin, thin), (-r, thin), (-r, -thin), (-thin, -thin))
    places = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners.get(shape, cross))
    return f'<polygon points="{places}" {style}>{title}</polygon>'


def _labels(points: Sequence[Point]) -> Iterator[str]:
    for label in placed(points):
        point, box = label.point, label.box
        if label.has_line:
            yield _line(point.x, point.y, *label.end, "#888")
        weight = ' font-weight="600"' if point.is_best else ' fill="#555"'
        yield (
            f'<text x="{box.left + 1:.1f}" y="{box.bottom - 3:.1f}" font-size="{LABEL_PX}"{weight}>'
            f"{escape(point.card.name)}</text>"
        )


def placed(points: Sequence[Point]) -> list[Label]:
    """Names that cover neither a mark nor each other: the best first, others where room is.

    Lines from marks to names cross no other name.
    """
    marks = [point.box for point in points]
    names, lines, found = list[Box](), list[Box](), list[Label]()
    for point in sorted(points, key=lambda point: (not point.is_best, -point.top1)):
        for box, has_line in _candidates(point):
            label = Label(point, box, has_line)
            is_free = not any(box.meets(other) for other in (*marks, *names, *lines))
            if is_free and not any(step.meets(name) for step in label.line for name in names):
                names.append(box)
                lines += label.line
                found.append(label)
                break
    return found


def _candidates(point: Point) -> Iterator[tuple[Box, bool]]:
    """Places for a name: close by; for the best also up and left of their line, where room is."""
    near = ((-1, -1), (1, 0), (-1, 0), (1, -1), (1, 1), (-1, 1), (0, -1), (0, 1))
    for side, height in near:
        yield from _place(point, side, height, 7.0)
    if not point.is_best:
        return
    above = ((-1, -1), (-1, -0.5), (-0.5, -1), (-1, -0.2), (0, -1), (-0.2, -1), (0.5, -1))
    below = ((1, 0.6), (1, 1), (0.5, 1))
    for directions, furthest in ((above, 130), (below, 240), (above, 400)):
        for step in range(16, furthest, 6):
            for across, down in directions:
                yield from _place(point, across, down, float(step))


def _place(point: Point, across: float, down: float, reach: float) -> Iterator[tuple[Box, bool]]:
    """A name that far away in a direction, unless it leaves the frame."""
    width, height = len(point.card.name) * LETTER + 2, LABEL_PX + 3.0
    left = point.x + across * reach - (1 - across) / 2 * width
    top = point.y + down * reach - (1 - down) / 2 * height
    box = Box(left, top, left + width, top + height)
    if box.left >= LEFT and box.right <= WIDTH - RIGHT and box.top >= TOP:
        yield box, reach > 10


def _legend(families: Sequence[str], points: Sequence[Point]) -> Iterator[str]:
    rows = 48
    column = (RIGHT - 24) / max(1, math.ceil(len(families) / rows))
    counts = [sum(point.card.family == family for point in points) for family in families]
    yield _text(WIDTH - RIGHT + 18, TOP - 8, "families, oldest first", "start")
    for place, (family, count) in enumerate(zip(families, counts, strict=True)):
        x = WIDTH - RIGHT + 24 + column * (place // rows)
        y = TOP + 8 + 15 * (place % rows)
        yield _mark(x, y, place)
        yield _text(x + 10, y + 4, f"{family} {count}" if count > 1 else family, "start")


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" fill="#333" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
