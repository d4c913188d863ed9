"""Random parts of pictures, against the published algorithm written as a plain loop."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp  # type: ignore[import-untyped]

from striate.data.augment import RandomCrop

COUNT = 4000


def published(height: int, width: int, low: float, chance: random.Random) -> list[float]:
    """Left, top, width and height by torchvision's description of RandomResizedCrop."""
    for _ in range(10):
        area = chance.uniform(low, 1.0) * height * width
        aspect = math.exp(chance.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return [chance.randint(0, width - w), chance.randint(0, height - h), w, h]
    shape = width / height
    if shape < 3 / 4:
        w, h = width, round(width / (3 / 4))
    elif shape > 4 / 3:
        w, h = round(height * (4 / 3)), height
    else:
        w, h = width, height
    return [(width - w) // 2, (height - h) // 2, w, h]


def drawn(seed: int) -> Iterator[float]:
    return iter(np.random.default_rng(seed).random, -1.0)


@pytest.mark.parametrize(("height", "width", "low"), [(3000, 4000, 0.08), (2000, 2000, 0.5)])
def test_places_and_sizes_are_distributed_as_published(height: int, width: int, low: float) -> None:
    theirs_chance, ours_chance = random.Random(1), drawn(2)
    theirs = np.array([published(height, width, low, theirs_chance) for _ in range(COUNT)])
    boxes = np.array([RandomCrop(low).box(height, width, ours_chance) for _ in range(COUNT)])
    ours = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    for column in range(4):
        assert ks_2samp(ours[:, column], theirs[:, column]).pvalue > 0.01
    areas, shapes = (f(theirs[:, 2], theirs[:, 3]) for f in (np.multiply, np.divide))
    assert ks_2samp(ours[:, 2] * ours[:, 3], areas).pvalue > 0.01
    assert ks_2samp(ours[:, 2] / ours[:, 3], shapes).pvalue > 0.01


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.01, 1), st.integers(0, 50))
def test_every_part_lies_inside_and_has_pixels(
    height: int, width: int, low: float, seed: int
) -> None:
    box = RandomCrop(low).box(height, width, drawn(seed))
    assert 0 <= box.left < box.right <= width
    assert 0 <= box.top < box.bottom <= height


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(1, 5000, (2499, 0, 2500, 1)), (1000, 30, (0, 480, 30, 520)), (1, 1, (0, 0, 1, 1))],
)
def test_a_long_picture_gives_its_middle_in_the_nearest_legal_shape(
    height: int, width: int, expected: tuple[int, ...]
) -> None:
    # 30 wide at 3/4 is 40 high; (1000 - 40) / 2 = 480.
    assert RandomCrop(0.9).box(height, width, drawn(0)) == expected


def test_shapes_are_relative_to_that_of_the_input() -> None:
    chance = drawn(3)
    boxes = [RandomCrop(0.1, aspect=2.0).box(1000, 1000, chance) for _ in range(500)]
    shapes = [(box.right - box.left) / (box.bottom - box.top) for box in boxes]
    assert 2 * 3 / 4 - 0.01 < min(shapes) < 1.6
    assert 2.5 < max(shapes) < 2 * 4 / 3 + 0.01


def test_the_numbers_that_are_taken_are_no_more_than_is_said() -> None:
    view = RandomCrop(0.9)
    chance = drawn(4)
    left = []
    for _ in range(2000):  # about one try in six fits; of some pictures only the last
        given = islice(chance, view.numbers)
        view.box(500, 500, given)
        left.append(len(list(given)))
    assert min(left) == 0
