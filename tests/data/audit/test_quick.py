"""What is said of a data set before anything is decoded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import index
from striate.data.audit import QuickAudit, quick_audit
from striate.data.audit.quick import HEADS
from tests.data.audit.looking import scene
from tests.data.pictures import encoded, png, write


def quick(root: Path, *, most: int = HEADS) -> QuickAudit:
    return quick_audit(index(root), most=most)


def test_sizes_kinds_and_counts_are_told(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path / "train" / "ab"[number % 2] / f"{number}.png", encoded(scene(number)))
    large = scene(50, height=400, width=300)
    for name in "ab":
        write(tmp_path / "val" / name / "x.jpg", encoded(large, "JPEG"))
    found = quick(tmp_path)
    assert (found.height, found.width, found.share, found.channels) == (60, 80, 1.0, 3)
    assert found.lines == (
        "14 images of 2 classes (a, b); train 12, val 2",
        "size in pixels: 2 sizes, the shorter side 60 to 300, median 60; 86% are 80x60",
        "kinds: PNG RGB 86 %, JPEG RGB 14 %",
        "fewer than 10 images to train on: a 6, b 6",
    )


def test_one_image_of_one_class_is_said_so(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.png", encoded(scene(0)))
    assert quick(tmp_path).lines[0] == "1 image of 1 class (a); train 1"


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    for number in range(31):
        write(tmp_path / "cat" / f"{number}.png", encoded(scene(number)))
    write(tmp_path / "Cats" / "0.jpg", encoded(scene(40), "JPEG", exif=turned))
    write(tmp_path / "Cats" / "1.png", b"oops")
    write(tmp_path / "Cats" / "2.png", png(np.full((60, 80), 999, np.uint16)))
    found = quick(tmp_path)
    assert "among them: 1 turned by EXIF, 1 of 16 bits" in found.lines
    assert any(line.startswith("no images by their heads: 1 of 34") for line in found.lines)
    assert any("class names that look alike: cat / Cats" in line for line in found.lines)
    assert "classes of very different size: 3 to 31 images" in found.lines
    assert [name for name, _ in found.unreadable] == ["Cats/1.png"]


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("P", 3), ("RGBA", 3)])
def test_colour_is_what_a_network_should_take(tmp_path: Path, mode: str, channels: int) -> None:
    for name in "ab":
        write(tmp_path / name / "0.png", encoded(scene(1).convert(mode)))
    assert quick(tmp_path).channels == channels
    assert quick(tmp_path).is_colour == (channels == 3)


def test_no_more_heads_are_read_than_asked_for_and_they_are_spread(tmp_path: Path) -> None:
    for number in range(20):
        pixels = np.zeros((30, 30) if number < 10 else (50, 50), np.uint8)
        write(tmp_path / "ab"[number // 10] / f"{number}.png", png(pixels))
    found = quick(tmp_path, most=4)
    assert found.share == 0.5
    assert found.lines[1].endswith("(of 4 looked at)")


def test_ten_lines_at_most(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "ab"[number] / "0.png", encoded(scene(number)))
    manifest = index(tmp_path)
    notices = tuple("one two three four five six seven".split())
    found = quick_audit(replace(manifest, notices=notices))
    assert len(found.lines) == 10
    assert found.lines[-1] == "and 2 more: striate scan tells all"


def test_without_a_readable_head_there_is_an_answer_all_the_same(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / name / "0.png", b"oops")
    found = quick(tmp_path)
    assert (found.height, found.width, found.share, found.channels) == (224, 224, 0.0, 3)
