"""Which way of computing a step is fastest for a network on this machine: measured."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from striate.files import Json
from striate.options import Precision
from striate.train.compute.replicas import Replicas
from striate.train.compute.ways import Way, arrange, can_compile, compiled, forward

# Steps of each way. With two of them bfloat16 was once taken to be slower than float32, which takes
# twice as long, on cores that other programs had a third of.
TURNS = 4
# Another way than the plainest is taken only if it is faster by more than chance: two trainings of
# one seed should end alike.
WORTH_CHANGING = 1.05
# Share of a training that measuring may take.
MEASURING_SHARE = 0.05
# Steps that measuring all ways takes in all, warm-up included.
STEPS_MEASURED = 3 * (TURNS + 1)
# Multiply-accumulates of a step that is measured: about half a second on two cores.
MACS_OF_A_STEP = 2e10
# Fewer images than this say little about a whole batch.
FEWEST_IMAGES = 8
# What the forward and the backward pass of a step cost, in forward passes.
PASSES = 3
# Seconds that compiling takes, and more per parameter tensor of a network (resnet18 has 62):
# roughly what two cores take, and what it takes beside a GPU.
COMPILING_S = {"cpu": (40.0, 1.5), "cuda": (20.0, 0.4)}
# Share of a training that compiling may take: it gains a tenth or a third, not always.
COMPILING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said; None where the faster is wanted."""

    precision: Precision | None = None
    channels_last: bool | None = None
    compile: bool | None = None
    replicas: int | None = None

    def ways(self, device: torch.device) -> list[Way]:
        """The ways worth trying on a device, not compiled, the plainest first."""
        layouts = [False, True] if self.channels_last is None else [self.channels_last]
        count = self.replicas or 1
        if self.precision is not None:
            return [Way(self.precision, last, replicas=count) for last in layouts]
        plain = [Way("float32", last, replicas=count) for last in layouts]
        # A CPU has fast kernels for few bits with channels last only.
        few = layouts[-1:] if device.type == "cpu" else layouts
        return [*plain, *(Way(_short(device), last, replicas=count) for last in few)]


NO_WISH = Wish()


def _short(device: torch.device) -> Precision:
    """The number format of 16 bits that a device is good at."""
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return "float16"
    return "bfloat16"


@dataclass(frozen=True, slots=True)
class Measured:
    """The way that was chosen, and seconds per step of `images` images of each that was tried."""

    way: Way
    seconds: Mapping[Way, float]
    images: int

    def __str__(self) -> str:
        """`bfloat16, channels last 812 images/s; ...`, the fastest first."""
        rows = sorted(self.seconds.items(), key=lambda item: item[1])
        return "; ".join(f"{way.words} {self.images / took:,.0f} images/s" for way, took in rows)

    def to_json(self) -> dict[str, Json]:
        """The figures, for the settings of a run."""
        return {
            "images": self.images,
            "images_per_s": {
                way.words: round(self.images / took, 1) for way, took in self.seconds.items()
            },
        }


def images_to_measure(macs: int, *, batch: int, total: int, is_cuda: bool) -> int | None:
    """How many images of a batch to measure with; None where measuring does not pay.

    macs: of one image, forward. total: images that the training will show.
    """
    allowed = MEASURING_SHARE * total / STEPS_MEASURED
    # A GPU is filled by whole batches only, and takes little time for them.
    affordable = allowed if is_cuda else min(allowed, MACS_OF_A_STEP / (PASSES * max(macs, 1)))
    images = batch if is_cuda else min(batch, max(FEWEST_IMAGES, int(affordable)))
    return images if images <= allowed else None


