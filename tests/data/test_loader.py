"""Batches: every image once, in the order asked for; what cannot be read is left out by name."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
import time
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.data import (
    Loader,
    Manifest,
    Preprocessing,
    Shard,
    Store,
    contents,
    decode,
    index,
    measure_workers,
    open_cache,
    refuse_many,
    save_unreadable,
)
from striate.data import loader as loader_module
from striate.data import workers as workers_module
from striate.data.augment import RandomCrop
from striate.errors import DataError
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3)


@pytest.fixture
def photos(tmp_path: Path) -> Manifest:
    return index(stripe_folder(tmp_path / "photos", images=5))


def decoded(manifest: Manifest) -> np.ndarray:
    read = contents(manifest)
    return np.stack([decode(read(place), RECORD) for place in range(len(manifest))])


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("striate-loader")]


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_follow_the_given_order(photos: Manifest, workers: int) -> None:
    order = np.random.default_rng(0).permutation(10)
    batches = list(Loader(photos, RECORD, 4, workers=workers).batches(order))
    assert np.concatenate([batch.places for batch in batches]).tolist() == order.tolist()
    assert [len(batch.labels) for batch in batches] == [4, 3, 3]
    for batch in batches:
        places = batch.places.numpy()
        np.testing.assert_array_equal(batch.images.numpy(), decoded(photos)[places])
        np.testing.assert_array_equal(batch.labels.numpy(), photos.labels[places])


def test_no_images_make_no_batches(photos: Manifest) -> None:
    assert list(Loader(photos.taken(np.arange(0)), RECORD, 4).batches()) == []


def test_a_pass_goes_on_where_it_was_left(photos: Manifest) -> None:
    order = np.arange(10)[::-1]
    loader = Loader(photos, RECORD, 3, workers=2)
    whole = list(loader.batches(order, epoch=2))
    assert len(whole) == loader.steps
    for start in range(loader.steps + 1):
        rest = list(loader.batches(order, epoch=2, start=start))
        assert len(rest) == loader.steps - start
        for one, other in zip(rest, whole[start:], strict=True):
            np.testing.assert_array_equal(one.images, other.images)
            np.testing.assert_array_equal(one.places, other.places)


def test_an_unreadable_image_is_left_out_by_name(photos: Manifest, tmp_path: Path) -> None:
    expected = decoded(photos)
    (tmp_path / "photos" / "across" / "3.png").write_bytes(b"oops")
    (tmp_path / "photos" / "upright" / "1.png").unlink()
    loader = Loader(photos, RECORD, 4, workers=2)
    for _ in range(2):
        batches = list(loader.batches())
        assert [batch.places.tolist() for batch in batches] == [[0, 1, 2], [4, 5], [7, 8, 9]]
        for batch in batches:
            np.testing.assert_array_equal(batch.images, expected[batch.places.numpy()])
            np.testing.assert_array_equal(batch.labels, photos.labels[batch.places.numpy()])
    told = [(bad.path, bad.reason) for bad in loader.unreadable]
    assert told[1] == ("upright/1.png", "there is no such file")
    assert told[0][0] == "across/3.png"
    save_unreadable(tmp_path / "bad.csv", loader.unreadable)
    lines = (tmp_path / "bad.csv").read_text().splitlines()
    assert lines[0] == "path,reason"
    assert lines[2] == "upright/1.png,there is no such file"


def test_one_that_goes_bad_and_comes_back_stays_left_out(photos: Manifest, tmp_path: Path) -> None:
    file = tmp_path / "photos" / "across" / "0.png"
    content = file.read_bytes()
    file.write_bytes(b"")
    loader = Loader(photos, RECORD, 4, workers=1)
    assert sum(len(batch.labels) for batch in loader.batches()) == 9
    file.write_bytes(content)
    assert sum(len(batch.labels) for batch in loader.batches()) == 9


def test_a_batch_of_which_nothing_is_left_does_not_come(photos: Manifest, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / "photos" / "across" / f"{number}.png").write_bytes(b"")
    batches = Loader(photos, RECORD, 2, workers=2).batches()
    assert [batch.places.tolist() for batch in batches] == [[2, 3], [4, 5], [6, 7], [8, 9]]


def test_too_many_unreadable_images_are_an_error(photos: Manifest, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / "photos" / "across" / f"{number}.png").write_bytes(b"")
    loader = Loader(photos, RECORD, 4)
    list(loader.batches())
    refuse_many(loader.unreadable, 10, limit=0.2)
    with pytest.raises(DataError) as caught:
        refuse_many(loader.unreadable, 10, limit=0.1)
    assert str(caught.value) == (
        "error: 2 of 10 images cannot be read; 10.0% are allowed  [too-many-unreadable]\n"
        "   = help: across/0.png: the file is empty\n"
        "   = help: across/1.png: the file is empty\n"
        "   = help: replace or remove them, or allow more with --max-unreadable"
    )


def test_a_set_that_was_moved_is_an_error(photos: Manifest, tmp_path: Path) -> None:
    (tmp_path / "photos").rename(tmp_path / "pictures")
    with pytest.raises(DataError) as caught:
        list(Loader(photos, RECORD, 4).batches())
    assert str(caught.value) == (
        f"error: the images are no longer at {tmp_path / 'photos'}  [data-moved]\n"
        "   = help: put them back, or name the place: striate eval RUN DATA"
    )


def test_closing_early_leaves_no_thread(photos: Manifest) -> None:
    batches = Loader(photos, RECORD, 2, workers=3).batches()
    next(batches)
    assert threads()
    batches.close()
    assert not threads()


def test_an_error_in_a_thread_names_the_file_and_ends_the_others(
    photos: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(content: bytes, record: Preprocessing) -> np.ndarray:
        raise RuntimeError("a bug")

    monkeypatch.setattr(loader_module, "decode", broken)
    with pytest.raises(RuntimeError, match="a bug") as caught:
        list(Loader(photos, RECORD, 4, workers=2).batches())
    assert "while loading across/" in caught.value.__notes__[0]
    assert not threads()


def test_ctrl_c_is_heard_while_waiting_for_slow_images(
    photos: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(content: bytes, record: Preprocessing) -> np.ndarray:
        time.sleep(0.2)
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setattr(loader_module, "decode", slow)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        list(Loader(photos, RECORD, 10, workers=1).batches())
    assert time.perf_counter() - begin < 1  # all ten images would take two seconds
    assert not threads()


def test_only_a_few_batches_are_decoded_ahead(
    photos: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def counted(content: bytes, record: Preprocessing) -> np.ndarray:
        seen.append(1)
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setattr(loader_module, "decode", counted)
    many = photos.taken(np.tile(np.arange(10), 20))
    loader = Loader(many, RECORD, 4, workers=1)
    batches = loader.batches()
    next(batches)
    time.sleep(0.1)
    assert len(seen) <= 4 * (1 + loader.ahead)
    batches.close()


def test_the_time_waited_and_the_time_used_are_told_apart(photos: Manifest) -> None:
    loader = Loader(photos, RECORD, 5, workers=1)
    for _ in loader.batches():
        time.sleep(0.05)
    assert loader.used_s >= 0.1
    assert loader.waiting == pytest.approx(loader.waited_s / (loader.waited_s + loader.used_s))


def test_the_number_of_threads_is_measured_and_told(
    photos: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_module, "usable_cores", lambda: 6)
    measured = measure_workers(Loader(photos, RECORD, 4), seconds=0.01)
    assert list(measured.images_per_s) == [1, 2, 4, 6]
    assert measured.count in measured.images_per_s
    assert str(measured).startswith(f"{measured.count} threads load images (images/s by threads: 1")


def test_thirty_epochs_take_no_more_memory_than_three(photos: Manifest) -> None:
    loader = Loader(photos, Preprocessing(64, 64, 3), 4, workers=2)
    held = []
    tracemalloc.start()
    for epoch in range(30):
        for _ in loader.batches(np.random.default_rng(epoch).permutation(10), epoch=epoch):
            pass
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[-1] - held[2] < 10 * 64 * 64 * 3  # what the images of a single epoch take
    assert not threads()


def viewed(photos: Manifest, *, epoch: int, seed: int = 0, **how: Any) -> np.ndarray:
    """All images by place, cut by chance."""
    loader = Loader(photos, RECORD, how.pop("batch", 4), view=RandomCrop(0.2), seed=seed, **how)
    found = np.zeros((10, 8, 8, 3), np.uint8)
    for batch in loader.batches(np.random.default_rng(epoch).permutation(10), epoch=epoch):
        found[batch.places] = batch.images
    return found


def test_what_a_view_draws_depends_on_seed_epoch_and_image_alone(photos: Manifest) -> None:
    expected = viewed(photos, epoch=1, workers=1)
    for how in ({"workers": 3}, {"batch": 1}, {"batch": 10}):
        np.testing.assert_array_equal(viewed(photos, epoch=1, **how), expected)
    shards = [viewed(photos, epoch=1, shard=Shard(rank, 2)) for rank in (0, 1)]
    np.testing.assert_array_equal(shards[0] + shards[1], expected)
    assert (viewed(photos, epoch=2) != expected).any()
    assert (viewed(photos, epoch=1, seed=1) != expected).any()


def test_an_image_that_comes_again_shows_another_view_on_whatever_rank(photos: Manifest) -> None:
    order = np.array([4, 1, 4, 4, 2, 1, 0, 4])

    def seen(rank: int = 0, world: int = 1, **how: Any) -> np.ndarray:
        loader = Loader(photos, RECORD, 3, view=RandomCrop(0.2), shard=Shard(rank, world), **how)
        return np.concatenate([batch.images.numpy() for batch in loader.batches(order, epoch=1)])

    whole = seen()
    assert len({whole[row].tobytes() for row in (0, 2, 3, 7)}) == 4
    for rank in (0, 1):
        np.testing.assert_array_equal(seen(rank, 2), whole[rank::2])
    cache = open_cache(photos, RECORD, side=8)
    kept = seen(side=8, cache=cache)
    np.testing.assert_array_equal(seen(side=8, cache=cache), kept)
    np.testing.assert_array_equal(kept, seen(side=8))


def test_nothing_lies_in_shared_memory(photos: Manifest) -> None:
    shared = Path("/dev/shm")
    if not shared.is_dir():
        pytest.skip("this system has no /dev/shm")
    before = set(shared.iterdir())
    with closing(Loader(photos, RECORD, 4, workers=2).batches()) as batches:
        batch = next(batches)
        assert not batch.images.is_shared()  # type: ignore[no-untyped-call]
        assert set(shared.iterdir()) <= before


def test_it_can_be_sent_to_another_process(photos: Manifest, tmp_path: Path) -> None:
    cache = open_cache(photos, RECORD, Store(str(tmp_path / "kept")))
    loader = Loader(photos, RECORD, 4, cache=cache, workers=2)
    list(loader.batches())
    sent = pickle.loads(pickle.dumps(loader))  # noqa: S301  our own, of a moment ago
    assert sent.kept == 1
    for one, other in zip(sent.batches(), loader.batches(), strict=True):
        np.testing.assert_array_equal(one.images, other.images)
