"""Functions in which channels compete."""

from __future__ import annotations

import pytest
import torch

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops.torch_side import images, kind, node_of, run


def outcome(op: Op, *sizes: int) -> tuple[torch.Tensor, torch.Tensor]:
    node = node_of(op, TensorType.of(*sizes))
    (x,) = images(node)
    return x, run(node, [x])[0]


def test_softmax_sums_to_one_over_channels_at_each_position() -> None:
    x, y = outcome(kind("softmax")(), 5, 3, 4)
    powers = x.exp()
    assert torch.allclose(y, powers / powers.sum(1, keepdim=True))


def test_softmax_across_groups_pairs_channels_of_equal_place() -> None:
    x, y = outcome(kind("softmax")(2), 6, 1, 1)
    for place in range(3):
        pair = x[:, [place, place + 3]].exp()
        assert torch.allclose(y[:, [place, place + 3]], pair / pair.sum(1, keepdim=True))


def test_logsoftmax_is_its_logarithm() -> None:
    x, y = outcome(kind("logsoftmax")(), 5, 3)
    assert torch.allclose(y, x - x.exp().sum(1, keepdim=True).log())


def test_glu_gates_the_first_half_by_the_second() -> None:
    x, y = outcome(kind("glu")(), 6, 3)
    assert torch.allclose(y, x[:, :3] / (1 + (-x[:, 3:]).exp()))


def test_maxpieces_compares_neighbouring_channels() -> None:
    x, y = outcome(kind("maxpieces")(3), 6, 2)
    expected = [torch.stack([x[:, 3 * c + j] for j in range(3)]).amax(0) for c in range(2)]
    assert torch.equal(y, torch.stack(expected, 1))


def test_cmean_and_cmax_leave_one_channel() -> None:
    x, y = outcome(kind("cmean")(), 6, 2, 3)
    assert torch.allclose(y, torch.stack([x[:, c : c + 1] for c in range(6)]).sum(0) / 6)
    x, y = outcome(kind("cmax")(), 6, 2, 3)
    assert torch.equal(y, x.amax(1, keepdim=True))


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            kind("softmax")(4),
            "error: softmax: 6 input channels do not divide into 4 groups  [groups-do-not-divide]"
            "\n   = help: divisors of 6: [1, 2, 3, 6]",
        ),
        (
            kind("maxpieces")(4),
            "error: maxpieces: 6 input channels do not divide into pieces of 4  "
            "[groups-do-not-divide]\n   = help: divisors of 6: [1, 2, 3, 6]",
        ),
    ],
)
def test_message(op: Op, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer((TensorType.of(6, 8, 8),))
    assert str(caught.value) == message


def test_glu_needs_an_even_number_of_channels() -> None:
    with pytest.raises(GraphError, match="glu: 5 input channels do not divide into 2 equal halves"):
        kind("glu")().infer((TensorType.of(5, 8),))
