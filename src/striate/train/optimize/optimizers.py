"""The optimizer of a network's parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, NAdam, Optimizer, RAdam, RMSprop

from striate.options import Optimizer as Name
from striate.train.optimize.muon import Muon, is_filter
from striate.train.settings import Settings

# Of the squares of gradients, in all relatives of Adam; torch's own default.
SECOND_MOMENTUM = 0.999

Group = dict[str, Any]


def make_optimizer(
    module: nn.Module,
    settings: Settings,
    scales: Mapping[str, float] | None = None,
    *,
    scale_free: Collection[str] = (),
) -> Optimizer:
    """The optimizer that the settings name, of all parameters that are trained.

    scales: how many times `settings.lr` a parameter learns at, by its name; 1 where it is not
    named. scale_free: names of weights whose size has no effect. `settings.momentum` is the first
    of the two betas in relatives of Adam. Parameters of one axis do not decay: they are gains and
    offsets, and pulling them to zero shrinks the signal, not the function.

    Source: T. He et al., "Bag of tricks for image classification with convolutional neural
    networks", 2019, section 3.1.
    """
    groups = parameter_groups(module, settings, scales or {}, scale_free)
    optimizer = _MAKERS[settings.optimizer](groups, settings)
    set_lr(optimizer, settings.lr)
    return optimizer


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Use this learning rate from the next step on, in each group its share of it."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_scale"]


def parameter_groups(
    module: nn.Module,
    settings: Settings,
    scales: Mapping[str, float],
    scale_free: Collection[str] = (),
) -> list[Group]:
    """Parameters that are trained, together where they have the same rate and the same decay.

    In the order of the module, so that a saved state fits again.
    """
    groups: dict[tuple[float, bool, bool, bool], Group] = {}
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        scale, decays = scales.get(name, 1.0), parameter.ndim > 1
        is_muon = settings.optimizer == "muon" and is_filter(parameter)
        is_scale_free = is_muon and name in scale_free
        muon = {"is_orthogonal": is_muon, "is_scale_free": is_scale_free}
        group = groups.setdefault(
            (scale, decays, is_muon, is_scale_free),
            {
                "params": [],
                "lr_scale": scale,
                "weight_decay": settings.weight_decay if decays else 0.0,
                **(muon if settings.optimizer == "muon" else {}),
            },
        )
        group["params"].append(parameter)
    return list(groups.values())


def _sgd(groups: list[Group], settings: Settings) -> Optimizer:
    """Source: I. Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013, section 2, for Nesterov's momentum.
    """
    momentum = settings.momentum
    optimizer = SGD(
        groups, lr=settings.lr, momentum=momentum, nesterov=momentum > 0, fused=_can_fuse(groups)
    )
    # Torch's fused step cannot add what is thawed later to a group that has moved already; where
    # all begin with a velocity of zero it need not, and the first step is the same.
    for group in groups if momentum > 0 else ():
        for parameter in group["params"]:
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


def _adamw(groups: list[Group], settings: Settings) -> Optimizer:
    """Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", 2019."""
    return AdamW(groups, lr=settings.lr, betas=_betas(settings), fused=_can_fuse(groups))


def _adam(groups: list[Group], settings: Settings) -> Optimizer:
    """Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015."""
    return Adam(groups, lr=settings.lr, betas=_betas(settings), fused=_can_fuse(groups))


def _nadam(groups: list[Group], settings: Settings) -> Optimizer:
    """Source: T. Dozat, "Incorporating Nesterov momentum into Adam", 2016; decay as in AdamW."""
    return NAdam(groups, lr=settings.lr, betas=_betas(settings), decoupled_weight_decay=True)


def _radam(groups: list[Group], settings: Settings) -> Optimizer:
    """Source: L. Liu et al., "On the variance of the adaptive learning rate and beyond", 2020;
    decay as in AdamW.
    """
    return RAdam(groups, lr=settings.lr, betas=_betas(settings), decoupled_weight_decay=True)


def _rmsprop(groups: list[Group], settings: Settings) -> Optimizer:
    """Source: T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", 2012; the epsilon of 0.001 and
    0.9 for the squares as in M. Tan and Q. Le's training of EfficientNet, 2019, section 5.2.
    """
    return RMSprop(groups, lr=settings.lr, alpha=0.9, eps=1e-3, momentum=settings.momentum)


def _muon(groups: list[Group], settings: Settings) -> Optimizer:
    dtype = torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
    return Muon(groups, lr=settings.lr, momentum=settings.momentum, dtype=dtype)


def _betas(settings: Settings) -> tuple[float, float]:
    return settings.momentum, SECOND_MOMENTUM


def _can_fuse(groups: Iterable[Group]) -> bool:
    """Whether torch has one pass over memory for all of a step: for plain floats it does."""
    return all(
        parameter.is_floating_point() and parameter.device.type in {"cpu", "cuda"}
        for group in groups
        for parameter in group["params"]
    )


_MAKERS: Final[dict[Name, Callable[[list[Group], Settings], Optimizer]]] = {
    "sgd": _sgd,
    "adamw": _adamw,
    "adam": _adam,
    "nadam": _nadam,
    "radam": _radam,
    "rmsprop": _rmsprop,
    "muon": _muon,
}
