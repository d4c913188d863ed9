"""Shifts and flips, against single images moved by numpy."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.data.augment.moves import Edges, flipped, shifted

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
def test_a_result_is_a_crop_after_reflect_padding(down: int, right: int, flip: bool) -> None:
    images = pictures(3, 4, 6)
    shifts = np.array([[down, right], [0, 0], [-down, right]])
    flips = (flip, False, not flip)
    moved = flipped(shifted(images, shifts, edges="mirror"), np.array(flips))
    for before, after, shift, is_flipped in zip(images, moved, shifts, flips, strict=True):
        expected = moved_by_numpy(before.numpy(), tuple(shift), flip=is_flipped, edges="mirror")
        assert np.array_equal(after.numpy(), expected)


@given(st.integers(-2, 2), st.integers(-2, 2), st.booleans())
def test_with_plain_edges_a_result_is_a_crop_after_padding_with_the_ground(
    down: int, right: int, flip: bool
) -> None:
    images = torch.full((4, 5, 5, 3), 7, dtype=torch.uint8)
    images[:, 1:4, 1:4] = torch.arange(4 * 9 * 3, dtype=torch.uint8).reshape(4, 3, 3, 3) + 10
    images[:, 0, 2] = 99  # a stroke that touches the edge does not change the ground
    moved = shifted(images, np.array([[down, right]] * 4), edges="ground")
    moved = flipped(moved, np.full(4, flip))
    for before, after in zip(images, moved, strict=True):
        expected = moved_by_numpy(before.numpy(), (down, right), flip=flip, edges="ground")
        assert np.array_equal(after.numpy(), expected)


def test_no_shift_and_no_flip_change_nothing_and_the_type_is_kept() -> None:
    images = pictures(3, 4, 5).to(torch.uint8)
    moved = flipped(shifted(images, STILL, edges="mirror"), np.zeros(3, np.bool_))
    assert torch.equal(moved, images)
    assert moved.dtype == torch.uint8
    assert moved.data_ptr() != images.data_ptr()


@given(st.lists(st.booleans(), max_size=9), st.booleans())
def test_any_images_of_a_batch_are_mirrored_and_the_batch_stays_as_it_was(
    flips: list[bool], is_in_pieces: bool
) -> None:
    images = (
        pictures(len(flips), 3, 4).permute(0, 2, 1, 3)
        if is_in_pieces
        else pictures(len(flips), 4, 3)
    )
    before = images.clone()
    found = flipped(images, np.array(flips, np.bool_))
    expected = [image[:, ::-1] if flip else image
                for image, flip in zip(before.numpy(), flips, strict=True)]  # fmt: skip
    np.testing.assert_array_equal(found.numpy(), np.reshape(expected, before.shape))
    assert torch.equal(images, before)
