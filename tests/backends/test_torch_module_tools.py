"""The module under torch's own tools: copies, compilers, memory formats, checkpoints."""

from __future__ import annotations

import copy
import gc
import io
import linecache
import traceback
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from striate.backends.torch_module import Network, module
from tests.backends.texts import RESNET, graph_of

SHARED = """
pair := (left: (conv(4) -> m -> relu) | right: (conv(4, 1) -> m)) where m: conv(4, 3)
input(3, 16, 16) -> body: pair
"""


@pytest.fixture
def images() -> Tensor:
    return torch.randn(2, 3, 16, 16)


BLOCK = """
block(w) := (conv1: conv(w) -> bn1: bn -> relu -> conv2: conv(w) + side: (conv(w, 1) -> bn)) -> relu
input(3, 16, 16) -> layer1: (block(4) -> block(4)) -> gap -> fc(5)
"""


@pytest.fixture(params=[BLOCK, SHARED], ids=["block", "shared"])
def network(request: pytest.FixtureRequest) -> Network:
    return module(graph_of(request.param)).eval()


def test_a_deep_copy_is_independent_and_shares_the_graph(network: Network, images: Tensor) -> None:
    twin = copy.deepcopy(network)
    assert twin.graph is network.graph
    before = network(images)
    assert torch.equal(twin(images), before)
    with torch.no_grad():
        for weight in twin.parameters():
            weight.zero_()
    assert torch.equal(network(images), before)
    assert not torch.equal(twin(images), before)


def test_it_can_be_saved_whole(network: Network, images: Tensor) -> None:
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    again = torch.load(file, weights_only=False)
    assert type(again) is type(network)
    assert torch.equal(again(images), network(images))


@torch.no_grad()
def test_it_compiles_as_one_graph(network: Network, images: Tensor) -> None:
    compiled: Any = torch.compile(network, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(images), network(images))


@torch.no_grad()
def test_blocks_compile_one_by_one(images: Tensor) -> None:
    network: Any = module(graph_of(BLOCK)).eval()
    expected = network(images)
    for block in network.layer1:
        block.compile(backend="eager", fullgraph=True)
    torch.testing.assert_close(network(images), expected)


@pytest.mark.parametrize("is_strict", [False, True])
@torch.no_grad()
def test_it_exports_with_free_batch_and_plane(images: Tensor, is_strict: bool) -> None:
    network = module(graph_of(BLOCK)).eval()
    auto = torch.export.Dim.AUTO
    exported = torch.export.export(
        network, (images,), dynamic_shapes={"x": {0: auto, 2: auto, 3: auto}}, strict=is_strict
    )
    larger = torch.randn(3, 3, 24, 20)
    torch.testing.assert_close(exported.module()(larger), network(larger))


def test_channels_last_gives_the_same(network: Network, images: Tensor) -> None:
    expected = network(images)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = network(images.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)  # another order of sums


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_it_computes_in_any_precision(network: Network, images: Tensor, dtype: torch.dtype) -> None:
    assert network.to(dtype)(images.to(dtype)).dtype == dtype


def test_it_is_built_in_the_precision_and_on_the_device_asked_for() -> None:
    graph = graph_of(RESNET)
    assert {one.dtype for one in module(graph, dtype=torch.float64).parameters()} == {torch.float64}
    empty = module(graph, device="meta")
    assert {one.device.type for one in empty.state_dict().values()} == {"meta"}
    full = module(graph)
    empty.load_state_dict(full.state_dict(), assign=True)
    image = torch.randn(1, 3, 8, 8)
    assert torch.equal(empty.eval()(image), full.eval()(image))


def test_a_block_can_be_checkpointed(images: Tensor) -> None:
    network: Any = module(graph_of(RESNET), dtype=torch.float64).eval()
    features = torch.randn(2, 8, 6, 6, dtype=torch.float64, requires_grad=True)
    output = checkpoint(network.layer2[0], features, use_reentrant=False)
    assert isinstance(output, Tensor)
    (found,) = torch.autograd.grad(output.sum(), features)
    (expected,) = torch.autograd.grad(network.layer2[0](features).sum(), features)
    torch.testing.assert_close(found, expected)


def test_train_and_eval_reach_every_layer(network: Network) -> None:
    assert not any(layer.training for layer in network.modules())
    assert all(layer.training for layer in network.train().modules())


def test_dropping_acts_in_training_only() -> None:
    network = module(graph_of("input(8, 4, 4) -> dropout(0.5)"))
    ones = torch.ones(1, 8, 4, 4)
    assert (network(ones) == 0).any()
    assert torch.equal(network.eval()(ones), ones)


def test_no_value_is_held_longer_than_it_is_needed() -> None:
    network = module(graph_of("input(4, 8, 8) -> relu -> (conv(4) + id) -> relu -> tanh")).eval()
    alive: list[int] = []

    def count(*_: object) -> None:
        gc.collect()
        planes = [one for one in gc.get_objects() if type(one) is Tensor]
        alive.append(sum(one.shape == (5, 4, 8, 8) for one in planes))

    for layer in network.children():
        layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.randn(5, 4, 8, 8))
    # Beside the image: relu; conv and relu; the sum and relu of it; that and tanh.
    assert alive == [2, 3, 3, 3]


def test_a_traceback_shows_the_line_of_the_generated_source(images: Tensor) -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise KeyError("broken")

    network: Any = module(graph_of(RESNET)).eval()
    network.layer1[0].bn2 = Broken()
    with pytest.raises(KeyError) as caught:
        network(images)
    assert "y = self.bn2(y)" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_nothing_stays_behind_when_a_network_is_gone() -> None:
    gc.collect()
    before = set(linecache.cache)
    network = module(graph_of("input(3, 8, 8) -> (conv(4, 1) | id | gmp(8) | relu)"))
    assert set(linecache.cache) > before
    del network
    gc.collect()
    assert set(linecache.cache) <= before


@pytest.mark.gpu
def test_it_runs_on_a_gpu(network: Network, images: Tensor) -> None:
    expected = network(images)
    found = network.to("cuda")(images.to("cuda"))
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-3)
