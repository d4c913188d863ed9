"""Facts that outlive a scan, however that ended."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from striate.data import Manifest, index
from striate.data.audit import store as module
from striate.data.audit.facts import Facts
from striate.data.audit.scan import Limits, scan
from striate.data.audit.store import FactStore, open_store
from tests.data.audit.looking import scene
from tests.data.pictures import encoded, write


@pytest.fixture
def photos(tmp_path: Path) -> Manifest:
    for number in range(6):
        write(tmp_path / "photos" / "ab"[number % 2] / f"{number}.png", encoded(scene(number)))
    return index(tmp_path / "photos")


def opened(manifest: Manifest, cache: Path, *, max_pixels: int = 1000) -> FactStore:
    return open_store(manifest, max_pixels, cache)


def fill(store: FactStore, places: range) -> None:
    for place in places:
        store.add(place, Facts("ok", width=100 + place, content_hash="ab" * 16).to_json())


def known(store: FactStore) -> dict[int, int]:
    rows, facts = store.known()
    return dict(zip(rows.tolist(), facts["width"].to_pylist(), strict=True))


def test_what_was_flushed_is_known_and_the_rest_is_not(photos: Manifest, tmp_path: Path) -> None:
    first = opened(photos, tmp_path)
    fill(first, range(3))
    first.flush()
    fill(first, range(3, 5))  # and then the power fails
    assert known(opened(photos, tmp_path)) == {0: 100, 1: 101, 2: 102}


def test_facts_are_written_while_it_goes_on(
    photos: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART_IMAGES", 2)
    fill(opened(photos, tmp_path), range(5))
    assert sorted(known(opened(photos, tmp_path))) == [0, 1, 2, 3]


def test_merging_leaves_one_file_with_everything(photos: Manifest, tmp_path: Path) -> None:
    store = opened(photos, tmp_path)
    for place in (4, 0, 2):
        fill(store, range(place, place + 1))
        store.flush()
    store.merge(*store.known())
    assert known(store) == {0: 100, 2: 102, 4: 104}
    assert len(list(store.folder.iterdir())) == 1


@pytest.mark.parametrize("change", ["content", "time"])
def test_a_changed_file_is_not_known(photos: Manifest, tmp_path: Path, change: str) -> None:
    store = opened(photos, tmp_path)
    fill(store, range(6))
    store.flush()
    file = tmp_path / "photos" / "a" / "2.png"
    stat = file.stat()
    if change == "content":
        file.write_bytes(file.read_bytes() + b"more")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    else:
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    names = [photos.name(place) for place in known(opened(photos, tmp_path))]
    assert "a/2.png" not in names
    assert len(names) == 5


def test_a_damaged_part_is_as_if_it_were_not_there(photos: Manifest, tmp_path: Path) -> None:
    store = opened(photos, tmp_path)
    fill(store, range(2))
    store.flush()
    write(store.folder / "half.parquet", b"PAR1 and no more")
    assert sorted(known(opened(photos, tmp_path))) == [0, 1]


def test_another_pixel_limit_or_folder_has_facts_of_its_own(
    photos: Manifest, tmp_path: Path
) -> None:
    store = opened(photos, tmp_path)
    fill(store, range(2))
    store.flush()
    assert known(opened(photos, tmp_path, max_pixels=2000)) == {}


def test_an_interrupted_scan_goes_on_where_it_was(
    photos: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(workers=1)
    steps: list[int] = []

    def stop(count: int) -> None:
        steps.append(count)
        if sum(steps) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(photos, limits, cache=tmp_path / "cache", advance=stop)
    steps.clear()
    found = scan(photos, limits, cache=tmp_path / "cache", advance=steps.append)
    assert steps == [4, 1, 1]
    assert found.known == 4
    assert found.scanned.is_ok.all()
    # A third one has nothing to decode.
    monkeypatch.setattr(import_module("striate.data.audit.scan"), "in_children", None)
    again = scan(photos, limits, cache=tmp_path / "cache")
    assert again.manifest.table.equals(found.manifest.table)
    assert np.array_equal(again.scanned.formats, found.scanned.formats)
