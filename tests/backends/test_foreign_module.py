"""Layers from outside in the torch module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from striate.backends.torch_module import module
from striate.errors import GraphError
from striate.ir import op
from striate.ops.foreign import register
from tests.backends.texts import graph_of

TEXT = "input(3, 8, 8) -> conv(4) -> scaled: doubling(3) -> gap"


class Doubling(nn.Module):
    """Multiplies by a learned number that starts at `by`."""

    def __init__(self, sizes: tuple[int, ...], by: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.full((sizes[0], 1, 1), float(by)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    op._BY_NAME.pop("doubling", None)


def test_its_module_is_made_called_and_keeps_its_own_start() -> None:
    register(
        "doubling",
        "(by=2)",
        lambda x, by: x.sizes,
        Doubling,
        weights=lambda x, by: {"factor": (x.channels, 1, 1)},
    )
    graph = graph_of(TEXT)
    network = module(graph)
    assert network.get_parameter("scaled.factor").flatten().tolist() == [3.0] * 4
    assert graph.params == sum(one.numel() for one in network.parameters())
    assert network(torch.ones(1, 3, 8, 8)).shape == (1, 4, 1, 1)


def test_weights_that_it_does_not_tell_are_its_own_matter() -> None:
    register("doubling", "(by=2)", lambda x, by: x.sizes, Doubling)
    assert "scaled.factor" in module(graph_of(TEXT)).state_dict()


def test_weights_told_wrongly_are_found() -> None:
    register(
        "doubling",
        "(by=2)",
        lambda x, by: x.sizes,
        Doubling,
        weights=lambda x, by: {"factor": (1,)},
    )
    with pytest.raises(GraphError) as caught:
        module(graph_of(TEXT))
    assert caught.value.code == "weights-differ"
    assert "states factor of shape (1,), and its module has (4, 1, 1)" in str(caught.value)


def test_a_factory_that_makes_no_module_is_told() -> None:
    register("doubling", "(by=2)", lambda x, by: x.sizes, lambda sizes, by: by)
    with pytest.raises(GraphError, match="gave a int, not a torch"):
        module(graph_of(TEXT))


@pytest.mark.parametrize("name", ["nowhere.at_all.Layer", "striate.nn.NoSuchLayer", "Layer"])
def test_a_factory_that_is_not_installed_is_told(name: str) -> None:
    register("doubling", "(by=2)", lambda x, by: x.sizes, name)
    with pytest.raises(GraphError, match=f"{name} is not there"):
        module(graph_of(TEXT))
