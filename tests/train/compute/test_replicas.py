"""Replicas learn what one network would learn from their shares, whoever is first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from striate.networks import network
from striate.train.compute.replicas import Replicas, draws, most_replicas

Work = Callable[[nn.Module, Tensor, Tensor], float]


def module(*, has_norm: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(4) if has_norm else nn.GroupNorm(2, 4)
    return nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))


def batch(images: int = 12) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(1)
    return torch.randn(images, 3, 8, 8, generator=chance), torch.arange(images) % 2


def work(whole: int) -> Work:
    """Adds the gradients of a share of so many images to a module's; gives its loss."""

    def share(one: nn.Module, images: Tensor, targets: Tensor) -> float:
        loss = cross_entropy(one(images), targets) * (len(images) / whole)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    return share


def learned(one: nn.Module, count: int, images: int = 12, *, fewest: int = 1) -> list[float]:
    replicas = Replicas(one, count)
    return replicas.learn(*batch(images), work(images), fewest=fewest)


@pytest.mark.parametrize("count", [2, 3])
def test_gradients_are_those_of_the_whole_batch(count: int) -> None:
    alone, together = module(has_norm=False), module(has_norm=False)
    (wanted,) = learned(alone, 1)
    assert sum(learned(together, count)) == pytest.approx(wanted, rel=1e-6)
    for one, other in zip(alone.parameters(), together.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_each_replica_sees_the_weights_that_an_optimizer_left() -> None:
    one = module(has_norm=False)
    replicas = Replicas(one, 2)
    optimizer = torch.optim.SGD(one.parameters(), lr=0.1)
    before = replicas.learn(*batch(), work(12))
    optimizer.step()
    optimizer.zero_grad()
    after = replicas.learn(*batch(), work(12))
    assert all(new < old for new, old in zip(after, before, strict=True))
    assert after == learned(one, 2)


def test_batch_norm_sees_its_share_and_running_statistics_are_averaged() -> None:
    one = module()
    learned(one, 3)
    images, _ = batch()
    norm = one.get_submodule("1")
    wanted = 0.1 * torch.stack([one[0](share).mean((0, 2, 3)) for share in images.chunk(3)]).mean(0)
    torch.testing.assert_close(norm.get_buffer("running_mean"), wanted)
    assert norm.get_buffer("num_batches_tracked") == 1


def test_frozen_statistics_and_weights_stay_to_the_last_bit() -> None:
    one = module()
    norm = one.get_submodule("1")
    norm.get_buffer("running_mean").uniform_(1, 3)
    norm.eval().requires_grad_(False)
    before = norm.get_buffer("running_mean").clone()
    learned(one, 3)
    assert torch.equal(norm.get_buffer("running_mean"), before)
    assert norm.get_parameter("weight").grad is None


def test_which_thread_is_first_changes_nothing() -> None:
    slow = {0: 0.0, 1: 0.0}
    found = []
    for slow_first in (True, False):
        one = module()
        slow[0], slow[1] = (0.02, 0.0) if slow_first else (0.0, 0.02)

        def share(part: nn.Module, images: Tensor, targets: Tensor, own: nn.Module = one) -> None:
            time.sleep(slow[int(part is own)])
            work(12)(part, images, targets)

        Replicas(one, 2).learn(*batch(), share)
        found.append([*(p.grad for p in one.parameters()), *one.buffers()])
    for first, second in zip(*found, strict=True):
        assert first is not None
        assert second is not None
        assert torch.equal(first, second)


def test_small_batches_have_fewer_shares() -> None:
    assert len(learned(module(), 3, images=5, fewest=2)) == 2
    assert len(learned(module(), 3, images=3, fewest=2)) == 1


def test_each_share_has_a_thread_with_its_part_of_the_cores() -> None:
    whole = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        replicas = Replicas(module(), 2)
        together = threading.Barrier(2)  # nobody goes on alone

        def share(*_: object) -> int:
            together.wait(timeout=10)
            return torch.get_num_threads()

        assert replicas.learn(*batch(), share) == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(whole)


def test_an_error_in_one_share_is_raised_when_all_are_done() -> None:
    done: list[int] = []

    def share(part: nn.Module, images: Tensor, targets: Tensor) -> None:
        if part is one:
            raise torch.OutOfMemoryError
        time.sleep(0.02)
        done.append(len(images))

    one = module()
    with pytest.raises(torch.OutOfMemoryError):
        Replicas(one, 2).learn(*batch(), share)
    assert done == [6]


def test_a_network_that_drops_by_chance_is_known() -> None:
    assert draws(network("input(3, 8, 8) -> conv(4) -> dropout -> fc(2)").graph)
    assert not draws(network("input(3, 8, 8) -> conv(4) -> bn -> relu -> fc(2)").graph)


def test_a_replica_has_enough_images_and_a_thread() -> None:
    whole = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert [most_replicas(size) for size in (16, 63, 64, 1024)] == [1, 1, 2, 2]
    finally:
        torch.set_num_threads(whole)
