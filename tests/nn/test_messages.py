"""What a user reads who makes a mistake: the full text for every code of the package.

Codes that a single layer raises have their text in the test of that layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import striate.nn as snn
from striate.errors import GraphError

MESSAGES: list[tuple[Callable[[], object], str]] = [
    (
        lambda: snn.SpatialDropout(0.5)(torch.zeros(3, 8)),
        "error: SpatialDropout: the input has 2 axes (3x8), expected N×C×L, N×C×H×W, N×C×D×H×W  "
        "[nn-rank]\n   = help: the first axis is the batch; one image becomes a batch with x[None]",
    ),
    (
        lambda: snn.DeformConv2d(3, 8, 3)(torch.zeros(3, 8, 8), torch.zeros(1)),
        "error: DeformConv2d: the input has 3 axes (3x8x8), expected N×C×H×W  [nn-rank]\n"
        "   = help: the first axis is the batch; one image becomes a batch with x[None]",
    ),
    (
        lambda: snn.ChannelMean()(torch.zeros(3)),
        "error: ChannelMean: the input has the shape 3, expected N×C or N×C×…  [nn-no-channels]\n"
        "   = help: the first axis is the batch; one example becomes a batch with x[None]",
    ),
    (
        lambda: snn.LayerNormChannels(96)(torch.zeros(2, 8, 8, 96)),
        "error: LayerNormChannels: the input has 8 channels, expected 96  [nn-channels]\n"
        "   = help: the input is 2x8x8x96; channels are its second axis",
    ),
    (
        lambda: snn.ChannelShuffle(0),
        "error: ChannelShuffle: groups is 0, expected a whole number of at least 1  "
        "[nn-whole-number]",
    ),
    (
        lambda: snn.LpPool((2, 2.5)),  # type: ignore[arg-type]
        "error: LpPool: kernel_size is 2.5, expected a whole number of at least 1  "
        "[nn-whole-number]",
    ),
    (
        lambda: snn.LpPool((2, 2))(torch.zeros(1, 1, 4)),
        "error: lp_pool: kernel_size has 2 numbers (2, 2), expected 1: one per spatial axis of "
        "N×C×L  [nn-axes]\n   = help: give a single number to use it for every axis",
    ),
    (
        lambda: snn.DropBlock(1.5),
        "error: DropBlock: p is 1.5, expected a share between 0 and 1  [nn-share]\n"
        "   = help: p is the share that is dropped: 0.1 drops one in ten",
    ),
    (
        lambda: snn.GeM(0),
        "error: GeM: p is 0, expected at least 0.001  [nn-number]\n"
        "   = help: p = 1 is the mean, p = 3 the usual start",
    ),
    (
        lambda: snn.DeformConv2d(30, 64, 3, groups=4),
        "error: DeformConv2d: 30 channels do not divide into groups=4  [nn-groups]\n"
        "   = help: divisors of 30: 1, 2, 3, 5, 6, 10, 15, 30",
    ),
    (
        lambda: snn.Resize(2, mode="bilinaer"),
        "error: Resize: mode is 'bilinaer'; did you mean 'bilinear'?  [nn-choice]\n"
        "   = help: one of: nearest, nearest-exact, linear, bilinear, trilinear, bicubic, area",
    ),
    (
        lambda: snn.PixelUnshuffle(2)(torch.zeros(1, 3, 7, 8)),
        "error: PixelUnshuffle: 7x8 pixels do not divide into blocks of 2x2  [nn-blocks]\n"
        "   = help: pad or crop the input to a multiple of the block",
    ),
    (
        lambda: snn.PadChannels(16)(torch.zeros(1, 32, 4, 4)),
        "error: PadChannels: the input has 32 channels, more than 16  [nn-wider]\n"
        "   = help: a projection (a 1x1 convolution) makes it narrower",
    ),
    (
        lambda: snn.Crop()(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 6, 4)),
        "error: Crop: 6x4 pixels cannot be cut out of 4x4  [nn-crop-larger]\n"
        "   = help: swap the two inputs, or pad instead of cropping",
    ),
    (
        lambda: snn.Resize(scale_factor=2, size=8),
        "error: Resize: got scale_factor and size of scale_factor, size, like, expected exactly "
        "one  [nn-one-target]\n"
        "   = help: `like` is the second input of the layer; the others are its settings",
    ),
    (
        lambda: snn.Resize(2, mode="nearest", align_corners=True),
        "error: Resize: align_corners has no meaning for mode 'nearest'  [nn-align-corners]\n"
        "   = help: use mode='linear' or 'bicubic', or leave align_corners out",
    ),
    (
        lambda: snn.Resize(2, mode="bicubic")(torch.zeros(1, 1, 8)),
        "error: Resize: bicubic needs two spatial axes, but the input has 1  [nn-bicubic]\n"
        "   = help: use mode='linear'",
    ),
]


@pytest.mark.parametrize(("mistake", "text"), MESSAGES)
def test_mistake_is_told_with_what_to_do(mistake: Callable[[], object], text: str) -> None:
    with pytest.raises(GraphError) as caught:
        mistake()
    assert str(caught.value) == text


def test_every_code_is_raised_in_one_place_and_has_its_text_tested() -> None:
    folder = Path(snn.__file__).parent
    codes = [
        code
        for file in sorted(folder.glob("*.py"))
        for code in re.findall(r'"(nn-[a-z-]+)",', file.read_text(encoding="utf-8"))
    ]
    assert len(codes) == len(set(codes)) > 10
    tested = "".join(
        file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("*.py")
    )
    assert [code for code in codes if f"[{code}]" not in tested] == []
