"""Windows: what a layer says an output depends on is what changes it when disturbed.

Every input position in turn is changed a lot, in all channels, and the outputs that differ are
compared with those whose window covers the position.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, prod

import pytest
import torch
from torch import Tensor

from striate.ir import Node, Reach, TensorType, Window
from striate.nn import identity_theta
from striate.notation import program
from striate.source import Source
from tests.ops.torch_side import (
    NAMES,
    examples,
    images,
    is_known,
    kind,
    module_of,
    node_of,
    run,
    sizes,
)

MOST_POSITIONS = 150
UPPER_BOUNDS = {"bicubic", "reshape", "warp"}
"""Modes and layers that may say more than is read: the outer taps of bicubic weigh 0 at whole
places, and a corner of a warped plane may stay in the dark."""


def changed(node: Node, port: int) -> Tensor:
    """For each position of one input: which positions of the outputs differ; input×output."""
    inputs = [0.3 * one for one in images(node, batch=1)]
    if node.op.name == "warp":
        inputs[1] = identity_theta(node.input_types[0].rank)[None].double()
    given = sizes(node.input_types[port])[1:]
    positions = prod(given)
    batch = [one.expand(positions, *one.shape[1:]).clone() for one in inputs]
    for number in range(positions):
        spot = batch[port][number].view(inputs[port].shape[1], -1)[:, number]
        spot += 50 + 50 * torch.rand_like(spot)
    module = module_of(node)
    if module:
        for parameter in module.parameters():
            torch.nn.init.uniform_(parameter, 0.5, 1.5)  # some start as 0 and hide what is read
    pairs = zip(run(node, inputs, module), run(node, batch, module), strict=True)
    differs = torch.stack([((a - b).abs() > 1e-9).any(1) for a, b in pairs]).any(0)
    out = differs.shape[1:]
    return differs.expand(positions, *out).reshape((*given, *out))


def covered(node: Node, port: int) -> tuple[Tensor, Tensor]:
    """The same by the window, input×output; and for which outputs it lies inside the input."""
    given, output = sizes(node.input_types[port])[1:], sizes(node.outputs[0])[1:]
    window = node.windows[port]
    seen = torch.ones((*given, *output), dtype=torch.bool)
    inner = torch.ones(output, dtype=torch.bool)
    if window.unused:
        return ~seen, inner
    if window.whole:
        return seen, inner
    mode = str(node.op.settings.get("pm", node.op.settings.get("mode", "")))
    for axis, reach in enumerate(window.axes):
        own, is_inner = _axis(reach, (given[axis], output[axis]), mode)
        shape = [1] * (len(given) + len(output))
        shape[axis], shape[len(given) + axis] = own.shape
        seen &= own.reshape(shape)
        inner &= is_inner.reshape([-1 if one == axis else 1 for one in range(len(output))])
    return seen, inner


def _axis(reach: Reach | None, lengths: tuple[int, int], mode: str) -> tuple[Tensor, Tensor]:
    size, out = lengths
    seen, inner = torch.zeros(size, out, dtype=torch.bool), torch.ones(out, dtype=torch.bool)
    if reach is None:
        return ~seen, inner
    for position in range(out):
        first = ceil(reach.step * position + reach.low)
        last = floor(reach.step * position + reach.high)
        inner[position] = first >= 0 and last < size
        for pixel in range(first, last + 1):
            if (inside := _inside(pixel, size, mode)) is not None:
                seen[inside, position] = True
    return seen, inner


def _inside(pixel: int, size: int, mode: str) -> int | None:
    if 0 <= pixel < size:
        return pixel
    if mode == "circular":
        return pixel % size
    if mode == "replicate":
        return min(max(pixel, 0), size - 1)
    if mode == "reflect":
        return -pixel if pixel < 0 else 2 * (size - 1) - pixel
    return None


def hull(seen: Tensor, axes: int) -> Tensor:
    """Along each input axis, all between the first and the last position that count."""
    for axis in range(axes):
        until = seen.int().cummax(axis).values
        since = seen.int().flip(axis).cummax(axis).values.flip(axis)
        seen = (until & since).bool()
    return seen


def check(node: Node, text: str) -> int:
    """The number of inputs that were looked at; learned windows and large planes are not."""
    checked = 0
    for port, window in enumerate(node.windows):
        given = sizes(node.input_types[port])[1:]
        if window.learned or prod(given) > MOST_POSITIONS:
            continue
        checked += 1
        found = changed(node, port)
        said, inner = covered(node, port)
        assert not (found & ~said).any(), f"{text}: input {port} reaches further than said"
        if not UPPER_BOUNDS & {node.op.name, node.op.settings.get("mode")}:
            # At the border a dilated window may lose its outermost point to the padding.
            assert torch.equal(hull(found, len(given))[..., inner], said[..., inner]), text
    return checked


def _nodes(name: str) -> Iterator[tuple[str, Node]]:
    for text, node in examples(name):
        if is_known(node) and name != "input":
            yield text, node


@pytest.mark.parametrize("name", NAMES)
def test_windows_of_the_examples_are_what_torch_reads(name: str) -> None:
    checked = [check(node, text) for text, node in _nodes(name)]
    assert any(checked) or name == "input" or kind(name).streams[0] == 0


SMALL = [
    "conv(2, 3, 2)", "conv(2, 1, 3)", "conv(2, 3, 5)", "conv(2, 3, d=2)", "conv(2, 3, 2, 0)",
    "conv(2, 4, 4)", "conv(2, 3, 2, tf)", "conv(2, 2, p=tf)", "conv(2, 5, 1, 1, d=2)",
    "conv(2, 3, pm=circular)", "conv(2, 5, pm=reflect)", "conv(2, 3, pm=replicate)",
    "maxpool(3, 2, ceil=1)", "maxpool(2, 3, ceil=1)", "maxpool(3, 2, p=1)", "maxpool(2, p=1, d=3)",
    "maxpool(3, 2, tf)", "maxpool(2, 2, tf)", "avgpool(3, 2, p=1, ceil=1)", "avgpool(1, 2)",
    "avgpool(2, 3, ceil=1)", "avgpool(3, 2, p=1, cip=0)", "lppool(3, 2, p=1, ceil=1)",
    "gap(3)", "gap(4)", "gap(7)", "gap(13)", "gmp(2)", "gmp(5)", "gmp(12)",
    "tconv(2)", "tconv(2, 3, 2)", "tconv(2, 3, 2, 1)", "tconv(2, 4, 3, 2, op=1)", "tconv(2, 1, 3)",
    "tconv(2, 2, 3, op=2)", "tconv(2, 5, 1, 2)", "tconv(2, 3, 1, 0, d=2)",
    "up(3)", "up(1.5)", "up(0.5)", "up(0.7)", "up(size=5)", "up(size=17)",
    "up(3, mode=nearest_exact)", "up(1.5, mode=nearest_exact)", "up(0.7, mode=nearest_exact)",
    "up(2, mode=linear)", "up(3, mode=linear)", "up(1.5, mode=linear)", "up(0.4, mode=linear)",
    "up(size=14, mode=linear)", "up(2, mode=linear, ac=1)", "up(size=5, mode=linear, ac=1)",
    "up(size=1, mode=linear, ac=1)", "up(2, mode=area)", "up(size=5, mode=area)",
    "up(0.5, mode=area)", "blurpool", "blurpool(5, 3)", "blurpool(4, 1)", "blurpool(3, 2, zeros)",
    "blurpool(7, 2, replicate)",
    "pad(2)", "pad([0, 3])", "pad(2, reflect)", "pad(2, replicate)", "pad([3, 1], circular)",
    "crop(4)", "crop(5)", "inorm", "gn(1)", "grn", "ln", "lrn(2)",
]  # fmt: skip


@pytest.mark.parametrize("size", [9, 12])
@pytest.mark.parametrize("text", SMALL)
def test_window_on_a_line_is_what_torch_reads(text: str, size: int) -> None:
    graph = program(Source("<test>", f"input(2, {size}) -> {text}")).graph()
    check(graph.nodes[-1], text)


def test_a_shortcut_of_stride_two_skips_every_second_pixel() -> None:
    node = node_of(kind("conv")(4, 1, 2), TensorType.of(3, 8, 8))
    assert node.windows[0].axes == (Reach(Fraction(2)),) * 2


def test_zero_offsets_leave_a_deformable_convolution_its_window() -> None:
    node = node_of(kind("deform")(2, 3, 2), TensorType.of(2, 9), TensorType.of(3, 5))
    inputs = images(node, batch=1)
    inputs[1] = torch.zeros_like(inputs[1])
    module = module_of(node)
    before = run(node, inputs, module)[0]
    for pixel in range(9):
        moved = inputs[0].clone()
        moved[:, :, pixel] += 100
        after = run(node, [moved, inputs[1]], module)[0]
        differs = (before - after).abs().amax(1)[0] > 1e-9
        reads = differs.nonzero().flatten().tolist()
        assert reads == [out for out in range(5) if 2 * out - 1 <= pixel <= 2 * out + 1]
    assert node.windows[0].learned
    assert node.windows[0].axes == (Reach(Fraction(2), Fraction(-1), Fraction(1)),)
    assert node.windows[1] == Window.point(1)
