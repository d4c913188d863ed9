"""Every network of the zoo is what its card says."""

from __future__ import annotations

import pytest

from striate import network, zoo
from striate.networks import network_for
from striate.zoo import Card

CARDS = list(zoo.cards().values())


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_states_the_counts_of_its_network(card: Card) -> None:
    made = network(card.name)
    assert made.input == card.input
    if card.params is not None:
        assert made.params == card.params
    if card.macs is not None:
        assert made.macs == card.macs


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_classifier_takes_the_number_of_classes(card: Card) -> None:
    made = network_for(card.name, input=None, classes=7)
    if len(made.output) == 1 and card.name != "dcgan_discriminator":
        assert made.output == (7,)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_names_the_paper_and_its_idea(card: Card) -> None:
    assert card.paper
    assert card.idea


def test_the_zoo_has_the_networks_that_everyone_asks_for() -> None:
    asked = "alexnet densenet121 efficientnet_b0 googlenet hrnet_w18 inception_v3 resnet18 resnet20"
    asked += " resnet50 shufflenet_v1 vgg16 wrn28_10"
    assert set(asked.split()) <= set(zoo.cards())
