"""Tests of what is chosen where nobody says anything."""

from __future__ import annotations

import pytest

from striate.options import Optimizer
from striate.train.optimize.defaults import default_batch, default_lr, most_by_data


@pytest.mark.parametrize(
    ("images", "most"), [(1, 16), (100, 16), (1_000, 32), (50_000, 2048), (10**7, 4096)]
)
def test_some_twenty_steps_of_an_epoch_are_left(images: int, most: int) -> None:
    assert most_by_data(images) == most


@pytest.mark.parametrize(
    ("images", "optimizer", "batch"),
    [
        (2, "sgd", 16),
        (1293, "sgd", 64),
        (47_500, "sgd", 256),
        (10**6, "adamw", 256),
        (1293, "muon", 64),
        (9_000, "muon", 256),
        (47_500, "muon", 512),
        (10**6, "muon", 512),
    ],
)
def test_small_sets_get_smaller_batches(images: int, optimizer: Optimizer, batch: int) -> None:
    assert default_batch(images, optimizer) == batch


def test_the_rate_of_muon_is_the_published_one() -> None:
    # 0.24 for 2,000 images, by the root of the batch; ours is 7 % below.
    assert default_lr(2000, "muon") == pytest.approx(0.24, rel=0.08)


def test_the_rate_of_muon_grows_with_the_root_of_the_batch() -> None:
    assert default_lr(1024, "muon") == pytest.approx(2 * default_lr(256, "muon"))
