"""A network in a file for other runtimes, and how far it is from the one in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from striate.data import Preprocessing
from striate.files import replace_text
from striate.networks import Network

if TYPE_CHECKING:
    from striate.backends.onnx_model.run import Session

_BATCHES = (1, 3)
_OPEN_SIZE = 64
"""Pixels along an axis whose size is open, for trying the model out."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    files: the model, and the file of its weights where they are too many for one.
    reference: a Python file beside it that prepares images with numpy and pillow alone; None where
        nobody says how images are prepared.
    inputs, outputs: sizes by name, the batch first; a word where a size is open.
    difference: the largest between its outputs and torch's on random input, as a share of the
        largest number that comes out.
    """

    files: tuple[Path, ...]
    reference: Path | None
    opset: int
    inputs: dict[str, tuple[int | str | None, ...]]
    outputs: dict[str, tuple[int | str | None, ...]]
    difference: float

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.stat().st_size for file in self.files)


def export_onnx(
    net: Network,
    module: nn.Module,
    path: str | Path,
    *,
    classes: Sequence[str] | None = None,
    preprocessing: Preprocessing | None = None,
    temperature: float | None = None,
) -> Exported:
    """Write the network with the weights of `module` to an ONNX file, check it and run it once.

    classes, preprocessing, temperature: of its metadata, see `Network.onnx`. Beside it goes
    `NAME_preprocess.py`, where it is known how images are prepared.

    Raises:
        UsageError: the file cannot be written.
        GraphError: a layer has no ONNX form.
    """
    import onnx

    from striate.backends.onnx_model import OPSET
    from striate.backends.onnx_model.run import Session

    files = net.onnx(
        path, module, classes=classes, preprocessing=preprocessing, temperature=temperature
    )
    onnx.checker.check_model(str(files[0]), full_check=True)
    session = Session(files[0], threads=torch.get_num_threads())
    record = preprocessing or getattr(getattr(module, "loaded", None), "preprocessing", None)
    return Exported(
        files,
        _write_reference(files[0]) if record else None,
        OPSET,
        session.inputs,
        session.outputs,
        largest_difference(net, module, session),
    )


@torch.no_grad()
def largest_difference(
    net: Network, module: nn.Module, session: Session, batches: Sequence[int] = _BATCHES
) -> float:
    """Between the outputs for random input, as a share of the largest number that comes out."""
    module.eval()
    found = 0.0
    for batch in batches:
        images = [
            torch.randn(batch, *(size or _OPEN_SIZE for size in given.sizes))
            for given in net.graph.input_types
        ]
        expected = module(*images)
        given = session(*(image.numpy() for image in images))
        pairs = zip(_several(expected), given, strict=True)
        found = max(found, *(_apart(one, torch.from_numpy(other)) for one, other in pairs))
    return found


def _write_reference(model: Path) -> Path:
    """The file that prepares images for a model, put beside it."""
    path = model.with_name(f"{model.stem}_preprocess.py")
    text = resources.files("striate.data").joinpath("reference.py").read_text("utf-8")
    replace_text(path, text.replace('"model.onnx"', f'"{model.name}"'))
    return path


def _several(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _apart(expected: Tensor, found: Tensor) -> float:
    """Infinite where the shapes differ, or one of the two is not finite."""
    if expected.shape != found.shape:
        return inf
    apart = (expected - found).abs().max().item() / (expected.abs().max().item() or 1.0)
    return apart if isfinite(apart) else inf
