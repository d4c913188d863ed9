"""What a scan says of every odd file: under which findings it is listed, and of odd folders."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeAlias

import pytest

from striate.cli.main import run
from tests.data.faults.corpus import corpus
from tests.data.faults.entries import (
    CLASS_NAMES,
    ODD_NAMES,
    PICTURE,
    hidden,
    links_out,
    no_files,
    two_classes,
)
from tests.data.faults.label_sets import copies, folders
from tests.data.pictures import write

# The files that must be listed under a finding, and no others, by words of their names.
EXPECTED: dict[str, tuple[str, ...]] = {
    "empty": ("empty.jpg", "empty.png", "empty.npy"),
    "wrong-suffix": ("is-png.jpg", "is-gif.jpg", "is-webp.jpg", "is-bmp.png", "is-jpeg.png"),
    "rotated": tuple(
        f"turned-{number}.{kind}"
        for number in range(2, 9)
        for kind in ("jpg", "png", "webp", "tif")
    ),
    "cmyk": ("cmyk-adobe.jpg", "cmyk-no-marker.jpg", "ycck.jpg", "cmyk.tif"),
    "animated": ("animated.webp", "animated.png", "animated.gif", "pages.tif"),
    "alpha": (
        *("palette-transparent.png", "transparent.gif", "palette-half.png"),
        *("rgba.png", "rgba.webp", "rgba.tif", "grey-alpha.png", "colour-key.png", "grey-key.png"),
        *("grey-alpha16.png", "rgba16.png", "key16.png"),
    ),
    "extreme-aspect": ("1x5000.png", "5000x1.png", "5000x1.jpg"),
    "tiny": ("1x1.png", "1x1.jpg", "1x5000.png", "5000x1.png", "5000x1.jpg"),
    "sixteen-bit": tuple(
        name
        for name in corpus()
        if name.startswith(
            ("ramp1", "colours16", "grey-alpha16", "rgba16", "key16", "interlaced16")
        )
    ),
    "too-large": (
        *("361-megapixels.png", "144-megapixels.png", "65500x65500.jpg", "65535x65535.gif"),
        *("16383x16383.webp", "200000x200000.tif", "90000x90000.ppm", "90000x90000.npy"),
    ),
    "no-image": (
        *("text.jpg", "page.png", "archive.jpg", "paper.jpg", "drawing.png", "postscript.jpg"),
        *("zeros.jpg", "signature.png", "text.npy", "no-width.png"),
    ),
}
# Findings that say that a file cannot be read.
UNUSABLE = {"empty", "no-image", "too-large", "truncated", "damaged", "unreadable"}

Listed: TypeAlias = dict[str, set[str]]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Listed]:
    """A function that scans a folder as the command does: names of files and classes by finding."""
    cache = tmp_path_factory.mktemp("cache")

    def scan(root: Path) -> Listed:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(cache))
            out = root.parent / "found.json"
            with out.open("w") as file:
                patch.setattr("sys.stdout", file)
                assert run(["scan", str(root), "--workers", "1", "--json"]) in (0, 1)
        listed: Listed = defaultdict(set)
        for finding in json.loads(out.read_text())["findings"]:
            images = [image["path"] for group in finding["images"] for image in group]
            listed[finding["code"]] |= {*images, *finding["names"]}
        return listed

    return scan


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, scanned: Callable[[Path], Listed]) -> Listed:
    """What was found in a folder with the whole corpus."""
    root = tmp_path_factory.mktemp("all") / "photos"
    for number, case in enumerate(corpus().values()):
        write(root / ("cat", "dog")[number % 2] / case.name, case.content)
    found = scanned(root)
    return {code: {name.partition("/")[2] for name in names} for code, names in found.items()}


@pytest.mark.parametrize("code", EXPECTED)
def test_a_finding_lists_its_files_and_no_others(files: Listed, code: str) -> None:
    found = files[code]
    if code == "no-image":  # a file may be cut so short that nothing tells that it was one
        found = {name for name in found if not name.startswith(("cut-10", "head", "signature-a"))}
    assert found == set(EXPECTED[code])


def test_every_refused_file_is_listed_as_unusable_and_no_legal_one(files: Listed) -> None:
    unusable = set().union(*(files.get(code, set()) for code in UNUSABLE))
    refused = {name for name, case in corpus().items() if not case.is_legal}
    assert unusable == refused


def test_cut_files_are_told_from_other_damage(files: Listed) -> None:
    cut = {name for name in corpus() if name.startswith(("cut-50", "cut-99"))}
    assert len(files["truncated"] & cut) >= len(cut) / 2
    assert cut <= files["truncated"] | files["damaged"] | files["no-image"]


def test_copies_within_and_across_splits_and_classes(
    tmp_path: Path, scanned: Callable[[Path], Listed]
) -> None:
    found = scanned(copies(tmp_path / "photos"))
    assert {"train/a/0.png", "val/a/exact.png"} <= found["same-two-splits"]
    assert {"train/a/0.png", "train/b/other-class.png"} <= found["same-two-labels"]
    near = found["alike-two-splits"]
    for original, copy in (("1", "resized.png"), ("2", "encoded.jpg"), ("3", "flipped.png")):
        assert {f"train/a/{original}.png", f"val/a/{copy}"} <= near, copy
    innocent = {
        f"{part}/{name}/{number}.png"
        for part in ("train", "val")
        for name in "ab"
        for number in (4, 5)
    }
    for code in ("same-two-splits", "alike-two-splits", "same-two-labels"):
        assert not found[code] & innocent


def test_odd_classes(tmp_path: Path, scanned: Callable[[Path], Listed]) -> None:
    counts = {"cat": 12, "Cat": 12, "cats": 12, "dog": 1, "bird": 130, "nothing": 0}
    found = scanned(folders(tmp_path / "photos", counts))
    assert any(
        all(name in told for name in ("cat", "Cat", "cats")) for told in found["similar-classes"]
    )
    assert any("dog" in told for told in found["tiny-class"])
    assert "unbalanced" in found
    assert any("nothing" in told for told in set().union(*found.values()))


def test_odd_entries_are_listed_by_what_they_are(
    tmp_path: Path, scanned: Callable[[Path], Listed]
) -> None:
    root = two_classes(tmp_path / "photos")
    no_files(root / "cat")
    hidden(root, "cat")
    links_out(root, tmp_path / "outside")
    write(root / "dog" / "notes.txt", b"bites")
    found = scanned(root)
    assert {"cat/nowhere.jpg", "cat/loop.jpg"} <= found["broken-link"]
    assert {"cat/secret.png", "bird"} <= found["outside-link"]
    assert any("ipynb_checkpoints" in name for name in found["hidden"])
    assert any("txt" in name for name in found["unknown-suffix"])
    assert found["no-file"] == {"cat/pipe.jpg", "cat/socket.jpg"}


def test_the_page_shows_names_and_runs_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, page = tmp_path / "photos", tmp_path / "page.html"
    for name in CLASS_NAMES:
        write(root / name / "<svg onload=alert(2)>.png", PICTURE)  # copies, so all are shown
        write(root / name / "<b>cut</b>.png", PICTURE[:50])
        (root / name / "javascript:alert(3).png").symlink_to("gone")
    for name in ODD_NAMES:
        write(root / CLASS_NAMES[0] / name, PICTURE)
    assert run(["scan", str(root), "--html", str(page), "--workers", "1"]) == 1
    told = capsys.readouterr()
    assert "\u202e" not in told.out  # turns the writing around
    text = page.read_text(encoding="utf-8")
    assert "alert(1)" in text
    parsed = Tags()
    parsed.feed(text)
    assert not parsed.forbidden, parsed.forbidden


class Tags(HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "svg", "iframe", "object", "link", "base", "form"):
            self.forbidden.append(tag)
        for name, value in attrs:
            is_elsewhere = name in ("src", "href") and not (value or "").startswith(("data:", "#"))
            if name.startswith("on") or is_elsewhere:
                self.forbidden.append(f"{tag} {name}={value}")
