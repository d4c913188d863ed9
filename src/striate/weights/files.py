"""Tensors from files of unknown origin; no code in them is run."""

from __future__ import annotations

import json
import re
import struct
import warnings
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError  # what torch's safe reader raises; nothing else of pickle
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from striate.errors import StriateError, UsageError, did_you_mean
from striate.files import Json

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_KINDS = "weights are a .safetensors file, or a .pt or .pth file that torch.save made"
_CALLED = re.compile(r"(?:GLOBAL|class)\s+`?([\w.]+)")
_AGAIN = "it may have been cut off on its way: fetch it again"

# What torch's reader is known to raise on damaged files.
_DAMAGE = (
    RuntimeError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
)


class Content(NamedTuple):
    """What a file holds.

    value: names and tensors, perhaps inside wrappings. facts: what striate saved beside them.
    """

    value: object
    facts: Mapping[str, Json]
    has_order: bool


def read_file(path: Path) -> Content:
    """The content of a `.safetensors` file or of one that `torch.save` made, told by its bytes.

    Raises:
        UsageError: missing, damaged, of another kind, or a pickle that would run code.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as problem:
        raise UsageError.of(
            "weights-unreadable", f"cannot read {path}: {problem.strerror}", _KINDS
        ) from None
    if head[8:9] == b"{":
        return _from_safetensors(path)
    if head[:4] == b"PK\x03\x04" or head[:1] == b"\x80":
        return Content(_from_torch(path), {}, has_order=True)
    if path.suffix == ".safetensors" and 0 < len(head) < 9:
        raise _damaged(path, "it ends within its first nine bytes")
    raise _not_weights(path, head)


def _from_safetensors(path: Path) -> Content:
    tensors: dict[str, Tensor] = {}
    try:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118  (it is no mapping)
                tensors[key] = file.get_tensor(key)
            facts = json.loads((file.metadata() or {}).get("striate", "{}"))
    except (OSError, ValueError, SafetensorError) as damage:
        raise _damaged(path, " ".join(str(damage).split())) from damage
    return Content(tensors, facts if isinstance(facts, dict) else {}, has_order=False)


def _from_torch(path: Path) -> object:
    try:
        # Training programs keep their options beside the weights: names and values, no code.
        with torch.serialization.safe_globals([Namespace]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's musings on an odd pickle; the tensors decide
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as refusal:
        found = _CALLED.search(str(refusal))
        if found is None and "nsupported" not in str(refusal):
            raise _damaged(path, "the pickle in it breaks off or is none") from refusal
        wanted = f"it calls for {found[1]}" if found else "it calls for more than tensors"
        raise _wants_code(path, wanted) from refusal
    except _DAMAGE as damage:
        if "TorchScript" in str(damage):
            raise _wants_code(path, "it is a TorchScript program") from damage
        reason = str(damage).split("\n")[0].split(": ", 1)[-1][:200]
        raise _damaged(path, reason or "it ends too early") from damage


def _wants_code(path: Path, wanted: str) -> StriateError:
    return UsageError.of(
        "weights-want-code",
        f"{path} is not only weights: loading it would run code, {wanted}",
        "nothing of it was loaded; a file from a stranger can do harm this way",
        "if you trust it, open it in Python yourself and save the weights alone: "
        "safetensors.torch.save_file(model.state_dict(), 'model.safetensors')",
    )


def _damaged(path: Path, what: str) -> StriateError:
    return UsageError.of("weights-damaged", f"{path} cannot be read: {what}", _AGAIN)


def _not_weights(path: Path, head: bytes) -> StriateError:
    if not head:
        what = "it is empty"
    elif head.startswith(b"version https://git-lfs"):
        what = "it is the pointer of Git LFS to such a file (git lfs pull fetches it)"
    elif head.lstrip()[:1] == b"<":
        what = "it is a web page"
    else:
        what = f"it begins with {head[:8]!r}"
    return UsageError.of("not-weights", f"{path} is no file of weights: {what}", _KINDS)


def _missing(path: Path) -> StriateError:
    folder = path.parent
    near = [str(one) for one in folder.iterdir()] if folder.is_dir() else []
    return UsageError.of(
        "weights-not-found",
        f"there is no file {path}{did_you_mean(str(path), near)}",
        "weights are named by a file, by hf:owner/name, or by the word pretrained",
    )
