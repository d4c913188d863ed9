"""What of a training fits into memory, estimated from the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from striate.analysis.memory import training_memory
from striate.files import memory_bytes
from striate.ir import Graph
from striate.quantities import byte_size
from striate.train.compute.checkpointing import chosen_blocks
from striate.train.settings import Settings

# Share of what is free that a training should count on: kernels need scratch space, allocators
# round up, and images are on their way.
MARGIN: Final = 0.8
# Bytes of an activation, of which weights keep float32 ones.
ACTIVATION_BYTES: Final[Mapping[str, int]] = {"float32": 4, "bfloat16": 2, "float16": 2}
# Optimizers with one number a weight, as the analysis calls them; all others keep two.
LIKE: Final[Mapping[str, str]] = {"sgd": "nesterov", "muon": "momentum", "rmsprop": "rmsprop"}
CGROUP = Path("/sys/fs/cgroup")


def available_bytes(device: torch.device) -> int:
    """Bytes that this process may still take on a device, by what its container allows too."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + kept)
    found = [memory_bytes(), _free_in_machine(), _free_in_container()]
    return min(size for size in found if size is not None)


def _free_in_machine(file: Path = Path("/proc/meminfo")) -> int | None:
    """What Linux says is available without swapping; None elsewhere."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    rows = [line.split() for line in lines]
    return next((int(row[1]) * 1024 for row in rows if row[0] == "MemAvailable:"), None)


def _free_in_container(folder: Path = CGROUP) -> int | None:
    """What the limit of a container leaves; None without a limit. Versions 2 and 1."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            most = (folder / limit).read_text(encoding="ascii").strip()
            taken = (folder / used).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if most.isdecimal() and taken.isdecimal():
            return max(0, int(most) - int(taken))
    return None


def training_bytes(graph: Graph, settings: Settings, batch: int) -> int | None:
    """Bytes that a step on so many images takes at its peak; None where a size is unknown.

    batch: images that are computed at once. Weights, gradients and the optimizer's numbers are
    float32; a copy of the weights is kept to go back to, and the average is another.
    """
    optimizer = LIKE.get(settings.optimizer, "adamw")
    plain = training_memory(graph, batch=batch, optimizer=optimizer)
    if plain is None:
        return None
    copies = 1 + (settings.ema > 0)
    gradients = plain.gradients_bytes * settings.replicas
    fixed = plain.weights_bytes * (1 + copies) + gradients + plain.optimizer_bytes
    width = ACTIVATION_BYTES[settings.precision]
    saved = plain.saved_bytes
    if settings.checkpointing:
        saved = min(saved, chosen_blocks(graph).kept_bytes * batch)
    images = 4 * batch * sum(graph.type_of(value).elements or 0 for value in graph.inputs)
    return fixed + images + (saved + plain.workspace_bytes) * width // 4


def fits(graph: Graph, settings: Settings, batch: int, free_bytes: int) -> bool:
    """Whether a step on so many images fits, by estimate and with a margin."""
    needed = training_bytes(graph, settings, batch)
    return needed is None or needed <= MARGIN * free_bytes


def largest_batch(graph: Graph, settings: Settings, free_bytes: int) -> int:
    """Most images that fit in a step, by estimate and with a margin; 0 where not even two do."""
    if not fits(graph, settings, 2, free_bytes):
        return 0
    one, two = (training_bytes(graph, settings, batch) for batch in (1, 2))
    if one is None or two is None:
        return settings.batch
    return int((MARGIN * free_bytes - (2 * one - two)) // max(two - one, 1))


def what_would_fit(graph: Graph, settings: Settings, free_bytes: int) -> list[str]:
    """What to change where a training was out of memory, in words, the least harmful first.

    free_bytes: of the device without this training.
    """
    needed = training_bytes(graph, settings, settings.batch // settings.accumulate)
    lines = []
    if needed is not None:
        lines.append(
            f"a step on {settings.batch // settings.accumulate} images takes about "
            f"{byte_size(needed)}; free are {byte_size(free_bytes)}"
        )
    most = largest_batch(graph, settings, free_bytes)
    parts = _parts(settings, most)
    if parts:
        lines.append(
            f"--accumulate {parts} computes the batch in {parts} parts, with the same result "
            "but for batch norm"
        )
    forgetting = largest_batch(graph, replace(settings, checkpointing=True), free_bytes)
    if forgetting > most:
        lines.append(
            "--checkpointing computes activations twice instead of keeping them: "
            f"{forgetting:,} images fit"
        )
    if 2 <= most < settings.batch:
        lines.append(f"--batch {_power(most)} fits by estimate")
    lines.append("a smaller --size takes less, by its square")
    return lines


def _parts(settings: Settings, most: int) -> int | None:
    """The fewest parts of a batch that fit, if that is any help."""
    if most < 2 or most >= settings.batch // settings.accumulate:
        return None
    return -(-settings.batch // most)


def _power(most: int) -> int:
    """The largest power of two that is no more."""
    return 1 << (most.bit_length() - 1)
