"""What several processes found, put together in every one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import torch
from torch import Tensor, distributed

from striate.data import Shard

# How long a process waits for the others before it gives up: the longest time that one of them may
# be behind, which is that of decoding its part of the images.
PATIENCE = timedelta(hours=2)


def shard() -> Shard:
    """Which part of the images is this process's: all of them, where it is alone."""
    return Shard(rank(), world())


def rank() -> int:
    """Number of this process, from 0."""
    return distributed.get_rank() if _is_joined() else 0


def world() -> int:
    """How many processes work together; 1 where this one is alone."""
    return distributed.get_world_size() if _is_joined() else 1


def device() -> torch.device:
    """Where this process computes."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def joined() -> Iterator[None]:
    """Works with the other processes that torchrun or accelerate launch started, if there are any.

    Where this process has joined them already, nothing is changed.
    """
    is_ours = int(os.environ.get("WORLD_SIZE", "1")) > 1 and not _is_joined()
    if not is_ours:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(device())
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def gathered(array: np.ndarray) -> np.ndarray:
    """The rows of all processes, those of the first one first; all must call it.

    Arrays may have different numbers of rows; one without rows may have any number of columns.
    """
    if world() == 1:
        return array
    sizes = [json.loads(text) for text in _texts(json.dumps(array.shape))]
    tail = tuple(max(each[1:] for each in sizes))
    rows = max(each[0] for each in sizes)
    padded = np.zeros((rows, *tail), array.dtype)
    if len(array):
        padded[: len(array)] = array
    parts = _all(torch.from_numpy(padded))
    return np.concatenate([part[: size[0]] for part, size in zip(parts, sizes, strict=True)])


def gathered_texts(texts: list[str]) -> list[str]:
    """The texts of all processes, those of the first one first; all must call it."""
    if world() == 1:
        return texts
    return [text for part in _texts(json.dumps(texts)) for text in json.loads(part)]


def _texts(text: str) -> list[str]:
    """The text of every process."""
    content = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    lengths = [int(part[0]) for part in _all(torch.tensor([len(content)]))]
    padded = torch.zeros(max(lengths), dtype=torch.uint8)
    padded[: len(content)] = content
    parts = zip(_all(padded), lengths, strict=True)
    return [part[:length].tobytes().decode() for part, length in parts]


def _all(tensor: Tensor) -> list[np.ndarray]:
    """The tensor of every process; they have one shape."""
    device = torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")
    own = tensor.to(device)
    parts = [torch.empty_like(own) for _ in range(world())]
    distributed.all_gather(parts, own)
    return [part.cpu().numpy() for part in parts]


def _is_joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()
