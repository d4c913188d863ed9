"""The fastest way is found by steps that change nothing."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from striate.train.compute import fastest
from striate.train.compute.fastest import Measured, Wish, fastest_way, images_to_measure
from striate.train.compute.ways import PLAIN, Way

LAST = Way("float32", channels_last=True)
SHORT = Way("bfloat16", channels_last=True)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(8 * 36, 2))


def batch() -> tuple[Tensor, Tensor]:
    images = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return images.contiguous(memory_format=torch.channels_last), torch.arange(16) % 2


def test_all_ways_are_measured_and_the_network_and_chance_are_left_alone() -> None:
    module = network()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    chance = torch.get_rng_state()
    measured = fastest_way(module, *batch())
    assert set(measured.seconds) == {PLAIN, LAST, SHORT}
    assert measured.way in measured.seconds
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all(parameter.grad is None for parameter in module.parameters())
    assert torch.equal(torch.get_rng_state(), chance)


def test_what_the_user_said_is_kept() -> None:
    assert {
        way.precision for way in fastest_way(network(), *batch(), wish=Wish("float32")).seconds
    } == {"float32"}
    measured = fastest_way(network(), *batch(), wish=Wish("bfloat16", channels_last=False))
    assert measured.way == Way("bfloat16", channels_last=False)


def test_compiling_is_added_where_the_user_wants_it() -> None:
    wish = Wish("float32", channels_last=True, compile=True)
    assert fastest_way(network(), *batch(), wish=wish).way == Way("float32", True, compile=True)


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [((1.0, 1.0, 0.98), PLAIN), ((1.0, 0.8, 0.79), LAST), ((1.0, 0.8, 0.5), SHORT)],
)
def test_of_ways_about_as_fast_the_plainest_is_taken(
    monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, ...], wanted: Way
) -> None:
    found = dict(zip((PLAIN, LAST, SHORT), seconds, strict=True))
    monkeypatch.setattr(fastest, "_turns", lambda steppers: found)
    assert fastest_way(network(), *batch()).way == wanted


@pytest.mark.parametrize(("taken_s", "wanted"), [(0.8, 2), (1.04, 2), (1.06, 1)])
def test_replicas_are_taken_unless_they_are_slower(
    monkeypatch: pytest.MonkeyPatch, taken_s: float, wanted: int
) -> None:
    def turns(steppers: list[fastest.Stepper]) -> dict[Way, float]:
        return {one.way: taken_s if one.way.replicas > 1 else 1.0 for one in steppers}

    monkeypatch.setattr(fastest, "_turns", turns)
    assert fastest_way(network(), *batch(), replicas=2).way.replicas == wanted
    assert fastest_way(network(), *batch(), wish=Wish(replicas=1), replicas=2).way.replicas == 1


@pytest.mark.parametrize(("steps", "is_tried"), [(10, False), (10_000, True)])
def test_compiling_is_tried_only_for_long_trainings(
    monkeypatch: pytest.MonkeyPatch, steps: int, is_tried: bool
) -> None:
    tried: list[Way] = []

    def turns(steppers: list[fastest.Stepper]) -> dict[Way, float]:
        tried.extend(stepper.way for stepper in steppers)
        return {stepper.way: 0.5 if stepper.way.compile else 1.0 for stepper in steppers}

    monkeypatch.setattr(fastest, "_turns", turns)
    monkeypatch.setattr(fastest, "can_compile", lambda device: True)
    chosen = fastest_way(network(), *batch(), steps=steps).way
    assert any(way.compile for way in tried) == is_tried == chosen.compile


def test_a_way_that_runs_out_of_memory_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(self: fastest.Stepper) -> None:
        if self.way != SHORT:
            raise torch.OutOfMemoryError

    monkeypatch.setattr(fastest.Stepper, "_step", step)
    measured = fastest_way(network(), *batch())
    assert measured.seconds[PLAIN] == math.inf
    assert measured.way == SHORT


def test_the_best_of_all_turns_of_a_way_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    # The machine is busy while the replicas take turns with the way that was found before.
    slower = iter([1.0, 3.0])

    def turns(steppers: list[fastest.Stepper]) -> dict[Way, float]:
        now = next(slower)
        return {one.way: now * (0.4 if one.way.precision == "bfloat16" else 1) for one in steppers}

    monkeypatch.setattr(fastest, "_turns", turns)
    measured = fastest_way(network(), *batch(), replicas=2)
    assert measured.seconds[SHORT] == 0.4
    assert measured.way == SHORT


def test_measuring_takes_no_more_than_a_twentieth_of_a_training() -> None:
    macs, batch_size = 50_000_000, 64
    for total in (1_000, 100_000, 10_000_000):
        images = images_to_measure(macs, batch=batch_size, total=total, is_cuda=False)
        if images is not None:
            # Three ways, four turns each and one to warm up.
            assert 15 * images <= total / 20
    assert images_to_measure(macs, batch=batch_size, total=1_000, is_cuda=False) is None
    assert images_to_measure(macs, batch=batch_size, total=10**7, is_cuda=False) == 64
    # 20 billion multiply-accumulates, thrice what a forward pass of an image takes.
    assert images_to_measure(10**9, batch=64, total=10**7, is_cuda=False) == 8


def test_figures_are_told_the_fastest_first() -> None:
    measured = Measured(SHORT, {PLAIN: 1.0, SHORT: 0.25}, 100)
    assert str(measured) == (
        "bfloat16, channels last 400 images/s; float32, channels first 100 images/s"
    )
    assert measured.to_json()["images_per_s"] == {
        "float32, channels first": 100.0,
        "bfloat16, channels last": 400.0,
    }
