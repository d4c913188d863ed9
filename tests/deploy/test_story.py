"""What a report tells of a run, read from the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.data import index, load_manifest
from striate.deploy import load
from striate.deploy.story import machine, story_of
from striate.train import MANIFEST
from tests.data.pictures import stripe_folder
from tests.deploy.runs import stripe_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_run(tmp_path_factory.mktemp("made"))


def test_it_holds_the_log_and_where_the_best_weights_are_from(made: Path) -> None:
    found = story_of(load(made), load_manifest(made / MANIFEST).only("val"))
    assert [row["epoch"] for row in found.log] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {"train_loss", "lr", "images_per_s"} <= set(found.log[0])
    assert found.best_epoch in range(1, 9)
    assert any("24 images of 2 classes (across, upright)" in line for line in found.audit)
    # 3*8*9 + 8, 2*8; 8*8*9 + 8, 2*8; 8*4*4*2 + 2.
    assert found.facts["Network"]["parameters"] == f"{224 + 16 + 584 + 16 + 258:,}"
    assert found.facts["Network"]["input"] == "3x8x8"
    assert "torch" in found.facts["Trained with"]
    assert found.facts["Evaluated with"]["cores"] == machine()["cores"]


def test_it_knows_which_images_the_network_has_met(made: Path, tmp_path: Path) -> None:
    bundle, whole = load(made), load_manifest(made / MANIFEST)
    assert story_of(bundle, whole).known == "trained"
    assert story_of(bundle, whole.only("val")).known == "validated"
    others = index(stripe_folder(tmp_path / "others", images=3))
    assert story_of(bundle, others).known == "new"
