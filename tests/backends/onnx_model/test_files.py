"""ONNX models on disk: one file or two, whole or not at all, from a module or a `state_dict`."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch

from scripts.onnx_check import randomise
from striate.backends.onnx_model import save_onnx
from striate.backends.onnx_model.run import Session
from striate.deploy.export import largest_difference
from striate.errors import UsageError
from striate.networks import folded, network
from tests.backends.onnx_model.comparing import arrays, node_types

TEXT = "input(3, 8, 8) -> conv: conv(32) -> relu -> fc: fc(50)"


def test_one_file_runs_alone(tmp_path: Path) -> None:
    made = network(TEXT)
    module = made.module()
    files = made.onnx(tmp_path / "model.onnx", module)
    assert files == (tmp_path / "model.onnx",)
    assert list(tmp_path.iterdir()) == list(files)
    assert largest_difference(made, module, Session(files[0])) < 1e-5


def test_weights_may_be_a_module_a_state_dict_or_those_at_the_start(tmp_path: Path) -> None:
    made = network(TEXT)
    module = made.module()
    made.onnx(tmp_path / "a.onnx", module)
    made.onnx(tmp_path / "b.onnx", module.state_dict())
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    torch.manual_seed(7)
    made.onnx(tmp_path / "c.onnx")
    torch.manual_seed(7)
    assert largest_difference(made, made.module(), Session(tmp_path / "c.onnx")) < 1e-5


def test_a_folded_module_is_written_as_it_is(tmp_path: Path) -> None:
    made = network("input(3, 8, 8) -> conv(4) -> bn -> relu -> dropout -> gap -> fc(2)")
    module = made.module()
    randomise(module)
    (path,) = made.onnx(tmp_path / "model.onnx", folded(module.eval()))
    assert "BatchNormalization" not in node_types(onnx.load(path))
    assert largest_difference(made, module, Session(path)) < 1e-5


def test_too_many_weights_stand_in_one_file_beside_the_model(tmp_path: Path) -> None:
    made = network(TEXT)
    module = made.module()
    state = arrays(module)
    files = save_onnx(tmp_path / "model.onnx", made.graph, state, name="n", most_bytes=10_000)
    assert files == (tmp_path / "model.onnx", tmp_path / "model.onnx.data")
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert files[0].stat().st_size < 10_000 < files[1].stat().st_size
    onnx.checker.check_model(str(files[0]), full_check=True)
    assert largest_difference(made, module, Session(files[0])) < 1e-5


def test_a_folder_with_both_files_can_be_moved(tmp_path: Path) -> None:
    made = network(TEXT)
    module = made.module()
    (tmp_path / "old").mkdir()
    path = tmp_path / "old" / "model.onnx"
    save_onnx(path, made.graph, arrays(module), name="n", most_bytes=10_000)
    (tmp_path / "old").rename(tmp_path / "new")
    session = Session(tmp_path / "new" / "model.onnx")
    assert largest_difference(made, module, session) < 1e-5


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    network(TEXT).onnx(path)
    onnx.checker.check_model(str(path))


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(onnx, "save_model", full)
    with pytest.raises(UsageError, match="No space left on device"):
        network(TEXT).onnx(path)
    assert [(one, one.read_bytes()) for one in tmp_path.iterdir()] == [(path, b"old")]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        network(TEXT).onnx(tmp_path / "none" / "model.onnx")
    assert refusal.value.code == "model-unwritable"


def test_equal_weights_make_equal_files(tmp_path: Path) -> None:
    made = network(TEXT)
    state = made.module().state_dict()
    one, other = (made.onnx(tmp_path / name, state)[0] for name in ("a.onnx", "b.onnx"))
    assert one.read_bytes() == other.read_bytes()
