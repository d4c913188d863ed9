"""Replicas of a network that learn from one batch side by side, each with its share of the cores.

Threads that share every operation wait for one another at the end of each; on two cores the second
then adds a fifth. Each with images of its own, they meet once a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from threading import Barrier
from typing import TypeVar

import torch
from torch import Tensor, nn

from striate.ir import Graph
from striate.ops.foreign import ForeignLayer

T = TypeVar("T")

# Images of a replica below which the statistics of its batch norms say too little, and its
# operations are too small to fill a core.
FEWEST_IMAGES = 32


def most_replicas(batch: int) -> int:
    """Replicas worth trying on this CPU for a batch."""
    return max(1, min(torch.get_num_threads(), batch // FEWEST_IMAGES))


def draws(graph: Graph) -> bool:
    """Whether something of a network may act by chance while training; layers of others might."""
    return any(
        node.op.acts_only_in_training or isinstance(node.op, ForeignLayer) for node in graph.nodes
    )


class Replicas:
    """A module and copies of it that share its weights; each learns from a share of every batch.

    Gradients of all are added up in the module's own, in one order: the sums do not depend on which
    thread is done first. Batch norm sees the share of its replica; the running statistics of
    all are averaged. As with several processes (`Team`), but in one.

    count: 1 for the module alone, in the thread that asks and with all of torch's threads.
    """

    def __init__(self, module: nn.Module, count: int = 1) -> None:
        self.module = module
        self._copies = [_sharing(module) for _ in range(count - 1)]
        self._threads = _threads(count) if count > 1 else None

    def learn(
        self,
        images: Tensor,
        targets: Tensor,
        work: Callable[[nn.Module, Tensor, Tensor], T],
        *,
        fewest: int = 1,
    ) -> list[T]:
        """What `work` gives for each share; it is given a replica, and adds to its gradients.

        fewest: images of a share; of a small batch there are fewer shares.
        """
        count = max(1, min(1 + len(self._copies), len(images) // fewest))
        if self._threads is None or count == 1:
            return [work(self.module, images, targets)]
        copies = self._copies[: count - 1]
        self._prepare(copies)
        shares = zip(images.tensor_split(count), targets.tensor_split(count), strict=True)
        futures = [
            self._threads.submit(work, replica, *share)
            for replica, share in zip((self.module, *copies), shares, strict=True)
        ]
        wait(futures)  # all of them, even if one fails: none may go on with weights that change
        results = [future.result() for future in futures]
        self._gather(copies)
        return results

    def _prepare(self, copies: Sequence[nn.Module]) -> None:
        """Let copies be in the modes and with the statistics of the module."""
        for copy in copies:
            for one, other in zip(self.module.modules(), copy.modules(), strict=True):
                other.training = one.training
            for own, others in zip(self.module.buffers(), copy.buffers(), strict=True):
                others.copy_(own)

    @torch.no_grad()
    def _gather(self, copies: Sequence[nn.Module]) -> None:
        """Add up gradients and average statistics in the module."""
        for copy in copies:
            for one, other in zip(self.module.parameters(), copy.parameters(), strict=True):
                if other.grad is not None:
                    one.grad = other.grad if one.grad is None else one.grad.add_(other.grad)
                other.grad = None
        for one, *others in zip(*map(_statistics, (self.module, *copies)), strict=True):
            # By what they differ: where they do not, since they are frozen, nothing is rounded.
            apart = torch.stack([other - one for other in others]).sum(dim=0)
            one.add_(apart, alpha=1 / (1 + len(others)))


def _sharing(module: nn.Module) -> nn.Module:
    """A copy with the same weights in memory, but gradients and statistics of its own."""
    copy = deepcopy(module)
    for one, other in zip(module.parameters(), copy.parameters(), strict=True):
        other.data = one.data
        other.grad = None
    return copy


def _statistics(module: nn.Module) -> Iterable[Tensor]:
    """The buffers that steps change, but for counters, of which the module's own is right."""
    return (buffer for buffer in module.buffers() if buffer.is_floating_point())


def _threads(count: int) -> ThreadPoolExecutor:
    """So many threads, each of which computes with its share of torch's."""
    whole = torch.get_num_threads()
    all_there = Barrier(count + 1)

    def begin() -> None:
        torch.get_num_threads()  # takes over the number of the process, once; then it can be set
        torch.set_num_threads(max(1, whole // count))
        all_there.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="replica")
    for _ in range(count):
        pool.submit(begin)
    all_there.wait()
    # Each thread has its own number, but what later ones take over was changed as well.
    torch.set_num_threads(whole)
    return pool
