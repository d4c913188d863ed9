"""`striate export` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.torch import save_file

import striate
from striate.backends.onnx_model.run import Session
from striate.cli.main import run
from striate.data import Preprocessing
from tests.data.pictures import png, stripes, write
from tests.deploy.runs import stripe_run

NET = "input(3, 8, 8) -> conv(4) -> bn -> relu -> gap -> fc: fc(2)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Where the model goes."""
    return tmp_path / "model.onnx"


def metadata(path: Path) -> dict[str, object]:
    return {one.key: json.loads(one.value) for one in onnx.load(path).metadata_props}


def test_it_tells_what_was_written(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", NET, "-o", str(model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"wrote {model}, ")
    assert "  input       input: batchx3x8x8" in lines
    assert "  output      fc: batchx2" in lines
    assert lines[-1].startswith("  difference  ")
    assert onnx.load(model).graph.name == "network"


def test_a_network_of_the_zoo_takes_sizes_and_classes(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "resnet20", "-o", str(model), "--input", "3x16x16", "--classes", "7"]
    assert run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == [str(model)]
    assert found["bytes"] == model.stat().st_size
    assert found["inputs"] == {"input": ["batch", 3, 16, 16]}
    assert list(found["outputs"].values()) == [["batch", 7]]
    assert found["difference"] < 1e-5
    assert found["classes"] is None


def test_class_names_come_from_a_file(model: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("cat\ndog\nKäse\n", "utf-8")
    words = ["export", "resnet20", "-o", str(model), "--classes", str(tmp_path / "names.txt")]
    assert run(words) == 0
    assert metadata(model) == {"classes": ["cat", "dog", "Käse"]}
    assert list(Session(model).outputs.values()) == [("batch", 3)]


def test_weights_come_from_a_file(model: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    state = striate.network(NET).module().state_dict()
    save_file(state, weights)
    assert run(["export", NET, "-o", str(model), "--weights", str(weights)]) == 0
    (found,) = (one for one in onnx.load(model).graph.initializer if one.name == "fc.weight")
    assert np.array_equal(onnx.numpy_helper.to_array(found), state["fc.weight"].numpy())


def test_a_run_brings_weights_classes_and_preprocessing(made: Path, model: Path) -> None:
    assert run(["export", str(made), "-o", str(model)]) == 0
    bundle = striate.load(made)
    found = metadata(model)
    assert found["classes"] == ["across", "upright"]
    record = found["preprocessing"]
    assert isinstance(record, dict)
    assert Preprocessing.from_json(record) == bundle.preprocessing
    (weight,) = (one for one in onnx.load(model).graph.initializer if one.name == "0.weight")
    assert np.array_equal(onnx.numpy_helper.to_array(weight), bundle.tensors["0.weight"].numpy())


def test_a_file_that_prepares_images_goes_with_the_model(
    made: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(made), "-o", str(model), "--json"]) == 0
    reference = tmp_path / "model_preprocess.py"
    assert json.loads(capsys.readouterr().out)["reference"] == str(reference)
    photo = write(tmp_path / "upright.png", png(stripes(99, is_upright=True)))
    # As its first lines say, with nothing of striate.
    program = (
        "import json, sys, onnxruntime\n"
        "from model_preprocess import network_input\n"
        "session = onnxruntime.InferenceSession('model.onnx')\n"
        "facts = session.get_modelmeta().custom_metadata_map\n"
        "images = network_input(json.loads(facts['preprocessing']), 'upright.png', 'upright.png')\n"
        "outputs = session.run(None, {session.get_inputs()[0].name: images})[0]\n"
        "assert not any(name.startswith(('striate', 'torch')) for name in sys.modules)\n"
        "print(json.dumps((outputs / json.loads(facts['temperature'])).tolist()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    first, second = np.array(json.loads(said.stdout))
    assert np.array_equal(first, second)
    bundle = striate.load(made)
    assert bundle.calibration is not None
    assert bundle.calibration.temperature != pytest.approx(1, abs=0.05)
    (expected,) = bundle.predict([photo])
    raised = np.exp(first)
    shares = raised / raised.sum()
    found = {guess.name: guess.probability for guess in expected.guesses}
    assert [found["across"], found["upright"]] == pytest.approx(shares.tolist(), abs=1e-4)


def test_no_such_file_goes_with_a_model_that_nobody_prepares_images_for(model: Path) -> None:
    assert run(["export", NET, "-o", str(model)]) == 0
    assert list(model.parent.iterdir()) == [model]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["resnet81", "-o", "m.onnx"], "unknown-name"),
        (["lenet5"], "bad-arguments"),
        (["lenet5", "-o", "no/such/folder/m.onnx"], "model-unwritable"),
        (["lenet5", "-o", "m.onnx", "--input", "big"], "input-not-sizes"),
        (["lenet5", "-o", "m.onnx", "--classes", "no.txt"], "classes-unreadable"),
        (["lenet5", "-o", "m.onnx", "--classes", "0"], "too-small"),
        (["input(3) -> fc(2)", "-o", "m.onnx", "--classes", "7"], "classes-not-taken"),
        (["runs/typo-1", "-o", "m.onnx"], "run-not-found"),
        (["lenet5", "-o", "m.onnx", "--weights", "no.safetensors"], "weights-not-found"),
        (["input(3x?x?) -> gap(7)", "-o", "m.onnx"], "onnx-open-size"),
    ],
)
def test_mistakes_are_told_in_one_message(
    words: list[str],
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["export", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"[{code}]" in told.err
    assert list(tmp_path.iterdir()) == []


def test_sizes_and_classes_of_a_run_are_fixed(
    made: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(made), "-o", str(model), "--classes", "3"]) == 2
    assert "[fixed-by-run]" in capsys.readouterr().err
    assert not model.exists()
