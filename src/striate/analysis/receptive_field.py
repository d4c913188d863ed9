"""What a position of the plane sees of the image: size, step and offset, over any graph.

Position `o` of a value depends on a stretch of pixels of the input. Along a chain the stretch moves
by a constant step; after up-sampling it moves by that step only on average, so it is kept for each
position of one period, in whole pixels. That makes the answer equal to the extent of the non-zero
gradient, not an upper bound of it.

Source: A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks",
2019, equations 2 to 4 for chains; the smallest and largest path over joins, and the periods for
up-sampling, are added here.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import ceil, floor, lcm
from typing import NamedTuple

from striate.ir import Graph, Node, Reach, Size, Value, Window

UNKNOWN_END = 10**12
"""Last pixel of an axis whose length is not known: further than any image."""
LONGEST_PERIOD = 4096
"""Above it (up-sampling by thousands) the exact stretch is not worth its table."""


class AxisField(NamedTuple):
    """What positions of a value see along one axis of one input.

    advance: pixels of the input by which the stretch moves in one period of positions.
    firsts, lasts: first and last pixel seen by positions 0, 1, ... of one period, both included;
        pixels outside the image are padding. None where a position sees nothing (a gap left by a
        transposed convolution).
    is_whole: a global operation lies on the way, so all positions see one same stretch.
    """

    advance: int
    firsts: tuple[int | None, ...]
    lasts: tuple[int | None, ...]
    is_whole: bool = False

    @property
    def period(self) -> int:
        """Positions after which the pattern of stretches repeats."""
        return len(self.firsts)

    @property
    def step(self) -> Fraction:
        """Pixels from one position to the next: the stride so far; below 1 after up-sampling."""
        return Fraction(self.advance, self.period)

    @property
    def size(self) -> int | None:
        """Length of the longest stretch in pixels, padding included; None for the whole image."""
        if self.is_whole:
            return None
        return max(
            (last - first + 1 for first, last in zip(self.firsts, self.lasts, strict=True)
             if first is not None and last is not None),
            default=0,
        )  # fmt: skip

    @property
    def offset(self) -> int | None:
        """First pixel that position 0 sees; negative in the padding, None where it sees nothing."""
        return self.firsts[0]

    def span(self, position: int) -> tuple[int, int] | None:
        """First and last pixel that a position sees, both included, not cut to the image."""
        rounds, place = divmod(position, self.period)
        first, last = self.firsts[place], self.lasts[place]
        if first is None or last is None:
            return None
        return first + rounds * self.advance, last + rounds * self.advance


class Field(NamedTuple):
    """What a value sees of one input: one record per axis of that input.

    learned: a layer on the way computes its sampling positions, so this is where they start.
    """

    axes: tuple[AxisField, ...]
    learned: bool = False

    @property
    def is_whole(self) -> bool:
        """True when along every axis the whole image is seen."""
        return bool(self.axes) and all(axis.is_whole for axis in self.axes)

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """Pixels seen along each axis, None for the whole axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def steps(self) -> tuple[Fraction, ...]:
        """Pixels between neighbouring positions, along each axis; 0 for the whole axis."""
        return tuple(axis.step for axis in self.axes)

    @property
    def offsets(self) -> tuple[int | None, ...]:
        """First pixel that position 0 sees, along each axis."""
        return tuple(axis.offset for axis in self.axes)


class ReceptiveField(NamedTuple):
    """What a value sees of one input, over all paths between them.

    largest: the union of all paths: what can have an influence at all.
    smallest: the path that sees least; differs after shortcuts, parallel branches and gates.
    """

    largest: Field
    smallest: Field


Fields = tuple[ReceptiveField | None, ...]
"""One per input of the network; None where the value does not depend on that input."""


def receptive_field(graph: Graph) -> dict[Value, Fields]:
    """What each value of the network sees of each of its inputs."""
    images = [one.plane for one in graph.input_types]
    found: dict[Value, Fields] = {}
    for index, node in enumerate(graph.nodes):
        if not node.inputs:
            fields = tuple(_start(Value(index), value, graph) for value in graph.inputs)
        else:
            windows = node.windows
            fields = tuple(
                _through(node, windows, [found[value][which] for value in node.inputs], image)
                for which, image in enumerate(images)
            )
        for port in range(len(node.outputs)):
            found[Value(index, port)] = fields
    return found


def _start(value: Value, source: Value, graph: Graph) -> ReceptiveField | None:
    if value != source:
        return None
    axis = AxisField(1, (0,), (0,))
    field = Field((axis,) * graph.type_of(value).rank)
    return ReceptiveField(field, field)


def _through(
    node: Node,
    windows: tuple[Window, ...],
    sources: list[ReceptiveField | None],
    image: tuple[Size, ...],
) -> ReceptiveField | None:
    """What the node's output sees of one input of the network."""
    largest, smallest = list[Field](), list[Field]()
    for source, window, kind in zip(sources, windows, node.input_types, strict=True):
        if source is None or window.unused:
            continue
        same_rank = kind.rank == len(image) == node.outputs[0].rank
        step = _Step(window, same_rank, kind.plane, image)
        largest.append(step.apply(source.largest))
        same = source.smallest is source.largest
        smallest.append(largest[-1] if same else step.apply(source.smallest))
    if not largest:
        return None
    plane = node.outputs[0].plane
    union = reduce(lambda one, other: _union(one, other, plane, image), largest)
    return ReceptiveField(union, min(smallest, key=_extent))


