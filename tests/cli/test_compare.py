"""`striate compare` as it is typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from striate.cli.main import run
from tests.data.pictures import stripe_folder
from tests.deploy.runs import stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def twin(made: Path) -> Path:
    return Path(shutil.copytree(made, made.parent / "twin"))


def test_runs_are_evaluated_once_and_compared(
    made: Path, twin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", str(made), str(twin)]) == 0
    told = capsys.readouterr()
    assert told.err.count("has not been asked about these images yet") == 2
    lines = told.out.splitlines()
    assert lines[0] == f"3 images of {made.parent / 'photos'}"
    assert lines[1] == f"{made}   accuracy 100.00 %"
    assert lines[3].startswith(f"{made} and {twin} are equal in accuracy on 3 images, within ")
    assert (twin / "eval-val" / "predictions.parquet").exists()
    assert run(["compare", str(made), str(twin)]) == 0
    assert "not been asked" not in capsys.readouterr().err


def test_json_is_one_document(made: Path, twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", str(made), str(twin), "--metric", "log-loss", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == 3
    assert [row["metric"] for row in found["comparisons"]] == ["accuracy", "log-loss"]
    assert all(row["difference"] == 0 for row in found["comparisons"])


def test_other_images_may_be_named(
    made: Path, twin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path / "others", images=3)
    arguments = ["compare", str(made), str(twin), "--data", str(tmp_path / "others")]
    assert run(arguments) == 0
    assert capsys.readouterr().out.startswith("6 images of ")
    stripe_folder(tmp_path / "others", images=4)
    assert run(arguments) == 0
    told = capsys.readouterr()
    assert told.out.startswith("8 images of ")
    assert told.err.count("has not been asked about these images yet") == 2


def test_files_of_predictions_are_compared(
    made: Path, twin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, folder in enumerate((made, twin)):
        out = str(tmp_path / str(number))
        assert run(["eval", str(folder), "--out", out, "--no-report"]) == 0
    capsys.readouterr()
    files = [str(tmp_path / str(number) / "predictions.parquet") for number in range(2)]
    assert run(["compare", *files]) == 0
    assert "are equal in macro-F1, image by image" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["RUN"], "there is nothing to compare with: one run is named"),
        (["RUN", "nowhere"], "there is no run folder nowhere"),
        (["RUN", "RUN", "--metric", "acuracy"], "did you mean 'accuracy'"),
        (["RUN", "RUN", "--metric", "map"], "mAP is for images with several labels"),
    ],
)
def test_a_mistake_gives_one_message_and_code_two(
    made: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(["compare", *(str(made) if each == "RUN" else each for each in arguments)]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""
