"""Where a network looks for a class: gradient-weighted class activation maps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from striate.errors import UsageError
from striate.explain.probe import Probe


def grad_cam(probe: Probe, image: Tensor, target: int) -> np.ndarray:
    """How much each position of the layer speaks for a class: float64, h×w, 0 and up.

    image: 1×C×H×W as the network takes it. target: place of the class.

    Source: R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
    Gradient-based Localization", 2017, equations 1 and 2; as `captum` computes it.

    Raises:
        UsageError: captum is not installed.
    """
    try:
        from captum.attr import LayerGradCam
    except ImportError as missing:
        raise UsageError.of(
            "missing-explain",
            "maps of where a network looks are made by the package captum, which is not installed",
            "pip install 'striate[explain]'",
        ) from missing
    with torch.enable_grad():
        found = LayerGradCam(probe, probe.place).attribute(
            image, target=target, attribute_to_layer_input=True, relu_attributions=True
        )
    return np.asarray(found[0, 0].detach().double().cpu().numpy())
