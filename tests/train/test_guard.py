"""What goes wrong with the arithmetic is named, undone once, and then told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from striate.errors import TrainingError
from striate.options import Options, Precision
from striate.train import fit, learning, load_checkpoint
from striate.train.compute.ways import Way, forward
from striate.train.guard import Guard, Learned, Watch, is_out_of_memory, told_when_out_of_memory
from striate.train.saving.state import Tally
from tests.data.pictures import stripe_folder
from tests.train.runs import NET, QUICK, Counting

CPU = torch.device("cpu")


def break_steps(monkeypatch: pytest.MonkeyPatch, *steps: int) -> None:
    """Make the network say what is no number in these steps, counted from 1 as they are done."""
    done = 0

    def broken(module: nn.Module, images: Tensor, way: Way) -> Tensor:
        nonlocal done
        done += 1
        return forward(module, images, way) * (torch.nan if done in steps else 1.0)

    monkeypatch.setattr(learning, "forward", broken)


@pytest.mark.parametrize(
    ("precision", "how"),
    [("float32", "with 0.25 of the learning rate"), ("bfloat16", "in float32 instead of bfloat16")],
)
def test_the_first_time_it_goes_back_and_on_more_carefully(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision, how: str
) -> None:
    stripe_folder(tmp_path / "photos")
    notes = Counting()
    break_steps(monkeypatch, 5)
    options: Options = {**QUICK, "precision": precision, "save_every": "0.001s"}
    outcome = fit(NET, tmp_path / "photos", out=tmp_path / "run", reporter=notes, **options)
    assert outcome.epochs == 4
    (line,) = (line for line in notes.lines if "no longer a number" in line)
    assert line.startswith(
        "the loss was no longer a number in epoch 2, step 2 of 3 (images of this batch: "
    )
    assert ".png" in line
    assert line.endswith(f"goes on from step 4, {how}")
    with (tmp_path / "run" / "log.csv").open() as file:
        steps = [row["step"] for row in csv.DictReader(file)]
    assert steps == ["3", "6", "9", "12"]
    last = load_checkpoint(tmp_path / "run", "last").tensors
    assert all(tensor.isfinite().all() for tensor in last.values())


def test_the_second_time_it_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe_folder(tmp_path / "photos")
    break_steps(monkeypatch, 5, 9)
    options: Options = {**QUICK, "lr": 0.4, "save_every": "0.001s"}
    with pytest.raises(TrainingError) as caught:
        fit(NET, tmp_path / "photos", out=tmp_path / "run", reporter=Counting(), **options)
    first, files, saved, advice = str(caught.value).splitlines()
    assert first.startswith("error: the loss is no longer a number, in epoch 3, step 2 of 3, at a ")
    assert files.startswith("   = help: images of this batch: ")
    assert saved.endswith(f"are in {tmp_path / 'run' / 'last.safetensors'}")
    assert advice == "   = help: try a lower learning rate, such as --lr 0.025"  # 0.4 / 4 / 4


@pytest.mark.parametrize(
    ("loss", "length", "wrong"),
    [(1.0, 2.0, None), (torch.nan, 2.0, "loss"), (1.0, torch.inf, "gradient")],
)
def test_a_watch_sees_losses_and_gradients(loss: float, length: float, wrong: str | None) -> None:
    watch, tally = Watch("image {}".format, CPU), Tally()
    fine = Learned(torch.tensor(0.5), torch.tensor(1), torch.tensor(1.0))
    watch.add(6, fine, [1, 2])
    watch.add(7, Learned(torch.tensor(loss), torch.tensor(2), torch.tensor(length)), [3, 4])
    event = watch.look(tally)
    if wrong is None:
        assert event is None
        assert (tally.loss, tally.images, tally.correct) == (3.0, 4, 3)
        return
    assert event is not None
    assert event.parts == (wrong, 7, "images of this batch: image 3, image 4")
    assert (tally.loss, tally.images, tally.correct) == (1.0, 2, 1)


def test_a_gradient_that_may_be_infinite_is_not_looked_at() -> None:
    watch = Watch(str, CPU)
    watch.add(0, Learned(torch.tensor(0.5), torch.tensor(1), None), [1])
    assert watch.look(Tally()) is None


def test_what_a_guard_changed_is_kept() -> None:
    guard, other = Guard(), Guard()
    assert guard.change("float32") == "with 0.25 of the learning rate"
    other.restore(guard.to_json())
    assert other == Guard(is_used=True, lr_factor=0.25)
    assert Guard().change("float16") == "in float32 instead of float16"


def test_being_out_of_memory_is_one_message() -> None:
    with (
        pytest.raises(TrainingError, match=r"memory of this machine .*\[out-of-memory\]") as caught,
        told_when_out_of_memory(lambda: ["--batch 8 would fit"]),
    ):
        torch.empty(2**50)
    assert str(caught.value).endswith("= help: --batch 8 would fit")
    assert is_out_of_memory(torch.OutOfMemoryError())
    assert is_out_of_memory(MemoryError())
    with pytest.raises(RuntimeError, match="shape"), told_when_out_of_memory(list):
        raise RuntimeError("shape")
