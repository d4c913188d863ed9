"""Chance by numbers: that of numpy's own Philox, and the same in whatever order one asks."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from striate.data.chance import Chance, repeats


def first(chance: Chance, **at: int) -> list[float]:
    return chance.at(**at).random(6).tolist()  # type: ignore[no-any-return]


def test_it_is_numpys_philox_started_at_the_numbers() -> None:
    key = np.random.SeedSequence(7).generate_state(2, np.uint64)
    for epoch, place, repeat in ((0, 0, 0), (3, 10**9, 0), (2, 5, 4)):
        fresh = np.random.Generator(np.random.Philox(key=key, counter=[0, place, epoch, repeat]))
        expected = fresh.random(6).tolist()
        assert first(Chance(7), epoch=epoch, place=place, repeat=repeat) == expected


def test_what_was_drawn_before_changes_nothing() -> None:
    chance = Chance(1)
    expected = first(chance, epoch=1, place=2)
    # Halves of numbers are kept for the next draw, and of blocks of four some are left.
    chance.at(epoch=1, place=3).integers(0, 9, 3, dtype=np.int32)
    assert first(chance, epoch=1, place=2) == expected
    assert first(pickle.loads(pickle.dumps(chance)), epoch=1, place=2) == expected  # noqa: S301


def test_seed_epoch_place_and_repeat_each_give_other_numbers() -> None:
    drawn = [
        first(Chance(seed), epoch=epoch, place=place, repeat=repeat)
        for seed in (0, 1)
        for epoch in (0, 1)
        for place in (0, 1)
        for repeat in (0, 1)
    ]
    assert len({number for numbers in drawn for number in numbers}) == 16 * 6


def test_threads_do_not_disturb_each_other() -> None:
    chance = Chance(5)
    expected = [first(chance, epoch=0, place=place) for place in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda p: first(chance, epoch=0, place=p), range(200))) == expected


@pytest.mark.parametrize("length", [0, 1, 50])
def test_repeats_count_what_came_before(length: int) -> None:
    places = np.random.default_rng(0).integers(0, 8, length)
    expected = [places[:number].tolist().count(place) for number, place in enumerate(places)]
    assert repeats(places).tolist() == expected
