"""Each kind of finding that is not about a damaged file, on a folder that has one such oddity."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageOps

from striate.data import index
from striate.data.audit.finding import SEVERITIES, TOPICS, Found
from striate.data.audit.findings.similar_names import look_alikes
from striate.data.audit.scan import kinds
from tests.data.audit.looking import found_in, named, scene, scene_files
from tests.data.pictures import encoded, png, write


def plain(root: Path, images: int = 10) -> Path:
    """Two classes with different pictures, nothing to complain about."""
    for start, name in ((0, "cat"), (1000, "dog")):
        for number in range(images):
            write(root / name / f"{number}.png", encoded(scene(start + number)))
    return root


def codes(data: Path) -> set[str]:
    return set(found_in(data))


def test_a_clean_folder_has_no_findings(tmp_path: Path) -> None:
    assert codes(plain(tmp_path)) == set()


def test_every_kind_says_what_it_means_and_what_to_do() -> None:
    known = kinds()
    assert len({kind.code for kind in known}) == len(known) > 30
    for kind in known:
        assert kind.severity in SEVERITIES
        assert kind.topic in TOPICS
        assert kind.sentence.endswith(".")
        assert not kind.advice.endswith(".")
    severities = [SEVERITIES.index(kind.severity) for kind in known]
    assert severities == sorted(severities)


def test_copies_are_found_within_and_across_splits_and_classes(tmp_path: Path) -> None:
    pictures = [scene(seed) for seed in range(30)]
    files = {f"train/cat/{n}.png": pictures[n] for n in range(10)}
    files |= {f"train/dog/{n}.png": pictures[n] for n in range(10, 20)}
    files |= {f"val/cat/{n}.png": pictures[n] for n in range(20, 25)}
    files |= {f"val/dog/{n}.png": pictures[n] for n in range(25, 29)}
    files["train/cat/again.png"] = pictures[0]
    files["val/cat/leak.png"] = pictures[1]
    files["train/dog/other.png"] = pictures[2]
    files["val/dog/mirror.png"] = ImageOps.mirror(pictures[11])
    files["train/cat/small.png"] = pictures[3].resize((40, 30))
    root = scene_files(tmp_path, files)
    found, manifest = found_in(root), index(root)
    same_files = {"same-twice", "same-two-splits", "same-two-labels"}
    alike = {"alike", "alike-two-splits"}
    assert set(found) == same_files | alike

    def pairs(code: str) -> set[frozenset[str]]:
        return named(found[code], manifest)

    other = frozenset(["train/cat/2.png", "train/dog/other.png"])
    assert pairs("same-twice") == {frozenset(["train/cat/0.png", "train/cat/again.png"]), other}
    assert pairs("same-two-labels") == {other}
    assert pairs("same-two-splits") == {frozenset(["train/cat/1.png", "val/cat/leak.png"])}
    assert found["same-two-splits"].hits.details == (
        "1 of the 11 images of val (9.1 %) are in train too",
    )
    assert pairs("alike-two-splits") == {frozenset(["train/dog/11.png", "val/dog/mirror.png"])}
    assert found["alike-two-splits"].hits.details == (
        "2 of the 11 images of val (18 %) are in train too",
    )
    assert pairs("alike") == {frozenset(["train/cat/3.png", "train/cat/small.png"])}


def test_pictures_that_are_all_alike_are_not_taken_for_copies(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    part = np.asarray(scene(0), np.int16)
    for number in range(60):
        shaken = part + chance.integers(-9, 10, part.shape)
        pixels = np.clip(shaken, 0, 255).astype(np.uint8)
        write(tmp_path / ("good", "bad")[number % 2] / f"{number}.png", png(pixels))
    found = found_in(tmp_path)
    assert set(found) == {"all-alike"}
    assert found["all-alike"].hits.details == ("only equal files are found as copies here",)


def test_small_and_unbalanced_classes_and_those_that_a_split_lacks(tmp_path: Path) -> None:
    files = {f"train/cat/{n}.png": scene(n, height=20, width=20) for n in range(41)}
    files |= {f"train/dog/{n}.png": scene(100 + n, height=20, width=20) for n in range(4)}
    files |= {f"val/cat/{n}.png": scene(200 + n, height=20, width=20) for n in range(3)}
    found = found_in(scene_files(tmp_path, files))
    assert set(found) == {"tiny-class", "unbalanced", "absent-class"}
    assert found["tiny-class"].hits.names == ("dog (4)",)
    assert found["unbalanced"].hits.details == ("cat has 41 images, dog 4: 10 to 1",)
    assert found["absent-class"].hits.names == ("dog in val",)


def test_names_that_look_alike() -> None:
    decomposed = unicodedata.normalize("NFD", "été")
    assert look_alikes(["cat", "Cat", "cats", "dog"]) == ["cat / Cat / cats"]
    assert look_alikes(["été", decomposed]) != []
    assert look_alikes(["cat", "сat"]) == ["cat / сat ('\\u0441at')"]
    assert look_alikes(["hot dog", "hot_dog"]) == ["hot dog / hot_dog"]
    assert look_alikes(["0", "1", "10", "glass", "gla", "bus", "bu", "a", "b"]) == []


def test_a_kind_of_file_that_gives_a_class_away(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / "cat" / f"{number}.png", encoded(scene(number)))
        write(tmp_path / "dog" / f"{number}.jpg", encoded(scene(500 + number), "JPEG"))
    found = found_in(tmp_path)
    assert set(found) == {"tell-tale"}
    assert found["tell-tale"].hits.names == ("dog: kind of file JPEG", "cat: kind of file PNG")


def oddities() -> dict[str, dict[str, bytes]]:
    """Files to add to a clean folder, by the finding that must come of them."""
    flat = encoded(Image.new("RGB", (50, 40), "grey"))
    icon = encoded(scene(50, height=7, width=7))
    two = [scene(51), scene(52)]
    several = encoded(two[0].convert("P"), "GIF", save_all=True, append_images=two[1:])
    return {
        "flat": {"cat/x.png": flat},
        "tiny": {"cat/x.png": icon},
        "extreme-aspect": {"cat/x.png": encoded(scene(53, height=16, width=100))},
        "animated": {"cat/x.gif": several},
        "palette": {"cat/x.png": encoded(scene(54).convert("P"))},
        "wrong-suffix": {"cat/x.JPG": encoded(scene(55))},
        "unknown-suffix": {"cat/notes.txt": b"x", "cat/x.heic": b"y"},
        "hidden": {"cat/.x.png": encoded(scene(56)), ".ipynb_checkpoints/x.png": b"x"},
        "outside-class": {"x.png": encoded(scene(57))},
    }


@pytest.mark.parametrize("code", oddities())
def test_an_oddity_is_found(tmp_path: Path, code: str) -> None:
    root = plain(tmp_path)
    for name, content in oddities()[code].items():
        write(root / name, content)
    found = found_in(root)
    assert code in found
    assert set(found) - {code} <= {"palette"}  # as every GIF has one
    hits = found[code].hits
    assert hits.count == len(oddities()[code])
    assert told(found[code], root) == {
        "unknown-suffix": {"1 .txt", "1 .heic"},
        "hidden": {"cat/.x.png", ".ipynb_checkpoints"},
    }.get(code, set(oddities()[code]))


def told(found: Found, root: Path) -> set[str]:
    manifest = index(root)
    return {manifest.name(row) for row in found.hits.rows} | set(found.hits.names)


def test_links_that_are_not_followed(tmp_path: Path) -> None:
    root = plain(tmp_path / "photos")
    outside = write(tmp_path / "elsewhere.png", encoded(scene(60)))
    (root / "cat" / "gone.png").symlink_to("nowhere.png")
    (root / "cat" / "out.png").symlink_to(outside)
    (root / "cat" / "inside.png").symlink_to(root / "dog" / "0.png")
    (root / "dog" / "round").symlink_to(root)
    found = found_in(root)
    assert found["broken-link"].hits.names == ("cat/gone.png",)
    assert found["outside-link"].hits.names == ("cat/out.png",)
    assert found["circular-link"].hits.names == ("dog/round",)
    assert set(found) - {"broken-link", "outside-link", "circular-link"} == {
        "same-twice",
        "same-two-labels",
    }


def test_rows_of_a_table_are_looked_at_as_files_are(tmp_path: Path) -> None:
    pictures = [encoded(scene(seed)) for seed in range(20)] + [encoded(scene(3), "JPEG"), b"oops"]
    rows = [{"bytes": content, "path": "x.bmp"} for content in pictures]
    labels = [number % 2 for number in range(22)]
    pq.write_table(pa.table({"image": rows, "label": labels}), tmp_path / "photos.parquet")
    found, manifest = found_in(tmp_path / "photos.parquet"), index(tmp_path / "photos.parquet")
    assert set(found) == {"alike", "alike-two-labels", "no-image"}
    assert named(found["no-image"], manifest) == {frozenset(["photos.parquet, row 21"])}
    assert named(found["alike-two-labels"], manifest) == {
        frozenset(["photos.parquet, row 3", "photos.parquet, row 20"])
    }
