"""`striate predict` as it is typed."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.deploy import Prediction, load
from striate.train import load_checkpoint, save_checkpoint
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


def test_probabilities_are_calibrated(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The odds of two classes are those of the plain network, to the power of 1 / temperature."""
    assert run(["predict", str(made), files[0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    bundle = load(made)
    assert bundle.calibration is not None
    assert found["temperature"] == bundle.calibration.temperature
    plain = replace(bundle, facts={})
    (scaled,), (raw,) = bundle.predict([files[0]]), plain.predict([files[0]])

    def odds(said: Prediction) -> float:
        return math.log(said.guesses[0].probability / said.guesses[1].probability)

    assert odds(scaled) == pytest.approx(odds(raw) / bundle.calibration.temperature, rel=1e-3)
    assert raw.is_unlike is None


def test_what_is_not_sure_enough_is_none_of_these(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A threshold above any probability, as if the validation images had been hard."""
    changed = with_calibration(made, files, thresholds=[1.1], answered=[3], wrong=[0], images=3)
    assert run(["predict", str(changed), files[0], "--coverage", "0.5"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{files[0]}  none of these (upright ")
    assert "answers from a probability of 110.0 % on: of the 3 validation images" in told.err
    assert run(["predict", str(changed), files[0], "--coverage", "0.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reject"]["validation_coverage"]["value"] == 1.0
    assert found["predictions"][0]["labels"] == []
    assert found["predictions"][0]["none_of_these"] is True
    assert run(["predict", str(changed), files[0]]) == 0
    assert "none of these" not in capsys.readouterr().out


def test_what_is_unlike_the_training_images_is_marked(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As if all validation images had had far less energy."""
    changed = with_calibration(made, files, energies=[-1e6] * 101)
    assert run(["predict", str(changed), files[0], "--top", "1"]) == 0
    assert capsys.readouterr().out.endswith(" %  (unlike the training images)\n")
    assert run(["predict", str(changed), files[0], "--coverage", "1"]) == 0
    assert f"{files[0]}  none of these (upright " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (["--precision", "95"], "--precision 95 is no share above 0 and up to 1"),
        (["--precision", "0.9", "--coverage", "0.9"], "are both given"),
        (["--precision", "0.95"], "no threshold gives a precision of 95 % on the 3 validation"),
        (["--coverage", "0.9", "--weights", "last"], "nothing is known of how far this network"),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_told(
    made: Path, files: list[str], capsys: pytest.CaptureFixture[str], wish: list[str], message: str
) -> None:
    assert run(["predict", str(made), files[0], *wish]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""


def with_calibration(
    made: Path, files: list[str], *, energies: list[float] | None = None, **curve: object
) -> Path:
    """A copy of the run, beside the files, that remembers other validation images."""
    folder = Path(shutil.copytree(made, Path(files[0]).parent / "run"))
    saved = load_checkpoint(folder, "best")
    calibration = saved.facts["calibration"]
    assert isinstance(calibration, dict)
    if energies is not None:
        calibration |= {"energies": list(energies), "images": 100}
    if curve:
        calibration["curve"] = json.loads(json.dumps(curve))
    save_checkpoint(folder, "best", saved.tensors, saved.facts)
    return folder
