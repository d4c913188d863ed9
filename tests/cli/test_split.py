"""`striate split` as it is typed."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.cli.main import run
from striate.data import Manifest, index
from tests.data.pictures import encoded, png, stripe_folder, write

ALONE = ("--tear-copies",)  # so that nothing is decoded


def photo(seed: int, side: int = 48) -> Image.Image:
    """A smooth random picture: no two are alike to a perceptual hash."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """15 pictures of `a`, 15 of `b`, one of `rare`; of a/0 to a/3 three copies each."""
    for number in range(30):
        write(tmp_path / "photos" / "ab"[number % 2] / f"{number // 2}.png", encoded(photo(number)))
    write(tmp_path / "photos" / "rare" / "0.png", encoded(photo(100)))
    for number in range(4):
        picture = photo(2 * number)
        write(tmp_path / "photos" / "a" / f"{number}-same.png", encoded(picture))
        write(tmp_path / "photos" / "a" / f"{number}-jpeg.jpg", encoded(picture, "JPEG"))
        half = picture.resize((24, 24), Image.Resampling.LANCZOS)
        write(tmp_path / "photos" / "a" / f"{number}-half.png", encoded(half))
    return tmp_path / "photos"


@pytest.fixture(autouse=True)
def _no_other_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def split(data: Path, out: Path, *options: str) -> Manifest:
    assert run(["split", str(data), "-o", str(out), *options]) == 0
    return index(out)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert run(["split", *map(str, arguments)]) == 2
    return capsys.readouterr().err


def test_splits_are_drawn_once_and_copies_stay_together(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = split(photos, tmp_path / "p.parquet", "--val", "0.2", "--test", "0.2")
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{photos}: 43 images of 3 classes"
    assert told[2:5] == [
        "kept together: 16 images in 4 units (groups, or copies of one picture)",
        "classes without val images: rare",
        "classes without test images: rare",
    ]
    splits_of = defaultdict(set)
    for path, part in zip(found.column("path"), found.splits, strict=True):
        if path.startswith("a/"):
            splits_of[path[2:-4].split("-")[0]].add(part)
    assert all(len(parts) == 1 for parts in splits_of.values())
    for part in (found.only("val"), found.only("test")):
        of_a, of_b, _ = part.counts()
        assert of_b == 3
        assert abs(of_a - 0.2 * 27) <= 4  # the size of a unit
    assert index(tmp_path / "p.parquet").splits.tolist() == found.splits.tolist()


def test_without_looking_for_copies_each_class_gives_its_share_exactly(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.parquet"
    options = ("--tear-copies", "--val", "0.25", "--test", "0.125", "--json")
    found = split(photos, out, *options)
    for part, share in ((found.only("val"), 0.25), (found.only("test"), 0.125)):
        assert np.abs(part.counts() - share * np.asarray([27, 15, 0])).max() < 1
    assert json.loads(capsys.readouterr().out)["splits"][0]["val"] == len(found.only("val"))


def test_the_seed_decides_and_nought_is_one(photos: Path, tmp_path: Path) -> None:
    drawn = [
        split(photos, tmp_path / f"{number}.parquet", "--tear-copies", "--seed", seed)
        for number, seed in enumerate(("0", "0", "1"))
    ]
    first, again, other = (found.splits.tolist() for found in drawn)
    assert first == again != other


def test_folds_are_manifests_in_which_every_image_is_validated_on_once(
    photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "p.parquet"
    assert run(["split", str(photos), "-o", str(out), "--folds", "3", *ALONE]) == 0
    made = [index(tmp_path / f"p-fold-{number}-of-3.parquet") for number in (1, 2, 3)]
    is_val = np.stack([found.splits == "val" for found in made])
    assert (is_val.sum(axis=0) == 1).all()
    sizes = np.stack([found.only("val").counts() for found in made])
    assert np.ptp(sizes, axis=0).max() <= 1
    assert made[1].split_rule == {
        "rule": "fold", "seed": 0, "folds": 3, "fold": 2, "units": False
    }  # fmt: skip


def test_stated_splits_are_kept_and_what_they_lack_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    for part, images in (("train", 20), ("test", 5)):
        stripe_folder(data / part, images=images)
    found = split(data, tmp_path / "p.parquet", *ALONE)
    assert {path.split("/")[0] for path in found.only("test").column("path")} == {"test"}
    assert found.only("val").counts().tolist() == [2, 2]
    again = split(tmp_path / "p.parquet", tmp_path / "q.parquet", "--seed", "5", *ALONE)
    assert again.splits.tolist() == found.splits.tolist()
    assert "nothing is drawn: the splits are those that the data state" in capsys.readouterr().out
    anew = split(tmp_path / "p.parquet", tmp_path / "r.parquet", "--redraw", *ALONE)
    assert {path.split("/")[0] for path in anew.only("train").column("path")} == {"test", "train"}


def test_groups_of_a_column_are_not_torn(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos", images=30)
    rows = [
        f"{name}/{number}.png,{name},{number // 5}"
        for name in ("across", "upright")
        for number in range(30)
    ]
    data = tmp_path / "photos" / "list.csv"
    data.write_text("\n".join(["path,label,patient", *rows]))
    options = ("--group", "patient", "--tear-copies", "--val", "0.2", "--test", "0")
    found = split(data, tmp_path / "p.parquet", *options)
    val = found.only("val")
    assert found.groups.tolist().count("0") == 10
    assert not set(val.groups) & set(found.only("train").groups)
    assert val.counts().tolist() == [5, 5]


def test_several_labels_are_shared_out_too(tmp_path: Path) -> None:
    stripe_folder(tmp_path, images=20)
    rows = [f"across/{number}.png,{'x|y' if number % 2 else 'y'}" for number in range(20)]
    write(tmp_path / "list.csv", "\n".join(["path,label", *rows]).encode())
    found = split(tmp_path / "list.csv", tmp_path / "p.parquet", "--tear-copies", "--val", "0.2")
    assert found.is_multilabel
    assert np.abs(found.only("val").counts() - 0.2 * np.asarray([10, 20])).max() <= 1


def test_a_file_of_classes_fixes_their_order_and_names_numbers(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos", images=4)
    names = write(tmp_path / "names.txt", b"upright\nsloping\nacross\n")
    found = split(tmp_path / "photos", tmp_path / "p.parquet", "--classes", str(names), *ALONE)
    assert found.classes == ("upright", "sloping", "across")
    assert found.counts().tolist() == [4, 0, 4]
    numbered = write(tmp_path / "photos" / "n.csv", b"path,label\nacross/1.png,2\nupright/1.png,0")
    again = split(numbered, tmp_path / "q.parquet", "--classes", str(names), *ALONE)
    assert again.classes == ("upright", "sloping", "across")
    assert again.labels.tolist() == [2, 0]


def test_mistakes_give_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = stripe_folder(tmp_path / "photos", images=4)
    out = tmp_path / "p.parquet"
    assert "--output p.csv is no .parquet file" in refusal(capsys, photos, "-o", "p.csv")
    assert "there is no folder" in refusal(capsys, photos, "-o", tmp_path / "no" / "p.parquet")
    shares = ("--val", "0.6", "--test", "0.4")
    assert "take 100% of the images  [shares]" in refusal(capsys, photos, "-o", out, *shares)
    assert "--val 0.2 beside --folds 2" in refusal(
        capsys, photos, "-o", out, "--folds", "2", "--val", "0.2"
    )
    assert "9 folds of 8 training images; 18 or more" in refusal(
        capsys, photos, "-o", out, "--folds", "9", "--tear-copies"
    )
    assert "--group x names a column, but class folders have none" in refusal(
        capsys, photos, "-o", out, "--group", "x"
    )
    assert run(["split", str(photos), "-o", str(out), "--tear-copies"]) == 0
    assert "exists already" in refusal(capsys, photos, "-o", out)
    assert "--val 0.3 is to be drawn, but the data state val already" in refusal(
        capsys, out, "-o", tmp_path / "q.parquet", "--val", "0.3"
    )
    assert "the data state val already" in refusal(
        capsys, out, "-o", tmp_path / "q.parquet", "--folds", "2"
    )


def test_an_empty_class_folder_is_refused_unless_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = stripe_folder(tmp_path / "photos", images=4)
    (photos / "zebra").mkdir()
    out = tmp_path / "p.parquet"
    assert "[empty-class]" in refusal(capsys, photos, "-o", out)
    found = split(photos, out, "--allow-empty", "--tear-copies")
    assert found.classes == ("across", "upright", "zebra")


def test_links_out_of_the_folder_are_told_and_followed_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = stripe_folder(tmp_path / "photos", images=4)
    outside = write(tmp_path / "outside.png", png(np.zeros((8, 8, 3), np.uint8)))
    (photos / "across" / "link.png").symlink_to(outside)
    found = split(photos, tmp_path / "p.parquet", "--tear-copies")
    assert len(found) == 8
    assert "--follow-links takes: across/link.png" in capsys.readouterr().err
    assert len(split(photos, tmp_path / "q.parquet", "--follow-links", "--tear-copies")) == 9
