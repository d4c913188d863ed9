"""Which pixels one position of a value depends on, borders and padding taken into account."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from striate.ir import Graph, Reach, Value, Window

Span = tuple[int, int]
"""First and last position, both included."""
Box = tuple[Span, ...]
"""One span per axis; empty for a flat value, which has one position."""


def extent(graph: Graph, value: Value, position: Sequence[int]) -> tuple[Box | None, ...]:
    """The smallest box of pixels of each input that one position of `value` depends on.

    `position` has one number per axis of the value's plane. The result has one entry per input of
    the network, None where the position does not depend on it. It is the bounding box of the
    non-zero gradient of that position; only where a dilated kernel hangs over the border may it
    hold a pixel more, and circular padding is taken for zeros. All sizes must be known.
    """
    boxes: dict[Value, Box] = {value: tuple((one, one) for one in position)}
    for index in range(value.node, -1, -1):
        node = graph.nodes[index]
        seen = [boxes.get(Value(index, port)) for port in range(len(node.outputs))]
        box = _hull([one for one in seen if one is not None])
        if box is None:
            continue
        for source, window, kind in zip(node.inputs, node.windows, node.input_types, strict=True):
            inner = None if window.unused else _behind(window, kind.plane, box)
            if inner is not None:
                known = boxes.get(source)
                joined = _hull([inner] if known is None else [inner, known])
                assert joined is not None
                boxes[source] = joined
    return tuple(boxes.get(one) for one in graph.inputs)


def _hull(boxes: list[Box]) -> Box | None:
    if not boxes:
        return None
    return tuple(
        (min(first for first, _ in spans), max(last for _, last in spans))
        for spans in zip(*boxes, strict=True)
    )


def _behind(window: Window, plane: tuple[int | None, ...], box: Box) -> Box | None:
    lengths = [size for size in plane if size is not None]
    assert len(lengths) == len(plane), "an extent needs known sizes"
    whole = tuple((0, length - 1) for length in lengths)
    if window.whole or len(window.axes) != len(plane):
        return whole
    spans = list[Span]()
    for reach, span, everything in zip(window.axes, box, whole, strict=True):
        inner = everything if reach is None else _reached(reach, span, everything[1])
        if inner is None:
            return None
        spans.append(inner)
    return tuple(spans)


def _reached(reach: Reach, span: Span, end: int) -> Span | None:
    """Positions from 0 to `end` that any position of the span reaches."""
    low = [ceil(reach.step * one + reach.low) for one in range(span[0], span[1] + 1)]
    high = [floor(reach.step * one + reach.high) for one in range(span[0], span[1] + 1)]
    cut = [
        (max(first, 0), min(last, end))
        for first, last in zip(low, high, strict=True)
        if max(first, 0) <= min(last, end)
    ]
    return (min(first for first, _ in cut), max(last for _, last in cut)) if cut else None
