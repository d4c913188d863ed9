"""`striate scan` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.data import index
from tests.data.audit.looking import scene
from tests.data.pictures import encoded, write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(20):
        name = f"{number} ü.png"
        write(tmp_path / "photos" / ("cat", "dog")[number % 2] / name, encoded(scene(number)))
    return tmp_path / "photos"


def test_a_clean_folder_then_a_damaged_one(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, out = tmp_path / "report.html", tmp_path / "photos.parquet"
    assert run(["scan", str(photos), "--workers", "1"]) == 0
    told = capsys.readouterr()
    first, second, *_, last = told.out.splitlines()
    assert first == f"{photos}: 20 images of 2 classes (cat, dog); train 20"
    assert second.startswith("decoded 20 in ")
    assert last == "20 of 20 images can be used; nothing to complain about"
    assert told.err == ""

    write(photos / "cat" / "bad\nname.png", b"")
    command = ["scan", str(photos), "--workers", "1", "--html", str(page), "-o", str(out)]
    assert run(command) == 1
    told = capsys.readouterr()
    assert "; 20 were known from an earlier scan" in told.out
    assert r"        1  empty files [empty]: cat/bad\nname.png" in told.out.splitlines()
    assert "           -> copy or download them again, or remove them" in told.out
    assert page.read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 20
    assert str(out) in told.err

    saved = index(out)
    assert saved.table["status"].to_pylist().count("ok") == 20
    assert saved.table["width"].to_pylist().count(80) == 20
    assert saved.table["perceptual_hash"].null_count == 1

    assert run(["scan", str(out), "--workers", "1", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["usable"], found["errors"]) == (21, 20, 1)
    (empty,) = found["findings"]
    assert (empty["code"], empty["severity"], empty["count"]) == ("empty", "error", 1)
    assert empty["images"] == [
        [
            {
                "path": "cat/bad\nname.png",
                "split": "train",
                "classes": ["cat"],
                "reason": "the file is empty",
            }
        ]
    ]


def test_a_quick_look_decodes_nothing(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (photos / "cat" / "0 ü.png").read_bytes()
    write(photos / "cat" / "cut.png", whole[: len(whole) // 2])
    assert run(["scan", str(photos), "--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "21 images of 2 classes (cat, dog); train 21",
        "size in pixels: all are 80x60",
    ]
    write(photos / "cat" / "empty.png", b"")
    assert run(["scan", str(photos), "--quick", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["height"], found["width"], found["channels"]) == (60, 80, 3)
    assert found["unreadable"] == [{"name": "cat/empty.png", "reason": "the file is empty"}]


def test_a_limit_on_pixels_refuses_larger_images(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", str(photos), "--max-pixels", "4799", "--workers", "1"]) == 1
    assert "  20  images with too many pixels [too-large]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-pixels", "999999999"], "--max-pixels is at most 89,478,485, found 999,999,999"),
        (["--html", "nowhere/report.html"], "--html: nowhere/report.html lies in nowhere, which"),
        (
            ["--quick", "-o", "x.parquet"],
            "--output needs decoded images, which",
        ),
        (["--workers", "0"], "--workers"),
    ],
)
def test_mistakes_are_told_before_anything_is_decoded(
    photos: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str, cache: Path
) -> None:
    assert run(["scan", str(photos), *options]) == 2
    assert message in capsys.readouterr().err
    assert not cache.exists()


def test_data_that_are_not_there_are_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "nowhere"]) == 2
    assert "there is no folder or file nowhere" in capsys.readouterr().err
