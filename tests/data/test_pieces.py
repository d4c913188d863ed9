"""Work of torch on one core: as many threads as before afterwards, and the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from striate.data import Preprocessing, network_input
from striate.data._pieces import MOST_ALONE, MOST_VALUES, rows_at_once


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Threads of torch in the main thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_torch_has_one_thread_meanwhile_and_its_own_again_after_an_error(threads: int) -> None:
    def failing() -> None:
        with rows_at_once(100) as rows:
            assert torch.get_num_threads() == 1
            assert rows == MOST_ALONE // 100
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert torch.get_num_threads() == threads


def test_other_threads_leave_the_number_alone_and_ask_for_little() -> None:
    def in_a_thread() -> tuple[int, int, int]:
        torch.set_num_threads(3)
        with rows_at_once(100) as rows:
            return rows, torch.get_num_threads(), max(1, MOST_VALUES // 100)

    before = torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        found, meanwhile, expected = pool.submit(in_a_thread).result()
    torch.set_num_threads(before)  # for threads to come
    assert (found, meanwhile) == (expected, 3)


@pytest.mark.parametrize("width", [5, 64, 101])
def test_numbers_are_the_same_bit_for_bit_in_every_thread(threads: int, width: int) -> None:
    # More values than one piece, and the same image among others and alone.
    images = torch.from_numpy(
        np.random.default_rng(threads).integers(0, 256, (30, 70, width, 3), np.uint8)
    )
    record = Preprocessing(70, width, 3, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    found = network_input(images, record).clone()
    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(network_input, images, record).result()
    assert torch.equal(found, elsewhere)
    assert torch.equal(found[17:18], network_input(images[17:18], record))