def _extent(field: Field) -> tuple[float, ...]:
    sizes = [float("inf") if size is None else size for size in field.sizes]
    return (max(sizes, default=0), sum(sizes))


class _Step(NamedTuple):
    """One layer, seen from one of its inputs and one input of the network."""

    window: Window
    same_rank: bool
    plane: tuple[Size, ...]
    image: tuple[Size, ...]

    def apply(self, field: Field) -> Field:
        """What the layer's output sees, given what its input sees."""
        learned = field.learned or self.window.learned
        axes: list[AxisField] = []
        for place, axis in enumerate(field.axes):
            # Square kernels on square planes: work the second axis out only where it differs.
            twin = place > 0 and self._is_twin(place) and axis == field.axes[place - 1]
            axes.append(axes[-1] if twin else self._axis(axis, place))
        if learned == field.learned and all(map(_is, axes, field.axes)):
            return field
        return Field(tuple(axes), learned)

    def _is_twin(self, place: int) -> bool:
        if self.image[place] != self.image[place - 1]:
            return False
        if not self.same_rank or self.window.whole:
            return self.plane[place : place + 1] == self.plane[place - 1 : place]
        reach = self.window.axes
        return (
            reach[place] == reach[place - 1]
            and (reach[place] is not None or self.plane[place] == self.plane[place - 1])
        )  # fmt: skip

    def _axis(self, axis: AxisField, place: int) -> AxisField:
        if axis.is_whole:
            return axis
        if not self.same_rank:
            length = self.plane[place] if len(self.plane) == len(self.image) else None
            return _all_positions(axis, length, self.image[place])
        reach = None if self.window.whole else self.window.axes[place]
        if reach is None:
            return _all_positions(axis, self.plane[place], self.image[place])
        return _compose(axis, reach)


def _is(one: object, other: object) -> bool:
    return one is other


def _compose(axis: AxisField, reach: Reach) -> AxisField:
    """What is seen through a window onto positions that themselves see `axis`."""
    step, low, high = reach.step, reach.low, reach.high
    if step == 1 and low == 0 == high:
        return axis
    rounds = Fraction(step.numerator, step.denominator * axis.period)
    period = rounds.denominator
    if period > LONGEST_PERIOD:
        return AxisField(0, (0,), (UNKNOWN_END,), is_whole=True)
    firsts, lasts = list[int | None](), list[int | None]()
    for position in range(period):
        inner = range(ceil(step * position + low), floor(step * position + high) + 1)
        firsts.append(_first_seen(axis, inner))
        lasts.append(_last_seen(axis, inner))
    return AxisField(rounds.numerator * axis.advance, tuple(firsts), tuple(lasts))


def _first_seen(axis: AxisField, positions: range) -> int | None:
    for position in positions[: axis.period]:
        if span := axis.span(position):
            return span[0]
    return None


def _last_seen(axis: AxisField, positions: range) -> int | None:
    for position in reversed(positions[-axis.period :]):
        if span := axis.span(position):
            return span[1]
    return None


def _all_positions(axis: AxisField, length: Size, image: Size) -> AxisField:
    """One stretch for all: what any of `length` positions sees, cut to the image."""
    end = UNKNOWN_END if image is None else image - 1
    if length is None:
        return AxisField(0, (0,), (end,), is_whole=True)
    first, last = _first_seen(axis, range(length)), _last_seen(axis, range(length))
    if first is None or last is None:
        return AxisField(0, (None,), (None,), is_whole=True)
    return AxisField(0, (max(first, 0),), (min(last, end),), is_whole=True)


def _union(one: Field, other: Field, plane: tuple[Size, ...], image: tuple[Size, ...]) -> Field:
    learned = one.learned or other.learned
    if one is other or (one.axes == other.axes and learned == one.learned):
        return one
    lengths = plane if len(plane) == len(image) else (1,) * len(image)
    axes = map(_axis_union, one.axes, other.axes, lengths, image)
    return Field(tuple(axes), learned)


def _axis_union(one: AxisField, other: AxisField, length: Size, image: Size) -> AxisField:
    if one == other:
        return one
    end = UNKNOWN_END if image is None else image - 1
    everything = AxisField(0, (0,), (end,), is_whole=True)
    if everything in (one, other):
        return everything
    is_whole = one.is_whole or other.is_whole
    period = lcm(one.period, other.period)
    advance = one.advance * (period // one.period)
    if is_whole or one.step != other.step or period > LONGEST_PERIOD:
        # The stretches drift apart, so every position of the plane gets its own entry.
        if length is None or length > LONGEST_PERIOD:
            return everything
        period = length
        advance = 0 if is_whole else floor(max(one.step, other.step) * period)
    spans = [
        [span for span in (one.span(position), other.span(position)) if span]
        for position in range(period)
    ]
    firsts = tuple(min((span[0] for span in seen), default=None) for seen in spans)
    lasts = tuple(max((span[1] for span in seen), default=None) for seen in spans)
    return AxisField(advance, firsts, lasts, is_whole)
