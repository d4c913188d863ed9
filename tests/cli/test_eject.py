"""`striate eject`: what it writes, what it prints, and what it says of mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate import network
from striate.cli.main import run

TEXT = "input(3, 32, 32) -> (conv(16) -> bn -> relu)*2 -> gap -> fc(10)"


def test_a_file_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    assert run(["eject", "resnet18", "-o", str(file)]) == 0
    text = file.read_text("utf-8")
    assert text == network("resnet18").source()
    assert capsys.readouterr().out == (
        f"wrote {file}: {len(text.splitlines())} lines, model = ResNet18()\n"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["model.py"]


def test_without_a_file_the_source_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eject", TEXT]) == 0
    assert capsys.readouterr().out == network(TEXT).source()


def test_classes_and_input_are_those_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eject", "resnet18", "--classes", "7", "--input", "1x64x64"]) == 0
    said = capsys.readouterr().out
    assert "num_classes: int = 7" in said
    assert "Input: Nx1x64x64." in said


def test_json_holds_what_was_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["eject", "resnet18", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["class"] == "ResNet18"
    assert printed["params"] == 11_689_512
    assert printed["source"] == network("resnet18").source()
    file = tmp_path / "model.py"
    assert run(["eject", "resnet18", "--json", "-o", str(file)]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["file"] == str(file)
    assert "source" not in written


def test_a_file_that_is_there_is_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text("mine")
    assert run(["eject", TEXT, "-o", str(file)]) == 2
    assert file.read_text() == "mine"
    assert "is there already" in capsys.readouterr().err
    assert run(["eject", TEXT, "-o", str(file), "--force"]) == 0
    assert "class Network" in file.read_text("utf-8")


@pytest.mark.parametrize("place", ["missing/model.py", "folder"])
def test_a_place_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str
) -> None:
    (tmp_path / "folder").mkdir()
    assert run(["eject", TEXT, "-o", str(tmp_path / place), "--force"]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_mistake_in_the_text_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eject", "input(3, 32, 32) -> conv(16) -> fc(10) -> conv(3)"]) == 2
    assert "error:" in capsys.readouterr().err
