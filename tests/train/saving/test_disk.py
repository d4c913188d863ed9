"""A full disk loses nothing that was saved, and is told in one message."""

from __future__ import annotations

import errno
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from striate.errors import TrainingError
from striate.options import Options
from striate.train import fit, load_checkpoint, save_checkpoint
from striate.train.saving.disk import require_room, told_when_full
from tests.data.pictures import stripe_folder
from tests.train.killing import results
from tests.train.runs import NET, QUICK, Counting

Usage = namedtuple("Usage", ["total", "used", "free"])


def test_a_training_on_a_full_disk_can_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe_folder(tmp_path / "photos")
    options: Options = {
        **QUICK,
        "save_every": "0.001s",
        "channels_last": False,
        "precision": "float32",
    }
    peaceful, full = tmp_path / "peaceful", tmp_path / "full"
    fit(NET, tmp_path / "photos", out=peaceful, reporter=Counting(), **options)
    steps = 0

    def fill_disk() -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**6, 10**6, 100))

    with pytest.raises(TrainingError) as caught:
        fit(NET, tmp_path / "photos", out=full, reporter=Counting(fill_disk), **options)
    message = str(caught.value)
    assert message.startswith(f"error: the disk of {full / 'state'} is full: ")
    assert message.endswith(f" bytes there, then go on with striate fit --resume {full}")
    assert caught.value.code == "disk-full"
    assert load_checkpoint(full, "last").facts["step"] == 4
    monkeypatch.undo()
    fit(resume=full, reporter=Counting())
    assert results(full) == results(peaceful)


def test_a_log_that_cannot_be_written_is_told_like_weights_that_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe_folder(tmp_path / "photos")
    run, write = tmp_path / "run", Path.write_text

    def full(self: Path, text: str, encoding: str | None = None) -> int:
        if "log.csv" in self.name and run.joinpath("log.csv").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, text, encoding)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(TrainingError, match=r"\[disk-full\]"):
        fit(NET, tmp_path / "photos", out=run, reporter=Counting(), **QUICK)
    monkeypatch.undo()
    assert fit(resume=run, reporter=Counting()).epochs == QUICK["epochs"]


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, "last", {"a": torch.ones(3)}, {"epoch": 1})

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TrainingError, match="all that was saved before is intact"):
        save_checkpoint(tmp_path, "last", {"a": torch.zeros(3)}, {"epoch": 2})
    assert load_checkpoint(tmp_path, "last").facts["epoch"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.json", "last.safetensors"]


def test_what_is_not_read_back_as_it_was_written_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, "last", {"a": torch.ones(3)}, {"epoch": 1})
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda self, content: write(self, content[:-1] + b"x"))
    with pytest.raises(TrainingError, match=r"\[save-differs\]"):
        save_checkpoint(tmp_path, "last", {"a": torch.zeros(3)}, {"epoch": 2})
    assert load_checkpoint(tmp_path, "last").facts["epoch"] == 1


def test_room_is_asked_for_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 2**20, 2**20))
    require_room(tmp_path / "not" / "made", 2**20, what="this training")
    with pytest.raises(TrainingError) as caught:
        require_room(tmp_path / "not" / "made", 2**21, what="this training")
    assert str(caught.value) == (
        f"error: this training needs 2 MiB in {tmp_path / 'not' / 'made'}, where 1 MiB are free"
        "  [disk-too-small]\n   = help: free 1 MiB there, or name a folder on another disk with "
        "--out"
    )


def test_other_failures_are_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), told_when_full(tmp_path):
        raise PermissionError(errno.EACCES, "denied")