def fastest_way(
    module: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    wish: Wish = NO_WISH,
    steps: int = 0,
    replicas: int = 1,
) -> Measured:
    """The fastest way of computing a training step, measured on copies of the module.

    Torch's generator stays as it is too. images: float32 N×C×H×W; labels: int64 N, or shares of
    classes N×K. steps: of the training to come, of so many images; compiling is tried where it may
    pay for itself, and where the user wants it, it is not measured. replicas: how many are tried
    where the user said nothing of them.
    """
    device = images.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        ways = wish.ways(device)
        seconds: dict[Way, float] = {}

        def measure(*tried: Way) -> None:
            found = _turns([Stepper(module, images, labels, way) for way in tried])
            # What else the machine does only makes a step longer.
            seconds.update({way: min(found[way], seconds.get(way, math.inf)) for way in found})

        if len(ways) > 1 or wish.compile is None:
            measure(*ways)
        chosen = _chosen(ways, seconds)
        if wish.replicas is None and replicas > 1:
            divided = replace(chosen, replicas=replicas)
            measure(chosen, divided)
            # They gain more from a whole batch than from the few images that are measured.
            if seconds[divided] <= seconds[chosen] * WORTH_CHANGING:
                chosen = divided
        after = replace(chosen, compile=True, replicas=1)
        if wish.compile is None and _may_compile(module, device, seconds[chosen] * steps):
            measure(after)
            if seconds[after] * WORTH_CHANGING < seconds[chosen]:
                chosen = after
    return Measured(after if wish.compile else chosen, seconds, len(images))


def _chosen(ways: Sequence[Way], seconds: Mapping[Way, float]) -> Way:
    """The plainest way that is about as fast as the fastest; they are in that order."""
    if len(ways) == 1:
        return ways[0]
    limit = min(seconds[way] for way in ways) * WORTH_CHANGING
    return next(way for way in ways if seconds[way] <= limit)


def _may_compile(module: nn.Module, device: torch.device, training_s: float) -> bool:
    """Whether a training is so long that compiling the network is little beside it."""
    start_s, tensor_s = COMPILING_S[device.type]
    compiling_s = start_s + tensor_s * sum(1 for _ in module.parameters())
    return can_compile(device) and compiling_s <= COMPILING_SHARE * training_s < math.inf


def _turns(steppers: Sequence[Stepper]) -> dict[Way, float]:
    """Seconds of a step of each way, the best of a few."""
    for stepper in steppers:
        stepper.step()  # the first also warms up
    # Ways take turns, so that a moment in which the machine is busy hits all of them.
    rounds = [[stepper.step() for stepper in steppers] for _ in range(TURNS)]
    best = [min(times) for times in zip(*rounds, strict=True)]
    return {stepper.way: took for stepper, took in zip(steppers, best, strict=True)}


class Stepper:
    """Real training steps on a copy of a module, one way."""

    def __init__(self, module: nn.Module, images: Tensor, labels: Tensor, way: Way) -> None:
        copy = arrange(deepcopy(module), way).train()
        self.way = way
        self.images = images
        self.labels = labels
        self.module = copy
        trained = [parameter for parameter in copy.parameters() if parameter.requires_grad]
        self.optimizer = SGD(trained, lr=1e-4, momentum=0.9, nesterov=True)

    def step(self) -> float:
        """Seconds of a step; infinite where there is not enough memory, or compiling failed."""
        start = time.perf_counter()
        try:
            self._step()
        except _failures(self.way):
            return math.inf
        finally:
            self.optimizer.zero_grad()
        return time.perf_counter() - start

    @cached_property
    def running(self) -> Replicas:
        """What is called: the copy, or what is compiled of it, and its replicas."""
        return Replicas(compiled(self.module, self.way), self.way.replicas)

    def _step(self) -> None:
        with warnings.catch_warnings():
            if self.way.compile:  # torch warns of its own parts then
                warnings.simplefilter("ignore")
            self.running.learn(self.images, self.labels, self._learn, fewest=2)
        self.optimizer.step()
        if self.images.is_cuda:
            torch.cuda.synchronize()

    def _learn(self, module: nn.Module, images: Tensor, labels: Tensor) -> None:
        logits = forward(module, images, self.way)
        cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]


def _failures(way: Way) -> tuple[type[Exception], ...]:
    """What says that a way does not work here, and no more."""
    if not way.compile:
        return (torch.OutOfMemoryError,)
    from torch._dynamo.exc import TorchDynamoException  # takes seconds to import

    return torch.OutOfMemoryError, TorchDynamoException
