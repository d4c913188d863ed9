"""Writes a laid-out level as SVG elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from striate.backends.svg.layout import (
    CELL_GAP_PX,
    CELL_PX,
    JOIN_PX,
    STRIPE_PX,
    Box,
    Placed,
    inner_corner,
)
from striate.backends.svg.palette import PAINTS, kind, style_sheet
from striate.backends.svg.route import Route, path_data, tidy
from striate.backends.svg.scene import Cell, Part

MARGIN_PX = 24.0
HEAD_PX = 58.0
LEGEND_PX = 44.0
EXTRA_PX = 6.5
ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path class="a" d="M0 0.8L8 4L0 7.2z"/></marker>'
)


def draw(placed: Placed, title: str, subtitle: str) -> str:
    """The whole file: heading, picture, legend."""
    glyphs = _glyphs(placed)
    legend = [name for name in PAINTS if name in glyphs and name not in ("join", "source")]
    wide = max(len(title) * 10, len(subtitle) * 7.5, _legend_width(legend))
    width = max(placed.width, wide) + 2 * MARGIN_PX
    height = placed.height + HEAD_PX + LEGEND_PX + MARGIN_PX
    left = (width - placed.width) / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{tidy(width)}" height="{tidy(height)}" '
        f'viewBox="0 0 {tidy(width)} {tidy(height)}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{style_sheet()}</style>",
        f"<defs>{ARROW}</defs>",
        f'<text class="h" x="{tidy(MARGIN_PX)}" y="28">{escape(title)}</text>',
        f'<text class="d" x="{tidy(MARGIN_PX)}" y="47">{escape(subtitle)}</text>',
        f'<g transform="translate({tidy(left)} {tidy(HEAD_PX)})">',
        *_level(placed),
        "</g>",
        *_legend(legend, height - LEGEND_PX / 2 - 4),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _glyphs(placed: Placed) -> set[str]:
    cells = [cell for part in placed.level.parts for cell in part.cells]
    found = {glyph for cell in cells for glyph in (cell.glyph, *cell.extras)}
    return found.union(*map(_glyphs, placed.inside.values()))


def _legend_width(names: list[str]) -> float:
    return sum(len(PAINTS[name].words) * 6.6 + 34 for name in names)


def _legend(names: list[str], y: float) -> Iterator[str]:
    x = MARGIN_PX
    for name in names:
        yield (
            f'<rect class="{name}" x="{tidy(x)}" y="{tidy(y - 10)}" width="14" height="12" rx="3"/>'
            f'<text class="d" x="{tidy(x + 19)}" y="{tidy(y)}">{PAINTS[name].words}</text>'
        )
        x += len(PAINTS[name].words) * 6.6 + 34


def _level(placed: Placed) -> Iterator[str]:
    """Containers first, then edges, then layers: edges end under the cards."""
    pairs = list(zip(placed.level.parts, placed.boxes, strict=True))
    for at, (part, box) in enumerate(pairs):
        if part.form == "group":
            yield from _group(part, box, placed.inside[at])
    yield from _edges(placed.routes)
    for part, box in pairs:
        match part.form:
            case "card":
                yield from _card(part, box)
            case "join":
                yield _join(part, box)
            case "terminal":
                yield _terminal(part, box)
            case "closed":
                yield from _closed(part, box)
            case "group" | "in" | "out":
                pass
    yield from _labels(placed.routes)


def _edges(routes: Iterable[Route]) -> Iterator[str]:
    for route in routes:
        head = ' marker-end="url(#arrow)"' if route.has_arrow else ""
        yield f'<path class="e" d="{path_data(route.points)}"{head}/>'


def _labels(routes: Iterable[Route]) -> Iterator[str]:
    for route in routes:
        if route.label:
            x, y = route.label_at
            yield f'<text class="s" x="{tidy(x)}" y="{tidy(y)}">{escape(route.label)}</text>'


def _group(part: Part, box: Box, inside: Placed) -> Iterator[str]:
    yield f'<g transform="translate({tidy(box.x)} {tidy(box.y)})">'
    look = "rep" if part.is_unit else "box"
    yield f'<rect class="{look}" width="{tidy(box.width)}" height="{tidy(box.height)}" rx="9"/>'
    left, top = inner_corner(part, inside, box)
    for port in sorted(inside.level.ports.items(), key=lambda item: item[1]):
        yield _port(port[0][0], inside.boxes[port[1]], (left, top), box, inside)
    if part.title:
        yield f'<text class="g" x="10" y="16">{escape(part.title)}</text>'
    if part.times > 1:
        yield _badge(part.times, box.width)
    yield f'<g transform="translate({tidy(left)} {tidy(top)})">'
    yield from _level(inside)
    yield "</g></g>"


def _port(form: str, port: Box, corner: tuple[float, float], box: Box, inside: Placed) -> str:
    """The piece of an edge between the border of a group and its content."""
    x, y = corner[0] + port.x, corner[1] + port.y
    if inside.is_downward:
        way = (
            f"M{tidy(x)} 0V{tidy(y)}"
            if form == "in"
            else f"M{tidy(x)} {tidy(y)}V{tidy(box.height)}"
        )
    else:
        way = (
            f"M0 {tidy(y)}H{tidy(x)}" if form == "in" else f"M{tidy(x)} {tidy(y)}H{tidy(box.width)}"
        )
    return f'<path class="e" d="{way}"/>'


def _badge(times: int, width: float) -> str:
    words = f"×{times}"
    wide = len(words) * 7.5 + 8
    return (
        f'<rect class="badge" x="{tidy(width - wide - 7)}" y="5" width="{tidy(wide)}" height="16" '
        f'rx="8"/><text class="b" x="{tidy(width - wide / 2 - 7)}" y="17">{words}</text>'
    )


def _card(part: Part, box: Box) -> Iterator[str]:
    for place, cell in enumerate(part.cells):
        y = box.y + place * (CELL_PX + CELL_GAP_PX)
        middle = box.x + (box.width - EXTRA_PX * len(cell.extras)) / 2
        yield (
            f"<g><title>{escape(cell.tooltip)}</title>"
            f'<rect class="{cell.glyph}" x="{tidy(box.x)}" y="{tidy(y)}" '
            f'width="{tidy(box.width)}" height="{tidy(CELL_PX)}" rx="4"/>'
            f"{_extras(cell, box.x + box.width, y)}"
            f'<text class="t" x="{tidy(middle)}" y="{tidy(y + 15)}">{escape(cell.text)}</text></g>'
        )


def _extras(cell: Cell, right: float, y: float) -> str:
    """Stripes at the right end of a line for the layers that follow its main one."""
    count = len(cell.extras)
    return "".join(
        f'<rect class="{glyph}" x="{tidy(right - EXTRA_PX * (count - place))}" y="{tidy(y)}" '
        f'width="{tidy(EXTRA_PX)}" height="{tidy(CELL_PX)}" rx="2"/>'
        for place, glyph in enumerate(cell.extras)
    )


def _join(part: Part, box: Box) -> str:
    x, y = box.x + JOIN_PX / 2, box.y + JOIN_PX / 2
    size = 11 if part.title == "|" else 15
    return (
        f"<g><title>{escape(part.tooltip)}</title>"
        f'<circle class="join" cx="{tidy(x)}" cy="{tidy(y)}" r="{tidy(JOIN_PX / 2)}" '
        f'stroke-width="1.5"/><text class="t" x="{tidy(x)}" y="{tidy(y + 4.5)}" '
        f'style="font-size:{size}px;font-weight:700">{escape(part.title)}</text></g>'
    )


def _terminal(part: Part, box: Box) -> str:
    return (
        f"<g><title>{escape(part.tooltip or 'output')}</title>"
        f'<rect class="source" x="{tidy(box.x)}" y="{tidy(box.y)}" width="{tidy(box.width)}" '
        f'height="{tidy(box.height)}" rx="{tidy(box.height / 2)}"/>'
        f'<text class="t source-t" x="{tidy(box.x + box.width / 2)}" y="{tidy(box.y + 15)}">'
        f"{escape(part.title)}</text></g>"
    )


def _closed(part: Part, box: Box) -> Iterator[str]:
    yield (
        f'<g transform="translate({tidy(box.x)} {tidy(box.y)})">'
        f"<title>{escape(part.tooltip)}</title>"
        f'<rect class="closed" width="{tidy(box.width)}" height="{tidy(box.height)}" rx="9"/>'
        f'<text class="g" x="10" y="17">{escape(part.title)}</text>'
    )
    if part.times > 1:
        yield _badge(part.times, box.width)
    for place, cell in enumerate(part.cells):
        yield (
            f'<rect class="{kind(cell.glyph)}" x="{tidy(10 + place * STRIPE_PX)}" y="25" '
            f'width="{tidy(STRIPE_PX - 1)}" height="9" rx="1.5"/>'
        )
    yield f'<text class="s" x="10" y="49">{escape(part.note)}</text></g>'
