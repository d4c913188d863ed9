"""The optimizer of a network's parameters."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, Optimizer


def make_optimizer(
    module: nn.Module, *, lr: float, momentum: float, weight_decay: float
) -> Optimizer:
    """Stochastic gradient descent with Nesterov momentum; norms and biases do not decay.

    Parameters of one axis are gains and offsets: pulling them to zero shrinks the signal, not the
    function.

    Source: T. He et al., "Bag of tricks for image classification with convolutional neural
    networks", 2019, section 3.1.
    """
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    filled = [group for group in groups if group["params"]]
    return SGD(filled, lr=lr, momentum=momentum, nesterov=momentum > 0)


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Use this learning rate from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = lr
