"""Torch layers that torch lacks, each usable on its own.

    import striate.nn as snn
    layer = snn.DeformConv2d(64, 64, kernel_size=3, padding=1)

Layers without a number in their name take inputs with one, two or three spatial axes. Wrong
settings and wrong shapes raise `striate.errors.GraphError`.
"""

from striate.nn.affine import Affine
from striate.nn.blur_pool import BlurPool
from striate.nn.capsules import CapsuleRouting, LongestVector, Squash, VectorLength
from striate.nn.channel_norm import LayerNormChannels, RMSNormChannels
from striate.nn.channel_shuffle import ChannelShuffle
from striate.nn.channel_statistics import ChannelMax, ChannelMean
from striate.nn.channelwise_linear import ChannelwiseLinear
from striate.nn.crop import Crop
from striate.nn.deformable_convolution import (
    DeformConv1d,
    DeformConv2d,
    DeformConv3d,
    deform_conv,
)
from striate.nn.drop_block import DropBlock
from striate.nn.gem import GeM
from striate.nn.global_response_norm import GlobalResponseNorm
from striate.nn.group_softmax import GroupSoftmax
from striate.nn.l2_normalize import L2Normalize
from striate.nn.local_response_norm import LocalResponseNorm
from striate.nn.maxout import Maxout
from striate.nn.p_norm_pool import LpPool, lp_pool
from striate.nn.pad_channels import PadChannels
from striate.nn.pixel_shuffle import PixelShuffle, PixelUnshuffle
from striate.nn.radial_basis import RadialBasis
from striate.nn.resize import Resize
from striate.nn.same_conv import SameConv1d, SameConv2d, SameConv3d, SamePad
from striate.nn.spatial_dropout import SpatialDropout
from striate.nn.spatial_transformer import AffineWarp, affine_grid, affine_warp, identity_theta
from striate.nn.stochastic_depth import StochasticDepth
from striate.nn.weight_standardized_conv import (
    WeightStandardizedConv1d,
    WeightStandardizedConv2d,
    WeightStandardizedConv3d,
)

__all__ = [
    "Affine",
    "AffineWarp",
    "BlurPool",
    "CapsuleRouting",
    "ChannelMax",
    "ChannelMean",
    "ChannelShuffle",
    "ChannelwiseLinear",
    "Crop",
    "DeformConv1d",
    "DeformConv2d",
    "DeformConv3d",
    "DropBlock",
    "GeM",
    "GlobalResponseNorm",
    "GroupSoftmax",
    "L2Normalize",
    "LayerNormChannels",
    "LocalResponseNorm",
    "LongestVector",
    "LpPool",
    "Maxout",
    "PadChannels",
    "PixelShuffle",
    "PixelUnshuffle",
    "RMSNormChannels",
    "RadialBasis",
    "Resize",
    "SameConv1d",
    "SameConv2d",
    "SameConv3d",
    "SamePad",
    "SpatialDropout",
    "Squash",
    "StochasticDepth",
    "VectorLength",
    "WeightStandardizedConv1d",
    "WeightStandardizedConv2d",
    "WeightStandardizedConv3d",
    "affine_grid",
    "affine_warp",
    "deform_conv",
    "identity_theta",
    "lp_pool",
]
