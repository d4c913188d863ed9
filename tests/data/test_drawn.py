"""Parts of pictures scaled by torch: as pillow scales a cut-out, to a level."""

from __future__ import annotations

import numpy as np
import pytest

from striate.data import Box, Preprocessing
from striate.data.decode import resampled
from striate.data.drawn import scale_part
from striate.data.preprocessing import Interpolation
from tests.data.pictures import noise


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("channels", [1, 3, 4, 6])
@pytest.mark.parametrize("box", [Box(0, 0, 50, 40), Box(3, 5, 10, 39), Box(49, 39, 50, 40)])
def test_it_is_pillows_to_a_level(interpolation: Interpolation, channels: int, box: Box) -> None:
    # No black or white: overshoot of the cubic filter, cut off after the first axis, would show
    # which axis came first.
    array = 64 + noise(1, height=40, width=50, channels=channels).reshape(40, 50, channels) // 2
    record = Preprocessing(16, 24, channels, interpolation=interpolation)
    batch = np.full((3, 16, 24, channels), 7, np.uint8)
    scale_part(array, box, record, batch[1])
    assert (batch[[0, 2]] == 7).all()
    found = batch[1]
    left, top, right, bottom = map(int, box)
    part = np.ascontiguousarray(array[top:bottom, left:right])
    expected = resampled(part, Box(0, 0, right - left, bottom - top), record)
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def test_parts_smaller_than_a_pixel_or_over_the_edge_show_whole_pixels_inside() -> None:
    array = noise(2, height=10, width=10)
    target = np.zeros((4, 4, 3), np.uint8)
    scale_part(array, Box(-0.4, 9.6, 0.2, 9.9), Preprocessing(4, 4, 3), target)
    assert (target == array[9, 0]).all()
    scale_part(array, Box(9.7, -0.2, 10.3, 10.4), Preprocessing(4, 4, 3), target)
    expected = resampled(array[:, 9:].copy(), Box(0, 0, 1, 10), Preprocessing(4, 4, 3))
    assert np.abs(target.astype(int) - expected.astype(int)).max() <= 1
