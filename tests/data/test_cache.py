"""Decoded images kept on disk: the same pixels, never stale, never torn, never too many."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import Cache, Loader, Manifest, Preprocessing, Store, cache, index, open_cache
from striate.data.augment import RandomCrop
from striate.errors import DataError
from tests.data.pictures import encoded, noise, png, stripe_folder, write

RECORD = Preprocessing(8, 8, 3)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def photos(tmp_path: Path) -> Manifest:
    return index(stripe_folder(tmp_path / "photos", images=5, side=12))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "kept"))


def opened(manifest: Manifest, store: Store, *, side: int | None = None) -> Cache:
    found = open_cache(manifest, RECORD, store, side=side)
    assert found is not None
    return found


def pixels(manifest: Manifest, found: Cache | None = None, *, epoch: int = 0) -> np.ndarray:
    has_views = found is not None and found.side is not None
    plain = None if has_views else found
    loader = viewing(manifest, found) if has_views else Loader(manifest, RECORD, 4, cache=plain)
    return np.concatenate([batch.images.numpy() for batch in loader.batches(epoch=epoch)])


def viewing(manifest: Manifest, found: Cache | None) -> Loader:
    return Loader(manifest, RECORD, 4, cache=found, view=RandomCrop(0.3), side=30, workers=2)


def share_kept(manifest: Manifest, store: Store) -> float:
    return Loader(manifest, RECORD, 4, cache=opened(manifest, store)).kept


def test_pixels_are_those_of_the_files_before_and_after(photos: Manifest, store: Store) -> None:
    expected = pixels(photos)
    np.testing.assert_array_equal(pixels(photos, opened(photos, store)), expected)
    again = Loader(photos, RECORD, 4, cache=opened(photos, store))
    assert again.kept == 1
    shutil.rmtree(photos.root)
    found = np.concatenate([batch.images.numpy() for batch in again.batches()])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_views_cut_from_whole_pictures_are_the_same_from_the_file(
    tmp_path: Path, store: Store, suffix: str
) -> None:
    for number in range(6):
        picture = Image.fromarray(noise(number, height=40 + 7 * number, width=90 - number))
        kind = "PNG" if suffix == "png" else "JPEG"
        write(tmp_path / f"p/{'ab'[number % 2]}/{number}.{suffix}", encoded(picture, kind))
    photos = index(tmp_path / "p")
    first = pixels(photos, opened(photos, store, side=30), epoch=1)
    kept = opened(photos, store, side=30)
    assert viewing(photos, kept).kept == 1
    without = [batch.images.numpy() for batch in viewing(photos, None).batches(epoch=1)]
    np.testing.assert_array_equal(np.concatenate(without), first)
    np.testing.assert_array_equal(pixels(photos, kept, epoch=1), first)
    assert (pixels(photos, kept, epoch=2) != first).any()
    whole = [kept.picture(slot) for slot in kept.slots(photos).tolist()]
    assert min(min(one.array.shape[:2]) for one in whole if one is not None) == 30
    assert None not in whole


def test_views_are_the_same_from_a_cache_that_grew_and_where_a_picture_is_torn(
    tmp_path: Path, store: Store
) -> None:
    def add(number: int) -> None:
        picture = noise(number, height=40 + 7 * number, width=90 - number)
        write(tmp_path / f"p/{'ab'[number % 2]}/{number}.png", png(picture))

    for number in range(4):
        add(number)
    pixels(index(tmp_path / "p"), opened(index(tmp_path / "p"), store, side=30))
    for number in range(4, 7):
        add(number)
    photos = index(tmp_path / "p")
    plain = np.concatenate([batch.images.numpy() for batch in viewing(photos, None).batches()])
    np.testing.assert_array_equal(pixels(photos, opened(photos, store, side=30)), plain)
    assert len(list(Path(store.where).glob("*/*.pixels"))) == 2
    np.testing.assert_array_equal(pixels(photos, opened(photos, store, side=30)), plain)
    for file in Path(store.where).glob("*/*.pixels"):
        content = bytearray(file.read_bytes())
        content[5] ^= 1
        file.write_bytes(content)
    torn = opened(photos, store, side=30)
    np.testing.assert_array_equal(pixels(photos, torn), plain)


def test_what_is_told_names_the_place_and_the_size_before_anything_is_written(
    photos: Manifest, store: Store
) -> None:
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        assert not Path(store.where).exists()

    assert open_cache(photos, RECORD, store, tell=tell)
    (line,) = told
    assert "1.875 KiB" in line  # 10 * 8 * 8 * 3 = 1920 bytes
    assert store.where in line


def test_a_renamed_or_encoded_again_or_new_file_is_decoded_again_and_only_that(
    photos: Manifest, store: Store, tmp_path: Path
) -> None:
    pixels(photos, opened(photos, store))
    folder = tmp_path / "photos" / "across"
    (folder / "0.png").rename(folder / "zero.png")
    write(folder / "1.png", png(noise(99, height=12, width=12)))
    write(folder / "new.png", png(noise(98, height=12, width=12)))
    changed = index(tmp_path / "photos")
    assert share_kept(changed, store) == pytest.approx(8 / 11)
    expected = pixels(changed)
    np.testing.assert_array_equal(pixels(changed, opened(changed, store)), expected)
    np.testing.assert_array_equal(pixels(changed, opened(changed, store)), expected)
    assert share_kept(changed, store) == 1


def test_a_file_written_over_with_its_times_and_length_kept_is_noticed(
    photos: Manifest, store: Store, tmp_path: Path
) -> None:
    pixels(photos, opened(photos, store))
    file = tmp_path / "photos" / "across" / "0.png"
    before = file.stat()
    content = bytearray(file.read_bytes())
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert share_kept(photos, store) == pytest.approx(9 / 10)


def test_labels_splits_and_mean_change_nothing(
    photos: Manifest, store: Store, tmp_path: Path
) -> None:
    pixels(photos, opened(photos, store))
    other = photos.with_classes(["upright", "across"]).with_splits(["val"] * 10)
    assert share_kept(other, store) == 1
    record = replace(RECORD, mean=(0.1, 0.2, 0.3))
    found = open_cache(photos, record, store)
    assert Loader(photos, record, 4, cache=found).kept == 1
    part = photos.taken(np.asarray([7, 2]))
    np.testing.assert_array_equal(pixels(part, opened(part, store)), pixels(part))


def test_another_way_of_decoding_has_a_cache_of_its_own(photos: Manifest, store: Store) -> None:
    pixels(photos, opened(photos, store))
    for other in (replace(RECORD, interpolation="bicubic"), replace(RECORD, height=9)):
        found = open_cache(photos, other, store)
        assert Loader(photos, other, 4, cache=found).kept == 0


def test_a_torn_picture_is_made_again(photos: Manifest, store: Store) -> None:
    expected = pixels(photos, opened(photos, store))
    (file,) = Path(store.where).glob("*/*.pixels")
    with file.open("rb+") as torn:
        torn.seek(3 * 192 + 100)
        torn.write(bytes(50))
    again = opened(photos, store)
    np.testing.assert_array_equal(pixels(photos, again), expected)
    np.testing.assert_array_equal(pixels(photos, opened(photos, store)), expected)


@pytest.mark.parametrize("ending", [".pixels", ".sums", ".table.npy", "cache.json"])
def test_damaged_files_are_made_again(photos: Manifest, store: Store, ending: str) -> None:
    expected = pixels(photos, opened(photos, store))
    (file,) = Path(store.where).glob(f"*/*{ending}")
    file.write_bytes(file.read_bytes()[:20])
    np.testing.assert_array_equal(pixels(photos, opened(photos, store)), expected)
    assert share_kept(photos, store) == 1
    (file,) = Path(store.where).glob(f"*/*{ending}")
    file.unlink()
    np.testing.assert_array_equal(pixels(photos, opened(photos, store)), expected)
    assert share_kept(photos, store) == 1


def test_rebuilding_makes_all_again(photos: Manifest, store: Store) -> None:
    pixels(photos, opened(photos, store))
    assert share_kept(photos, replace(store, is_rebuilt=True)) == 0


def test_unreadable_images_are_left_out_beside_a_cache_too(
    photos: Manifest, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "photos" / "across" / "3.png").write_bytes(b"oops")
    for _ in range(2):
        loader = Loader(photos, RECORD, 4, cache=opened(photos, store))
        assert sum(len(batch.labels) for batch in loader.batches()) == 9
        assert [bad.path for bad in loader.unreadable] == ["across/3.png"]


def test_small_sets_are_kept_in_memory_unless_that_is_off(
    photos: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")
    assert open_cache(photos, RECORD, Store("off")) is None
    found = opened(photos, Store())
    assert found.folder is None
    expected = pixels(photos, found)
    assert Loader(photos, RECORD, 4, cache=found).kept == 1
    np.testing.assert_array_equal(pixels(photos, found), expected)


def test_a_folder_that_cannot_be_written_to_is_an_error(photos: Manifest, tmp_path: Path) -> None:
    write(tmp_path / "taken", b"")
    with pytest.raises(DataError) as caught:
        open_cache(photos, RECORD, Store(str(tmp_path / "taken")))
    assert str(caught.value) == (
        f"error: decoded images cannot be kept in {tmp_path / 'taken'} (Not a directory)  "
        "[cache-folder]\n"
        "   = help: name another folder with --cache, or turn it off: --cache off"
    )


@pytest.fixture
def auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default folder, to which also small sets are written here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(cache, "SMALL_BYTES", 0)
    monkeypatch.setattr(cache, "memory_bytes", lambda: 0)
    return tmp_path / "home" / "striate"


def test_a_nearly_full_disk_gets_none_and_it_is_told(
    photos: Manifest, auto: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10_000, 8_000, 2_000))
    told: list[str] = []
    assert open_cache(photos, RECORD, tell=told.append) is None
    assert told == [
        "no cache of decoded images: 1.875 KiB would leave less than 1000 B free on the disk of "
        f"{auto}"
    ]
    assert not auto.exists()


def test_the_default_folder_is_bounded_and_the_least_recently_used_go(
    photos: Manifest, auto: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LIMIT_BYTES", 8_000)
    records = [replace(RECORD, background=(level, 0, 0)) for level in range(4)]
    for age, record in enumerate(records[:3]):
        assert open_cache(photos, record) is not None
        newest = max(auto.glob("*/cache.json"), key=lambda file: file.stat().st_mtime_ns)
        os.utime(newest, (1000 + age, 1000 + age))
    assert open_cache(photos, records[0]) is not None  # used again: no longer the oldest
    before = {file.parent for file in auto.glob("*/cache.json")}
    oldest = min(before, key=lambda folder: (folder / "cache.json").stat().st_mtime)
    assert open_cache(photos, records[3]) is not None
    assert oldest not in set(auto.iterdir())
    assert sum(f.stat().st_size for f in auto.rglob("*") if f.is_file()) <= 8_000
    told: list[str] = []
    many = photos.with_splits(["train"] * 10)
    huge = replace(RECORD, height=80, width=80)
    assert open_cache(many, huge, tell=told.append) is None
    assert "--cache DIR" in told[0]


def test_a_disk_that_fills_up_while_writing_stops_the_cache_not_the_training(
    photos: Manifest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = opened(photos, store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("striate.data._segment._write_at", full)
    np.testing.assert_array_equal(pixels(photos, found), pixels(photos))
    assert found.failure == "No space left on device"


SLOW_FILL = """
import sys, time
from striate.data import Loader, Preprocessing, Store, index, open_cache, loader
plain = loader.decode
def slow(content, record):
    time.sleep(0.05)
    return plain(content, record)
loader.decode = slow
photos, record = index(sys.argv[1]), Preprocessing(8, 8, 3)
cache = open_cache(photos, record, Store(sys.argv[2]))
for batch in Loader(photos, record, 2, cache=cache, workers=1).batches():
    print(len(batch.labels), flush=True)
"""


def test_a_process_that_is_killed_leaves_what_it_made_and_nothing_torn(
    photos: Manifest, store: Store
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_FILL, photos.root, store.where], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    for _ in range(2):
        child.stdout.readline()
    time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert 0.4 <= share_kept(photos, store) < 1
    np.testing.assert_array_equal(pixels(photos, opened(photos, store)), pixels(photos))
    assert share_kept(photos, store) == 1
