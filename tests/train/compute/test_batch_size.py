"""The batch that fits and is fast, searched on machines that are made up, and tried on this one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from striate.train.compute.batch_size import Trial, search
from striate.train.compute.ways import Way

CPU = torch.device("cpu")
PLAIN = Way("float32", channels_last=True)


def machine(*, room: int, saturated_at: int) -> tuple[Callable[[int], float | None], list[int]]:
    """Steps that take the same time up to a batch and in proportion beyond; what was asked."""
    asked: list[int] = []

    def seconds_of(batch: int) -> float | None:
        asked.append(batch)
        return None if batch > room else max(batch, saturated_at) / 1000

    return seconds_of, asked


def test_it_grows_until_a_larger_batch_is_no_faster() -> None:
    seconds_of, asked = machine(room=10**6, saturated_at=64)
    found = search(seconds_of, most=4096)
    assert found is not None
    assert found.batch == 64
    assert found.too_large is None
    assert max(asked) == 256, "two doublings show that it is no chance"


def test_it_stays_within_what_the_data_allow() -> None:
    seconds_of, asked = machine(room=10**6, saturated_at=10**6)
    found = search(seconds_of, most=128)
    assert found is not None
    assert found.batch == max(asked) == 128


@pytest.mark.parametrize("room", [2, 9, 15, 16, 100, 255, 1000])
def test_of_what_fits_it_finds_nearly_all(room: int) -> None:
    seconds_of, _ = machine(room=room, saturated_at=10**6)
    found = search(seconds_of, most=4096)
    assert found is not None
    assert found.batch <= room < (found.too_large or 0)
    assert found.batch >= 0.75 * room - 2


def test_nothing_is_found_where_not_even_two_images_fit() -> None:
    assert search(machine(room=1, saturated_at=1)[0], most=4096) is None


def test_figures_are_told() -> None:
    found = search(machine(room=40, saturated_at=1000)[0], most=4096)
    assert found is not None
    assert str(found).startswith("batch 16 16 images/s; 32 32 images/s; ")
    assert str(found).endswith("does not fit")


def test_real_steps_leave_everything_as_it_was() -> None:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Flatten())
    module = nn.Sequential(*layers, nn.Linear(4 * 36, 3))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    chance = torch.get_rng_state()
    seconds = Trial(module, (3, 8, 8), 3, PLAIN, CPU).seconds(4)
    assert seconds is not None
    assert seconds > 0
    assert torch.equal(torch.get_rng_state(), chance)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert module.training
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])


class Hungry(nn.Module):
    """A network that has no memory for many images, or for validation."""

    def __init__(self, *, most_training: int, most_validating: int) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)
        self.most = {True: most_training, False: most_validating}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if len(images) > self.most[self.training]:
            raise torch.OutOfMemoryError
        logits: torch.Tensor = self.head(images.mean((2, 3)))
        return logits


@pytest.mark.parametrize(("training", "validating"), [(4, 100), (100, 4)])
def test_out_of_memory_is_an_answer_and_no_failure(training: int, validating: int) -> None:
    module = Hungry(most_training=training, most_validating=validating)
    trial = Trial(module, (3, 8, 8), 2, PLAIN, CPU)
    assert trial.seconds(4) is not None
    assert trial.seconds(5) is None
