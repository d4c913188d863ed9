"""`striate eval` as it is typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from striate.cli.main import run
from striate.evaluate import load_predictions
from tests.data.pictures import png, stripe_folder, stripes, write
from tests.deploy.runs import stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


def scores(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, object]:
    assert run(["eval", *map(str, arguments), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_without_data_the_held_out_images_of_the_run_are_scored(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", str(made)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{made} (best) on val of {made.parent / 'photos'}"
    assert lines[1] == "accuracy 100.00 % (95 % interval 43.85 to 100.00) on 3 images"
    assert [line.split()[0] for line in lines[-4:]] == ["class", "across", "upright", "macro-F1"]


def test_the_scores_are_those_stored_with_the_weights(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = scores(capsys, made)
    stored = json.loads((made / "best.json").read_text())["metrics"]
    assert {key: found[key] for key in stored} == pytest.approx(stored, abs=1e-6)


def test_a_test_split_comes_before_the_validation_split(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path / "data" / "train", images=4)
    stripe_folder(tmp_path / "data" / "test", images=3)
    found = scores(capsys, made, tmp_path / "data")
    assert (found["split"], found["images"]) == ("test", 6)
    assert scores(capsys, made, tmp_path / "data", "--split", "train")["images"] == 8


def test_other_data_are_matched_by_class_name(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only `upright`, which is class 0 of these data but class 1 of the run."""
    for number in range(5):
        write(tmp_path / "upright" / f"{number}.png", png(stripes(50 + number, is_upright=True)))
    assert run(["eval", str(made), str(tmp_path)]) == 2
    assert "has no images of the class across  [missing-class]" in capsys.readouterr().err
    found = scores(capsys, made, tmp_path, "--allow-missing")
    assert found["accuracy"] == 1.0
    assert found["split"] == "all images"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["RUN", "--split", "tset"], "there is no split 'tset'; did you mean 'test'?"),
        (["RUN", "--split", "test"], "has no images in the split 'test'"),
        (["nowhere"], "there is no run folder nowhere"),
        (["RUN", "nowhere"], "there is no folder or file nowhere"),
        (["RUN", "--weights", "first"], "a run has no weights 'first'"),
    ],
)
def test_a_mistake_gives_one_message_and_code_two(
    made: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(["eval", *(str(made) if each == "RUN" else each for each in arguments)]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("error: ") == 1
    assert told.out == ""


def test_an_unknown_class_is_named(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path, images=2)
    (tmp_path / "across").rename(tmp_path / "sideways")
    assert run(["eval", str(made), str(tmp_path)]) == 2
    assert "has the class sideways that the model does not know" in capsys.readouterr().err


def test_images_of_unknown_classes_are_dropped_when_asked(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path, images=2)
    write(tmp_path / "sideways" / "1.png", png(stripes(0, is_upright=True)))
    (tmp_path / "empty").mkdir()
    found = scores(capsys, made, tmp_path, "--drop-unknown", "--allow-missing")
    assert found["images"] == 4


def test_a_saved_manifest_is_scored_by_the_splits_in_it(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path / "photos", images=5)
    out = tmp_path / "photos.parquet"
    divide = ("--tear-copies", "--test", "0.4", "--val", "0.2")
    assert run(["split", str(tmp_path / "photos"), "-o", str(out), *divide]) == 0
    capsys.readouterr()
    found = scores(capsys, made, out)
    assert (found["split"], found["images"], found["accuracy"]) == ("test", 4, 1.0)


def test_a_list_with_several_labels_is_refused(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path, images=1)
    rows = b"path,label\nacross/0.png,across|upright\nupright/0.png,upright\n"
    assert run(["eval", str(made), str(write(tmp_path / "list.csv", rows))]) == 2
    assert "1 of 2 images of " in capsys.readouterr().err


def test_an_unreadable_image_is_named_and_counted(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path, images=4)
    write(tmp_path / "across" / "2.png", b"")
    assert run(["eval", str(made), str(tmp_path)]) == 2
    assert "across/2.png: the file is empty" in capsys.readouterr().err
    found = scores(capsys, made, tmp_path, "--max-unreadable", "0.2")
    assert (found["images"], found["unreadable"]) == (7, ["across/2.png"])


def test_images_that_were_moved_are_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_folder = shutil.copytree(made, tmp_path / "run")
    stripe_folder(tmp_path / "others")
    photos = made.parent / "photos"
    hidden = photos.rename(made.parent / "hidden")
    try:
        assert run(["eval", str(run_folder)]) == 2
    finally:
        hidden.rename(photos)
    assert f"the images are no longer at {photos}" in capsys.readouterr().err
    assert scores(capsys, run_folder, tmp_path / "others")["images"] == 24


def test_the_numbers_the_rows_and_the_page_are_written_into_the_run(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "run"))
    printed = scores(capsys, folder)
    out = folder / "eval-val"
    assert json.loads((out / "metrics.json").read_text()) == printed
    assert len(load_predictions(out / "predictions.parquet")) == 3
    assert (out / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert {path.name for path in out.iterdir()} == {
        *("metrics.json", "predictions.parquet", "report.html")
    }


def test_every_number_has_its_interval_and_how_it_was_made(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = scores(capsys, made, "--out", tmp_path, "--no-report")["scores"]
    assert isinstance(found, dict)
    assert list(found) == [
        *("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"),
        *("log_loss", "brier", "ece", "auroc", "average_precision", "risk_coverage_area"),
    ]
    for one in found.values():
        assert one["low"] <= one["value"] <= one["high"]
        assert one["method"] in {"Wilson", "bootstrap", "jackknife", "none"}
    assert not (tmp_path / "report.html").exists()


def test_on_the_images_that_chose_it_a_network_is_calibrated_in_folds(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run's own validation images, by the split and by naming their folder."""
    assert run(["eval", str(made), "--no-report", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["calibration"]["cross_fitted"] is True
    assert "note: the best weights were chosen on all of these images" in told.err
    assert run(["eval", str(made), str(made.parent / "photos"), "--no-report", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["calibration"]["cross_fitted"] is True
    assert "note: the network was trained on 21 of the 24 of these images" in told.err


def test_other_images_are_scaled_by_the_stored_temperature(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_folder(tmp_path / "others", images=4)
    found = scores(capsys, made, tmp_path / "others")["calibration"]
    stored = json.loads((made / "best.json").read_text())["calibration"]
    assert isinstance(found, dict)
    assert found["temperature"] == stored["temperature"]
    assert found["cross_fitted"] is False
    assert (made / "eval-others" / "predictions.parquet").exists()


def test_weights_without_a_calibration_are_evaluated_all_the_same(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = scores(capsys, made, "--weights", "last", "--out", tmp_path, "--no-report")
    assert found["outliers"] is None
    calibration = found["calibration"]
    assert isinstance(calibration, dict)
    assert "came without a temperature" in calibration["fitted_on"]


def test_a_folder_that_cannot_be_written_is_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["eval", str(made), "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
