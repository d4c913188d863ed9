"""Tests of the learning rate as a function of progress."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from striate.options import Schedule
from striate.train.optimize.schedules import SCHEDULES, rate
from striate.train.settings import Settings


def settings(schedule: Schedule, warm_up: float) -> Settings:
    return Settings(epochs=1, size=8, batch=8, lr=1.0, schedule=schedule, warm_up=warm_up)


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_a_rate_rises_to_one_at_the_end_of_the_warm_up(schedule: Schedule) -> None:
    progress = np.linspace(0, 1, 101)
    rates = [rate(float(at), settings(schedule, 0.2)) for at in progress]
    assert np.argmax(rates) == 20
    assert rates[20] == pytest.approx(1.0)
    assert np.all(np.diff(rates[:21]) > 0)
    assert np.all(np.diff(rates[20:]) <= 0)


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_without_a_warm_up_the_rate_begins_at_one(schedule: Schedule) -> None:
    assert rate(0.0, settings(schedule, 0.0)) == 1.0


@pytest.mark.parametrize("schedule", ["cosine", "linear", "one-cycle"])
def test_all_but_the_constant_rate_end_at_nothing(schedule: Schedule) -> None:
    assert rate(1.0, settings(schedule, 0.3)) == pytest.approx(0.0, abs=1e-5)


def test_progress_beyond_the_end_is_the_end() -> None:
    assert rate(1.5, settings("constant", 0.1)) == 1.0
    assert rate(1.5, settings("linear", 0.1)) == 0.0


def test_the_cosine_is_the_one_of_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = CosineAnnealingLR(optimizer, T_max=40)
    for step in range(40):
        assert rate(step / 40, settings("cosine", 0.0)) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


def test_one_cycle_is_the_one_of_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    # Torch counts 101 steps of which the last is at progress 1.
    theirs = OneCycleLR(
        optimizer, max_lr=1.0, total_steps=101, pct_start=0.3 * 100 / 101 + 1 / 101,
        cycle_momentum=False,
    )  # fmt: skip
    for step in range(101):
        ours = rate(step / 100, settings("one-cycle", 0.3))
        assert ours == pytest.approx(theirs.get_last_lr()[0], abs=1e-6), step
        optimizer.step()
        if step < 100:
            theirs.step()
