"""Parts of pictures scaled by torch: as pillow scales a cut-out, to a level."""

from __future__ import annotations

import numpy as np
import pytest

from striate.data import Box, Preprocessing
from striate.data.decode import resampled
from striate.data.drawn import scaled_part
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
    found = scaled_part(array, box, record)
    assert found.shape == (16, 24, channels)
    assert found.dtype == np.uint8
    left, top, right, bottom = map(int, box)
    part = np.ascontiguousarray(array[top:bottom, left:right])
    expected = resampled(part, Box(0, 0, right - left, bottom - top), record)
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize("box", [Box(-0.4, 9.6, 0.2, 9.9), Box(9.7, -0.2, 10.3, 10.4)])
def test_parts_smaller_than_a_pixel_or_over_the_edge_show_whole_pixels_inside(box: Box) -> None:
    array = noise(2, height=10, width=10)
    assert scaled_part(array, box, Preprocessing(4, 4, 3)).shape == (4, 4, 3)
