"""ONNX models run by onnxruntime on the CPU, to compare them with what they were made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import onnx

_ERRORS_ONLY = 3


class Session:
    """A model that is ready to run: `session(batch)` gives its outputs.

    model: as made by `onnx_model`, or the path of its file, which alone finds weights beside it.
    threads: that work on one operator; 0 leaves it to onnxruntime.
    """

    def __init__(self, model: onnx.ModelProto | str | Path, *, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        given = str(model) if isinstance(model, str | Path) else model.SerializeToString()
        self._session = onnxruntime.InferenceSession(
            given, options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {one.name: tuple(one.shape) for one in self._session.get_inputs()}
        self.outputs = {one.name: tuple(one.shape) for one in self._session.get_outputs()}

    def __call__(self, *batches: np.ndarray) -> tuple[np.ndarray, ...]:
        """The outputs for a batch for each input, in their order."""
        return tuple(self._session.run(None, dict(zip(self.inputs, batches, strict=True))))
