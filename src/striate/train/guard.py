"""What may go wrong with the arithmetic of a training: seen at once, named, undone once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from striate.errors import TrainingError, listing
from striate.files import Json
from striate.options import Precision
from striate.train.saving.state import Tally

# Steps between two looks at the losses on a GPU: each look waits for it to finish what it has.
GPU_STEPS_PER_LOOK = 16
# What the learning rate is multiplied by when a training goes back.
SLOWER = 0.25
# float16 gradients are multiplied by a scale, halved after each step that overflows. Below this
# they overflow by themselves.
SMALLEST_SCALE = 1.0


class NotFiniteError(Exception):
    """What is no number (loss or gradient), in which step of all, from 0, and what is known."""

    def __init__(self, what: str, step: int, where: str) -> None:
        super().__init__(what)
        self.what = what
        self.step = step
        self.where = where

    @property
    def parts(self) -> tuple[str, int, str]:
        """What it was made of."""
        return self.what, self.step, self.where


@dataclass
class Guard:
    """What was changed after a loss was no number, to go on; a second time nothing is."""

    is_used: bool = False
    lr_factor: float = 1.0
    precision: Precision | None = None

    def to_json(self) -> dict[str, Json]:
        """As plain values."""
        return {
            "is_used": self.is_used,
            "lr_factor": self.lr_factor,
            "precision": self.precision,
        }

    def restore(self, values: dict[str, Json]) -> None:
        """What `to_json` gave."""
        self.is_used = bool(values["is_used"])
        self.lr_factor = float(str(values["lr_factor"]))
        self.precision = "float32" if values["precision"] == "float32" else None

    def change(self, precision: Precision) -> str:
        """Go on more carefully than with this precision; in words."""
        self.is_used = True
        if precision == "float32":
            self.lr_factor *= SLOWER
            return f"with {SLOWER:g} of the learning rate"
        self.precision = "float32"
        return f"in float32 instead of {precision}"


class Learned(NamedTuple):
    """What a step came to, on the device.

    loss: mean over its images, before the step. correct: images whose likeliest class was their
    heaviest one. length: of the gradient; None where it may well be infinite.
    """

    loss: Tensor
    correct: Tensor
    length: Tensor | None


class _Seen(NamedTuple):
    step: int
    learned: Learned
    places: Sequence[int]


@dataclass
class Watch:
    """Keeps what steps gave until there is a look at it; adds it up, and sees what is no number.

    name: of the image at a place. On the CPU there is a look at every step.
    """

    name: Callable[[int], str]
    device: torch.device
    _pending: list[_Seen] = field(default_factory=list)

    def add(self, step: int, learned: Learned, places: Sequence[int] | Tensor) -> None:
        """Keep what a step gave, and which images it was about."""
        self._pending.append(_Seen(step, learned, [int(place) for place in places]))

    def is_due(self, step: int) -> bool:
        """Whether to look after this step."""
        return self.device.type == "cpu" or step % GPU_STEPS_PER_LOOK == GPU_STEPS_PER_LOOK - 1

    def look(self, tally: Tally) -> NotFiniteError | None:
        """Count all steps since the last look; the first one that went wrong, if any did."""
        seen, self._pending = self._pending, []
        for one, loss, length, correct in _numbers(seen):
            wrong = "loss" if not math.isfinite(loss) else "gradient"
            if not (math.isfinite(loss) and math.isfinite(length)):
                files = listing([self.name(int(place)) for place in one.places], most=4)
                return NotFiniteError(wrong, one.step, f"images of this batch: {files}")
            tally.add(loss, len(one.places), int(correct))
        return None

    def clear(self) -> None:
        """Forget what was not looked at."""
        self._pending = []


def _numbers(seen: Sequence[_Seen]) -> Iterator[tuple[_Seen, float, float, float]]:
    """Each step with its numbers, fetched from the device all at once."""
    if not seen:
        return
    zero = torch.zeros((), device=seen[0].learned.loss.device)
    rows = [
        torch.stack([(zero if part is None else part).double() for part in parts])
        for parts in ((loss, length, correct) for _, (loss, correct, length), _ in seen)
    ]
    for one, (loss, length, correct) in zip(seen, torch.stack(rows).tolist(), strict=True):
        yield one, loss, length, correct


def no_number(event: NotFiniteError, *, where: str, lower: float, folder: Path) -> TrainingError:
    """What to say when going back did not help; where: in which step, in words.

    lower: a learning rate to try.
    """
    return TrainingError.of(
        "loss-not-finite",
        f"the {event.what} is no longer a number, {where}",
        event.where,
        f"the last weights with a finite loss are in {folder / 'last.safetensors'}",
        f"try a lower learning rate, such as --lr {lower:.2g}",
    )


@contextmanager
def told_when_out_of_memory(advice: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Turn the many ways of being out of memory into one message.

    advice: what to change, most helpful first; asked only then.

    Raises:
        TrainingError: out of memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        where = "the GPU" if isinstance(error, torch.OutOfMemoryError) else "this machine"
        raise TrainingError.of(
            "out-of-memory", f"the memory of {where} does not hold this training", *advice()
        ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    signs = ("can't allocate memory", "defaultcpuallocator", "out of memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(sign in text for sign in signs)
