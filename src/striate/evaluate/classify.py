"""Runs a network over a loader and keeps what it says about every image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from striate.data import Advance, Loader, Preprocessing, network_input, refuse_many, silent


@dataclass(frozen=True, slots=True)
class Answers:
    """What a network said about images.

    log_probabilities: float32, N×K. labels: int64, N. places: int64, N, in the manifest.
    """

    log_probabilities: np.ndarray
    labels: np.ndarray
    places: np.ndarray


def answers(
    module: nn.Module,
    loader: Loader,
    record: Preprocessing,
    *,
    advance: Advance = silent,
    is_stopped: Callable[[], bool] = bool,
) -> Answers:
    """What `module` says about all images of the loader; leaves its training mode as it was.

    Ends early, with what is there, once `is_stopped` says so. Images that cannot be decoded are
    left out; `loader.unreadable` names them.

    Raises:
        DataError: there is none that can be decoded.
    """
    log_probabilities, labels, places = [], [], []
    was_training = module.training
    module.eval()
    try:
        with closing(loader.batches()) as batches:
            for batch in batches:
                log_probabilities.append(log_probabilities_of(module, batch.images, record))
                labels.append(batch.labels)
                places.append(batch.places)
                advance(len(batch.labels))
                if is_stopped():
                    break
    finally:
        module.train(was_training)
    if not labels:
        refuse_many(loader.unreadable, len(loader.manifest), limit=0)
    return Answers(
        torch.cat(log_probabilities).numpy(), torch.cat(labels).numpy(), torch.cat(places).numpy()
    )


def log_probabilities_of(module: nn.Module, images: Tensor, record: Preprocessing) -> Tensor:
    """Log-probabilities, N×K float32 on the CPU, of uint8 images N×H×W×C; full precision."""
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        logits = module(network_input(images.to(device), record))
        return torch.log_softmax(logits.float(), dim=1).cpu()
