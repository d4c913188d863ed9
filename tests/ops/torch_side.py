"""Layers as torch runs them: built from the facts they state, by dotted name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from striate.ir import Node, Op, Setting, TensorType, TorchFunction, op_named, op_names
from striate.notation import program
from striate.ops.foreign import ForeignLayer
from striate.source import Source

NAMES = tuple(one for one in op_names() if not issubclass(op_named(one) or Op, ForeignLayer))


def kind(name: str) -> type[Op]:
    """The layer of that name."""
    found = op_named(name)
    assert found, name
    return found


def examples(name: str) -> Iterator[tuple[str, Node]]:
    """The examples of a layer, each with every use of the layer in it."""
    for text in kind(name).examples:
        graph = program(Source("<example>", text)).graph()
        uses = [node for node in graph.nodes if type(node.op) is kind(name)]
        assert uses, f"the layer is not used in its own example: {text}"
        yield from ((text, node) for node in uses)


def node_of(op: Op, *inputs: TensorType) -> Node:
    """One use of a layer, outside of any network."""
    return Node(op, (), inputs, op.infer(inputs), op.name)


def is_known(node: Node) -> bool:
    """True when torch can run it: no size is left open."""
    return all(one.elements is not None for one in (*node.input_types, *node.outputs))


def sizes(given: TensorType) -> tuple[int, ...]:
    """All sizes, where none is open."""
    assert None not in given.sizes
    return tuple(size for size in given.sizes if size is not None)


def images(node: Node, batch: int = 2) -> list[Tensor]:
    """Random input in double precision."""
    return [torch.randn(batch, *sizes(given), dtype=torch.float64) for given in node.input_types]


def module_of(node: Node) -> nn.Module | None:
    """The module of a layer in double precision, or None where it is a function."""
    fact = node.torch
    if isinstance(fact, TorchFunction):
        return None
    if fact.name == "torch.nn.Parameter":
        return _Bare(fact.arguments[0])
    module = _named(fact.name)(*fact.arguments, **fact.keywords)
    assert isinstance(module, nn.Module)
    return module.double().eval()


def run(
    node: Node, inputs: Sequence[Tensor], module: nn.Module | None = None
) -> tuple[Tensor, ...]:
    """What torch makes of the inputs."""
    fact = node.torch
    if isinstance(fact, TorchFunction):
        result = _call(fact, inputs)
        return tuple(result) if fact.many else (result,)
    layer = module or module_of(node)
    assert layer is not None
    given = list(inputs)
    if fact.prepare:
        given[0] = _call(fact.prepare, given[:1])
    return (layer(*given),)


class _Bare(nn.Module):
    """A bare parameter, which back-ends keep at the path of its node, without a module."""

    def __init__(self, sizes: Setting) -> None:
        super().__init__()
        assert isinstance(sizes, tuple)
        self.bare = torch.zeros([size for size in sizes if isinstance(size, int)])

    def forward(self, *_: Tensor) -> Tensor:
        return self.bare.double().unsqueeze(0)


def _named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


def _call(fact: TorchFunction, inputs: Sequence[Tensor]) -> Any:
    function = _named(fact.name)
    given = list(inputs)
    for at, before in enumerate(fact.prepare):
        if before:
            given[at] = _call(before, [given[at]])
    if fact.folded:
        result = reduce(lambda one, other: function(one, other, **fact.keywords), given)
    else:
        result = function(*([given] if fact.packed else given), **fact.keywords)
    return _call(fact.then, [result]) if fact.then else result
