"""Chance by numbers: the published words of Philox, the same in whatever order one asks."""

from __future__ import annotations

import numpy as np
import pytest

from striate.data.chance import philox, repeats, uniforms


@pytest.mark.parametrize("length", [0, 1, 50])
def test_repeats_count_what_came_before(length: int) -> None:
    places = np.random.default_rng(0).integers(0, 8, length)
    expected = [places[:number].tolist().count(place) for number, place in enumerate(places)]
    assert repeats(places).tolist() == expected


# The published test vectors of its authors (Random123, `kat_vectors`, philox4x32 with 10 rounds).
KNOWN = [
    ("00000000" * 4, "00000000" * 2, "6627e8d5e169c58dbc57ac4c9b00dbd8"),
    ("ffffffff" * 4, "ffffffff" * 2, "408f276d41c83b0ea20bc7c66d5451fd"),
    ("243f6a8885a308d313198a2e03707344", "a4093822299f31d0", "d16cfe0994fdcceb5001e42024126ea1"),
]


def words(text: str) -> np.ndarray:
    return np.array([int(text[i : i + 8], 16) for i in range(0, len(text), 8)], np.uint64)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_published_words(counter: str, key: str, expected: str) -> None:
    counters = np.stack([words(counter)] * 3, axis=1)
    assert philox(counters, words(key)).T.tolist() == [words(expected).tolist()] * 3


def test_what_a_place_draws_does_not_depend_on_the_others() -> None:
    places = np.array([5, 0, 2**40 + 5, 7])
    drawn = uniforms(1, 2, places=places, count=7)
    for row, place in enumerate(places):
        alone = uniforms(1, 2, places=np.array([place]), count=7)
        assert np.array_equal(alone[0], drawn[row])
    assert np.array_equal(uniforms(1, 2, places=places, count=5), drawn[:, :5])
    assert len(np.unique(drawn)) == drawn.size
    assert not np.isin(uniforms(2, 1, places=places, count=7), drawn).any()


def test_a_stream_of_zero_is_as_good_as_none() -> None:
    # So streams that are to differ from those without begin at 1.
    places = np.arange(5)
    none = uniforms(7, 3, places=places, count=4)
    assert np.array_equal(uniforms(7, 3, 0, places=places, count=4), none)
    assert not np.isin(uniforms(7, 3, 1, places=places, count=4), none).any()


def test_a_place_that_comes_again_draws_other_numbers() -> None:
    places = np.array([3, 3, 8, 3])
    drawn = uniforms(1, 2, places=places, again=np.array([0, 1, 0, 2]), count=5)
    assert len(np.unique(drawn)) == drawn.size
    assert np.array_equal(drawn[[0, 2]], uniforms(1, 2, places=places[[0, 2]], count=5))


def test_drawn_numbers_are_even_and_independent() -> None:
    drawn = uniforms(3, 4, places=np.arange(40_000), count=6)
    assert 0 <= drawn.min() < 1e-4
    assert 1 - 1e-4 < drawn.max() < 1
    # Four deviations of a mean of 40,000; of counts of a tenth of them; of a correlation.
    assert np.abs(drawn.mean(0) - 0.5).max() < 4 * (1 / 12 / 40_000) ** 0.5
    tenths = [np.histogram(column, 10, (0, 1))[0] for column in drawn.T]
    assert np.abs(np.array(tenths) - 4000).max() < 4 * 60
    assert np.abs(np.corrcoef(drawn.T) - np.eye(6)).max() < 4 / 200
