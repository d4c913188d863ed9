"""Batches: every image once, none alone, the same from memory and from workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import (
    Manifest,
    MemoryLoader,
    Preprocessing,
    StreamLoader,
    UnreadableImageError,
    decode_all,
    index,
    refuse_many,
    save_unreadable,
)
from striate.data.loader import batch_places
from striate.errors import DataError
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3)


@pytest.fixture
def photos(tmp_path: Path) -> Manifest:
    return index(stripe_folder(tmp_path / "photos", images=5))


@given(st.integers(1, 500), st.integers(1, 64))
def test_every_image_comes_once_in_batches_of_nearly_equal_size(images: int, batch: int) -> None:
    parts = batch_places(images, batch)
    sizes = [len(part) for part in parts]
    assert np.concatenate(parts).tolist() == list(range(images))
    assert max(sizes) <= batch
    assert max(sizes) - min(sizes) <= 1


def test_no_images_make_no_batches() -> None:
    assert batch_places(0, 8) == []


def test_batches_follow_the_given_order(photos: Manifest) -> None:
    images = decode_all(photos, RECORD).images
    assert images is not None
    order = np.random.default_rng(0).permutation(10)
    batches = list(MemoryLoader(photos, images, 4).batches(order))
    assert np.concatenate([batch.places for batch in batches]).tolist() == order.tolist()
    for batch in batches:
        places = batch.places.numpy()
        np.testing.assert_array_equal(batch.images.numpy(), images[places])
        np.testing.assert_array_equal(batch.labels.numpy(), photos.labels[places])


@pytest.mark.parametrize("workers", [0, 1])
def test_streaming_gives_what_memory_gives(photos: Manifest, workers: int) -> None:
    images = decode_all(photos, RECORD).images
    assert images is not None
    order = np.arange(10)[::-1]
    streamed = StreamLoader(photos, RECORD, 4, workers=workers).batches(order)
    held = MemoryLoader(photos, images, 4).batches(order)
    for one, other in zip(streamed, held, strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_an_unreadable_image_is_left_out_by_name(photos: Manifest, tmp_path: Path) -> None:
    (tmp_path / "photos" / "across" / "3.png").write_bytes(b"oops")
    (tmp_path / "photos" / "upright" / "1.png").unlink()
    decoded = decode_all(photos, RECORD)
    told = [(bad.path, bad.reason) for bad in decoded.unreadable]
    assert told == [
        ("across/3.png", "not an image, or of a kind pillow cannot read"),
        ("upright/1.png", "there is no such file"),
    ]
    assert decoded.images is not None
    assert len(decoded.images) == len(decoded.manifest) == 8
    whole = decode_all(decoded.manifest, RECORD).images
    np.testing.assert_array_equal(decoded.images, whole)
    save_unreadable(tmp_path / "bad.csv", decoded.unreadable)
    assert (tmp_path / "bad.csv").read_text().splitlines() == [
        "path,reason",
        'across/3.png,"not an image, or of a kind pillow cannot read"',
        "upright/1.png,there is no such file",
    ]


def test_checking_without_keeping_finds_the_same(photos: Manifest, tmp_path: Path) -> None:
    (tmp_path / "photos" / "across" / "3.png").write_bytes(b"")
    checked = decode_all(photos, RECORD, keep=False)
    assert checked.images is None
    assert [bad.reason for bad in checked.unreadable] == ["the file is empty"]
    assert len(checked.manifest) == 9


def test_too_many_unreadable_images_are_an_error(photos: Manifest, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / "photos" / "across" / f"{number}.png").write_bytes(b"")
    bad = decode_all(photos, RECORD).unreadable
    refuse_many(bad, 10, limit=0.2)
    with pytest.raises(DataError) as caught:
        refuse_many(bad, 10, limit=0.1)
    assert str(caught.value) == (
        "error: 2 of 10 images cannot be read; 10.0% are allowed  [too-many-unreadable]\n"
        "   = help: across/0.png: the file is empty\n"
        "   = help: across/1.png: the file is empty\n"
        "   = help: replace or remove them, or allow more with --max-unreadable"
    )


def test_progress_counts_every_image(photos: Manifest) -> None:
    steps: list[int] = []
    decode_all(photos, RECORD, advance=steps.append)
    assert sum(steps) == 10


def test_a_set_that_was_moved_is_an_error(photos: Manifest, tmp_path: Path) -> None:
    (tmp_path / "photos").rename(tmp_path / "pictures")
    with pytest.raises(DataError) as caught:
        decode_all(photos, RECORD)
    assert str(caught.value) == (
        f"error: the images are no longer at {tmp_path / 'photos'}  [data-moved]\n"
        "   = help: put them back, or name the place: striate eval RUN DATA"
    )


def test_an_image_that_goes_bad_while_streaming_is_named(photos: Manifest, tmp_path: Path) -> None:
    loader = StreamLoader(photos, RECORD, 4, workers=0)
    (tmp_path / "photos" / "across" / "0.png").write_bytes(b"")
    with pytest.raises(UnreadableImageError, match=r"across/0\.png: the file is empty"):
        list(loader.batches())
