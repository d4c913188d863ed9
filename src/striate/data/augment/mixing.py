"""Targets that are shares of classes: label smoothing aside, what mixup and cutmix train on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from striate.data.augment.plan import Mix


def mixed(images: Tensor, mix: Mix) -> Tensor:
    """Images mixed with their partners; N×C×H×W, a new tensor.

    Source: H. Zhang et al., "mixup: beyond empirical risk minimization", 2018, equation 1; S. Yun
    et al., "CutMix", 2019, equation 1.
    """
    partners = images[torch.from_numpy(mix.partners).to(images.device)]
    if mix.kind == "mixup":
        return mix.share * images + (1 - mix.share) * partners
    top, left, bottom, right = mix.box
    result = images.clone()
    result[:, :, top:bottom, left:right] = partners[:, :, top:bottom, left:right]
    return result


def mixed_targets(labels: Tensor, mix: Mix, *, classes: int) -> Tensor:
    """The share of every class in mixed images: float32, N×K; rows of int64 labels sum to one.

    labels: int64, N; or, of images that may have several, float32, N×K.
    """
    shares = labels if labels.is_floating_point() else one_hot(labels, classes).to(torch.float32)
    partners = torch.from_numpy(mix.partners).to(labels.device)
    return mix.share * shares + (1 - mix.share) * shares[partners]
