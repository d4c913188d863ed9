"""The learning-rate range test: it suggests a rate, and changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Unpack

import torch

from striate.files import Json
from striate.networks import Network
from striate.options import Options
from striate.train.compute.ways import Way, arrange, forward
from striate.train.optimize.defaults import default_lr
from striate.train.optimize.losses import loss_of
from striate.train.optimize.optimizers import set_lr
from striate.train.plan import plan
from striate.train.prepare import prepare
from striate.train.reporter import Reporter, Terminal
from striate.train.session import Job, for_training
from striate.train.steps import Step, Steps

STEPS = 100
# From the optimizer's usual rate this many times down and up.
SPAN = 1000.0
# Of the running mean of the loss, which is noisy from batch to batch.
SMOOTHING = 0.9
# The test is over where the loss is so much above the lowest, as a share of the first.
DIVERGED = 1.0
# The rate of the lowest loss is too high for many steps in a row.
SAFETY = 10.0
ROWS, BAR = 13, 40


@dataclass(frozen=True, slots=True)
class Curve:
    """The loss at each of a rising series of learning rates, one step at each."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def smooth(self) -> tuple[float, ...]:
        """The losses, each a mean over about the last ten."""
        return tuple(smoothed(self.losses))

    @property
    def suggestion(self) -> float | None:
        """A tenth of the rate with the lowest mean loss, to two digits; None: it never fell."""
        smooth = self.smooth
        lowest = min(range(len(smooth)), key=smooth.__getitem__, default=0)
        if lowest == 0:
            return None
        return float(f"{self.rates[lowest] / SAFETY:.1e}")

    def to_json(self) -> dict[str, Json]:
        """The curve as plain values, with what it suggests."""
        return {
            "rates": list(self.rates),
            "losses": list(self.losses),
            "suggestion": self.suggestion,
        }

    def lines(self) -> list[str]:
        """The curve as a table with bars, and what it suggests."""
        smooth = self.smooth
        highest, lowest = max(smooth[0], min(smooth)), min(smooth)
        rows = [f"{'rate':>9}  {'loss':>8}"]
        for at in _spread(len(smooth), ROWS):
            share = (smooth[at] - lowest) / ((highest - lowest) or 1.0)
            bar = "#" * min(BAR, 1 + round(share * (BAR - 1)))
            rows.append(f"{self.rates[at]:9.2g}  {smooth[at]:8.4f}  {bar}")
        if self.suggestion is None:
            return [*rows, "the loss never fell: no rate is suggested; are data and labels right?"]
        return [*rows, f"suggested: --lr {self.suggestion:g}; nothing was changed"]


def range_test(step: Callable[[float], float], rates: Sequence[float]) -> Curve:
    """Take one step at each rate, from low to high, until the loss explodes.

    step: takes the rate, and gives the loss before the step.

    Source: L. Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3,
    here with rates in equal ratios and a tenth of the rate with the lowest loss.

    >>> curve = range_test(lambda rate: 1.0 + abs(rate - 1.0), [0.01, 0.1, 1.0, 10.0, 100.0])
    >>> curve.rates
    (0.01, 0.1, 1.0, 10.0)
    """
    losses = list[float]()
    for rate in rates:
        losses.append(step(rate))
        if not math.isfinite(losses[-1]):
            losses.pop()
            break
        smooth = smoothed(losses)
        if losses[-1] > min(smooth) + DIVERGED * abs(losses[0]):
            break
    return Curve(tuple(rates[: len(losses)]), tuple(losses))


def suggest_lr(
    net: str | Network | None,
    data: str | Path,
    *,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> Curve:
    """The range test of the training that `striate.fit` would do with the same arguments.

    Makes no run folder. Stated rates have no part in it.

    Raises:
        UsageError, DataError, TextError: with what is wrong and what to do.
    """
    tell = reporter or Terminal()
    planned = plan(net, data, options, tell)
    start, settings = planned.start, planned.settings
    assert start is not None
    prepared = prepare(planned.manifest, planned.record, settings, reporter=tell)
    record = start.suited(prepared.record)
    loader, _ = prepared.loaders(record, settings)
    torch.manual_seed(settings.seed)
    module, graph = for_training(start.module(), start.network.graph, settings)
    job = Job(
        module=module.to("cuda" if torch.cuda.is_available() else "cpu"),
        graph=graph,
        train=loader,
        val=None,
        record=record,
        settings=settings,
        folder=Path(),
        facts={},
        fresh=() if start.loaded is None else start.loaded.fresh,
    )
    return find_lr(job, tell)


def find_lr(job: Job, reporter: Reporter) -> Curve:
    """The range test of a training that is about to begin; its weights stay as they are.

    All layers learn at their shares of the rate, or the head alone where nothing else ever does.
    """
    settings = job.settings
    device = next(job.module.parameters()).device
    way = Way(settings.precision, settings.channels_last)
    module = arrange(deepcopy(job.module), way)
    divided = job.divided()
    (divided.freeze if settings.freeze == 1 else divided.thaw)(module)
    optimizer = job.optimizer_of(module, divided)
    loss_function = loss_of(settings, job.train.manifest, is_multilabel=job.train.is_multilabel)
    divided.train(module)
    usual = default_lr(settings.batch, settings.optimizer)
    rates = [usual * SPAN ** (2 * at / (STEPS - 1) - 1) for at in range(STEPS)]
    with closing(_endless(Steps(job.train, job.record, settings, device))) as shown:

        def step(lr: float) -> float:
            one = next(shown)
            set_lr(optimizer, lr)
            loss = loss_function(forward(module, one.images, way), one.targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            advance(1)
            return loss.item()

        with reporter.bar("trying learning rates", STEPS) as advance:
            return range_test(step, rates)


def smoothed(losses: Sequence[float]) -> list[float]:
    """Running means that forget by a tenth each step, without a pull towards the start.

    >>> [round(one, 3) for one in smoothed([1.0, 1.0, 2.0])]
    [1.0, 1.0, 1.369]
    """
    total, weight, means = 0.0, 0.0, []
    for loss in losses:
        total = SMOOTHING * total + (1 - SMOOTHING) * loss
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        means.append(total / weight)
    return means


def _endless(steps: Steps) -> Generator[Step]:
    """Steps of one epoch after the other, those with an image or more."""
    for epoch in count(1):
        with closing(steps.epoch(epoch)) as source:
            yield from (step for step in source if len(step.images) > 1)


def _spread(count: int, wanted: int) -> list[int]:
    """So many places of a series, from the first to the last, evenly."""
    if count <= wanted:
        return list(range(count))
    return [round(at * (count - 1) / (wanted - 1)) for at in range(wanted)]
