"""Shifts and flips, against single images moved by numpy."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.data.augment.moves import Edges, flip, shifted

STILL = np.zeros((3, 2), np.int64)


def pictures(count: int, height: int, width: int) -> torch.Tensor:
    """Pictures whose pixels are all different."""
    values = torch.arange(count * height * width * 3, dtype=torch.int32)
    return values.reshape(count, height, width, 3)


def moved_by_numpy(
    picture: np.ndarray, shift: tuple[int, int], *, flip: bool, edges: Edges
) -> np.ndarray:
    """The crop after padding that a shift names, then mirrored."""
    height, width, _ = picture.shape
    around = ((height - 1, height - 1), (width - 1, width - 1), (0, 0))
    if edges == "mirror":
        padded = np.pad(picture, around, mode="reflect")
    else:
        padded = np.pad(picture, around, constant_values=7)
    top, left = height - 1 + shift[0], width - 1 + shift[1]
    view = padded[top : top + height, left : left + width]
    return view[:, ::-1] if flip else view


@given(st.integers(-3, 3), st.integers(-5, 5), st.booleans())
def test_a_result_is_a_crop_after_reflect_padding(down: int, right: int, is_first: bool) -> None:
    images = pictures(3, 4, 6)
    shifts = np.array([[down, right], [0, 0], [-down, right]])
    flips = (is_first, False, not is_first)
    moved = shifted(images, shifts, edges="mirror")
    flip(moved, np.array(flips))
    for before, after, shift, is_flipped in zip(images, moved, shifts, flips, strict=True):
        expected = moved_by_numpy(before.numpy(), tuple(shift), flip=is_flipped, edges="mirror")
        assert np.array_equal(after.numpy(), expected)


@given(st.integers(-2, 2), st.integers(-2, 2), st.booleans())
def test_with_plain_edges_a_result_is_a_crop_after_padding_with_the_ground(
    down: int, right: int, is_flipped: bool
) -> None:
    images = torch.full((4, 5, 5, 3), 7, dtype=torch.uint8)
    images[:, 1:4, 1:4] = torch.arange(4 * 9 * 3, dtype=torch.uint8).reshape(4, 3, 3, 3) + 10
    images[:, 0, 2] = 99  # a stroke that touches the edge does not change the ground
    moved = shifted(images, np.array([[down, right]] * 4), edges="ground")
    flip(moved, np.full(4, is_flipped))
    for before, after in zip(images, moved, strict=True):
        expected = moved_by_numpy(before.numpy(), (down, right), flip=is_flipped, edges="ground")
        assert np.array_equal(after.numpy(), expected)


def test_no_shift_and_no_flip_change_nothing_and_the_type_is_kept() -> None:
    images = pictures(3, 4, 5).to(torch.uint8)
    moved = shifted(images, STILL, edges="mirror")
    flip(moved, np.zeros(3, np.bool_))
    assert torch.equal(moved, images)
    assert moved.dtype == torch.uint8
    assert moved.data_ptr() != images.data_ptr()


@given(st.lists(st.booleans(), max_size=9))
def test_any_images_of_a_batch_are_mirrored_where_they_are(flips: list[bool]) -> None:
    images = pictures(len(flips), 4, 3)
    expected = images.clone()
    for image in np.flatnonzero(flips):
        expected[image] = expected[image].flip(1)
    flip(images, np.array(flips, np.bool_))
    assert torch.equal(images, expected)
