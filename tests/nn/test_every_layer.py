"""What holds of every layer of the package, whichever it is."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import striate.nn as snn

# A layer, and the shapes of its inputs without the batch axis.
Shapes = tuple[tuple[int, ...], ...]
IMAGE = (4, 8, 8)
CASES: list[tuple[Callable[[], nn.Module], Shapes]] = [
    (snn.Affine, (IMAGE,)),
    (lambda: snn.Affine(2.0, 1.0), ((4,),)),
    (snn.AffineWarp, (IMAGE, (6,))),
    (lambda: snn.AffineWarp(5), ((4, 8), (2,))),
    (lambda: snn.AffineWarp((2, 3, 4)), ((4, 8, 8, 8), (12,))),
    (snn.BlurPool, (IMAGE,)),
    (snn.BlurPool, ((4, 8),)),
    (snn.BlurPool, ((4, 8, 8, 8),)),
    (lambda: snn.CapsuleRouting(128, 2, 3, 5), (IMAGE,)),
    (lambda: snn.CapsuleRouting(6, 4, 3, 2, rounds=1), ((24,),)),
    (snn.ChannelMax, (IMAGE,)),
    (snn.ChannelMean, (IMAGE,)),
    (lambda: snn.ChannelShuffle(2), (IMAGE,)),
    (lambda: snn.ChannelwiseLinear(4, 6), (IMAGE,)),
    (snn.Crop, (IMAGE, (2, 5, 6))),
    (lambda: snn.DeformConv1d(4, 6, 3, padding=1), ((4, 8), (3, 8))),
    (lambda: snn.DeformConv2d(4, 6, 3, padding=1), (IMAGE, (18, 8, 8))),
    (lambda: snn.DeformConv2d(4, 6, 3, padding=1), (IMAGE, (18, 8, 8), (9, 8, 8))),
    (lambda: snn.DeformConv3d(4, 2, 2), ((4, 3, 3, 3), (24, 2, 2, 2))),
    (lambda: snn.DropBlock(0.2, 3), (IMAGE,)),
    (lambda: snn.DropBlock(0.2, 3), ((4, 8),)),
    (lambda: snn.DropBlock(0.2, 3), ((4, 8, 8, 8),)),
    (snn.GeM, (IMAGE,)),
    (lambda: snn.GlobalResponseNorm(4), (IMAGE,)),
    (lambda: snn.GroupSoftmax(2), (IMAGE,)),
    (lambda: snn.L2Normalize(4), (IMAGE,)),
    (lambda: snn.LayerNormChannels(4), (IMAGE,)),
    (snn.LocalResponseNorm, (IMAGE,)),
    (lambda: snn.LpPool(3, 2, 1, ceil_mode=True), (IMAGE,)),
    (lambda: snn.LongestVector(4), ((12,),)),
    (lambda: snn.LongestVector(4), ((12,), (3,))),
    (lambda: snn.Maxout(2), (IMAGE,)),
    (lambda: snn.PadChannels(7), (IMAGE,)),
    (lambda: snn.PixelShuffle(2), (IMAGE,)),
    (lambda: snn.PixelUnshuffle(2), (IMAGE,)),
    (lambda: snn.RMSNormChannels(4), (IMAGE,)),
    (lambda: snn.RadialBasis(6, 3), ((6,),)),
    (snn.Resize, (IMAGE, (2, 5, 6))),
    (lambda: snn.Resize(1.5, mode="linear"), (IMAGE,)),
    (lambda: snn.SameConv1d(4, 6, 3, stride=2), ((4, 8),)),
    (lambda: snn.SameConv2d(4, 6, 3, stride=2), (IMAGE,)),
    (lambda: snn.SameConv3d(4, 6, 3, stride=2), ((4, 4, 4, 4),)),
    (lambda: snn.SamePad(3, stride=2), (IMAGE,)),
    (lambda: snn.SpatialDropout(0.5), (IMAGE,)),
    (lambda: snn.Squash(2), (IMAGE,)),
    (lambda: snn.StochasticDepth(0.5), (IMAGE,)),
    (lambda: snn.VectorLength(2), (IMAGE,)),
    (lambda: snn.WeightStandardizedConv1d(4, 6, 3), ((4, 8),)),
    (lambda: snn.WeightStandardizedConv2d(4, 6, 3), (IMAGE,)),
    (lambda: snn.WeightStandardizedConv3d(4, 6, 3), ((4, 4, 4, 4),)),
]
every_layer = pytest.mark.parametrize(
    ("make", "shapes"), CASES, ids=[f"{type(make()).__name__}-{len(s[0]) - 1}" for make, s in CASES]
)


def batch(shapes: Shapes, examples: int = 2) -> list[Tensor]:
    return [torch.randn(examples, *shape) for shape in shapes]


def seeded(layer: Callable[..., object], inputs: list[Tensor]) -> Tensor:
    """The output, with the same random choices on every call."""
    torch.manual_seed(1)
    out = layer(*inputs)
    assert isinstance(out, Tensor)
    return out


def test_no_layer_is_left_out() -> None:
    public = {name for name in snn.__all__ if inspect.isclass(getattr(snn, name))}
    assert {type(make()).__name__ for make, _ in CASES} == public


@every_layer
def test_copies_and_reloaded_weights_give_the_same_output(
    make: Callable[[], nn.Module], shapes: Shapes
) -> None:
    layer, other, inputs = make(), make(), batch(shapes)
    other.load_state_dict(layer.state_dict())
    expected = seeded(layer, inputs)
    assert torch.equal(seeded(copy.deepcopy(layer), inputs), expected)
    assert torch.equal(seeded(other, inputs), expected)
    assert repr(other) == repr(layer)


@every_layer
def test_an_empty_batch_gives_an_empty_batch(make: Callable[[], nn.Module], shapes: Shapes) -> None:
    layer = make()
    one, none = layer(*batch(shapes, 1)), layer(*batch(shapes, 0))
    assert none.shape == (0, *one.shape[1:])


@every_layer
def test_memory_format_changes_nothing_but_rounding(
    make: Callable[[], nn.Module], shapes: Shapes
) -> None:
    if len(shapes[0]) == 1:
        return
    layer, (x, *others) = make(), batch(shapes)
    # Strides with channels last, for any rank.
    channels_last = x.movedim(1, -1).contiguous().movedim(-1, 1)
    expected = seeded(layer, [x, *others])
    torch.testing.assert_close(seeded(layer, [channels_last, *others]), expected)


@every_layer
def test_examples_do_not_see_each_other_in_eval_mode(
    make: Callable[[], nn.Module], shapes: Shapes
) -> None:
    layer, inputs = make().eval(), batch(shapes)
    first = layer(*(tensor[:1] for tensor in inputs))
    torch.testing.assert_close(layer(*inputs)[:1], first)


@every_layer
def test_traces_to_one_graph(make: Callable[[], nn.Module], shapes: Shapes) -> None:
    layer, inputs = make(), batch(shapes)
    torch._dynamo.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(seeded(compiled, inputs), seeded(layer, inputs))


@every_layer
def test_exports_for_any_batch(make: Callable[[], nn.Module], shapes: Shapes) -> None:
    layer, inputs = make().eval(), batch(shapes)
    any_batch = torch.export.Dim("examples", min=2)
    dynamic = tuple({0: any_batch} for _ in inputs)
    program = torch.export.export(layer, tuple(inputs), dynamic_shapes=dynamic)
    larger = batch(shapes, 5)
    torch.testing.assert_close(program.module()(*larger), layer(*larger))


@pytest.mark.gpu
@every_layer
def test_gives_the_same_on_a_gpu(make: Callable[[], nn.Module], shapes: Shapes) -> None:
    layer, inputs = make().eval(), batch(shapes)
    on_gpu = copy.deepcopy(layer).cuda()(*(tensor.cuda() for tensor in inputs))
    # Convolutions may be computed in TF32 there, with 10 bits.
    torch.testing.assert_close(on_gpu.cpu(), layer(*inputs), rtol=1e-2, atol=1e-2)
