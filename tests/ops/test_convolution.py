"""Convolutions: sizes and counts worked out by hand, numbers against plain loops."""

from __future__ import annotations

import pytest
import torch

from striate.errors import GraphError
from striate.ir import Op, Setting, TensorType
from tests.ops import loops
from tests.ops.torch_side import images, kind, module_of, node_of, run, sizes

IMAGE = TensorType.of(3, 224, 224)


def conv(*arguments: Setting, **keywords: Setting) -> Op:
    return kind("conv")(*arguments, **keywords)


@pytest.mark.parametrize(
    ("op", "size", "expected"),
    [
        (conv(96, 11, 4, p=0), 227, 55),  # AlexNet: (227-11)/4+1
        (conv(64, 11, 4, p=2), 224, 55),  # floor((224+4-11)/4)+1
        (conv(64, 7, 2), 224, 112),  # ResNet's first: floor((224+6-7)/2)+1
        (conv(64, 3), 14, 14),
        (conv(64, 3, p="valid"), 14, 12),
        (conv(64, 3, 2), 7, 4),  # same with a stride: ceil(7/2)
        (conv(64, 3, 2, p="tf"), 224, 112),
        (conv(64, 3, d=2), 14, 14),  # same pads 2 = 2*(3-1)/2
        (conv(64, 3, p=0, d=2), 14, 10),  # 14 - 2*(3-1)
        (conv(96, 4, 4), 224, 56),  # a patch embedding: an even kernel that tiles
        (conv(8, 4, d=2), 9, 9),  # an even kernel stretched to 7 pixels
        (conv(8, 3, 3), 10, 4),  # same pads 1: floor((10+2-3)/3)+1
    ],
)
def test_size_of_the_plane(op: Op, size: int, expected: int) -> None:
    assert op.infer((TensorType.of(3, size, size),))[0].plane == (expected, expected)


def test_unknown_sizes_stay_unknown() -> None:
    assert conv(8, 3, 2).infer((TensorType.of(3, None, 9),)) == (TensorType.of(8, None, 5),)


def test_numbers_by_axis_go_to_height_then_width() -> None:
    op = conv(8, (1, 7), (1, 2), (0, 3))
    assert op.infer((TensorType.of(3, 10, 20),)) == (TensorType.of(8, 10, 10),)


@pytest.mark.parametrize(
    ("op", "given", "params"),
    [
        (conv(64, 7, 2), (3, 8, 8), 7 * 7 * 3 * 64 + 64),
        (conv(64, 7, 2, b=0), (3, 8, 8), 7 * 7 * 3 * 64),
        (conv(64, 3, g=32), (64, 8, 8), 3 * 3 * 2 * 64 + 64),
        (conv(6, (1, 7)), (3, 8, 8), 7 * 3 * 6 + 6),
        (conv(4, 3), (2, 8), 3 * 2 * 4 + 4),
        (conv(4, 3), (2, 8, 8, 8), 27 * 2 * 4 + 4),
        (kind("dw")(5, m=2), (8, 9, 9), 5 * 5 * 1 * 16 + 16),
        (kind("wsconv")(16, 3), (8, 9, 9), 3 * 3 * 8 * 16 + 16),
    ],
)
def test_params(op: Op, given: tuple[int, ...], params: int) -> None:
    assert node_of(op, TensorType.of(*given)).params == params


def test_macs_of_the_first_layer_of_resnet() -> None:
    # 118.0 M in every published count: 112*112 positions, 7*7*3 products, 64 filters
    assert node_of(conv(64, 7, 2, b=0), IMAGE).cost.macs == 112 * 112 * 7 * 7 * 3 * 64


def test_macs_of_a_depthwise_convolution() -> None:
    assert node_of(kind("dw")(3), TensorType.of(32, 112, 112)).cost.macs == 112 * 112 * 9 * 32


def test_macs_are_unknown_where_a_size_is() -> None:
    cost = node_of(conv(8), TensorType.of(3, None, None)).cost
    assert (cost.macs, cost.known) == (0, False)


def test_formula_is_worked_out() -> None:
    assert conv(128, 3, 2).explain((TensorType.of(64, 56, 56),)) == "floor((56+2*1-3)/2)+1 = 28"


def test_formula_of_a_stretched_kernel() -> None:
    op = conv(8, 3, p=0, d=2)
    assert op.explain((TensorType.of(3, 9, 9),)) == "floor((9+2*0-2*(3-1)-1)/1)+1 = 5"


def test_formula_of_each_axis_where_they_differ() -> None:
    text = conv(8, 3, 2).explain((TensorType.of(3, 9, 12),))
    assert text == "floor((9+2*1-3)/2)+1 = 5, floor((12+2*1-3)/2)+1 = 6"


def test_formula_of_one_sided_padding() -> None:
    text = conv(8, 3, 2, "tf").explain((TensorType.of(3, 16, 16),))
    assert text == "floor((16+0+1-3)/2)+1 = 8"


def test_fan_counts_what_one_number_is_made_of_and_goes_to() -> None:
    weight, bias = conv(64, 3, g=2).weights((TensorType.of(32, 8, 8),))
    assert weight.fan == bias.fan == (16 * 9, 64 * 9)


LOOPED = [
    (conv(6, 3), (1, 1), (1, 1), (1, 1), 1),
    (conv(6, (3, 2), (2, 1), (1, 0), d=(1, 2), g=2, b=0), (2, 1), (1, 0), (1, 2), 2),
    (conv(6, 3, 2, "tf"), (2, 2), (1, 0), (1, 1), 1),  # 7 wants 1+1, 6 wants 0+1
    (kind("dw")(3, 2), (2, 2), (1, 1), (1, 1), 4),
]


