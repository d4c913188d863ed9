"""The precision to compute in where half precision would not do."""

from __future__ import annotations

import torch
from torch import Tensor


def working_dtype(x: Tensor) -> torch.dtype:
    """float32 for half precision, which cannot tell pixels apart nor square 256; else that of x."""
    return torch.promote_types(x.dtype, torch.float32)
