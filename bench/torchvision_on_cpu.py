"""Lets torchvision's models be imported beside a CPU-only torch that its wheel was not built for.

Its compiled operators (box suppression and relatives) do not load there, and importing fails at the
first one that it describes to torch. None of them is part of a classification network, so declaring
them without an implementation is enough.
"""

from __future__ import annotations

import torch

_DECLARED = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
_OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def import_torchvision() -> None:
    """Imports torchvision, with its missing operators declared where that is needed."""
    try:
        import torchvision
    except RuntimeError:
        for name, schema in _OPERATORS.items():
            _DECLARED.define(f"{name}{schema}")  # type: ignore[no-untyped-call]
        import torchvision  # noqa: F401
