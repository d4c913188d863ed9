"""Norms: numbers from the formulas, weights by torch's names."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from striate.errors import GraphError
from striate.ir import Op, TensorType, Types
from tests.ops.torch_side import images, kind, module_of, node_of, run

GIVEN = TensorType.of(6, 4, 5)


def standard(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """Mean 0 and variance 1 along the axes, the variance divided by the count."""
    centred = x - x.mean(axes, keepdim=True)
    return centred / (centred.pow(2).mean(axes, keepdim=True) + eps).sqrt()


def outcome(op: Op, given: TensorType = GIVEN) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Input, output and weights, the weights at random."""
    node = node_of(op, given)
    module = module_of(node)
    assert module is not None
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1.5)
    (x,) = images(node)
    state = {key: one.view(-1, *(1,) * given.rank) for key, one in module.state_dict().items()}
    return x, run(node, [x], module)[0], state


def test_batch_norm_uses_running_statistics_when_tested() -> None:
    node = node_of(kind("bn")(eps=0.5), GIVEN)
    module = module_of(node)
    assert module is not None
    state = module.state_dict()
    for key in ("running_mean", "running_var", "weight", "bias"):
        state[key].uniform_(0.5, 1.5)
    mean, variance, weight, bias = (
        state[key].view(-1, 1, 1) for key in ("running_mean", "running_var", "weight", "bias")
    )
    (x,) = images(node)
    expected = weight * (x - mean) / (variance + 0.5).sqrt() + bias
    assert torch.allclose(run(node, [x], module)[0], expected)


def test_batch_norm_learns_two_numbers_per_channel_and_keeps_two_more() -> None:
    node = node_of(kind("bn")(), TensorType.of(64, 56, 56))
    assert node.params == 2 * 64
    assert sum(one.count for one in node.weights) == 4 * 64 + 1
    assert node_of(kind("bn")(affine=0), GIVEN).params == 0


def test_batch_norm_momentum_is_the_share_of_the_new_batch() -> None:
    node = node_of(kind("bn")(m=0.25), GIVEN)
    module = module_of(node)
    assert module is not None
    (x,) = images(node)
    module.train()(x)
    expected = 0.25 * x.mean((0, 2, 3))
    assert torch.allclose(module.state_dict()["running_mean"], expected)


def test_layer_norm_is_over_channels_at_each_position() -> None:
    x, y, state = outcome(kind("ln")(0.5))
    assert torch.allclose(y, standard(x, (1,), 0.5) * state["weight"] + state["bias"])


def test_layer_norm_of_a_flat_stream_is_the_same() -> None:
    x, y, state = outcome(kind("ln")(0.5), TensorType.of(6))
    assert torch.allclose(y, standard(x, (1,), 0.5) * state["weight"] + state["bias"])


def test_layer_norm_has_the_eps_of_convnext() -> None:
    for given in (TensorType.of(4), TensorType.of(4, 3)):
        node = node_of(kind("ln")(affine=0), given)
        x = torch.randn(2, *(size or 1 for size in given.sizes), dtype=torch.float64) * 1e-3
        assert torch.allclose(run(node, [x])[0], standard(x, (1,), 1e-6), rtol=1e-9)


@pytest.mark.parametrize("given", [TensorType.of(6), GIVEN])
def test_root_mean_square_norm_takes_no_mean_away(given: TensorType) -> None:
    x, y, state = outcome(kind("rmsn")(0.5), given)
    assert set(state) == {"weight"}
    expected = x / (x.pow(2).mean(1, keepdim=True) + 0.5).sqrt() * state["weight"]
    assert torch.allclose(y, expected)


def test_group_norm_is_over_channels_of_a_group_and_the_plane() -> None:
    x, y, state = outcome(kind("gn")(2, 0.5))
    grouped = standard(x.reshape(2, 2, 3, 4, 5), (2, 3, 4), 0.5).reshape(x.shape)
    assert torch.allclose(y, grouped * state["weight"] + state["bias"])


def test_instance_norm_is_over_the_plane() -> None:
    x, y, state = outcome(kind("inorm")(0.5, affine=1))
    assert torch.allclose(y, standard(x, (2, 3), 0.5) * state["weight"] + state["bias"])
    assert node_of(kind("inorm")(), GIVEN).params == 0


def test_global_response_norm_weighs_channels_by_energy() -> None:
    x, y, state = outcome(kind("grn")(0.5))
    energy = x.pow(2).sum((2, 3), keepdim=True).sqrt()
    share = energy / (energy.mean(1, keepdim=True) + 0.5)
    assert torch.allclose(y, state["weight"] * x * share + state["bias"] + x)


@pytest.mark.parametrize("divided", [0, 1])
def test_local_response_norm_looks_at_neighbouring_channels(divided: int) -> None:
    x, y, _ = outcome(kind("lrn")(3, 0.5, 0.75, 2, div=divided))
    alpha = 0.5 / 3 if divided else 0.5
    for c in range(6):
        energy = x[:, max(c - 1, 0) : c + 2].pow(2).sum(1)
        assert torch.allclose(y[:, c], x[:, c] / (2 + alpha * energy).pow(0.75))


def test_l2_norm_gives_each_position_a_learned_length() -> None:
    x, y, state = outcome(kind("l2norm")())
    assert torch.allclose(y, x / x.pow(2).sum(1, keepdim=True).sqrt() * state["weight"])


@pytest.mark.parametrize(("name", "whole"), [("bn", 0), ("ln", 0), ("lrn", 0), ("rmsn", 0),
                                             ("l2norm", 0), ("inorm", 1), ("grn", 1)])  # fmt: skip
def test_only_norms_over_the_plane_see_all_of_it(name: str, whole: int) -> None:
    assert node_of(kind(name)(), GIVEN).windows[0].whole == whole


def test_groups_must_divide_the_channels() -> None:
    given: Types = (TensorType.of(48, 8, 8),)
    with pytest.raises(GraphError) as caught:
        kind("gn")().infer(given)
    assert str(caught.value) == (
        "error: gn: 48 input channels do not divide into g=32 groups  [groups-do-not-divide]\n"
        "   = help: divisors of 48: [1, 2, 3, 4, 6, 8, 12, 16, 24, 48]"
    )


def test_one_pixel_has_no_deviation() -> None:
    with pytest.raises(GraphError) as caught:
        kind("inorm")().infer((TensorType.of(8, 1, 1),))
    assert str(caught.value) == (
        "error: inorm: a plane of one pixel has no deviation (8x1x1)  [norm-of-one-pixel]\n"
        "   = help: leave the layer out here, or use ln, gn or bn"
    )
