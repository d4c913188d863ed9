"""Receptive fields, against published figures and fields worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from striate import network
from striate.analysis.receptive_field import Field, ReceptiveField, receptive_field
from striate.ir import Graph, Value
from tests.analysis.graphs import Sketch, chain, gated, resnet50, unet


def field(graph: Graph) -> ReceptiveField:
    """What the first output sees of the first input."""
    found = receptive_field(graph)[graph.outputs[0]][0]
    assert found is not None
    return found


def steps(seen: Field) -> list[float]:
    return list(map(float, seen.steps))


def test_a_chain_grows_by_kernel_less_one_times_the_stride_so_far() -> None:
    seen = field(chain((3, 64, 64), ("conv", 8, 5, 2, 0), ("conv", 8, 3), ("maxpool", 2))).largest
    assert seen.sizes == (5 + 2 * 2 + 1 * 2,) * 2
    assert steps(seen) == [4, 4]
    assert seen.offsets == (-2, -2)  # the padding of the 3x3, at stride 2


def test_dilation_stretches_the_field() -> None:
    assert field(chain((1, 64, 64), ("conv", 1, 3, 1, "same", 4))).largest.sizes == (9, 9)


def test_axes_are_told_apart() -> None:
    graph = chain((3, 32, 32), ("conv", 8, (1, 7), (1, 2)))
    assert field(graph).largest.sizes == (1, 7)
    assert steps(field(graph).largest) == [1, 2]


@pytest.mark.parametrize(
    ("name", "size"),
    [("alexnet", 195), ("vgg16", 212), ("mobilenet_v1", 315), ("inception_v3", 1311)],
)
def test_the_figures_of_araujo_2019(name: str, size: int) -> None:
    # Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019, the
    # table of popular networks: the field before the last pooling over the plane.
    local = network(name).summary.local
    assert local is not None
    assert local.field.largest.sizes == (size, size)


def test_resnet50_of_tf_slim_sees_483_pixels_and_that_of_torchvision_427() -> None:
    # 483 in the same table; TF-Slim strides at the end of a stage. In torchvision's arrangement:
    # 11 after the pool, then per stage its 3x3s, the first of them at the step before:
    assert before_pool(resnet50(strides_last=True)) == (483, 483)
    expected = 11 + 2 * (3 * 4 + (4 + 3 * 8) + (8 + 5 * 16) + (16 + 2 * 32))
    assert expected == 427
    assert before_pool(resnet50()) == (427, 427)


def before_pool(graph: Graph) -> tuple[int | None, ...]:
    pooled = graph.nodes[graph.outputs[0].node].inputs[0]
    value = graph.nodes[pooled.node].inputs[0]
    found = receptive_field(graph)[value][0]
    assert found is not None
    return found.largest.sizes


def test_a_shortcut_makes_the_smallest_path_smaller_than_the_largest() -> None:
    sketch = Sketch(8, 16, 16)
    body = sketch.chain(sketch.input, ("conv", 8), ("conv", 8))
    seen = field(sketch.graph(sketch("+", to=[body, sketch.input])))
    assert seen.largest.sizes == (5, 5)
    assert seen.smallest.sizes == (1, 1)


def test_branches_of_different_offset_are_united_from_end_to_end() -> None:
    sketch = Sketch(1, 16)
    left = sketch("pad", (2, 0), to=sketch.input)
    early = sketch("conv", 1, 3, 1, 0, to=left)
    seen = field(sketch.graph(sketch("+", to=[early, sketch.input]))).largest.axes[0]
    assert seen.span(5) == (3, 5)


def test_global_pooling_sees_the_whole_image() -> None:
    seen = field(chain((3, 8, 8), ("conv", 4), ("gap",))).largest
    assert seen.is_whole
    assert seen.sizes == (None, None)
    assert seen.axes[0].span(0) == (0, 7)


def test_a_dense_layer_sees_what_the_plane_before_it_saw() -> None:
    # Unpadded 3x3 at stride 2 on 8 pixels: windows 0-2, 2-4, 4-6; pixel 7 is never read.
    seen = field(chain((1, 8, 8), ("conv", 1, 3, 2, 0), ("fc", 10))).largest
    assert seen.is_whole
    assert seen.axes[0].span(0) == (0, 6)


def test_a_gate_sees_the_whole_image_and_its_local_path_does_not() -> None:
    seen = field(gated())
    assert seen.largest.is_whole
    assert seen.smallest.sizes == (3, 3)


def test_nearest_up_sampling_halves_the_step() -> None:
    seen = field(chain((1, 8), ("up", 2))).largest.axes[0]
    assert seen.step == Fraction(1, 2)
    assert [seen.span(at) for at in range(4)] == [(0, 0), (0, 0), (1, 1), (1, 1)]
    assert seen.size == 1


def test_up_sampling_undone_by_a_stride_sees_one_pixel_again() -> None:
    seen = field(chain((1, 8), ("up", 4), ("maxpool", 2, 4))).largest.axes[0]
    assert seen.step == 1
    assert seen.size == 1
    assert seen.span(3) == (3, 3)


def test_a_transposed_convolution_of_kernel_three_sees_one_pixel_or_two() -> None:
    # Output o gets input i by kernel entry o - 2i in 0..2.
    seen = field(chain((1, 8), ("tconv", 1, 3, 2))).largest.axes[0]
    assert [seen.span(at) for at in (2, 3, 4)] == [(0, 1), (1, 1), (1, 2)]
    assert seen.size == 2


def test_unet_keeps_its_step_and_its_shortest_path_is_the_first_skip() -> None:
    seen = field(unet(64, width=2))
    assert steps(seen.largest) == [1, 1]
    assert seen.smallest.sizes == (9, 9)  # four 3x3 convolutions and a 1x1


def test_inputs_are_told_apart() -> None:
    sketch = Sketch(4, 16, 16)
    other = sketch("input", (4, 16, 16))
    left = sketch("conv", 4, to=sketch.input)
    both = sketch("+", to=[left, sketch("conv", 4, 5, to=other)])
    graph = sketch.builder.finish([sketch.input, other], [both, left])
    first, second = receptive_field(graph)[graph.outputs[0]]
    assert first is not None
    assert second is not None
    assert (first.largest.sizes, second.largest.sizes) == ((3, 3), (5, 5))
    assert receptive_field(graph)[graph.outputs[1]][1] is None


def test_learned_sampling_is_marked() -> None:
    sketch = Sketch(4, 8, 8)
    offsets = sketch("conv", 18, to=sketch.input)
    seen = field(sketch.graph(sketch("deform", 4, to=[sketch.input, offsets])))
    assert seen.largest.learned


def test_every_value_has_its_fields() -> None:
    graph = resnet50(64)
    found = receptive_field(graph)
    assert set(found) == {Value(index) for index in range(len(graph.nodes))}
