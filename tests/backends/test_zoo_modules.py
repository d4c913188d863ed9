"""The first network of each family of the zoo as a module, without numbers."""

from __future__ import annotations

import pytest
import torch

from striate.backends.torch_module import module
from striate.networks import network
from striate.zoo import Card, cards
from tests.strategies import sizes_of

FIRST = list({card.family: card for card in reversed(cards().values())}.values())


@pytest.mark.parametrize("card", FIRST, ids=lambda card: card.name)
def test_a_network_computes_the_shapes_that_its_graph_says(card: Card) -> None:
    graph = network(card.name).graph
    made = module(graph, device="meta").eval()
    images = [torch.empty(2, *sizes_of(one), device="meta") for one in graph.input_types]
    given = made(*images)
    outputs = given if isinstance(given, tuple) else (given,)
    assert [tuple(one.shape) for one in outputs] == [
        (2, *sizes_of(one)) for one in graph.output_types
    ]
    assert sum(one.numel() for one in made.parameters()) == graph.params
    assert card.params in (None, graph.params)
