"""A small network of each family in ONNX; `scripts/onnx_check.py` tries all of them."""

from __future__ import annotations

import pytest

from scripts.onnx_check import compare
from striate.errors import StriateError
from striate.networks import Network, network
from striate.zoo import Card, cards

MOST_PARAMS = 13_000_000
SIZES = (32, 64, 96)


def _smallest() -> list[Card]:
    """Of each family the network of the fewest parameters, unless those are too many for a test."""
    found: dict[str, Card] = {}
    for card in cards().values():
        if card.params and card.params < MOST_PARAMS:
            best = found.setdefault(card.family, card)
            if card.params < (best.params or 0):
                found[card.family] = card
    return list(found.values())


def _small(card: Card) -> Network:
    """The network on the smallest images it takes."""
    channels, *plane = card.input
    for size in SIZES:
        try:
            return network(card.name, input=(channels, *(size for _ in plane)))
        except StriateError:
            continue
    return network(card.name)


@pytest.mark.parametrize("card", _smallest(), ids=lambda card: card.name)
def test_a_network_gives_what_torch_gives(card: Card) -> None:
    found = compare(_small(card), [1, 3])
    assert found.is_right, found
