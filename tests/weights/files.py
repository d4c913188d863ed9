"""Small networks and files of weights for these tests."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

TEXT = (
    "input(3, 8, 8) -> stem: (conv: conv(4, b=0) -> bn: bn) -> relu "
    "-> body: (conv: conv(4, b=0) -> bn: bn) -> relu -> gap -> head: fc({classes})"
)


def text(classes: int = 5) -> str:
    return TEXT.replace("{classes}", str(classes))


def numbered(module: nn.Module) -> dict[str, Tensor]:
    """The state of a module with numbers that tell every place apart."""
    found, start = {}, 1
    for key, tensor in module.state_dict().items():
        count = tensor.numel()
        filled = torch.arange(start, start + count, dtype=torch.float32) / 100
        found[key] = filled.reshape(tensor.shape).to(tensor.dtype)
        start += count
    return found


def saved(tensors: dict[str, Tensor], path: Path) -> Path:
    """The tensors in a `.safetensors` file or, by the suffix, as torch saves them."""
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
    return path


def equal(module: nn.Module, tensors: dict[str, Tensor]) -> bool:
    """Whether the state of a module is exactly this one."""
    state = module.state_dict()
    return state.keys() == tensors.keys() and all(
        torch.equal(state[key], tensors[key]) for key in state
    )
