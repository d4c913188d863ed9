"""Two processes train like one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from striate import network
from striate.data import Loader, Preprocessing, load_manifest
from striate.evaluate import answers, score_answers
from striate.options import Options
from striate.train import Silent, fit, load_checkpoint
from striate.train.processes import Part, Team, seed_step
from tests.data.pictures import stripe_folder
from tests.train.killing import results, run_two, server

# Without batch norm, whose statistics each process has of its own images.
NET = "input(3, 8, 8) -> conv(8) -> relu -> conv(8, s=2) -> relu -> gap -> fc(2)"
OPTIONS = Options(
    epochs=3, batch=6, lr=0.05, ema=0.9, flip=True, padding=1, val_share=0.3, workers=1,
    precision="float32", channels_last=False, compile=False, save_every="0.001s",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos, and the run of two processes on them."""
    folder = tmp_path_factory.mktemp("processes")
    photos = stripe_folder(folder / "photos", images=11)
    run_two(server(), photos, folder / "two", NET, OPTIONS)
    return folder


def rows_of(run: Path) -> list[dict[str, float]]:
    with (run / "log.csv").open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def test_two_processes_end_as_one_does(trained: Path, tmp_path: Path) -> None:
    photos = trained / "photos"
    fit(NET, photos, out=tmp_path / "one", reporter=Silent(), **OPTIONS)
    one, two = rows_of(tmp_path / "one"), rows_of(trained / "two")
    assert [row["step"] for row in one] == [3, 6, 9]  # 15 images by 6
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=1e-4)
    weights = [load_checkpoint(run, "last").tensors for run in (tmp_path / "one", trained / "two")]
    for name, tensor in weights[0].items():
        assert torch.allclose(weights[1][name], tensor, atol=1e-5), name


def test_two_processes_killed_and_gone_on_with_end_the_same_to_the_last_bit(
    trained: Path, tmp_path: Path
) -> None:
    """Killed within the first epoch, and in the step after it."""
    out, context = tmp_path / "run", server()
    for last_step in (2, 3, None):
        run_two(context, trained / "photos", out, NET, OPTIONS, last_step=last_step)
    assert results(out) == results(trained / "two")
    assert not (out / "state").exists()


def test_scores_of_two_processes_are_those_that_one_finds_for_the_weights(trained: Path) -> None:
    best = load_checkpoint(trained / "two", "best")
    module = network(NET).module()
    module.load_state_dict(best.tensors)
    val = load_manifest(trained / "two" / "manifest.parquet").only("val")
    assert len(val) % 2 == 1
    stored = best.facts["preprocessing"]
    assert isinstance(stored, dict)
    record = Preprocessing.from_json(stored)
    scores = score_answers(answers(module, Loader(val, record, 6), record), val.classes)
    told = json.loads((trained / "two" / "best.json").read_text())["metrics"]
    assert told["images"] == len(val)
    assert (told["accuracy"], told["macro_f1"]) == (scores.accuracy, scores.macro_f1)
    assert told["log_loss"] == pytest.approx(scores.log_loss, rel=1e-5)


@pytest.mark.parametrize(("images", "batch", "world"), [(16, 3, 2), (7, 2, 3), (2, 4, 4)])
def test_all_parts_of_a_step_are_what_one_process_would_show(
    images: int, batch: int, world: int
) -> None:
    order = np.random.default_rng(0).permutation(images)
    ranks = [Part(rank, world).parts(order, batch) for rank in range(world)]
    alone = Part().parts(order, batch * world)
    assert {len(parts) for parts in ranks} == {len(alone)}
    for number, step in enumerate(alone):
        shown = np.concatenate([parts[number] for parts in ranks])
        assert sorted(shown) == sorted(step)
        assert max(len(parts[number]) for parts in ranks) <= batch


def test_each_step_and_process_draws_something_else() -> None:
    drawn = set()
    for step, rank in ((0, 0), (1, 0), (0, 1)):
        seed_step(7, step, rank, torch.device("cpu"))
        drawn.add(torch.rand(1).item())
    seed_step(7, 1, 0, torch.device("cpu"))
    assert torch.rand(1).item() in drawn
    assert len(drawn) == 3


def test_one_process_shows_whole_batches() -> None:
    assert Team().share_of_batch(7) == 7
