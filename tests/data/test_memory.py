"""Memory used again: never while anything still holds it."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from striate.data import Preprocessing, network_input
from striate.data._memory import MOST_BYTES, Memory


def test_memory_comes_back_when_nobody_holds_it() -> None:
    memory = Memory()
    first = memory.tensor(100, 30)
    place = first.data_ptr()
    del first
    assert memory.tensor(90, 30).data_ptr() == place


def test_whatever_still_sees_a_tensor_keeps_its_memory() -> None:
    memory, weight = Memory(), torch.ones(1, requires_grad=True)
    held: list[object] = []
    for keep in (
        lambda tensor: tensor[3:4],
        lambda tensor: tensor.numpy()[:1],
        lambda tensor: tensor.view(-1).detach(),
        lambda tensor: tensor.untyped_storage(),
        lambda tensor: (tensor * weight).sum(),  # kept for the way back
        lambda tensor: memoryview(tensor.numpy()),
    ):
        tensor = memory.tensor(10, 5)
        held.append(keep(tensor))
        place = tensor.data_ptr()
        del tensor
        gc.collect()
        assert memory.tensor(10, 5).data_ptr() != place


def test_a_batch_that_is_kept_is_not_written_over_by_the_next() -> None:
    record = Preprocessing(4, 4, 3)
    kept = [network_input(torch.full((2, 4, 4, 3), level, dtype=torch.uint8), record)[1:]
            for level in (0, 100, 255)]  # fmt: skip
    for part, level in zip(kept, (0, 100, 255), strict=True):
        np.testing.assert_allclose(part.numpy(), (level / 255 - 0.5) / 0.25, atol=1e-6)


def test_no_more_than_the_limit_is_kept() -> None:
    memory = Memory()
    rows = MOST_BYTES // 4 // 1024 // 2
    tensors = [memory.tensor(rows, 1024) for _ in range(4)]
    places = [tensor.data_ptr() for tensor in tensors]
    tensors.clear()
    assert sum(spare.nbytes for spare in memory._spare) <= MOST_BYTES
    again = [memory.tensor(rows, 1024) for _ in range(2)]
    assert {tensor.data_ptr() for tensor in again} <= set(places)


def test_threads_never_get_the_same_memory() -> None:
    memory = Memory()

    def work(number: int) -> bool:
        for _ in range(200):
            tensor = memory.tensor(8, 8).fill_(number)
            if not bool((tensor == number).all()):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
