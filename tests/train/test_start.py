"""A training that starts from weights from elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from striate.errors import UsageError
from striate.train import Silent, fit, load_checkpoint
from tests.data.pictures import stripe_folder
from tests.deploy.runs import NET, stripe_run

STILL = {"epochs": 1, "batch": 8, "lr": 0.0, "weight_decay": 0.0}
"""Settings under which a training changes no weight (batch statistics apart)."""


class Heard(Silent):
    """Keeps what is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that tells two kinds of stripes apart; its pictures are beside it."""
    return stripe_run(tmp_path_factory.mktemp("first"))


def test_it_starts_from_the_weights_and_their_preparation(first: Path, tmp_path: Path) -> None:
    heard = Heard()
    done = fit(
        NET,
        stripe_folder(tmp_path / "other", images=9),
        out=tmp_path / "run",
        reporter=heard,
        pretrained=str(first),
        **STILL,  # type: ignore[arg-type]
    )
    before, after = load_checkpoint(first, "best"), load_checkpoint(done.folder, "last")
    trained = [key for key in before.tensors if "running" not in key and "num_b" not in key]
    assert all(torch.equal(before.tensors[key], after.tensors[key]) for key in trained)
    assert after.facts["preprocessing"] == before.facts["preprocessing"]
    assert after.facts["pretrained"] == str(first / "best.safetensors")
    assert f"starts from {first / 'best.safetensors'}" in heard.lines


def test_another_number_of_classes_gets_a_new_last_layer_and_says_so(
    first: Path, tmp_path: Path
) -> None:
    photos = stripe_folder(tmp_path / "photos")
    shutil.copytree(photos / "upright", photos / "third")
    heard = Heard()
    done = fit(
        NET.replace("fc(2)", "fc(3)"),
        photos,
        out=tmp_path / "run",
        reporter=heard,
        pretrained=str(first / "best.safetensors"),
        **STILL,  # type: ignore[arg-type]
    )
    before, after = load_checkpoint(first, "best").tensors, load_checkpoint(done.folder, "last")
    assert torch.equal(before["0.weight"], after.tensors["0.weight"])
    assert any(
        "is new, with 3 outputs (it has 2 outputs): it must be trained" in line
        for line in heard.lines
    )


def test_weights_that_do_not_fit_stop_before_a_folder_is_made(first: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not fit network"):
        fit(
            NET.replace("conv(8)", "conv(9)"),
            stripe_folder(tmp_path / "photos"),
            out=tmp_path / "run",
            reporter=Silent(),
            pretrained=str(first),
        )
    assert not (tmp_path / "run").exists()


def test_a_setting_that_names_no_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        fit(NET, tmp_path, reporter=Silent(), pretrained="")
    assert str(caught.value) == (
        "error: --pretrained takes a file, hf:owner/name, or the word pretrained, found ''  "
        "[bad-setting]\n   = help: striate fit --help tells what --pretrained does"
    )
