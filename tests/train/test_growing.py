"""Images that grow while a network learns."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from striate.errors import UsageError
from striate.networks import network
from striate.options import Options
from striate.train import Silent, fit
from striate.train.growing import GROWN, check_growing, scaled, share_of_side
from striate.train.settings import Settings
from tests.data.pictures import stripe_folder
from tests.train.runs import QUICK


def growing(size: int, grow_from: float) -> Settings:
    return Settings(epochs=1, size=size, batch=8, lr=0.1, grow_from=grow_from)


def test_sides_grow_in_equal_steps_and_are_full_for_the_last_quarter() -> None:
    settings = growing(64, 0.5)
    sides = [round(64 * share_of_side(step / 100, settings)) for step in range(101)]
    assert sorted(set(sides)) == list(range(32, 65, 4))
    assert sides == sorted(sides)
    assert all(side == 64 for side in sides[round(100 * GROWN) :])


def test_without_growing_images_are_left_alone() -> None:
    images = torch.rand(2, 3, 10, 12)
    assert scaled(images, share_of_side(0.0, growing(10, 1.0))) is images


def test_a_constant_picture_stays_constant_and_keeps_its_shape() -> None:
    small = scaled(torch.full((2, 3, 16, 32), 0.25), 0.75)
    assert small.shape == (2, 3, 12, 24)
    torch.testing.assert_close(small, torch.full_like(small, 0.25))


def test_sizes_that_the_network_does_not_take_are_refused() -> None:
    fixed = network("input(3, 32, 32) -> conv(4, s=4) -> flatten -> fc(2)")
    with pytest.raises(
        UsageError, match=r"images grow from 24 to 32 pixels, but the network takes"
    ):
        check_growing(fixed.graph, growing(32, 0.75))
    check_growing(fixed.graph, growing(32, 1.0))
    check_growing(network("airbench").graph, growing(32, 0.75))


def test_a_training_with_growing_images_ends_and_learns(tmp_path: Path) -> None:
    net = "input(3, 16, 16) -> conv(8, b=0) -> bn -> relu -> gap -> fc(2)"
    data = stripe_folder(tmp_path / "data", images=12)
    options: Options = {**QUICK, "grow_from": 0.5}
    outcome = fit(net, data, out=tmp_path / "run", reporter=Silent(), **options)
    assert outcome.epochs == QUICK["epochs"]
