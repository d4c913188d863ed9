"""A training from start to end on a folder of striped pictures."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
import torch

from striate import network
from striate.data import Preprocessing, index, load_manifest
from striate.errors import DataError, StriateError, TrainingError, UsageError
from striate.train import Silent, fit, load_checkpoint
from striate.train.reporter import Show
from tests.data.pictures import stripe_folder, write
from tests.train.runs import NET, QUICK, trained


class Notes(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


class Interrupting(Notes):
    """Presses Ctrl-C in the given epoch, when its first batch is done."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch
        self.batches = 0

    @contextmanager
    def live(self, title: str, total: int) -> Iterator[Show]:
        def show(_images: int, _figures: Callable[[], str]) -> None:
            if title.startswith(f"epoch {self.epoch}/"):
                self.batches += 1
                if self.batches == 1:
                    os.kill(os.getpid(), signal.SIGINT)

        yield show


@pytest.mark.parametrize(("net", "said"), [("resnet81", "resnet18"), ("conv(8) ->", "follows")])
def test_a_mistake_in_the_network_is_told_before_images_are_looked_at(
    tmp_path: Path, net: str, said: str
) -> None:
    notes = Notes()
    with pytest.raises(StriateError, match=said):
        fit(net, stripe_folder(tmp_path / "data", 4), reporter=notes)
    assert not notes.lines


def test_a_way_that_cannot_be_had_is_told_before_images_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(*_: object, **__: object) -> None:
        pytest.fail("images were prepared")

    monkeypatch.setattr(import_module("striate.train.fit"), "prepare", prepare)
    with pytest.raises(UsageError, match="--replicas 2 cannot be had here: what a layer drops"):
        trained(tmp_path, net=f"{NET} -> dropout", replicas=2)


def test_patience_counts_from_the_highest_score(tmp_path: Path) -> None:
    # Nothing is learned, so that the first epoch is the highest; the later ones are as good.
    outcome = trained(tmp_path, epochs=8, lr=1e-9, padding=0, patience=2, ema=0)
    with (tmp_path / "run" / "log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    assert outcome.best == 3


def test_replicas_learn_alike_each_time(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        trained(tmp_path / name, replicas=2, epochs=2)
        runs.append(load_checkpoint(tmp_path / name / "run", "last").tensors)
        said = json.loads((tmp_path / name / "run" / "settings.json").read_text())["settings"]
        assert said["replicas"] == {"value": 2, "origin": "option"}
    assert all(torch.equal(runs[0][key], runs[1][key]) for key in runs[0])


def test_a_run_learns_and_leaves_all_its_files(tmp_path: Path) -> None:
    outcome = trained(tmp_path, epochs=8)
    run = tmp_path / "run"
    assert outcome.scores is not None
    assert outcome.scores.accuracy == 1.0
    assert sorted(path.name for path in run.iterdir()) == [
        "best.json",
        "best.safetensors",
        "last.json",
        "last.safetensors",
        "log.csv",
        "manifest.parquet",
        "network.cnn",
        "settings.json",
        "timing.csv",
        "unreadable.csv",
    ]
    facts = json.loads((run / "best.json").read_text())
    assert facts["classes"] == ["across", "upright"]
    assert facts["epoch"] == outcome.best
    assert facts["metrics"]["accuracy"] == 1.0
    assert facts["metrics"]["images"] == 3  # a tenth of 24, rounded up
    assert facts["selection"].startswith("macro-F1 on the validation split")
    assert facts["data"]["root"] == str(tmp_path / "photos")
    assert facts["versions"]["torch"] == torch.__version__
    with (run / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 9)]
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])


def test_the_stored_text_makes_the_trained_network(tmp_path: Path) -> None:
    trained(tmp_path)
    rebuilt = network((tmp_path / "run" / "network.cnn").read_text())
    tensors = load_checkpoint(tmp_path / "run", "best").tensors
    expected = {name: tensor.shape for name, tensor in network(NET).module().state_dict().items()}
    assert {name: tensor.shape for name, tensor in tensors.items()} == expected
    rebuilt.module().load_state_dict(tensors)


