"""Pixels become the numbers that enter a network, in one place for all of striate."""

from __future__ import annotations

import torch
from torch import Tensor

from striate.data._memory import Memory
from striate.data._pieces import rows_at_once
from striate.data.preprocessing import Preprocessing

_MEMORY = Memory()


def network_input(images: Tensor, record: Preprocessing) -> Tensor:
    """uint8 N×H×W×C to what enters the network: float32 N×C×H×W, in channels-last layout.

    The only place where pixels become numbers: training, evaluation and prediction all come here.
    """
    deviation = torch.tensor(record.deviation, dtype=torch.float32, device=images.device)
    mean = torch.tensor(record.mean, dtype=torch.float32, device=images.device)
    factor, shift = 1 / (255 * deviation), -mean / deviation
    if images.device.type != "cpu":
        return torch.addcmul(shift, images.to(torch.float32), factor).permute(0, 3, 1, 2)
    count, height, width, channels = images.shape
    rows = images.reshape(count * height, width * channels)
    factor, shift = factor.repeat(width), shift.repeat(width)
    scaled = _MEMORY.tensor(*rows.shape)
    # In pieces that stay in the core's cache between both steps.
    with rows_at_once(width * channels) as piece:
        parts = zip(torch.split(rows, piece), torch.split(scaled, piece), strict=True)
        for pixels, target in parts:
            torch.addcmul(shift, target.copy_(pixels), factor, out=target)
    return scaled.view(count, height, width, channels).permute(0, 3, 1, 2)
