"""A network for those who name none: by the size of the images and the weights at hand."""

from __future__ import annotations

from typing import NamedTuple

from striate.data.audit import QuickAudit
from striate.errors import UsageError
from striate.options import Options
from striate.weights import PRETRAINED, offline_weights

# Images all alike and no larger than this, along their longer side, go to a network for thumbnails.
SMALL_SIDE = 64
# Share of the images that must have one size for all to count as alike.
ALIKE = 0.9

# Pools three times; smaller images would be nothing but edges in the end.
FOR_THUMBNAILS, THUMBNAIL_SIDE = "airbench", 24
FOR_SMALL = "resnet20"
FOR_PHOTOS = "efficientnet_lite0"
WITHOUT_WEIGHTS = "resnet18"


class Usual(NamedTuple):
    """A network, the weights it starts from, why, in words, and the recipe that goes with it."""

    net: str
    pretrained: str | bool
    why: str
    recipe: str


def usual_network(seen: QuickAudit, options: Options) -> Usual:
    """What suits images like these, where the user names no network.

    Weights are used where they are installed, or asked for; unless another recipe than that of
    fine-tuning is.

    Raises:
        UsageError: weights are named, but not of which network.
    """
    given = options.get("pretrained", False)
    if given not in (False, True, PRETRAINED):
        raise UsageError.of(
            "net-needed",
            f"--pretrained names the weights {given}, but not their network",
            "name it as well: --net resnet50, or --net with the text of yours",
        )
    side = options.get("size") or max(seen.height, seen.width)
    if not given and side <= SMALL_SIDE and seen.share > ALIKE:
        if side < THUMBNAIL_SIDE:
            return Usual(FOR_SMALL, False, f"for images of {side} px", "scratch")
        return Usual(FOR_THUMBNAILS, False, f"for images of {side} px", "cifar")
    is_scratch = (
        options.get("recipe", "finetune") != "finetune" or options.get("pretrained") is False
    )
    # Pictures with transparency have two or four channels in their files, and are photos too.
    is_photo = not seen.bands or bool({1, 3} & {seen.channels, *seen.bands})
    if given or (is_photo and not is_scratch and offline_weights(FOR_PHOTOS)):
        return Usual(FOR_PHOTOS, True, "small and fast, with published weights", "finetune")
    return Usual(WITHOUT_WEIGHTS, False, "for photos, from random weights", "scratch")