@pytest.mark.parametrize(("op", "stride", "before", "dilation", "groups"), LOOPED)
def test_numbers_are_those_of_the_definition(
    op: Op, stride: list[int], before: list[int], dilation: list[int], groups: int
) -> None:
    node = node_of(op, TensorType.of(4, 7, 6))
    module = module_of(node)
    assert module is not None
    (x,) = images(node, batch=1)
    state = module.state_dict()
    steps = loops.Steps(stride, before, dilation)
    expected = loops.conv(x[0], state["weight"], steps, sizes(node.outputs[0])[1:], groups)
    if "bias" in state:
        expected += state["bias"].view(-1, 1, 1)
    assert torch.allclose(run(node, [x], module)[0][0], expected, atol=1e-12)


@pytest.mark.parametrize("rank", [1, 3])
def test_numbers_on_a_line_and_in_a_volume(rank: int) -> None:
    node = node_of(conv(2, 3, 2, b=0), TensorType(2, (5,) * rank))
    module = module_of(node)
    assert module is not None
    (x,) = images(node, batch=1)
    steps = loops.Steps((2,) * rank, (1,) * rank, (1,) * rank)
    expected = loops.conv(x[0], module.state_dict()["weight"], steps, (3,) * rank)
    assert torch.allclose(run(node, [x], module)[0][0], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("reflect", [3, 2, 1, 2, 3, 4, 3, 2]),
        ("replicate", [1, 1, 1, 2, 3, 4, 4, 4]),
        ("circular", [3, 4, 1, 2, 3, 4, 1, 2]),
        ("zeros", [0, 0, 1, 2, 3, 4, 0, 0]),
    ],
)
def test_padding_mode_says_what_stands_outside(mode: str, line: list[float]) -> None:
    node = node_of(conv(1, 5, b=0, pm=mode), TensorType.of(1, 4))
    module = module_of(node)
    assert module is not None
    taps = module.state_dict()["weight"][0, 0]
    expected = torch.tensor(line).double().unfold(0, 5, 1) @ taps
    (got,) = run(node, [torch.arange(1.0, 5).double().view(1, 1, 4)], module)
    assert torch.allclose(got[0, 0], expected)


def test_standardised_filters_have_mean_zero_and_variance_one() -> None:
    node = node_of(kind("wsconv")(2, 3, p=0, b=0, eps=0.5), TensorType.of(2, 3, 3))
    module = module_of(node)
    assert module is not None
    filters = module.state_dict()["weight"].flatten(1)
    centred = filters - filters.mean(1, keepdim=True)
    standard = centred / (centred.pow(2).mean(1, keepdim=True) + 0.5).sqrt()
    (x,) = images(node, batch=1)
    assert torch.allclose(run(node, [x], module)[0].flatten(), standard @ x.flatten())


ERRORS = [
    (
        conv(64, 3, g=4), (30, 8, 8),
        "error: conv: 30 input channels do not divide into g=4 groups  [groups-do-not-divide]\n"
        "   = help: divisors of 30: [1, 2, 3, 5, 6, 10, 15, 30]",
    ),
    (
        conv(30, 3, g=4), (32, 8, 8),
        "error: conv: 30 output channels do not divide into g=4 groups  [groups-do-not-divide]\n"
        "   = help: divisors of 30: [1, 2, 3, 5, 6, 10, 15, 30]",
    ),
    (
        conv(8, 4), (3, 8, 8),
        "error: conv: an even kernel (4) cannot be padded alike on both sides  [even-kernel]\n"
        "   = help: write p=0 or p=2, or p=tf for one more pixel at the end; with stride 4 the "
        "kernel tiles the plane and needs no padding",
    ),
    (
        conv(8, 5, p=0), (3, 4, 9),
        "error: conv: the kernel does not fit: 5 of 4  [kernel-too-large]\n"
        "   = help: the input here is 4x9; use a smaller kernel, more padding or fewer poolings "
        "before it",
    ),
    (
        conv(8, (3, 3)), (3, 8),
        "error: conv: the kernel 3x3 is for 2 axes, and the plane here has 1  [wrong-axis-count]\n"
        "   = help: give one number for all axes, or one for each",
    ),
    (
        conv(8, 3, 2, "tf"), (3, None, 8),
        "error: conv: p=tf with stride 2 needs a known size, and it is left open here  "
        "[open-padding]\n"
        "   = help: give the input its sizes, or pad with numbers",
    ),
    (
        conv(8, 7, pm="reflect"), (3, 3, 9),
        "error: conv: a padding of 3 by pm=reflect needs more than the 3 pixels there are  "
        "[padding-too-large]\n"
        "   = help: the input here is 3x3x9; reflect padding is at most 2 on this axis",
    ),
    (
        conv(8, 3, 2, "tf", pm="reflect"), (3, 8, 8),
        "error: conv: the one-sided padding of p=tf is of zeros, and pm=reflect asks for another  "
        "[one-sided-padding]\n"
        "   = help: pad first: pad([...], mode=reflect) -> conv(..., p=0)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("op", "given", "message"), ERRORS)
def test_message(op: Op, given: tuple[int | None, ...], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer((TensorType.of(*given),))
    assert str(caught.value) == message


def test_divisors_are_cut_where_there_are_many() -> None:
    with pytest.raises(GraphError, match=r"divisors of 5040: \[1, 2, .*, 42, \.\.\.\]"):
        conv(8, g=11).infer((TensorType.of(5040, 8, 8),))
