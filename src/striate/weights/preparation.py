"""How images were prepared for published weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

from striate.data import Preprocessing
from striate.data.preprocessing import Interpolation
from striate.errors import BundleError
from striate.files import Json
from striate.weights.imagenet import imagenet_classes
from striate.zoo import Card

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
EFFICIENTNET_LITE = Preprocessing(
    224,
    224,
    3,
    (127 / 255,) * 3,
    (128 / 255,) * 3,
    crop_share=224 / 256,
    interpolation="bicubic",
)
"""Source: the EfficientNet-Lite code of TensorFlow, 2020: (x - 127) / 128, crop of 224 in 256."""

# torchvision's presets that differ from a crop of 224 in 256, bilinear: the shorter side after
# resizing, the crop, and the filter. Source: its `ImageClassification` transforms, version 0.28.
_TORCHVISION: dict[str, tuple[int, int, Interpolation]] = {
    "efficientnet_b0": (256, 224, "bicubic"),
    "efficientnet_b1": (256, 240, "bicubic"),
    "efficientnet_b2": (288, 288, "bicubic"),
    "efficientnet_b3": (320, 300, "bicubic"),
    "efficientnet_b4": (384, 380, "bicubic"),
    "efficientnet_b5": (456, 456, "bicubic"),
    "efficientnet_b6": (528, 528, "bicubic"),
    "efficientnet_b7": (600, 600, "bicubic"),
    "efficientnet_v2_s": (384, 384, "bilinear"),
    "efficientnet_v2_m": (480, 480, "bilinear"),
    "efficientnet_v2_l": (480, 480, "bicubic"),
    "inception_v3": (342, 299, "bilinear"),
    "mnasnet0_75": (232, 224, "bilinear"),
    "mnasnet1_3": (232, 224, "bilinear"),
    "regnet_y_128gf": (384, 384, "bicubic"),
    "resnext101_64x4d": (232, 224, "bilinear"),
    "shufflenet_v2_x1_5": (232, 224, "bilinear"),
    "shufflenet_v2_x2_0": (232, 224, "bilinear"),
}
# googlenet and inception_v3 scale their input once more, to the halves they were trained with.
_HALVES = ("efficientnet_v2_l", "googlenet", "inception_v3")


class Origin(NamedTuple):
    """What is known beside the tensors."""

    preprocessing: Preprocessing | None
    classes: tuple[str, ...] | None


def of_card(card: Card) -> Preprocessing | None:
    """What the library prepares images with whose numbers are on a card; None for a paper's."""
    if card.top1 is None or len(card.input) != 3 or card.input[0] != 3:
        return None
    side = card.input[1]
    if card.source == "timm":
        return _usual(side, 0.875, "bicubic")
    if card.source != "torchvision":
        return None
    shorter, crop, interpolation = _TORCHVISION.get(card.name, (256, 224, "bilinear"))
    record = _usual(crop, crop / shorter, interpolation)
    if card.name in _HALVES:
        return replace(record, mean=(0.5,) * 3, deviation=(0.5,) * 3)
    return record


def usual(sizes: tuple[int | None, ...]) -> Preprocessing | None:
    """What most ImageNet weights were made with, for a network that takes colour images."""
    match sizes:
        case (3, height, width):
            return replace(_usual(224, 0.875, "bilinear"), height=height or 224, width=width or 224)
    return None


def _usual(side: int, share: float, interpolation: Interpolation) -> Preprocessing:
    return Preprocessing(
        side,
        side,
        3,
        IMAGENET_MEAN,
        IMAGENET_DEVIATION,
        crop_share=share,
        interpolation=interpolation,
    )


def of_config(path: Path) -> Origin:
    """What the `config.json` of a timm repository says; nothing where it is another's or damaged.

    Source: timm's `pretrained_cfg`: mean, std, input_size, crop_pct, crop_mode, interpolation.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Origin(None, None)
    if not isinstance(config, dict):
        return Origin(None, None)
    told = config.get("pretrained_cfg")
    return Origin(_record(told) if isinstance(told, dict) else None, _classes(config))


def _record(told: Mapping[str, Json]) -> Preprocessing | None:
    try:
        channels, height, width = cast("list[int]", told["input_size"])
        values: dict[str, Json] = {
            **Preprocessing(height, width, channels).to_json(),
            "mean": told["mean"],
            "deviation": told["std"],
            "crop_share": told.get("crop_pct") or 0.875,
            "interpolation": told.get("interpolation") or "bicubic",
            "resize": "stretch" if told.get("crop_mode") == "squash" else "shorter-side",
        }
        return Preprocessing.from_json(values)
    except (KeyError, TypeError, ValueError, BundleError):
        return None


def _classes(config: Mapping[str, Json]) -> tuple[str, ...] | None:
    """The names a config states, or ImageNet's where it has a thousand classes."""
    names = config.get("label_names")
    if isinstance(names, list) and names:
        return tuple(map(str, names))
    return imagenet_classes() if config.get("num_classes") == 1000 else None
