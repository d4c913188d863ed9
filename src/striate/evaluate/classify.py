"""Runs a network over a loader and keeps what it says about every image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from striate.data import (
    Advance,
    Loader,
    Preprocessing,
    Unreadable,
    network_input,
    refuse_many,
    silent,
)
from striate.evaluate.gather import gathered, gathered_texts


@dataclass(frozen=True, slots=True)
class Answers:
    """What a network said about images.

    logits: float32, N×K. labels: int64, N; where images may have several, 1 for each class that an
    image has and else 0: float32, N×K. places: in the manifest, ascending: int64, N.
    """

    logits: np.ndarray
    labels: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    @property
    def is_multilabel(self) -> bool:
        """Whether images may have several labels, or none."""
        return self.labels.ndim == 2

    @property
    def log_probabilities(self) -> np.ndarray:
        """Logarithms of probabilities that are 1 over all classes of an image: float32, N×K.

        Where images may have several labels: of the probability of each label by itself.
        """
        logits = torch.from_numpy(self.logits)
        if self.is_multilabel:
            return torch.nn.functional.logsigmoid(logits).numpy()
        return torch.log_softmax(logits, dim=1).numpy()

    def taken(self, rows: np.ndarray) -> Answers:
        """Those about some of the images, by their rows or a mask of them."""
        return replace(
            self, logits=self.logits[rows], labels=self.labels[rows], places=self.places[rows]
        )


def answers(
    module: nn.Module,
    loader: Loader,
    record: Preprocessing,
    *,
    advance: Advance = silent,
    is_stopped: Callable[[], bool] = bool,
) -> Answers:
    """What `module` says about all images of the loader; leaves its training mode as it was.

    Where the loader has a part of the images, the other processes must call it too; each then gets
    all answers, in the order of the manifest, as one process alone would. Ends early, with what is
    there, once `is_stopped` says so. Images that cannot be decoded are left out; `unreadable_of`
    names them.

    Raises:
        DataError: there is none that can be decoded.
    """
    logits, labels, places = [], [], []
    was_training = module.training
    module.eval()
    try:
        with closing(loader.batches()) as batches:
            for batch in batches:
                logits.append(logits_of(module, batch.images, record))
                labels.append(batch.labels)
                places.append(batch.places)
                advance(len(batch.labels))
                if is_stopped():
                    break
    finally:
        module.train(was_training)
    if not logits:
        none = np.empty(0, np.int64)
        logits.append(torch.empty(0, len(loader.manifest.classes)))
        labels.append(loader.targets(none))
        places.append(torch.from_numpy(none))
    parts = (torch.cat(logits), torch.cat(labels), torch.cat(places))
    said = Answers(*(part.numpy() for part in parts))
    if loader.shard.world > 1:
        said = _of_all(said)
    if not len(said):
        refuse_many(unreadable_of(loader), len(loader.manifest), limit=0)
    return said


def unreadable_of(loader: Loader) -> tuple[Unreadable, ...]:
    """The images that could not be decoded, those of other processes too: all must call it."""
    if loader.shard.world == 1:
        return loader.unreadable
    texts = gathered_texts([word for bad in loader.unreadable for word in (bad.path, bad.reason)])
    found = {Unreadable(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)}
    return tuple(sorted(found, key=lambda bad: bad.path))


def logits_of(module: nn.Module, images: Tensor, record: Preprocessing) -> Tensor:
    """Logits, N×K float32 on the CPU, of uint8 images N×H×W×C; full precision."""
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        logits: Tensor = module(network_input(images.to(device), record))
        return logits.float().cpu()


def _of_all(said: Answers) -> Answers:
    """The answers of all processes, in the order of the manifest, each image once."""
    places, first = np.unique(gathered(said.places), return_index=True)
    return Answers(gathered(said.logits)[first], gathered(said.labels)[first], places)
