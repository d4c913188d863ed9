"""`striate explain` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from striate.cli.main import run
from tests.data.pictures import write
from tests.deploy.runs import stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def photo(made: Path) -> Path:
    return next((made.parent / "photos").rglob("*.png"))


def test_a_picture_is_written_for_each_image(
    made: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / photo.name
    copy.write_bytes(photo.read_bytes())
    assert run(["explain", str(made), str(photo), str(copy), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"{photo.stem}-2.png", f"{photo.stem}.png"]
    with Image.open(tmp_path / "out" / names[0]) as picture:
        assert picture.width > 600
    assert [line.split()[0] for line in told.out.splitlines()] == [
        str(tmp_path / "out" / name) for name in reversed(names)
    ]
    assert "looks at the layer" in told.err


def test_everything_is_there_for_programs(
    made: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--layer", "0", "--class", "upright", "--check", "--json", "--out", str(tmp_path)]
    assert run(["explain", str(made), str(photo), *arguments]) in (0, 1)
    found = json.loads(capsys.readouterr().out)
    (image,) = found["images"]
    assert (found["layer"], image["layer"], image["class"]) == ("0", "0", "upright")
    assert [len(image["map"]), len(image["map"][0])] == [8, 8]
    assert {guess["class"] for guess in image["guesses"]} == {"across", "upright"}
    assert found["check"][-1]["layers"] == 5
    assert Path(image["picture"]).is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layer", "9"], "the network has no layer '9'"),
        (["--layer", "6"], "the layer '6' gives no plane of several positions"),
        (["--class", "uprihgt"], "no class 'uprihgt'; did you mean 'upright'?"),
        (["--weights", "first"], "a run has no weights 'first'"),
    ],
)
def test_a_mistake_gives_one_message_and_code_two(
    made: Path,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert run(["explain", str(made), str(photo), *arguments, "--out", str(tmp_path / "o")]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("error: ") == 1
    assert not (tmp_path / "o").exists()


def test_a_folder_that_cannot_be_made_is_told(
    made: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "file", b"")
    assert run(["explain", str(made), str(photo), "--out", str(tmp_path / "file" / "in")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_an_unreadable_file_is_told_and_the_others_explained(
    made: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(tmp_path / "bad.png", b"no image")
    assert run(["explain", str(made), str(bad), str(photo), "--out", str(tmp_path / "out")]) == 2
    assert "bad.png" in capsys.readouterr().err
    assert [path.stem for path in (tmp_path / "out").iterdir()] == [photo.stem]
