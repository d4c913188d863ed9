"""Names and defaults of what torch's own layers take, so that calls of them can be compared."""

from __future__ import annotations

import re
from typing import Final

from striate.backends.torch_source._borrowed import signature
from striate.backends.torch_source._terms import Plain

_CONVOLUTION = ("in_channels", "out_channels", "kernel_size")
_CONVOLUTION_DEFAULTS: dict[str, Plain] = {
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
    "padding_mode": "zeros",
}
_NORM_DEFAULTS: dict[str, Plain] = {
    "eps": 1e-5,
    "momentum": 0.1,
    "affine": True,
    "track_running_stats": True,
}
_POOL_DEFAULTS: dict[str, Plain] = {"stride": None, "padding": 0, "ceil_mode": False}

_KNOWN: Final[dict[str, tuple[tuple[str, ...], dict[str, Plain]]]] = {
    "Conv": (_CONVOLUTION, _CONVOLUTION_DEFAULTS),
    "ConvTranspose": (_CONVOLUTION, _CONVOLUTION_DEFAULTS | {"output_padding": 0}),
    "BatchNorm": (("num_features",), _NORM_DEFAULTS),
    "GroupNorm": (("num_groups", "num_channels"), {"eps": 1e-5, "affine": True}),
    "MaxPool": (("kernel_size",), _POOL_DEFAULTS | {"dilation": 1}),
    "AvgPool": (("kernel_size",), _POOL_DEFAULTS | {"count_include_pad": True}),
    "AdaptiveAvgPool": (("output_size",), {}),
    "AdaptiveMaxPool": (("output_size",), {}),
    "Linear": (("in_features", "out_features"), {"bias": True}),
    "Dropout": (("p",), {"p": 0.5}),
    "ChannelShuffle": (("groups",), {}),
    "LeakyReLU": (("negative_slope",), {"negative_slope": 0.01}),
    "PReLU": ((), {"num_parameters": 1, "init": 0.25}),
    "Upsample": ((), {"mode": "nearest"}),
}


def names_and_defaults(layer: str) -> tuple[tuple[str, ...], dict[str, Plain]]:
    """Names of its first parameters, and the defaults of its others; of none where unknown."""
    place, _, name = layer.rpartition(".")
    if place == "striate.nn":
        return signature(name)
    short = re.sub(r"[123]d$", "", name)
    return _KNOWN.get(short, ((), {}))


CHANNEL_KINDS: Final = frozenset(
    {
        "in_channels",
        "out_channels",
        "num_features",
        "num_channels",
        "in_features",
        "out_features",
        "channels",
        "width",
    }
)

# What `nn.Module` keeps under names of its own; a part of such a name is reached another way.
RESERVED: Final = frozenset(
    """T_destination add_module append apply bfloat16 buffers call_super_init children clear compile
    cpu cuda device double dump_patches eval extend extra_repr float forward get_buffer
    get_extra_state get_parameter get_submodule half insert ipu items keys load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters pop
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type update
    values xpu zero_grad""".split()
)
