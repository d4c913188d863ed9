"""Generalised-mean pooling against its formula, between mean and maximum."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import striate.nn as snn
from tests.nn.references import double, places


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("channels", [None, 3])
def test_equals_the_formula_number_by_number(rank: int, channels: int | None) -> None:
    x = double(2, 3, *(4, 3, 2)[:rank])
    layer = snn.GeM(3.0, channels, eps=0.1).double()
    nn.init.uniform_(layer.p, 1, 5)
    found = layer(x)
    assert found.shape == (2, 3, *(1,) * rank)
    for n, channel in places((2, 3)):
        p = layer.p[channel if channels else 0].item()
        values = [max(v, 0.1) ** p for v in x[n, channel].flatten().tolist()]
        expected = (sum(values) / len(values)) ** (1 / p)
        assert found[n, channel].item() == pytest.approx(expected, rel=1e-9)


def test_is_the_mean_at_one_and_nears_the_maximum_at_a_hundred() -> None:
    x = torch.rand(2, 3, 5, 5) + 0.5
    torch.testing.assert_close(snn.GeM(1.0)(x), nn.AdaptiveAvgPool2d(1)(x))
    # The largest of 25 differs from the p-mean by at most a factor of 25^(1/100) = 1.033.
    torch.testing.assert_close(snn.GeM(100.0)(x), nn.AdaptiveMaxPool2d(1)(x), rtol=0.033, atol=0)


def test_gradients_are_right_for_input_and_exponent() -> None:
    layer = snn.GeM(2.5, channels=2).double()
    x = (double(1, 2, 3, 2).abs() + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, _: layer(x), (x, layer.p))


def test_half_precision_does_not_overflow() -> None:
    x = torch.full((1, 1, 2, 2), 1000.0, dtype=torch.float16)
    assert snn.GeM(3.0).half()(x).item() == 1000
