"""Weights with what is needed to use them, saved so that a reader sees the old or the new pair."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from striate.errors import BundleError, StriateError, TrainingError
from striate.files import Json, replace_file, replace_json
from striate.train.saving.disk import require_free, told_when_full

FORMAT = 1
PORTION_BYTES = 2**22


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of a network and the facts beside them, as `save_checkpoint` got them."""

    tensors: dict[str, Tensor]
    facts: dict[str, Json]


def save_checkpoint(
    folder: Path, name: str, tensors: Mapping[str, Tensor], facts: Mapping[str, Json]
) -> None:
    """Write `<name>.safetensors` and `<name>.json`, each in one step.

    The facts stand in both files and name the digest of the tensors, so a stop between the two
    steps is noticed on loading and does no harm. Both files are as they were if this fails.

    Raises:
        TrainingError: the disk is full, or does not give back what was written.
    """
    head = save_tensors(folder / f"{name}.safetensors", tensors, facts)
    with told_when_full(folder):
        replace_json(folder / f"{name}.json", head)


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Json]
) -> dict[str, Json]:
    """Write one file of tensors with the facts in its head, in one step; these, with a digest.

    The file takes the place of an old one once it was read back and found to be what was written.

    Raises:
        TrainingError: the disk is full, or does not give back what was written.
    """
    plain = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    head: dict[str, Json] = {"format": FORMAT, "weights_sha256": digest(plain), **facts}
    metadata = {"striate": json.dumps(head, allow_nan=False)}
    # Not safetensors' own save_file: it makes files that only their owner may read.
    content = save(_unshared(plain), metadata=metadata)
    with told_when_full(path.parent, needed_bytes=len(content)):
        require_free(path.parent, len(content))
        replace_file(path, lambda temporary: _write_checked(temporary, content))
    return head


def load_tensors(path: Path) -> Checkpoint:
    """What `save_tensors` wrote; runs no code from it.

    Raises:
        BundleError: missing, damaged or of another format.
    """
    tensors, facts = _read_tensors(path)
    if facts.get("format") != FORMAT or facts.get("weights_sha256") != digest(tensors):
        raise _damaged(path, ValueError("its digest is not that of its tensors"))
    return Checkpoint(tensors, facts)


def load_checkpoint(folder: Path, name: str) -> Checkpoint:
    """The pair of files that `save_checkpoint` wrote; runs no code from them.

    Raises:
        BundleError: missing, damaged or of another format.
    """
    path = folder / f"{name}.json"
    facts = _read_facts(path)
    tensors, inner = _read_tensors(folder / f"{name}.safetensors")
    found = digest(tensors)
    for candidate in (facts, inner):
        if candidate.get("weights_sha256") == found:
            return Checkpoint(tensors, candidate)
    raise BundleError.of(
        "weights-damaged",
        f"the weights in {folder / name}.safetensors are not those that {path.name} describes",
        "one of the two files was changed or damaged: restore both from one copy",
    )


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes, types and values."""
    total = hashlib.sha256()
    for key in sorted(tensors):
        tensor = tensors[key].contiguous()
        total.update(f"{key} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _write_checked(path: Path, content: bytes) -> None:
    """Write, and read back what was written."""
    path.write_bytes(content)
    with path.open("rb") as file:
        for start in range(0, len(content), PORTION_BYTES):
            if file.read(PORTION_BYTES) != content[start : start + PORTION_BYTES]:
                raise TrainingError.of(
                    "save-differs",
                    f"{path.parent} gives back other bytes than were written to it",
                    "the disk is failing, or its file system is: what was saved before is intact",
                    "copy the run folder to another disk, and go on there with "
                    f"striate fit --resume {path.parent.name}",
                )


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies where two names share memory, which the file format refuses."""
    seen: set[int] = set()
    result = {}
    for key, tensor in tensors.items():
        place = tensor.data_ptr()
        result[key] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return result


def _read_facts(path: Path) -> dict[str, Json]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise _missing(path) from missing
    except (OSError, ValueError) as damage:
        raise _damaged(path, damage) from damage
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        version = facts.get("format") if isinstance(facts, dict) else None
        raise BundleError.of(
            "bundle-format",
            f"{path} is of format {version!r}; this striate reads format {FORMAT}",
            "load it with the striate that wrote it",
        )
    return facts


def _read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Json]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            facts = json.loads((file.metadata() or {}).get("striate", "{}"))
    except FileNotFoundError as missing:
        raise _missing(path) from missing
    except (OSError, ValueError, SafetensorError) as damage:
        raise _damaged(path, damage) from damage
    return tensors, facts if isinstance(facts, dict) else {}


def _missing(path: Path) -> StriateError:
    return BundleError.of(
        "bundle-file-missing",
        f"{path} is missing",
        "a run holds network.cnn and best.safetensors with best.json",
    )


def _damaged(path: Path, damage: Exception) -> StriateError:
    return BundleError.of(
        "bundle-damaged",
        f"{path}: {getattr(damage, 'strerror', None) or ' '.join(str(damage).split())}",
        "restore the file from where it came, or train again",
    )
