"""The course of a training, from its files to curves."""

from __future__ import annotations

from pathlib import Path

from striate.evaluate.report import Story, read_log
from striate.evaluate.report.curves import training_curves
from striate.evaluate.report.sections import settings_rows
from tests.data.pictures import write


def test_files_side_by_side_are_one_log(tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", b"epoch,train_loss,val_loss\n2,0.5,\n1,1.5,2\n")
    timing = write(tmp_path / "timing.csv", b"epoch,seconds\n1,10\n2,20\n")
    assert read_log(log, timing, tmp_path / "absent.csv") == [
        {"epoch": 1, "train_loss": 1.5, "val_loss": 2, "seconds": 10},
        {"epoch": 2, "train_loss": 0.5, "val_loss": None, "seconds": 20},
    ]


def test_a_damaged_log_is_no_log(tmp_path: Path) -> None:
    assert read_log(write(tmp_path / "a.csv", b"\xff\xfe\x00")) == []
    assert read_log(write(tmp_path / "b.csv", b"<html>\nepoch\nx,y,z\n")) == []
    assert training_curves(Story(log=[{"loss": 1.0}]), "macro-F1") == []


def test_there_is_a_curve_for_what_the_log_has() -> None:
    log = [{"epoch": n, "train_loss": 100.0 / n**3, "lr": 0.1, "val_accuracy": 0.5} for n in (1, 9)]
    drawn = [str(one) for one in training_curves(Story(log=log, best_epoch=9), "accuracy")]
    titles = [one.partition('aria-label="')[2].partition('"')[0] for one in drawn]
    assert titles == ["Loss", "Scores", "Learning rate"]
    assert "best: 9" in drawn[0]
    assert ">100<" in drawn[0]  # shrunk by hundreds: in powers of ten
    assert ">0.1<" in drawn[0]


def test_a_single_epoch_is_a_dot() -> None:
    (loss,) = training_curves(Story(log=[{"epoch": 1, "train_loss": 2.0}]), "")
    assert "<circle" in loss


def test_settings_that_were_given_come_first() -> None:
    rows = settings_rows({
        "epochs": {"value": 10, "origin": "data"},
        "flip": {"value": False, "origin": "option"},
        "weight_decay": {"value": 0.0005, "origin": "default"},
    })  # fmt: skip
    assert rows == [
        ("flip", "no", "option"),
        ("epochs", "10", "data"),
        ("weight decay", "0.0005", "default"),
    ]
