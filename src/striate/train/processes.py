"""The processes of one training: which this is, on what device, and how all of them agree."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, gather_object
from torch import Tensor, nn

from striate.data import Loader, Shard
from striate.errors import UsageError

T = TypeVar("T")


class Part(Shard):
    """The part of each step that one of several processes shows.

    All together they show in each step what one process would show in it, so that a training is
    the same however many there are. Their parts differ by one image at most; see `Steps.weight`.

    >>> [part.tolist() for part in Part(1, 2).parts(np.arange(7), 2)]
    [[1, 3], [5]]
    """

    def parts(self, order: np.ndarray, batch: int) -> list[np.ndarray]:
        """The places of each step that are this rank's; some may have none."""
        count = self.steps(len(order), batch)
        whole = np.array_split(np.ascontiguousarray(order, dtype=np.int64), count) if count else []
        return [step[self.rank :: self.world] for step in whole]

    def steps(self, images: int, batch: int) -> int:
        """Steps that all make of so many images, each rank with at most `batch` at a time."""
        return -(-images // (batch * self.world))


class Team:
    """The processes that `torchrun` or `accelerate launch` began, or this one alone.

    Each has one device and shows its own part of every batch; gradients are averaged over all. What
    one process alone would do is done the same way by one of many, so that there is one loop.
    """

    def __init__(self) -> None:
        # Precision and scaling are the loop's own: they may change while training.
        # Without being told that there is no GPU, accelerate overlooks other processes on the CPU.
        self._accelerator = Accelerator(cpu=not torch.cuda.is_available(), mixed_precision="no")

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        device: torch.device = self._accelerator.device
        return device

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return int(self._accelerator.process_index)

    @property
    def world(self) -> int:
        """How many processes there are."""
        return int(self._accelerator.num_processes)

    @property
    def is_first(self) -> bool:
        """Whether this is the one that speaks and writes."""
        return self.rank == 0

    def share_of_batch(self, batch: int) -> int:
        """Images that each process shows in a step.

        Raises:
            UsageError: the batch cannot be divided evenly, or leaves a process a single image.
        """
        if batch % self.world or batch // self.world < min(batch, 2):
            raise UsageError.of(
                "batch-processes",
                f"a batch of {batch} images cannot be divided among {self.world} processes",
                f"choose a multiple of {self.world}, such as --batch {self._near(batch)}",
            )
        return batch // self.world

    def _near(self, batch: int) -> int:
        return max(2, round(batch / self.world)) * self.world

    def divided(self, loader: Loader, *, is_training: bool) -> Loader:
        """The loader of this process's part of the images."""
        loader.shard = (Part if is_training else Shard)(self.rank, self.world)
        loader.batch = self.share_of_batch(loader.batch) if is_training else loader.batch
        return loader

    def wrapped(self, module: nn.Module) -> nn.Module:
        """The module with gradients averaged over all processes."""
        if self.world == 1:
            return module
        # Where there is one channel torch takes one layout for the other; nothing comes of it.
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view", UserWarning)
        wrapped: nn.Module = self._accelerator.prepare_model(module)
        return wrapped

    def total(self, values: Sequence[float]) -> list[float]:
        """Each value added up over all processes, in float64, the same everywhere."""
        if self.world == 1:
            return list(values)
        added = torch.tensor(values, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(added)
        return [float(value) for value in added.tolist()]

    def every(self, value: T) -> list[T]:
        """What each process has, by rank."""
        return [value] if self.world == 1 else list(gather_object([value]))

    def first(self, value: T) -> T:
        """What the first process has, for all."""
        if self.world == 1:
            return value
        held = [value]
        broadcast_object_list(held)
        return held[0]

    def wait(self) -> None:
        """Go on when all processes are here."""
        self._accelerator.wait_for_everyone()

    def equalise(self, module: nn.Module) -> None:
        """Give all processes the first one's running statistics."""
        if self.world == 1:
            return
        for buffer in module.buffers():
            torch.distributed.broadcast(buffer, src=0)

    def first_goes_first(self) -> AbstractContextManager[None]:
        """A block that the first process goes through before the others enter it."""
        block: AbstractContextManager[None] = self._accelerator.main_process_first()
        return block


def seed_step(seed: int, step: int, rank: int, device: torch.device) -> None:
    """Set torch's generators for one step: what dropout draws is a function of these alone.

    So a training that is entered in the middle draws what it would have drawn, with no generator
    to save, and every process draws something else.
    """
    mixed = np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)
    number = int(mixed[0] >> np.uint64(1))
    # Not torch.manual_seed, which also notes for GPUs that are not there who called it: 5 ms.
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)


def on_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies in main memory, of the plain layout."""
    return {
        key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in tensors.items()
    }
