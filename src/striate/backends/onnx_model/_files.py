"""A model on disk: one file, or two where the format's limit asks for it; whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from striate.errors import UsageError

if TYPE_CHECKING:
    import onnx

MOST_BYTES = 2**31 - 2**24
"""Weights in one file: protobuf ends at 2 GiB, and the nodes need some of it."""
_SMALLEST_OUTSIDE = 1024
"""Smaller tensors, in bytes, stay in the model."""


def save(path: Path, model: onnx.ModelProto, most_bytes: int) -> tuple[Path, ...]:
    """The files written."""
    import onnx

    size = sum(len(one.raw_data) for one in model.graph.initializer)
    names = [path.name]
    try:
        # In the same folder, so that moving is one step.
        folder = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as problem:
        raise _unwritable(path, problem) from None
    try:
        if size > most_bytes:
            names.insert(0, f"{path.name}.data")
            onnx.save_model(
                model,
                folder / path.name,
                save_as_external_data=True,
                location=names[0],
                size_threshold=_SMALLEST_OUTSIDE,
            )
        else:
            onnx.save_model(model, folder / path.name)
        for name in names:
            _move(folder / name, path.with_name(name))
    except OSError as problem:
        raise _unwritable(path, problem) from None
    finally:
        rmtree(folder, ignore_errors=True)
    return tuple(path.with_name(name) for name in reversed(names))


def _move(made: Path, place: Path) -> None:
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    with suppress(OSError):
        made.chmod(0o666 & ~_umask())
    made.replace(place)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: Path, problem: OSError) -> UsageError:
    return UsageError.of(
        "model-unwritable",
        f"cannot write '{path}': {problem.strerror}",
        "give the name of a file in a folder that exists and may be written to",
    )
