"""The batch size that fits and is fast, found by real steps."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from striate.files import Json
from striate.train.compute.fastest import Stepper
from striate.train.compute.ways import Way
from striate.train.optimize.defaults import FEWEST_IMAGES

# A batch twice as large must be faster by this factor to be worth its memory and fewer steps.
WORTH_DOUBLING = 1.05
# Steps on each batch that are measured; the fastest counts.
STEPS = 2
# Tensors as large as all weights that a training may have besides those of a measured step: the
# average, the weights to go back to, an optimizer's second number.
OTHER_COPIES = 3
# Room that is left, of what a step takes: allocators break memory into pieces with time.
MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Tried:
    """What was found: images per second by batch, and the smallest batch that did not fit, if any.

    batch: the smallest that is about as fast as any.
    """

    batch: int
    images_per_s: Mapping[int, float]
    too_large: int | None

    def __str__(self) -> str:
        """`batch 16 210 images/s; 32 340 images/s; 64 does not fit`."""
        rows = [f"{size} {rate:,.0f} images/s" for size, rate in self.images_per_s.items()]
        if self.too_large is not None:
            rows.append(f"{self.too_large} does not fit")
        return "batch " + "; ".join(rows)

    def to_json(self) -> dict[str, Json]:
        """The figures, for the settings of a run."""
        rates: dict[str, Json] = {str(size): round(r, 1) for size, r in self.images_per_s.items()}
        return {"images_per_s": rates, "too_large": self.too_large}


def search(seconds_of: Callable[[int], float | None], most: int) -> Tried | None:
    """The smallest batch that is about as fast as any; None where not even two images fit.

    seconds_of: of a step on so many images, None where that does not fit. most: largest batch.
    """
    tried: dict[int, float] = {}
    size, too_large = min(FEWEST_IMAGES, most), None
    while size <= most:
        seconds = seconds_of(size)
        if seconds is None:
            too_large = size
            break
        tried[size] = size / seconds
        if _is_flat(tried, size):
            break
        size *= 2
    if too_large is not None:
        too_large = _narrowed(seconds_of, tried, too_large)
    if not tried:
        return None
    fast = max(tried.values()) / WORTH_DOUBLING
    found = min(size for size, rate in tried.items() if rate >= fast)
    return Tried(found, dict(sorted(tried.items())), too_large)


def _is_flat(tried: Mapping[int, float], size: int) -> bool:
    """Whether the last two doublings were not worth it; one alone may be chance."""
    before = [tried[one] for one in (size // 2, size // 4) if one in tried]
    return len(before) == 2 and tried[size] < WORTH_DOUBLING * min(before)


def _narrowed(
    seconds_of: Callable[[int], float | None], tried: dict[int, float], too_large: int
) -> int:
    """The smallest batch known not to fit, after halving the way to the largest that does."""
    fitting = max(tried, default=0)
    # Eighths of a batch are near enough; steps of two images where little fits.
    step = max(2, fitting // 4)
    while too_large - fitting > step:
        size = (fitting + too_large) // 2 // 2 * 2
        seconds = seconds_of(size)
        if seconds is None:
            too_large = size
        else:
            fitting, tried[size] = size, size / seconds
    return too_large


class Trial:
    """Real steps on batches of chance images: training, and validation behind it.

    The module, its gradients and torch's generator stay as they are.
    """

    def __init__(
        self,
        module: nn.Module,
        shape: tuple[int, ...],
        classes: int,
        way: Way,
        device: torch.device,
    ) -> None:
        self.module = module
        self.shape = shape
        self.classes = classes
        self.way = way
        self.device = device

    def seconds(self, batch: int) -> float | None:
        """Of a step on so many images; None where it does not fit with some room left."""
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            took = self._seconds(batch)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return None if math.isinf(took) else took

    def _seconds(self, batch: int) -> float:
        generator = torch.Generator().manual_seed(0)
        try:
            images = torch.rand(batch, *self.shape, generator=generator).to(self.device)
            others = self._others()
            labels = torch.arange(batch, device=self.device) % self.classes
            stepper = Stepper(self.module, images, labels, self.way)
            took = stepper.step()
            if math.isfinite(took):
                # The first step also warms up, and makes what the optimizer keeps.
                took = min(stepper.step() for _ in range(STEPS))
                self._validate(stepper.module, images)
            del others
        except torch.OutOfMemoryError:
            return math.inf
        return took

    def _others(self) -> list[Tensor]:
        """Memory that the rest of a training takes."""
        weights = sum(one.nbytes for one in self.module.parameters())
        if self.device.type != "cuda":  # what fits there is estimated, never tried
            return []
        room = int(MARGIN * torch.cuda.get_device_properties(self.device).total_memory)
        size = OTHER_COPIES * weights + room
        return [torch.empty(size, dtype=torch.uint8, device=self.device)]

    def _validate(self, module: nn.Module, images: Tensor) -> None:
        with torch.inference_mode():
            module.eval()(images)
        module.train()
