"""Random legal graphs, and what tests need to make one by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

from striate import ops
from striate.errors import GraphError
from striate.ir import Graph, GraphBuilder, Op, Setting, TensorType, Value, op_named

ops.load()

Call = tuple[str, dict[str, Setting]]
"""A layer by name, with its arguments."""

POINTWISE: tuple[Call, ...] = tuple(
    (name, {})
    for name in ("relu", "relu6", "lrelu", "elu", "gelu", "silu", "hswish", "sigmoid", "softplus")
)
KEEPING: tuple[Call, ...] = (
    *POINTWISE,
    ("prelu", {}),
    ("bn", {}),
    ("bn", {"affine": False}),
    ("ln", {}),
    ("gn", {"g": 1}),
    ("gn", {"g": 2}),
    ("lrn", {}),
    ("dropout", {}),
    ("droppath", {}),
    ("softmax", {}),
    ("affine", {"a": 2.0, "b": 1.0}),
    ("dw", {"k": 3}),
    ("dw", {"k": 5, "m": 2, "b": False}),
    ("linear", {"w": 3}),
    ("conv", {"w": 4, "k": 3, "b": False}),
    ("conv", {"w": 6, "k": 1}),
    ("conv", {"w": 4, "k": 3, "d": 2}),
    ("conv", {"w": 4, "k": 3, "g": 2}),
    ("conv", {"w": 2, "k": 5, "pm": "reflect"}),
    ("maxpool", {"k": 3, "s": 1, "p": 1}),
    ("avgpool", {"k": 3, "s": 1, "p": 1}),
)
"""Layers that keep the plane."""
CHANGING: tuple[Call, ...] = (
    ("conv", {"w": 4, "k": 3, "s": 2}),
    ("conv", {"w": 3, "k": 2, "s": 2}),
    ("conv", {"w": 3, "k": 3, "p": "valid"}),
    ("conv", {"w": 3, "k": 3, "s": 2, "p": "tf"}),
    ("tconv", {"w": 3}),
    ("maxpool", {}),
    ("maxpool", {"k": 3, "s": 2, "ceil": True}),
    ("avgpool", {"k": 3, "s": 2, "p": 1}),
    ("avgpool", {"k": 3, "s": 2, "p": 1, "cip": False}),
    ("lppool", {}),
    ("gap", {"out": 2}),
)
"""Layers that change it."""


def op(name: str, /, *arguments: Setting, **keywords: Setting) -> Op:
    """A layer by its name in the notation."""
    kind = op_named(name)
    assert kind, f"no layer is called {name}"
    return kind(*arguments, **keywords)


@dataclass
class Drawn:
    """A graph in the making: names elements by their position, as the notation does."""

    draw: st.DrawFn
    layers: tuple[Call, ...] = KEEPING + CHANGING
    joins: tuple[str, ...] = ("+", "|", "&")
    builder: GraphBuilder = field(default_factory=GraphBuilder)
    seen: list[Value] = field(default_factory=list)
    counters: dict[str, count[int]] = field(default_factory=dict)

    def type_of(self, value: Value) -> TensorType:
        return self.builder.type_of(value)

    def path(self, scope: str, name: str = "") -> str:
        """The path of the next element of a scope."""
        number = next(self.counters.setdefault(scope, count()))
        name = name or str(number)
        return f"{scope}.{name}" if scope else name

    def add(self, layer: Op, inputs: Sequence[Value], path: str) -> Value:
        first, *_ = self.builder.add(layer, inputs, path=path)
        self.seen.append(first)
        return first

    def layer(self, value: Value, scope: str, layers: tuple[Call, ...]) -> Value:
        """One layer that fits, out of those given; ReLU where the one that was drawn does not."""
        name, keywords = self.draw(st.sampled_from(layers))
        made = op(name, **keywords)
        fits = _fits(made, self.type_of(value))
        return self.add(made if fits else op("relu"), [value], self.path(scope))

    def chain(self, value: Value, scope: str, layers: tuple[Call, ...], depth: int) -> Value:
        """A few elements one after another."""
        for _ in range(self.draw(st.integers(1, 3) if depth < 2 else st.integers(2, 6))):
            value = self.element(value, scope, layers, depth)
        return value

    def element(self, value: Value, scope: str, layers: tuple[Call, ...], depth: int) -> Value:
        kind = self.draw(st.integers(0, 7)) if depth else 0
        match kind:
            case 4:
                return self.region(value, scope, layers, depth)
            case 5:
                return self.fork(value, scope, depth)
            case 6:
                return self.twice(value, scope)
            case 7 if self.type_of(value).channels % 2 == 0:
                return self.split(value, scope)
            case _:
                return self.layer(value, scope, layers)

    def region(self, value: Value, scope: str, layers: tuple[Call, ...], depth: int) -> Value:
        """A container of its own, called by number or label."""
        label = self.draw(st.sampled_from(["", "block"]))
        number = next(self.counters.setdefault(scope, count()))
        name = f"{label}{number}" if label else str(number)
        path = f"{scope}.{name}" if scope else name
        with self.builder.region(path, label) as outputs:
            value = self.chain(value, path, layers, depth - 1)
            outputs.append(value)
        return value

    def fork(self, value: Value, scope: str, depth: int) -> Value:
        """Branches that keep the plane, joined."""
        sign = self.draw(st.sampled_from(self.joins))
        keeping = tuple(call for call in self.layers if call in KEEPING)
        branches = [self.chain(value, scope, keeping, depth - 1)]
        if self.draw(st.booleans()):
            branches.append(self.chain(value, scope, keeping, 0))
        if sign == "+":
            width = self.type_of(value).channels
            branches = [self.add(op("conv", width, 1), [one], self.path(scope)) for one in branches]
        if sign == "&":
            gate = self.add(op("gap"), [branches[-1]], self.path(scope))
            width = self.type_of(branches[0]).channels
            gate = self.add(op("conv", width, 1), [gate], self.path(scope))
            branches = [branches[0], self.add(op("sigmoid"), [gate], self.path(scope))]
        else:
            branches.append(value)
        joined = f"{scope}.{sign}" if scope else sign
        return self.add(op(sign), branches, joined)

    def twice(self, value: Value, scope: str) -> Value:
        """One container called twice, the second time on what the first gave."""
        path = self.path(scope)
        width = self.type_of(value).channels
        for _ in range(2):
            with self.builder.region(path, "shared") as outputs:
                value = self.add(op("conv", width, 3), [value], f"{path}.0")
                value = self.add(op("relu"), [value], f"{path}.1")
                outputs.append(value)
        return value

    def split(self, value: Value, scope: str) -> Value:
        """Two halves, one of them worked on, then side by side."""
        path = self.path(scope)
        one, other = self.builder.add(op("split", 2), [value], path=path)
        self.seen += [one, other]
        other = self.layer(other, scope, POINTWISE)
        return self.add(op("|"), [other, one], f"{scope}.|" if scope else "|")


def _fits(layer: Op, given: TensorType) -> bool:
    if layer.name == "avgpool" and given.rank == 3 and min(sizes_of(given)[1:]) < 3:
        return False  # torch's own forgets the padding there: "input image smaller than kernel"
    try:
        layer.infer((given,))
    except GraphError:
        return False
    return True


def sizes_of(type_: TensorType) -> tuple[int, ...]:
    """All sizes, where none is open."""
    return tuple(size for size in type_.sizes if size is not None)


@st.composite
def graphs(
    draw: st.DrawFn,
    layers: tuple[Call, ...] = KEEPING + CHANGING,
    joins: tuple[str, ...] = ("+", "|", "&"),
    ranks: tuple[int, ...] = (1, 2, 3),
    most_outputs: int = 3,
) -> Graph:
    """Graphs with chains, forks, splits, shared containers, several inputs and outputs."""
    drawn = Drawn(draw, layers, joins)
    rank = draw(st.sampled_from(ranks))
    plane = tuple(draw(st.integers(4, 9)) for _ in range(rank))
    inputs = [
        drawn.add(op("input", (draw(st.integers(1, 6)), *plane)), [], name)
        for name in ("image", "other")[: draw(st.integers(1, 2))]
    ]
    value = inputs[0]
    if len(inputs) > 1:
        value = drawn.add(op("|"), inputs, "|")
    value = drawn.chain(value, "", layers, 2)
    outputs = [value]
    if most_outputs > 1:
        more = draw(st.lists(st.sampled_from(drawn.seen), max_size=most_outputs - 1, unique=True))
        outputs += [one for one in more if one not in (*outputs, *inputs)]
    if draw(st.booleans()) and most_outputs > 1:
        outputs[0] = drawn.add(op("fc", 5), [value], "fc")
    return drawn.builder.finish(inputs, outputs, title="random")
