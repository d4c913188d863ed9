"""Weights on disk: whole, checked, and free of code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from striate.errors import BundleError
from striate.files import replace_file, replace_text
from striate.train import load_checkpoint, save_checkpoint

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(3)}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path, "best", TENSORS, {"epoch": 1})
    return tmp_path


def test_saving_and_loading_gives_the_same_tensors_and_facts(saved: Path) -> None:
    loaded = load_checkpoint(saved, "best")
    assert loaded.facts["epoch"] == 1
    assert loaded.tensors.keys() == TENSORS.keys()
    for name, tensor in loaded.tensors.items():
        assert torch.equal(tensor, TENSORS[name])
    assert sorted(path.name for path in saved.iterdir()) == ["best.json", "best.safetensors"]


def test_others_may_read_the_weights_as_they_may_the_facts(saved: Path) -> None:
    modes = {path.stat().st_mode for path in saved.iterdir()}
    assert len(modes) == 1


def test_two_names_of_one_tensor_are_saved_as_two(tmp_path: Path) -> None:
    shared = torch.ones(3)
    save_checkpoint(tmp_path, "best", {"a": shared, "b": shared}, {})
    loaded = load_checkpoint(tmp_path, "best").tensors
    assert torch.equal(loaded["a"], loaded["b"])


def test_channels_last_weights_are_saved_by_value(tmp_path: Path) -> None:
    weights = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    save_checkpoint(tmp_path, "best", {"a": weights}, {})
    assert torch.equal(load_checkpoint(tmp_path, "best").tensors["a"], weights)


def test_a_stop_between_the_two_files_does_no_harm(saved: Path) -> None:
    """New weights beside old facts: the facts inside the weights file are the right ones."""
    old = (saved / "best.json").read_text()
    save_checkpoint(saved, "best", {"a.weight": torch.zeros(2)}, {"epoch": 2})
    (saved / "best.json").write_text(old)
    loaded = load_checkpoint(saved, "best")
    assert loaded.facts["epoch"] == 2
    assert torch.equal(loaded.tensors["a.weight"], torch.zeros(2))


@pytest.mark.parametrize("name", ["best.json", "best.safetensors"])
def test_a_missing_file_is_an_error_that_names_it(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(BundleError) as caught:
        load_checkpoint(saved, "best")
    assert str(caught.value) == (
        f"error: {saved / name} is missing  [bundle-file-missing]\n"
        "   = help: a run holds network.cnn and best.safetensors with best.json"
    )


def test_a_cut_or_changed_weights_file_is_an_error(saved: Path) -> None:
    path = saved / "best.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-4])
    with pytest.raises(BundleError, match=r"best\.safetensors: .*\[bundle-damaged\]"):
        load_checkpoint(saved, "best")
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BundleError, match=r"not those that best\.json describes"):
        load_checkpoint(saved, "best")


def test_facts_that_are_no_json_or_of_another_format_are_an_error(saved: Path) -> None:
    path = saved / "best.json"
    facts = json.loads(path.read_text())
    path.write_text("{")
    with pytest.raises(BundleError, match=r"\[bundle-damaged\]"):
        load_checkpoint(saved, "best")
    path.write_text(json.dumps({**facts, "format": 2}))
    with pytest.raises(BundleError) as caught:
        load_checkpoint(saved, "best")
    assert str(caught.value) == (
        f"error: {path} is of format 2; this striate reads format 1  [bundle-format]\n"
        "   = help: load it with the striate that wrote it"
    )


def test_a_pickle_is_refused(saved: Path) -> None:
    torch.save(TENSORS, saved / "best.safetensors")
    with pytest.raises(BundleError, match=r"\[bundle-damaged\]"):
        load_checkpoint(saved, "best")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    replace_text(path, "old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        replace_file(path, fail)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["log.csv"]


def test_a_folder_that_was_copied_loads(saved: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(saved, tmp_path / "elsewhere")
    assert load_checkpoint(Path(copy), "best").facts["epoch"] == 1
