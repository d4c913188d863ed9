"""Pairs and groups of copies, against looking at every pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from striate.data import index
from striate.data.audit import duplicate_groups
from striate.data.audit import duplicates as module
from striate.data.audit.duplicates import (
    NEAR,
    exact_pairs,
    near_pairs,
    near_threshold,
)
from striate.data.audit.hashing import distance, mirrored
from striate.data.audit.pairs import Pairs, joined
from tests.data.pictures import stripe_folder


def related(count: int, *, seed: int = 0) -> np.ndarray:
    """Random hashes, some of them copies with 0 to 12 bits changed, some of those mirrored."""
    chance = np.random.default_rng(seed)
    hashes = chance.integers(0, 2**64, count, dtype=np.uint64)
    for place in range(0, count, 3):
        flips = chance.choice(64, chance.integers(0, 13), replace=False)
        copy = hashes[place] ^ np.uint64(sum(1 << int(bit) for bit in flips))
        other = int(chance.integers(count))
        hashes[other] = mirrored(copy) if chance.random() < 0.3 else copy
    return hashes


def by_looking_at_all(hashes: np.ndarray, threshold: int) -> set[tuple[int, int]]:
    found = set()
    for one, value in enumerate(hashes):
        nearer = np.minimum(distance(hashes, value), distance(mirrored(hashes), value))
        found |= {(one, int(other)) for other in np.flatnonzero(nearer <= threshold) if other > one}
    return found


def pairs_of(pairs: Pairs) -> set[tuple[int, int]]:
    assert len(pairs.first) == len(set(zip(*pairs, strict=True)))
    return {(int(one), int(other)) for one, other in zip(*pairs, strict=True)}


@pytest.mark.parametrize("threshold", [0, 1, 4, NEAR])
@pytest.mark.parametrize("many", [0, 10**9])
def test_all_near_pairs_are_found_and_no_others(
    threshold: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", many)
    hashes = related(400)
    found = pairs_of(near_pairs(hashes, threshold))
    # Equal hashes are each paired with the first of them only: compare what is joined.
    expected = by_looking_at_all(hashes, threshold)
    assert found <= expected
    assert groups(400, found) == groups(400, expected)


def groups(count: int, pairs: set[tuple[int, int]]) -> set[frozenset[int]]:
    one, other = np.array(sorted(pairs)).T if pairs else np.empty((2, 0), int)
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(count, count))
    _, numbers = connected_components(graph, directed=False)
    return {frozenset(np.flatnonzero(numbers == number).tolist()) for number in set(numbers)}


def test_joining_agrees_with_connected_components() -> None:
    chance = np.random.default_rng(2)
    for _ in range(20):
        pairs = chance.integers(0, 60, (2, 40))
        numbers = joined(60, Pairs(*pairs))
        mine = {frozenset(np.flatnonzero(numbers == n).tolist()) for n in set(numbers.tolist())}
        assert mine == groups(60, {(int(a), int(b)) for a, b in pairs.T})
        assert sorted(set(numbers.tolist())) == list(range(numbers.max() + 1))


def test_equal_files_are_paired_and_those_not_known_are_not() -> None:
    hashes = np.array([b"a" * 16, None, b"b" * 16, b"a" * 16, None], dtype=object)
    assert pairs_of(exact_pairs(hashes)) == {(0, 3)}


def test_photos_get_the_usual_threshold_and_pictures_that_are_all_alike_a_lower_one() -> None:
    chance = np.random.default_rng(3)
    photos = chance.integers(0, 2**64, 2000, dtype=np.uint64)
    assert near_threshold(photos) == NEAR
    few = photos & np.uint64(0xFFFF)  # 48 bits are the same in all: distances are near 8
    assert near_threshold(few) == -1
    assert len(near_pairs(few, -1).first) == 0


def test_an_image_without_hashes_is_alone(tmp_path: Path) -> None:
    manifest = index(stripe_folder(tmp_path / "photos", 3))
    assert duplicate_groups(manifest).tolist() == list(range(6))


def test_planted_copies_among_many_are_found() -> None:
    chance = np.random.default_rng(4)
    hashes = chance.integers(0, 2**64, 20_000, dtype=np.uint64)
    for place in range(0, 1000, 2):
        flips = chance.choice(64, NEAR, replace=False)
        copy = hashes[place] ^ np.uint64(sum(1 << int(bit) for bit in flips))
        hashes[place + 1] = mirrored(copy) if place % 4 else copy
    planted = {(place, place + 1) for place in range(0, 1000, 2)}
    found = pairs_of(near_pairs(hashes))
    assert planted <= found
    assert len(found) < len(planted) + 5  # of 2 * 10^8 pairs some are near by chance
