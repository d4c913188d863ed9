"""Memory, against what torch keeps for its backward pass, and against sums worked out by hand."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from striate import network
from striate.analysis.memory import inference_memory, training_memory
from striate.backends.torch_module import module
from striate.errors import UsageError
from striate.ir import Graph
from tests.analysis.graphs import Sketch, chain, resnet50


def test_inference_holds_what_a_layer_reads_and_what_it_puts_out() -> None:
    # The image stays with the caller: 3 + 16 planes while conv runs, 3 + 16 + 8 in the second.
    found = inference_memory(chain((3, 8, 8), ("conv", 16), ("conv", 8)), batch=5)
    assert found is not None
    assert found.activations_bytes == 5 * 4 * 64 * (3 + 16 + 8)
    assert found.weights_bytes == 4 * (3 * 9 * 16 + 16 + 16 * 9 * 8 + 8)
    assert found.peak_at == "2"


def test_a_shortcut_keeps_its_value_alive() -> None:
    sketch = Sketch(4, 8, 8)
    value = sketch("conv", 4, to=sketch.input)
    body = sketch.chain(value, ("conv", 4), ("conv", 4))
    found = inference_memory(sketch.graph(sketch("+", to=[body, value])))
    assert found is not None
    assert (
        found.activations_bytes == 4 * 64 * 4 * 4
    )  # image, shortcut, and the last two of the body


def test_views_and_training_only_layers_take_no_memory() -> None:
    found = inference_memory(chain((8, 4, 4), ("relu",), ("dropout",), ("flatten",)))
    assert found is not None
    assert found.activations_bytes == 2 * 4 * 8 * 16


def test_open_sizes_give_no_answer() -> None:
    assert inference_memory(resnet50(None)) is None
    assert training_memory(resnet50(None), batch=1) is None


@pytest.mark.parametrize(("optimizer", "numbers"), [("sgd", 0), ("momentum", 1), ("adamw", 2)])
def test_optimizers_keep_their_numbers_per_weight(optimizer: str, numbers: int) -> None:
    found = training_memory(resnet50(64), batch=2, optimizer=optimizer)
    assert found is not None
    assert found.gradients_bytes == 4 * 25_557_032
    assert found.optimizer_bytes == numbers * 4 * 25_557_032
    parts = found.weights_bytes + found.gradients_bytes + found.optimizer_bytes
    assert found.total_bytes == parts + found.saved_bytes + found.workspace_bytes


def test_an_unknown_optimizer_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        training_memory(resnet50(64), batch=1, optimizer="adm")
    assert str(caught.value) == (
        "error: no optimizer is called 'adm'; did you mean 'adam'?  [unknown-optimizer]\n"
        "   = help: known: sgd, momentum, nesterov, rmsprop, adagrad, lion, adam, adamw"
    )


def test_saved_bytes_grow_with_the_batch() -> None:
    one, eight = (training_memory(resnet50(64), batch=batch) for batch in (1, 8))
    assert one is not None
    assert eight is not None
    assert eight.saved_bytes == 8 * one.saved_bytes


@pytest.mark.parametrize(
    "name", ["resnet18", "densenet121", "mobilenet_v3_small", "convnext_tiny", "googlenet"]
)
def test_saved_bytes_are_those_that_torch_saves(name: str) -> None:
    graph = network(name, input=(3, 64, 64)).graph
    found = training_memory(graph, batch=2)
    assert found is not None
    assert found.saved_bytes == pytest.approx(saved_by_torch(graph, 2), rel=0.02)


def saved_by_torch(graph: Graph, batch: int) -> int:
    """Bytes of all tensors kept for the backward pass, weights and doubles left out."""
    torch.manual_seed(0)
    net = module(graph).train()
    weights = storages(net)
    found: dict[int, int] = {}
    alive: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            found[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    image = _image(graph, batch)
    keep(image)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net(image)
    return sum(found.values())


def storages(net: torch.nn.Module) -> set[int]:
    tensors = (*net.parameters(), *net.buffers())
    return {one.untyped_storage().data_ptr() for one in tensors}


def _image(graph: Graph, batch: int) -> torch.Tensor:
    sizes = [size for size in graph.input_types[0].sizes if size is not None]
    return torch.randn(batch, *sizes)


class Alive(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes of the tensors that are alive, and the most there have been."""

    def __init__(self, weights: set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.weights = weights
        self.bytes: dict[int, int] = {}
        self.now = self.most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = result if isinstance(result, tuple | list) else (result,)
        for tensor in made:
            if isinstance(tensor, torch.Tensor):
                self.watch(tensor)
        return result

    def watch(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        if place in self.bytes or place in self.weights or not storage.nbytes():
            return
        self.bytes[place] = storage.nbytes()
        self.now += storage.nbytes()
        self.most = max(self.most, self.now)
        weakref.finalize(tensor, self.forget, place)

    def forget(self, place: int) -> None:
        self.now -= self.bytes.pop(place, 0)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "unet_same"])
def test_peak_of_inference_is_that_of_torch(name: str) -> None:
    graph = network(name, input=(3, 64, 64)).graph
    found = inference_memory(graph)
    assert found is not None
    net = module(graph).eval()
    with torch.no_grad(), Alive(storages(net)) as alive:
        image = _image(graph, 1)
        alive.watch(image)
        net(image)
    assert found.activations_bytes == pytest.approx(alive.most, rel=0.1)
