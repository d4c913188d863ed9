"""Processes that share a manifest: each image once, or equally many steps for all."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import Loader, Manifest, Preprocessing, Shard, Store, index, open_cache
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3)


@given(st.integers(0, 200), st.integers(1, 5), st.integers(1, 64))
def test_every_image_comes_once_in_batches_of_nearly_equal_size(
    images: int, world: int, batch: int
) -> None:
    order = np.random.default_rng(images).permutation(images)
    shown: list[int] = []
    steps = set()
    for rank in range(world):
        parts = Shard(rank, world).parts(order, batch)
        sizes = [len(part) for part in parts]
        steps.add(len(parts))
        shown += [int(place) for part in parts for place in part]
        assert not sizes or max(sizes) - min(sizes) <= 1
        assert not sizes or max(sizes) <= batch
    assert sorted(shown) == list(range(images))
    assert len(steps) == 1


@pytest.mark.parametrize("images", [1, 2, 7, 10])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_while_training_all_ranks_take_equal_steps_with_equally_many_images(
    images: int, world: int
) -> None:
    order = np.random.default_rng(0).permutation(images)
    ranks = [Shard(rank, world, is_even=True).parts(order, 2) for rank in range(world)]
    sizes = [[len(part) for part in parts] for parts in ranks]
    assert all(one == sizes[0] for one in sizes)
    assert min(sizes[0]) >= 1
    shown = np.concatenate([part for parts in ranks for part in parts])
    assert set(shown.tolist()) == set(range(images))
    assert len(shown) - images < world


def test_alone_it_is_all_images_in_their_order() -> None:
    assert [part.tolist() for part in Shard().parts(np.asarray([4, 2, 0]), 2)] == [[4, 2], [0]]


def seen_by(
    manifest: Manifest, rank: int, counts: tuple[int, ...], kept: str
) -> tuple[list[list[int]], np.ndarray]:
    """What one of two processes shows of the first images, for several counts; and all pixels.

    Both fill one cache at the same time.
    """
    cache = open_cache(manifest, RECORD, Store(kept))
    whole = Loader(manifest, RECORD, 3, cache=cache).batches()
    pixels = np.concatenate([batch.images.numpy() for batch in whole])
    found = []
    for count in counts:
        part = manifest.taken(np.arange(count))
        loader = Loader(part, RECORD, 3, cache=cache, workers=1, shard=Shard(rank, 2))
        found.append([place for batch in loader.batches() for place in batch.places.tolist()])
    return found, pixels


def test_two_spawned_processes_evaluate_each_image_exactly_once(tmp_path: Path) -> None:
    manifest = index(stripe_folder(tmp_path / "photos", images=5))
    counts, kept = (1, 2, 7, 10), str(tmp_path / "kept")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        ranks = pool.starmap(seen_by, [(manifest, rank, counts, kept) for rank in (0, 1)])
    for count, one, other in zip(counts, ranks[0][0], ranks[1][0], strict=True):
        assert not set(one) & set(other)
        assert sorted(one + other) == list(range(count))
        assert len(one) - len(other) in (0, 1)
    for _, pixels in ranks:
        expected = [batch.images.numpy() for batch in Loader(manifest, RECORD, 3).batches()]
        np.testing.assert_array_equal(pixels, np.concatenate(expected))
    filled = Loader(manifest, RECORD, 3, cache=open_cache(manifest, RECORD, Store(kept)))
    assert filled.kept == 1
