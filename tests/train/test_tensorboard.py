"""What `--tensorboard` leaves behind, read by TensorBoard's own reader."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from striate.errors import UsageError
from striate.train import Options, fit
from tests.data.pictures import stripe_folder
from tests.train.runs import NET, QUICK, Counting, trained

TAGS = {
    "loss/train": "train_loss",
    "accuracy/train": "train_accuracy",
    "loss/val": "val_loss",
    "accuracy/val": "val_accuracy",
    "lr": "lr",
}


def curves(run: Path) -> dict[str, list[tuple[int, float]]]:
    """Epoch and value of all points, by tag, in the order in which TensorBoard shows them."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run / "tensorboard"))
    found.Reload()
    return {
        tag: [(point.step, point.value) for point in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }


def logged(run: Path, column: str) -> list[tuple[int, float]]:
    with (run / "log.csv").open() as file:
        return [(int(row["epoch"]), float(row[column])) for row in csv.DictReader(file)]


def test_all_curves_of_the_log_are_there(tmp_path: Path) -> None:
    run = trained(tmp_path, tensorboard=True).folder
    found = curves(run)
    for tag, column in TAGS.items():
        for (epoch, value), (at, expected) in zip(found[tag], logged(run, column), strict=True):
            assert epoch == at
            assert value == pytest.approx(expected, rel=1e-4)
    assert [epoch for epoch, _ in found["images_per_s"]] == [1, 2, 3, 4]


def test_each_epoch_is_shown_once_after_a_stop(tmp_path: Path) -> None:
    """The first epoch of two steps is done, and one step of the second."""
    steps = [0]

    def press() -> None:
        steps[0] += 1
        if steps[0] == 4:
            raise RuntimeError("the machine is gone")

    wanted: Options = {**QUICK, "tensorboard": True}
    photos, run = stripe_folder(tmp_path / "photos"), tmp_path / "run"
    with pytest.raises(RuntimeError, match="gone"):
        fit(NET, photos, out=run, reporter=Counting(press), **wanted)
    before = curves(run)["loss/train"]
    assert [epoch for epoch, _ in before] == [1]
    fit(resume=run, reporter=Counting())
    found = curves(run)["loss/train"]
    assert found[:1] == before
    assert [epoch for epoch, _ in found] == [1, 2, 3, 4]


def test_without_it_there_is_no_folder(tmp_path: Path) -> None:
    assert not (trained(tmp_path, epochs=1).folder / "tensorboard").exists()


def test_where_the_package_is_missing_it_is_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UsageError, match="pip install tensorboard") as refused:
        trained(tmp_path, tensorboard=True)
    assert refused.value.code == "tensorboard-missing"
    assert not (tmp_path / "run").exists()
