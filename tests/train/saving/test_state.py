"""What a training remembers is the same once it was on disk."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from striate.errors import BundleError
from striate.train.logbook import EpochRow, Logbook, Timing
from striate.train.optimize.optimizers import make_optimizer
from striate.train.saving.checkpoint import load_checkpoint, save_tensors
from striate.train.saving.state import States, Tally, is_finite, optimizer_state, restore_optimizer
from striate.train.session import Pace
from striate.train.settings import Settings
from tests.train.runs import trained


@pytest.mark.parametrize("name", ["sgd", "adamw", "nadam", "radam", "rmsprop", "muon"])
def test_optimizers_go_on_as_if_they_had_not_stopped(name: str, tmp_path: Path) -> None:
    settings = Settings(
        epochs=1,
        size=8,
        batch=4,
        lr=0.01,
        optimizer=name,  # type: ignore[arg-type]
    )
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.randn(4, 3, 8, 8)

    def steps(optimizer: torch.optim.Optimizer, count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            module(images).square().mean().backward()
            optimizer.step()

    optimizer = make_optimizer(module, settings)
    steps(optimizer, 2)
    tensors, numbers = optimizer_state(optimizer)
    weights = {key: value.clone() for key, value in module.state_dict().items()}
    States(tmp_path).save(tensors, {"numbers": numbers})
    steps(optimizer, 2)
    expected = {key: value.clone() for key, value in module.state_dict().items()}

    module.load_state_dict(weights)
    saved = States(tmp_path).newest()
    assert saved is not None
    again = make_optimizer(module, settings)
    kept = saved.facts["numbers"]
    assert isinstance(kept, dict)
    restore_optimizer(again, saved.tensors, kept)
    steps(again, 2)
    for key, value in module.state_dict().items():
        assert torch.equal(value, expected[key]), key


def test_sums_and_rows_are_exact_as_text() -> None:
    tally = Tally()
    for number in range(1, 50):
        tally.add(1 / number, 7, 3)
    assert Tally.from_json(json.loads(json.dumps(tally.to_json()))) == tally
    book, other = Logbook(Path()), Logbook(Path())
    book.add(EpochRow(1, 3, 1 / 3, 2 / 3, None), Timing(1, 0.1, 0.2, 0.3, 0.4, 0.5))
    other.restore(json.loads(json.dumps(book.to_json())))
    assert (other.rows, other.timings) == (book.rows, book.timings)


def test_the_state_before_is_kept_and_no_more(tmp_path: Path) -> None:
    states = States(tmp_path)
    assert states.newest() is None
    for number in range(4):
        states.save({"a": torch.full((2,), float(number))}, {"number": number})
    assert [path.name for path in states.files()] == ["000003.safetensors", "000004.safetensors"]
    newest = states.newest()
    assert newest is not None
    assert newest.facts["number"] == 3
    states.clear()
    assert not (tmp_path / "state").exists()


def test_where_no_state_is_whole_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    save_tensors(tmp_path / "state" / "000001.safetensors", {"a": torch.ones(9)}, {})
    path = tmp_path / "state" / "000001.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"oops")
    with pytest.raises(BundleError, match="its digest is not that of its tensors"):
        States(tmp_path).newest()


def test_saving_takes_a_small_share_of_the_time() -> None:
    left_alone = Pace(None, saved_at=100.0, cost_s=2.0)
    assert not left_alone.is_due(199.0, is_epoch_end=True)  # 2 s are 2 % of 100 s
    assert left_alone.is_due(200.0, is_epoch_end=True)
    cheap = Pace(None, saved_at=100.0, cost_s=0.01)
    assert [cheap.is_due(now, is_epoch_end=False) for now in (159.0, 160.0)] == [False, True]
    wished = Pace(5.0, saved_at=100.0, cost_s=2.0)
    assert [wished.is_due(now, is_epoch_end=False) for now in (104.0, 105.0)] == [False, True]


def test_numbers_that_are_none_are_seen() -> None:
    assert is_finite([torch.ones(2), torch.ones(2, dtype=torch.int64)])
    assert not is_finite([torch.ones(2), torch.tensor([1.0, torch.inf])])


@pytest.mark.parametrize("is_saved_at_epoch_ends", [True, False])
def test_whenever_it_is_saved_the_end_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_saved_at_epoch_ends: bool
) -> None:
    monkeypatch.setattr(
        Pace, "is_due", lambda self, now, *, is_epoch_end: is_epoch_end == is_saved_at_epoch_ends
    )
    outcome = trained(tmp_path)
    with (tmp_path / "run" / "log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]
    best, last = (load_checkpoint(tmp_path / "run", name).facts for name in ("best", "last"))
    assert (best["epoch"], last["epoch"]) == (outcome.best, 4)
    assert last["is_finished"]
    assert "calibration" in best
