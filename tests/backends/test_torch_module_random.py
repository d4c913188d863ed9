"""What the graph says about random networks, against what torch does."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from striate.backends.torch_module import Network, module
from striate.ir import Graph, Value
from tests.strategies import graphs, sizes_of

BATCH = 2
RUNS = settings(max_examples=40)


def images(graph: Graph) -> list[Tensor]:
    return [torch.rand(BATCH, *sizes_of(one)) for one in graph.input_types]


def every_value(graph: Graph) -> Graph:
    """The same network, giving all it computes."""
    sources = {value.node for value in graph.inputs}
    values = [
        Value(index, port)
        for index, node in enumerate(graph.nodes)
        if index not in sources
        for port in range(len(node.outputs))
    ]
    return replace(graph, outputs=tuple(values), root=replace(graph.root, outputs=tuple(values)))


def outputs_of(network: nn.Module, inputs: list[Tensor]) -> tuple[Tensor, ...]:
    given = network(*inputs)
    return given if isinstance(given, tuple) else (given,)


@RUNS
@given(graphs())
def test_every_inferred_shape_is_that_of_torch(graph: Graph) -> None:
    whole = every_value(graph)
    found = [tuple(one.shape) for one in outputs_of(module(whole).eval(), images(whole))]
    assert found == [(BATCH, *sizes_of(one)) for one in whole.output_types]


@RUNS
@given(graphs())
def test_parameters_are_those_of_torch(graph: Graph) -> None:
    network = module(graph)
    assert graph.params == sum(one.numel() for one in network.parameters())


@RUNS
@given(graphs())
def test_keys_are_paths_and_names_of_weights(graph: Graph) -> None:
    expected = {
        f"{node.path}.{weight.name}": weight.shape
        for node in graph.nodes
        for weight in node.weights
    }
    state = module(graph).state_dict()
    assert {key: tuple(tensor.shape) for key, tensor in state.items()} == expected


@RUNS
@given(graphs())
def test_macs_are_half_of_the_flops_that_torch_counts(graph: Graph) -> None:
    network = module(graph).eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(*(one[:1] for one in images(graph)))
    assert 2 * graph.cost.macs == counter.get_total_flops()


@RUNS
@given(graphs())
def test_every_layer_is_called_where_the_graph_calls_it(graph: Graph) -> None:
    network = module(graph).eval()
    called: list[str] = []
    for path, layer in network.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(lambda *_, path=path: called.append(path))
    outputs_of(network, images(graph))
    sources = {value.node for value in graph.inputs}
    layers = [
        node.path
        for index, node in enumerate(graph.nodes)
        if node.op.is_element
        and index not in sources
        and node.path in dict(network.named_modules())
    ]
    assert called == layers


@RUNS
@given(graphs())
def test_every_container_is_called_once_for_each_region(graph: Graph) -> None:
    network = module(graph).eval()
    called: list[str] = []
    paths = [region.path for region in graph.root.walk() if region.path]
    for path in set(paths):
        layer = network.get_submodule(path)
        layer.register_forward_pre_hook(lambda *_, path=path: called.append(path))
    outputs_of(network, images(graph))
    assert called == paths


@RUNS
@given(graphs())
def test_a_tap_gives_the_value_that_the_whole_network_computes(graph: Graph) -> None:
    whole = module(every_value(graph)).eval()
    inputs = images(graph)
    values = dict(zip(whole.graph.outputs, outputs_of(whole, inputs), strict=True))
    last_uses = {
        node.path: Value(index)
        for index, node in enumerate(graph.nodes)
        if node.op.is_element and len(node.outputs) == 1
    }
    path = sorted(last_uses)[len(last_uses) // 2]
    tapped = module(graph, outputs=[path]).eval()
    state = whole.state_dict()
    tapped.load_state_dict({key: state[key] for key in tapped.state_dict()})
    given_tensor = tapped(*inputs)
    expected = values[last_uses[path]]
    assert isinstance(tapped, Network)
    assert torch.equal(given_tensor, expected) or torch.allclose(given_tensor, expected)
