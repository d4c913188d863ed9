"""Random shifts and flips, against single images moved by numpy."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.train.augment import shift_and_flip


def pictures(count: int, height: int, width: int) -> torch.Tensor:
    """Pictures whose pixels are all different."""
    values = torch.arange(count * height * width * 3, dtype=torch.int32)
    return values.reshape(count, height, width, 3)


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def possible_views(
    picture: np.ndarray,
    padding: int,
    *,
    flip: bool,
    mode: Literal["reflect", "constant"] = "reflect",
    **fill: int,
) -> list[np.ndarray]:
    """All crops of a picture after padding, and with `flip` their mirror images."""
    height, width, _ = picture.shape
    around = ((padding, padding), (padding, padding), (0, 0))
    padded = np.pad(picture, around, mode=mode, **fill)  # type: ignore[call-overload]
    steps = range(2 * padding + 1)
    views = [padded[y : y + height, x : x + width] for y in steps for x in steps]
    return views + [view[:, ::-1] for view in views] if flip else views


@given(st.integers(0, 2), st.booleans(), st.integers(0, 20))
def test_every_result_is_a_crop_after_reflect_padding(padding: int, flip: bool, seed: int) -> None:
    images = pictures(5, 4, 6)
    moved = shift_and_flip(images, padding=padding, edges="mirror", flip=flip, chance=chance(seed))
    for before, after in zip(images.numpy(), moved.numpy(), strict=True):
        views = possible_views(before, padding, flip=flip)
        assert any(np.array_equal(after, view) for view in views)


@given(st.booleans(), st.integers(0, 20))
def test_with_plain_edges_every_result_is_a_crop_after_padding_with_the_ground(
    flip: bool, seed: int
) -> None:
    images = torch.full((4, 5, 5, 3), 7, dtype=torch.uint8)
    images[:, 1:4, 1:4] = torch.arange(4 * 9 * 3, dtype=torch.uint8).reshape(4, 3, 3, 3) + 10
    images[:, 0, 2] = 99  # a stroke that touches the edge does not change the ground
    moved = shift_and_flip(images, padding=2, edges="ground", flip=flip, chance=chance(seed))
    for before, after in zip(images.numpy(), moved.numpy(), strict=True):
        views = possible_views(before, 2, flip=flip, mode="constant", constant_values=7)
        assert any(np.array_equal(after, view) for view in views)


def test_all_shifts_and_both_sides_occur_about_equally() -> None:
    image = pictures(1, 5, 5)
    moved = shift_and_flip(
        image.expand(3600, 5, 5, 3), padding=1, edges="mirror", flip=True, chance=chance()
    )
    # The centre shows which of nine pixels came there, its right neighbour which side is which.
    _, counts = torch.unique(moved[:, 2, 2:4, 0], dim=0, return_counts=True)
    assert len(counts) == 9 * 2
    assert counts.min() > 200 - 5 * 14  # five standard deviations of a count around 200
    assert counts.max() < 200 + 5 * 14


def test_without_padding_and_flip_nothing_changes() -> None:
    images = pictures(3, 4, 5)
    assert torch.equal(
        shift_and_flip(images, padding=0, edges="mirror", flip=False, chance=chance()), images
    )


def test_padding_wider_than_the_image_is_cut() -> None:
    images = pictures(3, 2, 2)
    assert (
        shift_and_flip(images, padding=50, edges="mirror", flip=False, chance=chance()).shape
        == images.shape
    )


def test_a_seed_gives_the_same_views_and_the_type_is_kept() -> None:
    images = pictures(8, 4, 4).to(torch.uint8)
    one, two = (
        shift_and_flip(images, padding=1, edges="mirror", flip=True, chance=chance(7))
        for _ in range(2)
    )
    assert torch.equal(one, two)
    assert one.dtype == torch.uint8
