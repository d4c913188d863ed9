"""Parts of pictures scaled by torch: as pillow scales a cut-out, to a level."""

from __future__ import annotations

import numpy as np
import pytest

from striate.data import Box, Preprocessing
from striate.data.decode import resampled
from striate.data.drawn import Part, nearest_part, scale_part
from striate.data.preprocessing import Interpolation
from tests.data.pictures import noise


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("channels", [1, 3, 4, 6])
@pytest.mark.parametrize("part", [Part(0, 0, 50, 40), Part(3, 5, 10, 39), Part(49, 39, 50, 40)])
def test_it_is_pillows_to_a_level(interpolation: Interpolation, channels: int, part: Part) -> None:
    # No black or white: overshoot of the cubic filter, cut off after the first axis, would show
    # which axis came first.
    array = 64 + noise(1, height=40, width=50, channels=channels).reshape(40, 50, channels) // 2
    record = Preprocessing(16, 24, channels, interpolation=interpolation)
    batch = np.full((3, 16, 24, channels), 7, np.uint8)
    scale_part(array, part, record, batch[1])
    assert (batch[[0, 2]] == 7).all()
    found = batch[1]
    left, top, right, bottom = part
    seen = np.ascontiguousarray(array[top:bottom, left:right])
    expected = resampled(seen, Box(0, 0, right - left, bottom - top), record)
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(1.4, 2.6, 5.5, 7), (1, 3, 6, 7)),
        (Box(-0.4, 9.6, 0.2, 9.9), (0, 9, 1, 10)),
        (Box(9.7, -0.2, 10.3, 10.4), (9, 0, 10, 10)),
    ],
)
def test_a_part_is_the_nearest_whole_pixels_inside(box: Box, expected: tuple[int, ...]) -> None:
    assert nearest_part(box, 10, 10) == expected
