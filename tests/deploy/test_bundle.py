"""A run folder is loaded with all it needs, or refused with a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate import network
from striate.deploy import Bundle, fit, load
from striate.errors import BundleError
from striate.train import Silent, load_checkpoint, save_checkpoint
from tests.data.pictures import png, stripe_folder, stripes, write
from tests.deploy.runs import NET, stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made, tmp_path / "run"))


def pictures(folder: Path) -> list[Path]:
    """Pictures of both classes that were not trained on."""
    return [
        write(folder / f"{name}.png", png(stripes(99, is_upright=name == "upright")))
        for name in ("upright", "across")
    ]


def test_a_loaded_run_predicts(run: Path, tmp_path: Path) -> None:
    bundle = load(run)
    assert bundle.classes == ("across", "upright")
    assert bundle.metrics["accuracy"] == 1.0
    said = bundle.predict(pictures(tmp_path))
    assert [one.best for one in said] == ["upright", "across"]
    for one in said:
        assert sum(guess.probability for guess in one.guesses) == pytest.approx(1, abs=1e-5)
        assert one.guesses[0].probability >= one.guesses[1].probability


def test_predictions_are_those_of_the_plain_network(run: Path, tmp_path: Path) -> None:
    """An independent path: pillow, numpy, and the module with the stored tensors."""
    bundle = load(run)
    files = pictures(tmp_path)
    pixels = np.stack([np.asarray(Image.open(file)) for file in files]) / 255.0
    record = bundle.preprocessing
    images = (pixels - np.array(record.mean)) / np.array(record.deviation)
    module = network(NET).module()
    module.load_state_dict(load_checkpoint(run, "best").tensors)
    entered = torch.from_numpy(images.transpose(0, 3, 1, 2)).float()
    stored = load_checkpoint(run, "best").facts["calibration"]
    assert isinstance(stored, dict)
    assert isinstance(stored["temperature"], float)
    with torch.no_grad():
        expected = (module.eval()(entered) / stored["temperature"]).softmax(1).numpy()
    for one, row in zip(bundle.predict(files), expected, strict=True):
        found = {guess.name: guess.probability for guess in one.guesses}
        assert [found["across"], found["upright"]] == pytest.approx(row.tolist(), abs=1e-5)


def test_an_unreadable_file_costs_no_other_answer(run: Path, tmp_path: Path) -> None:
    files = pictures(tmp_path)
    bad = write(tmp_path / "bad.png", b"oops")
    gone = tmp_path / "gone.png"
    said = load(run).predict([files[0], bad, gone, files[1]])
    assert [one.best for one in said] == ["upright", None, None, "across"]
    assert [one.error for one in said[1:3]] == [
        "not an image, or of a kind pillow cannot read",
        "there is no such file",
    ]


def test_top_limits_the_classes_and_progress_counts_files(run: Path, tmp_path: Path) -> None:
    steps: list[int] = []
    said = load(run).predict(pictures(tmp_path) * 40, top=1, advance=steps.append)
    assert {len(one.guesses) for one in said} == {1}
    assert sum(steps) == 80
    assert len(steps) > 1


def test_last_weights_can_be_asked_for(run: Path) -> None:
    assert load(run, "last").facts["epoch"] == 8
    with pytest.raises(BundleError) as caught:
        load(run, "bset")
    assert str(caught.value) == (
        "error: a run has no weights 'bset'; did you mean 'best'?  [unknown-weights]\n"
        "   = help: there are: best, last"
    )


def test_a_missing_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "photos-1").mkdir(parents=True)
    with pytest.raises(BundleError) as caught:
        load("runs/fotos-1")
    assert str(caught.value) == (
        "error: there is no run folder runs/fotos-1; did you mean 'runs/photos-1'?"
        "  [run-not-found]\n"
        "   = help: RUN is a folder that striate fit made, such as runs/photos-resnet18-1"
    )


def test_a_run_that_stopped_in_its_first_epoch_says_so(run: Path) -> None:
    for file in run.glob("best.*"):
        file.unlink()
    with pytest.raises(BundleError) as caught:
        load(run)
    assert str(caught.value) == (
        f"error: {run} has no best weights: its training stopped in the first epoch"
        "  [no-best-weights]\n"
        "   = help: train again; what there is can be used with --weights last"
    )
    assert load(run, "last").name == "last"


def test_a_text_that_was_changed_does_not_fit_the_weights(run: Path) -> None:
    text = run / "network.cnn"
    text.write_text(text.read_text().replace("conv(8", "conv(9", 1))
    with pytest.raises(BundleError) as caught:
        load(run).module()
    message = str(caught.value)
    assert message.startswith(f"error: the weights best in {run} do not fit network.cnn")
    assert "size mismatch" in message
    assert caught.value.code == "weights-mismatch"


def test_a_missing_or_damaged_text_is_an_error(run: Path) -> None:
    text = run / "network.cnn"
    text.write_text("conv(")
    with pytest.raises(BundleError, match=r"is not the text of a network  \[network-damaged\]"):
        load(run)
    text.unlink()
    with pytest.raises(BundleError, match=r"network\.cnn is missing  \[network-missing\]"):
        load(run)


def test_training_from_python_gives_what_can_be_used(tmp_path: Path) -> None:
    photos = stripe_folder(tmp_path / "photos")
    run = fit(
        network(NET),
        photos,
        out=tmp_path / "run",
        reporter=Silent(),
        epochs=6,
        batch=8,
        flip=False,
    )
    assert isinstance(run, Bundle)
    assert run.metrics["images"] == 3
    assert [one.best for one in run.predict(pictures(tmp_path))] == ["upright", "across"]


def test_what_the_validation_images_told_is_stored_and_read_back(run: Path) -> None:
    found = load(run).calibration
    assert found is not None
    assert found.images == 3
    assert load(run, "last").calibration is None


def test_a_damaged_calibration_is_an_error_that_names_its_file(run: Path, tmp_path: Path) -> None:
    saved = load_checkpoint(run, "best")
    save_checkpoint(run, "best", saved.tensors, {**saved.facts, "calibration": {"version": 1}})
    with pytest.raises(BundleError, match=r"run/best\.json: the record of calibration is not"):
        load(run).predict(pictures(tmp_path))


def test_a_bundle_from_before_calibration_predicts_all_the_same(run: Path, tmp_path: Path) -> None:
    saved = load_checkpoint(run, "best")
    del saved.facts["calibration"]
    save_checkpoint(run, "best", saved.tensors, saved.facts)
    said = load(run).predict(pictures(tmp_path))
    assert [one.labels for one in said] == [("upright",), ("across",)]
    assert all(one.is_unlike is None for one in said)
