"""A model in one piece, or on disk: one file, or two where the format's limit asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from striate.backends.onnx_model._build import Built
from striate.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import onnx

MOST_BYTES = 2**31 - 2**24
"""Weights in one file: protobuf ends at 2 GiB, and the nodes need some of it."""
_SMALLEST_OUTSIDE = 1024
"""Smaller tensors, in bytes, stay in the model, where shapes and axes are looked for."""
_ALIGNMENT = 4096
"""Tensors outside start at multiples of this many bytes, so that they can be mapped."""


def whole(made: Built) -> onnx.ModelProto:
    """The model with its weights inside.

    Raises:
        UsageError: they are too many.
    """
    if made.size_bytes > MOST_BYTES:
        raise UsageError.of(
            "model-too-large",
            f"the weights are {made.size_bytes:,} bytes, and one model holds {MOST_BYTES:,}",
            "write it by save_onnx, which puts them beside it",
        )
    made.model.graph.initializer.extend(_inside(made))
    return made.model


def save(path: Path, made: Built, most_bytes: int) -> tuple[Path, ...]:
    """The files written, all or none of them."""
    try:
        # In the same folder, so that moving is one step.
        folder = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as problem:
        raise _unwritable(path, problem) from None
    try:
        names = _write(folder, path.name, made, most_bytes)
        for name in names:
            _move(folder / name, path.with_name(name))
    except OSError as problem:
        raise _unwritable(path, problem) from None
    finally:
        rmtree(folder, ignore_errors=True)
    return tuple(path.with_name(name) for name in reversed(names))


def _write(folder: Path, name: str, made: Built, most_bytes: int) -> list[str]:
    """The names of the files, the model last: it appears when what it refers to is there."""
    import onnx

    names = [name]
    tensors = made.model.graph.initializer
    if made.size_bytes > most_bytes:
        names.insert(0, f"{name}.data")
        tensors.extend(_outside(made, folder / names[0]))
    else:
        tensors.extend(_inside(made))
    onnx.save_model(made.model, folder / name)
    return names


def _inside(made: Built) -> Iterator[onnx.TensorProto]:
    from onnx import numpy_helper

    for name, array in made.tensors.items():
        yield numpy_helper.from_array(array, name)


def _outside(made: Built, place: Path) -> Iterator[onnx.TensorProto]:
    """Writes large tensors to the file, one after the other, and refers to them."""
    from onnx import numpy_helper

    with place.open("wb") as file:
        for name, array in made.tensors.items():
            if array.nbytes < _SMALLEST_OUTSIDE:
                yield numpy_helper.from_array(array, name)
            else:
                file.write(bytes(-file.tell() % _ALIGNMENT))
                start = file.tell()
                file.write(array.data)
                yield _reference(name, array, place.name, start)


def _reference(name: str, array: np.ndarray, file: str, start: int) -> onnx.TensorProto:
    from onnx import TensorProto, helper

    made = TensorProto(
        name=name,
        dims=array.shape,
        data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
        data_location=TensorProto.EXTERNAL,
    )
    facts = {"location": file, "offset": start, "length": array.nbytes}
    for key, value in facts.items():
        made.external_data.add(key=key, value=str(value))
    return made


def _move(made: Path, place: Path) -> None:
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(place)


def _unwritable(path: Path, problem: OSError) -> UsageError:
    return UsageError.of(
        "model-unwritable",
        f"cannot write '{path}': {problem.strerror}",
        "give the name of a file in a folder that exists and may be written to",
    )
