"""`striate predict` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.cli.main import run
from tests.data.pictures import png, stripes, write
from tests.deploy.runs import stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """An upright picture, a file that is no picture, and one with stripes across."""
    write(tmp_path / "a.png", png(stripes(70, is_upright=True)))
    write(tmp_path / "b.png", b"oops")
    write(tmp_path / "c.png", png(stripes(71, is_upright=False)))
    return [str(tmp_path / name) for name in ("a.png", "b.png", "c.png")]


def test_a_line_per_file_with_the_best_class_first(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["predict", str(made), files[0], files[2]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{files[0]}  upright ")
    assert lines[1].startswith(f"{files[2]}  across ")
    assert all(line.endswith(" %") and ", " in line for line in lines)


def test_an_unreadable_file_is_told_and_the_others_are_answered(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["predict", str(made), *files, "--top", "1"]) == 2
    told = capsys.readouterr()
    assert [line.split()[0] for line in told.out.splitlines()] == [files[0], files[2]]
    assert told.err == (
        f"error: {files[1]}: not an image, or of a kind pillow cannot read  [unreadable-image]\n"
    )


def test_json_is_one_document_in_the_order_of_the_files(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["predict", str(made), *files, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    first, second, third = found["predictions"]
    assert first["file"] == files[0]
    assert first["classes"][0]["class"] == "upright"
    assert 0.5 < first["classes"][0]["probability"] <= 1
    assert second == {
        "file": files[1],
        "error": "not an image, or of a kind pillow cannot read",
    }
    assert [row["class"] for row in third["classes"]] == ["across", "upright"]


def test_a_run_that_is_none_is_told(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", "nowhere", *files]) == 2
    assert "there is no run folder nowhere" in capsys.readouterr().err
