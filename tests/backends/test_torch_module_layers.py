"""Every layer's own examples as modules: shapes, keys, starting values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from striate import ops
from striate.backends.torch_module import module
from striate.ir import Graph, Initialisation, Weight
from tests.backends.texts import graph_of
from tests.strategies import sizes_of

ops.load()
KINDS = [kind for name in ops.op_names() if (kind := ops.op_named(name))]
EXAMPLES = sorted({text for kind in KINDS for text in kind.examples})


def weights_of(graph: Graph) -> Iterator[tuple[str, Weight]]:
    for node in graph.nodes:
        if not node.shared:
            for weight in node.weights:
                yield (f"{node.path}.{weight.name}" if weight.name else node.path), weight


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example(text: str) -> None:
    graph = graph_of(text)
    network = module(graph).eval()
    images = [torch.rand(2, *(size or 12 for size in one.sizes)) for one in graph.input_types]
    outputs = network(*images)
    for found, expected in zip(
        outputs if isinstance(outputs, tuple) else (outputs,), graph.output_types, strict=True
    ):
        if None not in expected.sizes:
            assert tuple(found.shape) == (2, *sizes_of(expected))
    state = network.state_dict()
    assert {key: tuple(one.shape) for key, one in state.items()} == {
        key: weight.shape for key, weight in weights_of(graph)
    }
    as_torch = replace(
        graph, nodes=tuple(replace(node, init=Initialisation("torch")) for node in graph.nodes)
    )
    theirs = module(as_torch).state_dict()
    for key, weight in weights_of(graph):
        if weight.role not in ("kernel", "bias"):
            torch.testing.assert_close(state[key], theirs[key])
