"""A diagram of a network as SVG: branches side by side, joins as circles, repetition folded.

The picture depends on nothing outside itself (no fonts, no scripts), follows the light or dark mode
of the page, and tells sizes, parameters and formulas in tooltips.
"""

from __future__ import annotations

from striate.backends.svg.draw import draw
from striate.backends.svg.layout import Placed, Plan, place
from striate.backends.svg.scene import Level, cells_in, scene
from striate.ir import Graph
from striate.quantities import short

COMFORTABLE_CELLS = 130
"""Without a given depth, the deepest picture of at most so many layers is drawn."""
ASPECT = 1.5
"""Width over height that a long picture is broken into columns for."""


def svg(graph: Graph, *, title: str = "", depth: int | None = None) -> str:
    """The diagram of a network as the text of an SVG file; equal graphs give equal texts.

    `depth` is the number of levels of containers that are drawn open; without it as many as stay
    readable.
    """
    is_downward = not _returns_to_larger_planes(graph)
    level = _scene(graph, depth, by_size=not is_downward)
    placed = _fitting(level, is_downward=is_downward)
    return draw(placed, title or graph.root.title or "network", _subtitle(graph))


def _scene(graph: Graph, depth: int | None, *, by_size: bool) -> Level:
    if depth is not None:
        return scene(graph, depth=max(depth, 1), by_size=by_size)
    best = scene(graph, depth=1, by_size=by_size)
    for deeper in range(2, 12):
        level = scene(graph, depth=deeper, by_size=by_size)
        if cells_in(level) > COMFORTABLE_CELLS or cells_in(level) == cells_in(best):
            break
        best = level
    return best


def _fitting(level: Level, *, is_downward: bool) -> Placed:
    """The layout whose shape is nearest to that of a page, out of several column lengths."""
    limits = [float("inf"), 2400.0, 1700.0, 1300.0, 1000.0, 800.0, 600.0]
    tried = [place(level, Plan(is_downward, limit)) for limit in limits]
    return min(tried, key=_misfit)


def _misfit(placed: Placed) -> float:
    shape: float = placed.width / max(placed.height, 1.0) / ASPECT
    area: float = (placed.width * placed.height) ** 0.5
    misshapen: float = max(shape, 1 / shape) ** 0.7
    return misshapen * area


def _returns_to_larger_planes(graph: Graph) -> bool:
    """True for encoder-decoders and pyramids, which read best from left to right."""
    return any(
        reach is not None and 0 < reach.step < 1
        for node in graph.nodes
        for window in node.windows
        for reach in window.axes
    )


def _subtitle(graph: Graph) -> str:
    inputs = ", ".join(map(str, graph.input_types))
    outputs = ", ".join(map(str, graph.output_types))
    words = [f"{inputs} → {outputs}", f"{short(graph.params)} parameters"]
    if graph.cost.known:
        words.append(f"{short(graph.cost.macs)} MACs")
    return " · ".join(words)
