"""The same network on another input size, and which input sizes are legal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count
from math import ceil, lcm
from typing import NamedTuple

from striate.analysis.receptive_field import Fields, receptive_field
from striate.errors import GraphError
from striate.ir import Graph, Node, Op, Reach, Size, TensorType, Value, Window, op_named

LARGEST_TRIED = 4096
"""Pixels along one axis; beyond it no size is tried."""
FAR_PERIODS = 16
"""Total strides beyond a legal size at which only divisibility can make a size illegal."""
MOST_RESTS = 64
"""Rests tried when looking for sizes that lose no pixels."""


class LegalSizes(NamedTuple):
    """Which square (or cubic) input sizes the network accepts, its other inputs kept.

    smallest: pixels along each axis of the smallest legal size.
    step, rests: from there on those are legal that leave one of these rests when divided by the
        step; step 1 and rest 0 where any size fits.
    best_multiple, best_rest: sizes that leave this rest when divided by that number lose no pixels
        at a stride: every plane divides evenly, or every unpadded window ends with its plane.
    fixed_by: path of the first layer whose weights have another shape at another size, so that
        trained weights fit the present size alone; None where weights fit every size.
    largest: pixels of the largest legal size where a layer wants planes of one size, as a learned
        plane does; None where sizes go on without an end.
    """

    smallest: int
    step: int
    rests: tuple[int, ...]
    best_multiple: int
    best_rest: int
    fixed_by: str | None
    largest: int | None = None

    def from_on(self, size: int) -> int:
        """The smallest legal size that is not below this one, or else the largest."""
        if self.largest is not None:
            return min(max(size, self.smallest), self.largest)
        start = max(size, self.smallest)
        return next(one for one in count(start) if one % self.step in self.rests)

    def __str__(self) -> str:
        if self.largest is not None:
            is_one = self.smallest == self.largest
            return f"only {self.smallest}" if is_one else f"{self.smallest} to {self.largest}"
        words = f"any from {self.smallest}"
        if self.step > 1:
            words = f"{_class(self.step, self.rests)} from {self.smallest}"
        if self.best_rest:
            words += f"; {self.best_multiple}n + {self.best_rest} lose no pixels"
        elif self.best_multiple > self.step:
            words += f"; multiples of {self.best_multiple} divide evenly"
        if self.fixed_by is not None:
            words += f"; weights of {self.fixed_by} fit the present size only"
        return words


def _class(step: int, rests: tuple[int, ...]) -> str:
    """`multiples of 16`, `32n + 11`, `32n + 0 to 3 or 29`."""
    if rests == (0,):
        return f"multiples of {step}"
    runs: list[list[int]] = []
    for rest in rests:
        if runs and rest == runs[-1][-1] + 1:
            runs[-1].append(rest)
        else:
            runs.append([rest])
    words = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"{step}n + {' or '.join(words)}"


def with_input(graph: Graph, *types: TensorType) -> Graph:
    """The same layers on inputs of other sizes, every value inferred anew.

    Weights that depend on the size (a dense layer behind a plane) change their shape.

    Raises:
        GraphError: a layer does not fit; the first line says which and where.
    """
    if len(types) != len(graph.inputs):
        raise GraphError.of(
            "wrong-input-count",
            f"the network has {len(graph.inputs)} inputs, got sizes for {len(types)}",
            "give one size per input, in order",
        )
    nodes = list[Node]()
    for index, outputs, sources in _retyped(graph, types):
        node = graph.nodes[index]
        op = node.op if node.inputs else _input_op(node.op, outputs[0])
        nodes.append(replace(node, op=op, input_types=sources, outputs=outputs))
    return replace(graph, nodes=tuple(nodes))


def _input_op(op: Op, kind: TensorType) -> Op:
    """The same source with another size; sources that are no inputs have kept theirs."""
    made = op_named(op.name)
    if op.name != "input" or made is None:
        return op
    return made(kind.sizes)


Inferred = tuple[int, tuple[TensorType, ...], tuple[TensorType, ...]]


class _Memory:
    """Answers of `infer`, kept: repeated blocks and repeated tries ask the same again."""

    def __init__(self, graph: Graph) -> None:
        alike: dict[Op, int] = {}
        self.kinds = [alike.setdefault(node.op, index) for index, node in enumerate(graph.nodes)]
        self.known: dict[tuple[int, tuple[TensorType, ...]], tuple[TensorType, ...]] = {}

    def infer(self, index: int, op: Op, sources: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        key = self.kinds[index], sources
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = op.infer(sources)
        return found


def _retyped(
    graph: Graph, types: Sequence[TensorType], memory: _Memory | None = None
) -> Iterator[Inferred]:
    """Index, outputs and input types of every node, for inputs of these types."""
    memory = memory or _Memory(graph)
    given = {value.node: kind for value, kind in zip(graph.inputs, types, strict=True)}
    found: list[tuple[TensorType, ...]] = []
    for index, node in enumerate(graph.nodes):
        sources = tuple(found[value.node][value.port] for value in node.inputs)
        if index in given:
            found.append((given[index],))
        else:
            try:
                found.append(memory.infer(index, node.op, sources))
            except GraphError as error:
                raise _located(error, node, types) from None
        yield index, found[-1], sources


def _located(error: GraphError, node: Node, types: Sequence[TensorType]) -> GraphError:
    sizes = ", ".join(map(str, types))
    first = error.diagnostics[0]
    where = f"at '{node.path}', with input {sizes}"
    return GraphError(replace(first, span=node.span, trail=(*first.trail, where)))


def legal_sizes(graph: Graph, *, fields: dict[Value, Fields] | None = None) -> LegalSizes | None:
    """Smallest legal input size and the divisibility that joins need, found by trying.

    The first input with a plane is varied, all its axes alike. None where no input has a plane, or
    no size up to `LARGEST_TRIED` fits. `fields` saves asking for the receptive fields again.
    """
    places = [place for place, kind in enumerate(graph.input_types) if kind.rank]
    if not places:
        return None
    trial = _Trial(graph, places[0])
    period = _total_stride(fields or receptive_field(graph), places[0])
    base = trial.first_legal(period)
    if base is None:
        return None
    found = trial.rests(base, period)
    if found is None:
        return trial.range_around(base)
    step, rests = found
    smallest = trial.smallest(step, rests, base)
    return LegalSizes(
        smallest,
        step,
        rests,
        best_multiple=period,
        best_rest=trial.best_rest(period),
        fixed_by=_first_fixed(graph, trial, smallest, step),
    )


class _Trial:
    """Tries input sizes, all axes of one input alike."""

    def __init__(self, graph: Graph, place: int) -> None:
        self.graph, self.place, self.memory = graph, place, _Memory(graph)

    def types(self, size: int) -> list[TensorType]:
        types = list(self.graph.input_types)
        old = types[self.place]
        types[self.place] = TensorType(old.channels, (size,) * old.rank)
        return types

    def retyped(self, size: int) -> list[Inferred]:
        return list(_retyped(self.graph, self.types(size), self.memory))

    def is_legal(self, size: int) -> bool:
        try:
            self.retyped(size)
        except GraphError:
            return False
        return True

    def first_legal(self, period: int) -> int | None:
        """The present size, or a multiple of the period at most twice the smallest legal one."""
        size = _only(self.graph.input_types[self.place].plane)
        if size is not None and self.is_legal(size):
            return size
        size = period
        while size <= LARGEST_TRIED:
            if self.is_legal(size):
                return size
            size *= 2
        return None

    def rests(self, base: int, period: int) -> tuple[int, tuple[int, ...]] | None:
        """A step and the rests that legal sizes leave; None where no large size is legal.

        It is judged far from the smallest size, where only divisibility matters. A branch that is
        reduced in other steps than its neighbour fits it for some rests alone; if it fits at every
        power of two and three times that, every plane on the way was met even and odd.
        """
        far = base + FAR_PERIODS * period
        steps = [step for step in _divisors(period) if step < period]
        probes = [*steps, *(3 * step for step in steps if 3 * step < period)]
        if self.is_legal(far) and (
            self.has_no_joins or all(self.is_legal(far + probe) for probe in probes)
        ):
            return 1, (0,)
        legal = sorted((far + one) % period for one in range(period) if self.is_legal(far + one))
        if not legal:
            return None
        for step in _divisors(period):
            rests = {rest % step for rest in legal}
            if len(rests) * (period // step) == len(legal):
                return step, tuple(sorted(rests))
        return period, tuple(legal)

    @cached_property
    def has_no_joins(self) -> bool:
        """Whether all nodes have one input, so that nothing has to fit anything."""
        return all(len(node.inputs) < 2 for node in self.graph.nodes)

    def smallest(self, step: int, rests: tuple[int, ...], legal: int) -> int:
        """The smallest size with one of the rests: what is too small stays too small below."""
        far = (legal // step + FAR_PERIODS) * step
        return min(self._smallest_of(far + rest, step) for rest in rests)

    def _smallest_of(self, legal: int, step: int) -> int:
        low, high = -1, legal // step
        rest = legal % step
        while high - low > 1:
            middle = (low + high) // 2
            size = middle * step + rest
            low, high = (low, middle) if size and self.is_legal(size) else (middle, high)
        return high * step + rest

    def range_around(self, legal: int) -> LegalSizes:
        """The sizes next to a legal one, without a gap, that are legal as well."""
        low = high = legal
        while low > 1 and self.is_legal(low - 1):
            low -= 1
        while high < LARGEST_TRIED and self.is_legal(high + 1):
            high += 1
        return LegalSizes(low, 1, (0,), 1, 0, fixed_by=None, largest=high)

    def best_rest(self, period: int) -> int:
        """Rest, divided by the period, of the sizes at which no stride cuts a plane."""
        own = _only(self.graph.input_types[self.place].plane)
        far = FAR_PERIODS * period
        if period == 1 or own is None:
            return 0
        if self.is_legal(far) and self.loses_nothing(far, evenly=True):
            return 0
        sizes: list[int] = [own, *range(far, far + min(period, MOST_RESTS))]
        for size in sizes:
            if self.is_legal(size) and self.loses_nothing(size, evenly=False):
                return size % period
        return 0

    def loses_nothing(self, size: int, *, evenly: bool) -> bool:
        """Every strided window makes n / stride of n pixels, or (unpadded) ends with its plane."""
        for index, outputs, sources in self.retyped(size):
            op = self.graph.nodes[index].op
            for kind, window in zip(sources, op.windows(sources, outputs), strict=True):
                if not all(_fits(reach, kind, outputs[0], evenly) for reach in _strides(window)):
                    return False
        return True


def _strides(window: Window) -> Iterator[tuple[int, Reach]]:
    """Axis and reach where a window moves by more than a pixel."""
    for axis, reach in enumerate(window.axes):
        if reach is not None and reach.step > 1:
            yield axis, reach


def _fits(stride: tuple[int, Reach], before: TensorType, after: TensorType, evenly: bool) -> bool:
    axis, reach = stride
    size, steps = before.plane[axis], after.plane[axis]
    assert size is not None, "tried sizes are known"
    assert steps is not None, "tried sizes are known"
    ends_with_plane = reach.low == 0 and reach.step * (steps - 1) + reach.high == size - 1
    return size == reach.step * steps or (ends_with_plane and not evenly)


def _only(plane: tuple[Size, ...]) -> int | None:
    """The one length of all axes, or None where they differ or are unknown."""
    return plane[0] if len(set(plane)) == 1 else None


def _divisors(number: int) -> list[int]:
    return [one for one in range(1, number + 1) if number % one == 0]


def _total_stride(fields: dict[Value, Fields], place: int) -> int:
    """The longest step any value takes over the input, as a whole number of pixels."""
    strides = {1}
    for seen in fields.values():
        field = seen[place]
        if field is not None:
            strides.update(ceil(step) for step in field.smallest.steps if step)
    longest = lcm(*strides)
    return longest if longest <= LARGEST_TRIED else max(strides)


def _first_fixed(graph: Graph, trial: _Trial, smallest: int, multiple: int) -> str | None:
    """Path of the first layer whose weights change when the input grows by a step."""
    own = max([smallest, *(size for size in graph.input_types[trial.place].plane if size)])
    steps = 1 + (own - smallest) // multiple
    # About twice the size, in whole steps: a layer that rounds makes the same of a little more.
    larger = smallest + multiple * (2 * steps + smallest // multiple)
    for index, _, sources in trial.retyped(larger):
        node = graph.nodes[index]
        if node.op.weights(sources) != node.weights:
            return node.path
    return None
