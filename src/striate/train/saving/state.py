"""All that a training must know to go on as if nothing had happened, on disk and without code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from striate.errors import BundleError
from striate.files import Json
from striate.train.saving.checkpoint import Checkpoint, load_tensors, save_tensors
from striate.train.saving.disk import SMALL_BYTES
from striate.train.settings import Settings

FOLDER = "state"
# Between the name of a part, such as `optimizer`, and that of its tensor.
MARK = "/"


@dataclass
class Tally:
    """What was counted in an epoch so far, by one process; float64 sums, exact in JSON.

    correct: images whose likeliest class was their heaviest one; None where they may have several.
    """

    loss: float = 0.0
    images: int = 0
    correct: int = 0

    def add(self, loss: float, images: int, correct: int) -> None:
        """Count a step; loss: the mean over its images."""
        self.loss += loss * images
        self.images += images
        self.correct += correct

    def to_json(self) -> list[Json]:
        """As plain values."""
        return [self.loss, self.images, self.correct]

    @classmethod
    def from_json(cls, values: Json) -> Tally:
        """What `to_json` gave."""
        assert isinstance(values, list)
        loss, images, correct = (float(str(value)) for value in values)
        return cls(loss, int(images), int(correct))


@dataclass
class Position:
    """Where a training is: the epoch, from 1, and the step of it that is next, from 0."""

    epoch: int = 1
    step: int = 0
    tally: Tally = field(default_factory=Tally)


class States:
    """The saved states of one run: the newest, and the one before until the next is written.

    Each is one file, numbered; whatever is stopped at whatever moment, the newest that is whole is
    the one to go on from.
    """

    def __init__(self, run: Path) -> None:
        self.folder = run / FOLDER

    def files(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self.folder.glob("[0-9]*.safetensors"))

    def save(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Json]) -> None:
        """Keep a state; the one before it stays as well.

        Raises:
            TrainingError: the disk is full, or does not give back what was written.
        """
        self.folder.mkdir(exist_ok=True)
        kept = self.files()
        for old in kept[:-1]:
            old.unlink()
        number = int(kept[-1].stem) + 1 if kept else 1
        save_tensors(self.folder / f"{number:06d}.safetensors", tensors, facts)

    def newest(self) -> Checkpoint | None:
        """The newest state that is whole; None if nothing was ever saved.

        Raises:
            BundleError: there are files, but none is whole.
        """
        damaged: BundleError | None = None
        for path in reversed(self.files()):
            try:
                return load_tensors(path)
            except BundleError as damage:
                damaged = damage
                path.rename(path.with_suffix(".damaged"))
        if damaged is not None:
            raise damaged
        return None

    def clear(self) -> None:
        """Remove all of them: the training is over."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()


def joined(parts: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """All tensors of several parts, named `part/name`."""
    return {
        f"{part}{MARK}{name}": tensor
        for part, tensors in parts.items()
        for name, tensor in tensors.items()
    }


def part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors of one part by their own names."""
    start = name + MARK
    return {key[len(start) :]: value for key, value in tensors.items() if key.startswith(start)}


def optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Json]]:
    """What an optimizer remembers of each parameter: tensors, and plain numbers."""
    tensors, numbers = dict[str, Tensor](), dict[str, Json]()
    for index, remembered in optimizer.state_dict()["state"].items():
        for name, value in remembered.items():
            if isinstance(value, Tensor):
                tensors[f"{index}{MARK}{name}"] = value
            else:
                numbers[f"{index}{MARK}{name}"] = value
    return tensors, numbers


def restore_optimizer(
    optimizer: Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Json]
) -> None:
    """Remember what `optimizer_state` gave, in the memory layout of the parameters."""
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    state: dict[int, dict[str, object]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(MARK)
        state.setdefault(int(index), {})[name] = _laid_out(tensor, parameters[int(index)])
    for key, number in numbers.items():
        index, _, name = key.partition(MARK)
        state.setdefault(int(index), {})[name] = number
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _laid_out(tensor: Tensor, like: Tensor) -> Tensor:
    """The tensor in the layout of a parameter: the last digit may hang on the order of sums."""
    if tensor.shape != like.shape:
        return tensor
    return torch.empty_like(like, dtype=tensor.dtype, device="cpu").copy_(tensor)


def is_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether all numbers are numbers."""
    return all(bool(one.isfinite().all()) for one in tensors if one.is_floating_point())


def run_bytes(module: nn.Module, settings: Settings) -> int:
    """Bytes that a run needs on disk at most: two states, `best`, `last`, one of them twice."""
    weights = sum(int(tensor.nbytes) for tensor in module.state_dict().values())
    slots = {"sgd": 1, "muon": 1}.get(settings.optimizer, 2)
    state = weights * (2 + slots + (settings.ema > 0))  # its own, and those of `best`
    return 2 * state + 3 * weights + SMALL_BYTES
