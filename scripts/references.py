"""The networks of torchvision and timm under the names of the zoo, with weights given by ours."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))
from torchvision_on_cpu import import_torchvision  # noqa: E402

import_torchvision()
import timm  # noqa: E402
import torchvision  # noqa: E402

SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    # Without the branch that only training uses.
    ("torchvision", "googlenet"): {"aux_logits": False, "init_weights": False},
    ("torchvision", "inception_v3"): {"aux_logits": False, "init_weights": False},
    # As published by TensorFlow; timm's networks of this very name are for weights of its own.
    **{("timm", f"efficientnet_lite{i}"): {"pad_type": "same", "bn_eps": 1e-3} for i in range(5)},
    # One text serves both libraries; they differ in this number, and the text has torchvision's.
    **{("timm", f"efficientnet_b{i}"): {"bn_eps": 1e-3} for i in range(5, 8)},
}
"""What builds the reference as the text has it."""
PYRAMID = "fpn_resnet50"
"""Part of torchvision's detectors, and so in no list of its networks."""


def libraries_of(name: str) -> tuple[str, ...]:
    """Those that have a network of that name, torchvision first."""
    found = []
    if name in torchvision.models.list_models() or name == PYRAMID:
        found.append("torchvision")
    if name in timm.list_models():
        found.append("timm")
    return tuple(found)


def library_version(library: str) -> str:
    """As installed."""
    return version(library)


def reference(library: str, name: str) -> nn.Module:
    """The network of a library, with whatever stands in memory for weights."""
    make: Callable[..., nn.Module] = timm.create_model
    if library == "torchvision":
        make = torchvision.models.get_model
    with warnings.catch_warnings(), uninitialised():
        warnings.simplefilter("ignore")
        if name == PYRAMID:
            backbone = torchvision.models.detection.backbone_utils.resnet_fpn_backbone
            pyramid: nn.Module = backbone(
                backbone_name="resnet50",
                weights=None,
                norm_layer=nn.BatchNorm2d,
                trainable_layers=5,
            )
            return pyramid
        return make(name, **SETTINGS.get((library, name), {}))


@contextmanager
def uninitialised() -> Iterator[None]:
    """Weights are not drawn meanwhile: they get other numbers, and drawing takes seconds."""
    kept = {name: one for name, one in vars(nn.init).items() if name.endswith("_")}
    kept = {name: one for name, one in kept.items() if callable(one) and not name.startswith("_")}

    def nothing(tensor: Tensor, *_: object, **__: object) -> Tensor:
        return tensor

    vars(nn.init).update(dict.fromkeys(kept, nothing))
    try:
        yield
    finally:
        vars(nn.init).update(kept)


def matched(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> dict[str, str]:
    """For each key of theirs, ours: the same one, or else the one in the same place.

    Raises:
        ValueError: there are more of them, or one has another shape.
    """
    if ours.keys() == theirs.keys():
        return {key: key for key in theirs}
    if len(ours) != len(theirs):
        only = (
            [key for key in ours if key not in theirs],
            [key for key in theirs if key not in ours],
        )
        raise ValueError(f"{len(ours)} tensors for {len(theirs)}: {only[0][:3]}, {only[1][:3]}")
    for key, other in zip(theirs, ours, strict=True):
        if not _alike(theirs[key], ours[other]):
            shapes = tuple(theirs[key].shape), tuple(ours[other].shape)
            raise ValueError(f"{key} {shapes[0]} is not {other} {shapes[1]}")
    return dict(zip(theirs, ours, strict=True))


def _alike(one: Tensor, other: Tensor) -> bool:
    """An FC layer may be a convolution over all there is, so ones of a shape do not count."""
    if [size for size in one.shape if size > 1] == [size for size in other.shape if size > 1]:
        return True
    return {one.dim(), other.dim()} == {2, 4} and one.numel() == other.numel()


def share_weights(ours: nn.Module, theirs: nn.Module) -> dict[str, str]:
    """Makes the weights of ours those of theirs too, without a copy; gives `matched`.

    Raises:
        ValueError: they do not fit.
    """
    given: dict[str, Tensor] = ours.state_dict()
    wanted: dict[str, Tensor] = theirs.state_dict()
    names = matched(given, wanted)
    for key in names:  # In place, as torchvision's MNASNet wants the version noted on the dict.
        wanted[key] = given[names[key]].view(wanted[key].shape)
    theirs.load_state_dict(wanted, assign=True)
    return names
