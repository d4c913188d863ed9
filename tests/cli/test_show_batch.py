"""`striate show-batch` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from striate.cli.main import run
from tests.data.pictures import stripe_folder


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return stripe_folder(tmp_path / "photos")


def test_a_picture_is_written_and_nothing_else(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show-batch", "photos", "-o", "batch.png", "--rotate", "20"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "wrote batch.png" in told.err
    with Image.open("batch.png") as picture:
        assert picture.width > 500
    assert sorted(path.name for path in photos.parent.iterdir()) == ["batch.png", "photos"]


def test_json_tells_what_was_done_to_each_image(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--json", "--count", "5", "--size", "6", "--crop-scale", "0.5", "--jitter", "0.2"]
    assert run(["show-batch", "photos", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["height"], found["width"]) == (6, 6)
    assert found["settings"]["jitter"] == {"value": 0.2, "origin": "option"}
    assert len(found["images"]) == 5
    for image in found["images"]:
        assert image["classes"] in ({"across": 1.0}, {"upright": 1.0})
        assert {"crop", "jitter"} <= set(image["done"])
        assert (photos / image["image"]).is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["photos"], "neither a picture to write nor --json"),
        (["photos", "-o", "batch.pdf"], "batch.pdf is no name for a picture"),
        (["photos", "-o", "here/batch.png"], "there is no folder here"),
        (["photos", "-o", "b.png", "--jitter", "2"], "--jitter takes a number from 0 to 1"),
        (["photos", "-o", "b.png", "--rotat", "2"], "did you mean '--rotate'?"),
        (["digits", "-o", "b.png", "--follow-links"], "digits is built in, which has no links"),
        (["fotos", "-o", "b.png"], "did you mean 'photos'?"),
    ],
)
def test_a_mistake_gives_one_message_and_code_two(
    photos: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(["show-batch", *arguments]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("error: ") == 1
    assert [path.name for path in photos.parent.iterdir()] == ["photos"]
