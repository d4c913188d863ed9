"""Pools: sizes by hand, numbers against plain loops, agreement with torch on what fits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops import loops
from tests.ops.torch_side import images, kind, node_of, run, sizes

MAXPOOL, AVGPOOL, LPPOOL = kind("maxpool"), kind("avgpool"), kind("lppool")


@pytest.mark.parametrize(
    ("op", "size", "expected"),
    [
        (MAXPOOL(), 32, 16),
        (MAXPOOL(3, 2), 55, 27),  # AlexNet
        (MAXPOOL(3, 2, 1), 112, 56),  # ResNet
        (MAXPOOL(3, 2, ceil=1), 112, 56),  # GoogLeNet: ceil((112-3)/2)+1
        (MAXPOOL(3, 2), 112, 55),
        (MAXPOOL(3), 9, 3),  # the stride is the kernel
        (MAXPOOL(2, 2, ceil=1), 7, 4),
        (MAXPOOL(2, 3, ceil=1), 6, 2),  # a third window would start outside
        (MAXPOOL(3, 2, 1, ceil=1), 5, 3),
        (MAXPOOL(3, 2, ceil=1), 2, 1),
        (MAXPOOL(3, 1, 1), 14, 14),
        (MAXPOOL(3, 2, "tf"), 112, 56),
        (MAXPOOL(3, 2, "same"), 112, 56),
    ],
)
def test_size_of_the_plane(op: Op, size: int, expected: int) -> None:
    assert op.infer((TensorType.of(3, size, size),))[0].plane == (expected, expected)


def test_formula_is_worked_out() -> None:
    assert MAXPOOL(3, 2, 1).explain((TensorType.of(1, 112, 112),)) == "floor((112+2*1-3)/2)+1 = 56"


def test_formula_of_rounding_up() -> None:
    text = MAXPOOL(3, 2, ceil=1).explain((TensorType.of(1, 112, 112),))
    assert text == "ceil((112+2*0-3)/2)+1 = 56"


def test_a_pool_has_no_weights_and_counts_its_window_as_work() -> None:
    node = node_of(MAXPOOL(3, 2, 1), TensorType.of(64, 112, 112))
    assert node.params == 0
    assert (node.cost.macs, node.cost.other) == (0, 64 * 56 * 56 * 9)


NUMBERS: list[tuple[Op, Callable[[Tensor], Tensor], int]] = [
    (MAXPOOL(3, 2, 1), lambda window: window.max(), 1),
    (MAXPOOL(3, 2, ceil=1), lambda window: window.max(), 0),
    (MAXPOOL(3, 2, "tf"), lambda window: window.max(), 0),  # 6 pixels: one more, at the end
    (AVGPOOL(3, 2, 1), lambda window: window.sum() / 9, 1),
    (AVGPOOL(3, 2, 1, cip=0), lambda window: window.mean(), 1),
    (AVGPOOL(3, 2, ceil=1), lambda window: window.mean(), 0),  # what hangs over never counts
    (AVGPOOL(3, 2, "tf", cip=0), lambda window: window.mean(), 0),
    (LPPOOL(3, 2, 1), lambda window: window.pow(2).sum().sqrt(), 1),
    (LPPOOL(3, 2, 1, norm=3), lambda window: window.abs().pow(3).sum().pow(1 / 3), 1),
    (LPPOOL(3, 2, ceil=1, norm=1), lambda window: window.abs().sum(), 0),
]


@pytest.mark.parametrize(("op", "of_window", "before"), NUMBERS)
def test_numbers_are_those_of_the_definition(
    op: Op, of_window: Callable[[Tensor], Tensor], before: int
) -> None:
    node = node_of(op, TensorType.of(2, 6, 6))
    (x,) = images(node, batch=1)
    window = loops.Window((3, 3), (2, 2), (before, before))
    expected = loops.pool(x[0], of_window, window, sizes(node.outputs[0])[1:])
    assert torch.allclose(run(node, [x])[0][0], expected)


def test_a_stretched_window_skips_pixels() -> None:
    node = node_of(MAXPOOL(2, 1, d=2), TensorType.of(1, 5))
    line = torch.tensor([[[1.0, 9, 2, 3, 8]]]).double()
    assert run(node, [line])[0].flatten().tolist() == [2, 9, 8]


TORCH = {"maxpool": (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d),
         "avgpool": (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)}  # fmt: skip


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("name", ["maxpool", "avgpool"])
def test_fits_exactly_where_torch_says_it_fits(name: str, rank: int) -> None:
    for size, k, s, p, ceil in product((1, 2, 3, 5), (1, 2, 3, 4), (1, 2, 3), (0, 1, 2), (0, 1)):
        try:
            inferred = kind(name)(k, s, p, ceil).infer((TensorType(1, (size,) * rank),))[0].sizes
        except GraphError:
            inferred = None
        try:
            layer = TORCH[name][rank - 1](k, s, p, ceil_mode=bool(ceil))
            made = tuple(layer(torch.zeros(1, 1, *(size,) * rank)).shape[1:])
        except RuntimeError:
            made = None
        assert inferred == made, (size, k, s, p, ceil)


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            MAXPOOL(), (32, 1, 1),
            "error: maxpool: the kernel does not fit: 2 of 1  [kernel-too-large]\n"
            "   = help: the input here is 1x1; use a smaller kernel, more padding or fewer "
            "poolings before it",
        ),
        (
            MAXPOOL(3, 2, 2), (3, 8, 8),
            "error: maxpool: a padding of 2 is more than half of the kernel (3)  "
            "[pool-padding-too-large]\n"
            "   = help: a window of padding alone has no value; use at most half of the kernel",
        ),
        (
            MAXPOOL(2, 1, "tf"), (3, 8, 8),
            "error: maxpool: p=tf with an even kernel (2) and stride 1 pads one side alone  "
            "[one-sided-pool]\n"
            "   = help: use an odd kernel, or pad first: pad([0, 1, 0, 1]) -> maxpool(2, 1)",
        ),
        (
            AVGPOOL(3, 2, 1), (3, 2, 8, 8),
            "error: avgpool: a kernel of 3 is longer than the volume's axis of 2  "
            "[kernel-over-volume]\n"
            "   = help: the input here is 3x2x8x8; torch's 3-D average needs the kernel to fit "
            "without its padding; use a smaller kernel",
        ),
    ],
)  # fmt: skip
def test_message(op: Op, given: tuple[int, ...], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer((TensorType.of(*given),))
    assert str(caught.value) == message