def test_settings_say_where_each_came_from(tmp_path: Path) -> None:
    trained(tmp_path)
    head = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert head["settings"]["epochs"] == {"value": 4, "origin": "option"}
    assert head["settings"]["padding"] == {"value": 1, "origin": "network"}
    assert head["data"] == str(tmp_path / "photos")


def test_mean_and_deviation_are_those_of_the_training_images(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    trained(tmp_path)
    manifest = load_manifest(tmp_path / "run" / "manifest.parquet").only("train")
    pixels = np.stack(
        [
            np.asarray(Image.open(Path(manifest.root) / path)) / 255.0
            for path in manifest.table["path"].to_pylist()
        ]
    )
    facts = json.loads((tmp_path / "run" / "best.json").read_text())
    record = Preprocessing.from_json(facts["preprocessing"])
    assert record.mean == pytest.approx(pixels.mean((0, 1, 2)), abs=1e-6)
    assert record.deviation == pytest.approx(pixels.std((0, 1, 2)), abs=1e-6)


def test_the_validation_split_is_stored_and_stratified(tmp_path: Path) -> None:
    trained(tmp_path, val_share=0.25)
    stored = load_manifest(tmp_path / "run" / "manifest.parquet")
    assert stored.only("val").counts().tolist() == [3, 3]
    assert stored.only("train").counts().tolist() == [9, 9]


def test_a_seed_gives_the_same_weights_again(tmp_path: Path) -> None:
    weights = []
    for name in ("one", "two"):
        stripe_folder(tmp_path / "photos")
        fit(NET, tmp_path / "photos", out=tmp_path / name, reporter=Silent(), **QUICK)
        weights.append(load_checkpoint(tmp_path / name, "last").tensors)
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name])


def test_without_out_a_numbered_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stripe_folder(tmp_path / "my photos")
    for number in (1, 2):
        outcome = fit(NET, "my photos", reporter=Silent(), epochs=1, batch=8, val_share=0.0)
        assert outcome.folder == Path("runs") / f"my-photos-network-{number}"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    note = write(tmp_path / "run" / "note.txt", b"mine")
    with pytest.raises(UsageError) as caught:
        trained(tmp_path)
    assert str(caught.value) == (
        f"error: {tmp_path / 'run'} holds something already  [out-not-empty]\n"
        "   = help: name another folder with --out, or remove this one; nothing is overwritten\n"
        "   = help: without --out a new folder is made: runs/<data>-<network>-<number>"
    )
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["note.txt"]
    assert note.read_bytes() == b"mine"


