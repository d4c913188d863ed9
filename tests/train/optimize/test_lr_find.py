"""Tests of the learning-rate range test."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from striate.cli.main import run
from striate.data import Loader, Preprocessing, index
from striate.networks import network
from striate.train.optimize.finetune import Parts
from striate.train.optimize.lr_find import Curve, find_lr, range_test, smoothed
from striate.train.reporter import Silent
from striate.train.session import Job
from striate.train.settings import Settings

RATES = [1e-4 * 1.2**step for step in range(100)]


@pytest.mark.parametrize("curvature", [0.5, 5.0, 50.0])
def test_on_a_parabola_the_suggestion_is_stable_and_not_timid(curvature: float) -> None:
    # Gradient descent on h x² / 2 diverges from a rate of 2 / h on.
    x = 1.0

    def step(rate: float) -> float:
        nonlocal x
        loss = 1 + curvature * x * x / 2
        x -= rate * curvature * x
        return loss

    suggestion = range_test(step, RATES).suggestion
    assert suggestion is not None
    assert 0.01 * 2 / curvature < suggestion < 2 / curvature


def test_the_test_ends_where_the_loss_is_no_number() -> None:
    curve = range_test(lambda rate: 1 / rate if rate < 1 else math.nan, RATES)
    assert max(curve.rates) < 1
    assert all(map(math.isfinite, curve.losses))


def test_where_the_loss_never_falls_nothing_is_suggested() -> None:
    curve = range_test(lambda rate: 1 + rate, RATES)
    assert curve.suggestion is None
    assert "no rate is suggested" in curve.lines()[-1]


def test_the_mean_is_the_one_written_out() -> None:
    losses = [3.0, 1.0, 2.0, 5.0]
    for end, found in enumerate(smoothed(losses), 1):
        weights = [0.9 ** (end - 1 - at) for at in range(end)]
        pairs = zip(weights, losses, strict=False)
        assert found == pytest.approx(sum(w * one for w, one in pairs) / sum(weights))


def test_the_table_shows_both_ends_and_the_suggestion() -> None:
    lines = Curve((0.01, 0.1, 1.0, 10.0), (2.0, 1.0, 0.1, 9.0)).lines()
    assert lines[0].split() == ["rate", "loss"]
    assert [line.split()[0] for line in lines[1:5]] == ["0.01", "0.1", "1", "10"]
    assert lines[-1] == "suggested: --lr 0.1; nothing was changed"


def test_a_training_that_was_tried_is_as_before(tmp_path: Path) -> None:
    net = network("input(1, 8, 8) -> conv(8) -> bn -> relu -> conv(8, s=2) -> relu -> fc(10)")
    torch.manual_seed(0)
    module = net.module()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    record = Preprocessing(8, 8, 1)
    settings = Settings(epochs=1, size=8, batch=16, lr=0.1, workers=1)
    loader = Loader(index("digits").only("train"), record, 16, workers=1)
    job = Job(module, net.graph, loader, None, record, settings, tmp_path, {})
    curve = find_lr(job, Silent())
    assert curve.suggestion is not None
    assert 1e-3 < curve.suggestion < 1
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert not list(tmp_path.iterdir())


def test_the_command_suggests_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    net = "input(1, 8, 8) -> conv(8, s=2) -> bn -> relu -> fc(10)"
    assert run(["fit", "digits", "--net", net, "--find-lr", "--batch", "16"]) == 0
    assert "suggested: --lr " in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    assert run(["fit", "--find-lr"]) == 2
    assert "--find-lr needs images" in capsys.readouterr().err


def test_muon_sets_sizes_as_it_does_in_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[Optimizer]()
    plain = Job.optimizer_of

    def seen(job: Job, module: nn.Module, divided: Parts) -> Optimizer:
        made.append(plain(job, module, divided))
        return made[-1]

    monkeypatch.setattr(Job, "optimizer_of", seen)
    net = network("input(1, 8, 8) -> conv(4) -> relu -> conv(8, b=0) -> bn -> gap -> fc(10)")
    record = Preprocessing(8, 8, 1)
    settings = Settings(epochs=1, size=8, batch=16, lr=0.1, workers=1, optimizer="muon")
    loader = Loader(index("digits").only("train"), record, 16, workers=1)
    find_lr(Job(net.module(), net.graph, loader, None, record, settings, tmp_path, {}), Silent())
    (optimizer,) = made
    (filters,) = (group["params"] for group in optimizer.param_groups if group["is_scale_free"])
    assert [one.shape for one in filters] == [(8, 4, 3, 3)]
