"""Parameters and multiply-accumulates, against counts worked out by hand and published ones."""

from __future__ import annotations

from striate.analysis.cost import cost
from striate.ir import GraphBuilder
from striate.ops import Convolution, Input
from tests.analysis.graphs import chain, resnet50


def test_a_convolution_costs_kernel_times_channels_at_every_position() -> None:
    record = cost(chain((3, 32, 32), ("conv", 16))).nodes[1]
    assert record.params == 3 * 3 * 3 * 16 + 16
    assert record.macs == 3 * 3 * 3 * 16 * 32 * 32
    assert record.flops == 2 * 3 * 3 * 3 * 16 * 32 * 32
    assert record.activation_bytes == 4 * 16 * 32 * 32


def test_running_statistics_are_buffers_and_not_parameters() -> None:
    record = cost(chain((8, 4, 4), ("bn",))).nodes[1]
    assert record.params == 2 * 8
    assert record.buffers == 2 * 8 + 1  # mean, variance, and torch's count of batches


def test_resnet50_has_the_published_counts() -> None:
    # torchvision documents 25,557,032 parameters and 4.09 G multiply-accumulates.
    total = cost(resnet50()).total
    assert total.params == 25_557_032
    assert total.macs is not None
    assert round(total.macs / 1e9, 2) == 4.09


def test_a_shared_module_counts_once_in_parameters_and_twice_in_work() -> None:
    builder = GraphBuilder()
    (image,) = builder.add(Input((4, 8, 8)), [], path="input")
    (once,) = builder.add(Convolution(4), [image], path="m")
    (twice,) = builder.add(Convolution(4), [once], path="m")
    found = cost(builder.finish([image], [twice]))
    assert found.total.params == 3 * 3 * 4 * 4 + 4
    assert found.total.macs == 2 * (3 * 3 * 4 * 4 * 8 * 8)
    assert [one.params for one in found.nodes] == [0, 3 * 3 * 4 * 4 + 4, 0]


def test_an_unknown_size_makes_the_work_unknown_and_not_smaller() -> None:
    found = cost(resnet50(None))
    assert found.total.params == 25_557_032
    assert found.total.macs is None
    assert found.total.flops is None
    assert found.total.activation_bytes is None
    assert "1" in found.unknown


def test_half_precision_halves_the_activations() -> None:
    graph = chain((3, 8, 8), ("conv", 4))
    whole, half = cost(graph), cost(graph, bytes_per_number=2)
    assert whole.total.activation_bytes == (3 + 4) * 64 * 4
    assert half.total.activation_bytes == (3 + 4) * 64 * 2


def test_the_records_of_the_nodes_add_up_to_the_total() -> None:
    found = cost(resnet50(64))
    assert sum(one.params for one in found.nodes) == found.total.params
    assert sum(one.macs or 0 for one in found.nodes) == found.total.macs
