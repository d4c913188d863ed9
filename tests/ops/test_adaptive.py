"""Global and adaptive pools."""

from __future__ import annotations

import pytest
import torch

from striate.ir import TensorType
from tests.ops.torch_side import images, kind, module_of, node_of, run

GAP, GMP, GEM = kind("gap"), kind("gmp"), kind("gem")


def test_gap_leaves_one_number_per_channel_on_a_plane_of_one() -> None:
    assert GAP().infer((TensorType.of(512, 7, 7),)) == (TensorType.of(512, 1, 1),)


def test_gap_of_an_unknown_plane_is_known() -> None:
    assert GAP(6).infer((TensorType.of(8, None, None),)) == (TensorType.of(8, 6, 6),)


def test_gap_is_the_mean_and_gmp_the_largest() -> None:
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    given = TensorType.of(3, 4, 5)
    assert torch.allclose(run(node_of(GAP(), given), [x])[0].flatten(1), x.mean((2, 3)))
    assert torch.equal(run(node_of(GMP(), given), [x])[0].flatten(1), x.amax((2, 3)))


@pytest.mark.parametrize(("size", "out"), [(13, 6), (7, 3), (5, 7), (6, 6)])
def test_stretches_share_pixels_where_they_must(size: int, out: int) -> None:
    line = torch.randn(1, 1, size, dtype=torch.float64)
    (got,) = run(node_of(GAP(out), TensorType.of(1, size)), [line])
    for o in range(out):
        first, end = o * size // out, -(-(o + 1) * size // out)
        assert torch.allclose(got[0, 0, o], line[0, 0, first:end].mean())


def test_gem_is_a_mean_of_powers() -> None:
    node = node_of(GEM(2, each=1), TensorType.of(3, 4, 4))
    (x,) = (one.abs() for one in images(node))
    assert torch.allclose(run(node, [x])[0].flatten(1), x.pow(2).mean((2, 3)).sqrt())


def test_gem_learns_one_power_or_one_for_each_channel() -> None:
    given = TensorType.of(8, 7, 7)
    assert node_of(GEM(), given).params == 1
    assert node_of(GEM(each=1), given).params == 8
    module = module_of(node_of(GEM(4), given))
    assert module is not None
    assert module.state_dict()["p"].item() == 4


def test_work_reads_every_pixel_once() -> None:
    assert node_of(GAP(), TensorType.of(512, 7, 7)).cost.other == 512 * 49
