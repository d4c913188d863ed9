"""Weights from the hub: which files are asked for, what they carry, and what happens offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError

from striate import network
from striate.data import Preprocessing
from striate.errors import StriateError
from striate.weights import find_weights, hub, imagenet_classes
from striate.zoo import cards
from tests.weights.files import equal, numbered, saved, text

CONFIG = {
    "architecture": "resnet18",
    "num_classes": 5,
    "label_names": ["a", "b", "c", "d", "e"],
    "pretrained_cfg": {
        "input_size": [3, 8, 8],
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.3, 0.4],
        "crop_pct": 0.95,
        "crop_mode": "center",
        "interpolation": "bicubic",
    },
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for every repository of the hub."""
    folder = tmp_path / "repository"
    folder.mkdir()

    def download(name: str, file: str) -> str:
        if not (folder / file).exists():
            raise RemoteEntryNotFoundError.__new__(RemoteEntryNotFoundError)
        return str(folder / file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda name, file: None)
    monkeypatch.setattr(hub, "may_reach_hub", lambda: True)
    return folder


def test_a_repository_gives_weights_preparation_and_class_names(repository: Path) -> None:
    tensors = numbered(network(text()).module())
    saved(tensors, repository / "model.safetensors")
    (repository / "config.json").write_text(json.dumps(CONFIG))
    made = network(text()).module(weights="hf:timm/some.in1k")
    assert equal(made, tensors)
    assert made.loaded is not None
    assert made.loaded.origin == "hf:timm/some.in1k"
    assert made.loaded.classes == ("a", "b", "c", "d", "e")
    assert made.loaded.preprocessing == Preprocessing(
        8,
        8,
        3,
        mean=(0.5, 0.4, 0.3),
        deviation=(0.2, 0.3, 0.4),
        crop_share=0.95,
        interpolation="bicubic",
    )


def test_a_file_of_a_repository_can_be_named_and_needs_no_config(repository: Path) -> None:
    tensors = numbered(network(text()).module())
    (repository / "sub").mkdir()
    saved(tensors, repository / "sub/other.pt")
    made = network(text()).module(weights="hf:owner/name/sub/other.pt")
    assert equal(made, tensors)
    assert made.loaded is not None
    assert made.loaded.origin == "hf:owner/name/sub/other.pt"
    assert (made.loaded.preprocessing, made.loaded.classes) == (None, None)


def test_the_card_names_the_repository(repository: Path) -> None:
    net = network("resnet18", input=(3, 32, 32))
    saved(net.module().state_dict(), repository / "model.safetensors")
    weights = find_weights("pretrained", net.card)
    assert weights.origin == f"hf:{cards()['resnet18'].weights}"
    assert weights.classes == imagenet_classes()


def test_torchvisions_preparation_is_known_where_nothing_says_it(tmp_path: Path) -> None:
    """A file of its weights has none: crop of 224 in 256, bilinear, but 380 in 384, bicubic."""
    file = saved(numbered(network(text()).module()), tmp_path / "a.pth")
    usual = find_weights(file, cards()["resnet50"]).preprocessing
    assert usual is not None
    assert (usual.height, usual.crop_share, usual.interpolation) == (224, 0.875, "bilinear")
    assert usual.mean == (0.485, 0.456, 0.406)
    large = find_weights(file, cards()["efficientnet_b4"]).preprocessing
    assert large is not None
    assert (large.height, large.crop_share, large.interpolation) == (380, 380 / 384, "bicubic")
    halves = find_weights(file, cards()["googlenet"]).preprocessing
    assert halves is not None
    assert (halves.mean, halves.deviation) == ((0.5,) * 3, (0.5,) * 3)


def told(source: str) -> str:
    with pytest.raises(StriateError) as caught:
        find_weights(source)
    return str(caught.value)


def test_a_file_that_a_repository_lacks_is_told(repository: Path) -> None:
    assert told("hf:owner/name") == (
        "error: hf:owner/name has no file model.safetensors  [not-on-the-hub]\n"
        "   = help: name another one: hf:owner/name/FILE; "
        "https://huggingface.co/owner/name/tree/main lists them"
    )


OFFLINE = (
    "error: cannot fetch hf:owner/name: the Hugging Face hub cannot be reached, and its cache on "
    "this machine does not hold the file  [no-network]\n"
    "   = help: on a machine with a network: hf download owner/name model.safetensors; "
    "then copy the file here and name it instead"
)


def test_without_a_network_one_message_says_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(name: str, file: str) -> NoReturn:
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)
    assert told("hf:owner/name") == OFFLINE
    monkeypatch.setattr(hub, "may_reach_hub", lambda: False)
    assert told("hf:owner/name") == OFFLINE


def test_what_the_cache_holds_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = numbered(network(text()).module())
    file = saved(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    held = {"model.safetensors": str(file), "config.json": str(tmp_path / "config.json")}
    monkeypatch.setattr(
        huggingface_hub, "try_to_load_from_cache", lambda name, file: held.get(file)
    )
    monkeypatch.setattr(hub, "may_reach_hub", lambda: False)
    assert equal(network(text()).module(weights="hf:owner/name"), tensors)


@pytest.mark.parametrize("address", ["hf:", "hf:name", "hf:owner/../etc", "hf:a b/c"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    assert told(address) == (
        f"error: '{address}' names no repository of the Hugging Face hub  [hub-address]\n"
        "   = help: it is written hf:owner/name, or hf:owner/name/file.safetensors"
    )
