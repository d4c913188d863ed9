"""The page of a scan: whole in itself, escaped, of bounded size."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import Manifest
from striate.data.audit import Limits, Scan, report, save_report
from striate.data.audit.finding import Scanned
from striate.data.audit.scan import check_all
from striate.data.audit.thumbnails import SIDE, thumbnail
from tests.data.audit.looking import scanned, scene
from tests.data.pictures import encoded, png, write
from tests.pages import Tags

BAD = "<script>alert(1)<|script>"


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Thumbnails are not made here; the rows that were asked for."""
    rows: list[int] = []

    def none(_: Manifest, wanted: Sequence[int], *more: object) -> dict[int, str]:
        rows.extend(wanted)
        return {row: f"data:image/jpeg;base64,AAAA{row}" for row in wanted}

    monkeypatch.setattr(report, "thumbnails", none)
    return rows


def as_scan(looked: Scanned) -> Scan:
    return Scan(looked, check_all(looked), 0, 1.0, Limits(workers=1))


def page_of(root: Path, tmp_path: Path) -> str:
    save_report(as_scan(scanned(root)), str(root.name), tmp_path / "report.html")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_names_are_text_and_never_part_of_the_page(tmp_path: Path) -> None:
    root = tmp_path / "photos <b>"
    for number in range(4):
        write(root / BAD / f'"><img src=x onerror=alert({number})>.png', encoded(scene(number)))
        write(root / "{{ 7 * 7 }}" / f"{number} & \n.png", encoded(scene(number)))
        write(root / ("x" * 250) / ("y" * 200 + f"{number}.png"), b"<script>oops</script>")
    page = Tags(page_of(root, tmp_path))
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "b>", "iframe", "object", "link"})
    assert not [key for _, keys in page.tags for key in keys if key.startswith("on")]
    assert BAD in page.text
    assert "src=x onerror=alert(3)>.png" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "{{ 7 * 7 }}/0 & \\n.png" in page.text
    assert "photos <b>" in page.text


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / "photos" / "ab"[number % 2] / f"{number}.png", encoded(scene(number)))
    text = page_of(tmp_path / "photos", tmp_path)
    page = Tags(text)
    addresses = [keys[key] for _, keys in page.tags for key in ("src", "href") if key in keys]
    assert addresses
    assert all(str(address).startswith(("data:image/jpeg", "#")) for address in addresses)
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)


def test_every_link_leads_somewhere_on_the_page(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / "photos" / "abc"[number % 3] / f"{number}.png", encoded(scene(number % 4)))
    page = Tags(page_of(tmp_path / "photos", tmp_path))
    known = [keys["id"] for _, keys in page.tags if "id" in keys]
    assert len(known) == len(set(known))
    linked = {str(keys["href"]).removeprefix("#") for tag, keys in page.tags if tag == "a"}
    assert linked <= set(known)


def test_the_number_of_pictures_is_bounded(
    tmp_path: Path, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "SHOWN_SINGLE", 3)
    monkeypatch.setattr(report, "OF_CLASS", 2)
    blank = png(np.full((40, 50), 9, np.uint8))
    for number in range(30):
        write(tmp_path / "photos" / "ab"[number % 2] / f"{number}.png", blank + bytes(number))
    text = page_of(tmp_path / "photos", tmp_path)
    assert len(asked) <= 3 + 2 * 2
    assert "... and 27 more" in text
    assert text.count("<figure>") == 3 + 2 * 2


def test_images_that_cannot_be_shown_are_a_table_with_reasons(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / "photos" / name / "good.png", encoded(scene(ord(name))))
        write(tmp_path / "photos" / name / "bad.png", b"")
    page = Tags(page_of(tmp_path / "photos", tmp_path))
    assert "the file is empty" in page.text
    assert "a/bad.png" in page.text


def test_a_clean_folder_says_so(tmp_path: Path) -> None:
    for number in range(24):
        write(tmp_path / "photos" / "ab"[number % 2] / f"{number}.png", encoded(scene(number)))
    assert "Nothing to complain about." in page_of(tmp_path / "photos", tmp_path)


def test_a_thumbnail_is_small_and_keeps_the_shape() -> None:
    def made(content: bytes) -> Image.Image:
        address = str(thumbnail(content, "", {})["address"])
        return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))

    assert made(encoded(scene(0, height=300, width=600), "JPEG")).size == (SIDE, SIDE // 2)
    assert made(encoded(scene(0, height=5, width=3))).size == (3, 5)
    assert thumbnail(b"oops", "", {}) == {"address": ""}