def test_ctrl_c_finishes_the_batch_saves_and_says_so(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos")
    notes = Interrupting(epoch=2)
    run = tmp_path / "run"
    outcome = fit(NET, tmp_path / "photos", out=run, reporter=notes, **QUICK)
    assert outcome.is_interrupted
    assert outcome.epochs == 1
    assert notes.batches == 1
    assert "stopping after this batch; Ctrl-C again to stop at once" in notes.lines
    last, best = load_checkpoint(run, "last"), load_checkpoint(run, "best")
    assert (last.facts["epoch"], best.facts["epoch"]) == (1, 1)
    assert last.facts["step"] == 3 + 1  # 21 images in batches of at most 8: three steps
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_loss_that_is_no_number_stops_and_names_the_files(tmp_path: Path) -> None:
    with pytest.raises(TrainingError) as caught:
        trained(tmp_path, lr=1e30)
    message = str(caught.value)
    assert message.startswith("error: the loss is no longer a number, in epoch 1, step ")
    assert "[loss-not-finite]" in message
    assert "images of this batch: " in message
    assert ".png" in message
    assert "at a learning rate of " in message
    last = load_checkpoint(tmp_path / "run", "last").tensors
    assert all(tensor.isfinite().all() for tensor in last.values())


@pytest.mark.parametrize("images", [1, 2])
def test_classes_of_one_or_two_images_do_not_crash(tmp_path: Path, images: int) -> None:
    stripe_folder(tmp_path / "photos", images=images)
    outcome = trained(tmp_path, epochs=1)
    assert (outcome.scores is None) == (images == 1)
    assert outcome.best == 1


def test_a_last_batch_of_one_does_not_reach_batch_norm(tmp_path: Path) -> None:
    """Nine training images in batches of at most eight: five and four, not eight and one."""
    stripe_folder(tmp_path / "photos", images=5)
    net = "input(3, 8, 8) -> conv(4) -> gap -> bn -> fc(2)"
    assert trained(tmp_path, net, val_share=0.0, epochs=1).epochs == 1


def test_everything_that_images_may_go_through_at_once(tmp_path: Path) -> None:
    outcome = trained(
        tmp_path, epochs=8, crop_scale=0.7, rotate=5, trivial_augment=True, jitter=0.1, erase=0.2,
        mixup=0.1, cutmix=1.0, smoothing=0.1,
    )  # fmt: skip
    assert outcome.scores is not None
    head = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert head["settings"]["cutmix"] == {"value": 1.0, "origin": "option"}
    assert head["settings"]["padding"] == {"value": 0, "origin": "network"}
    with (tmp_path / "run" / "log.csv").open() as file:
        losses = [float(row["train_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (
            "input(3, 8, 8) -> conv(4) -> gap -> fc(7)",
            "error: the network ends in 7 outputs but the data has 2 classes  [class-count]\n"
            "   = help: the classes are: across, upright\n"
            "   = help: end the network with fc(2), or name it with classes=2",
        ),
        (
            "input(3, 8, 8) -> conv(4)",
            "error: network ends in 4x8x8; a classifier ends in one number per class, here 2"
            "  [not-a-classifier]\n   = help: end the text with -> gap -> fc(2)",
        ),
        (
            "input(4, 8, 8) -> conv(4) -> gap -> fc(2)",
            "error: network takes 4x8x8, but the images have 3 channels  [network-input]\n"
            "   = help: networks of 1 or 3 channels take grey and colour images of all kinds",
        ),
    ],
)
def test_networks_that_do_not_suit_the_data(tmp_path: Path, net: str, message: str) -> None:
    with pytest.raises(StriateError) as caught:
        trained(tmp_path, net)
    assert str(caught.value) == message
    assert not (tmp_path / "run").exists()


def test_images_too_small_for_the_network_are_told_where_it_breaks(tmp_path: Path) -> None:
    with pytest.raises(StriateError) as caught:
        trained(tmp_path, "(conv(4) -> maxpool)*4 -> gap -> fc(2)")
    assert "maxpool" in str(caught.value)
    assert "1x1" in str(caught.value)


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos")
    for path in (tmp_path / "photos" / "upright").iterdir():
        path.unlink()
    (tmp_path / "photos" / "upright").rmdir()
    with pytest.raises(DataError, match=r"has one class, across; two or more are needed"):
        trained(tmp_path)


def test_a_text_that_leaves_its_input_open_takes_the_size_of_the_images(tmp_path: Path) -> None:
    trained(tmp_path, "conv(4, s=2) -> bn -> relu -> fc(2)", epochs=1)
    stored = network((tmp_path / "run" / "network.cnn").read_text())
    assert stored.input == (3, 8, 8)


def test_the_run_tells_what_it_understood(tmp_path: Path) -> None:
    stripe_folder(tmp_path / "photos")
    notes = Notes()
    fit(NET, tmp_path / "photos", out=tmp_path / "run", reporter=notes, **QUICK)
    assert notes.lines[0] == (
        f"{tmp_path / 'photos'}: 24 images of 2 classes (across, upright); "
        "train 21, val 3 (drawn from train)"
    )
    assert notes.lines[1:3] == ["size in pixels: all are 8x8", "kinds: PNG RGB 100 %"]
    # 3*3*3*8 + 8 + 2*8, then 3*3*8*8 + 8 + 2*8, then 8*4*4*2 + 2
    (line,) = (line for line in notes.lines if line.startswith("network: 1,098 parameters, "))
    assert notes.lines.index(line) <= 10
    assert [line for line in notes.lines if "shifts of 1 px, no flips" in line]
    assert index(tmp_path / "photos").notices == ()
