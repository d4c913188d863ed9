"""Maps and receptive fields against what can be worked out by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from striate.errors import UsageError
from striate.explain import (
    Look,
    Probe,
    Square,
    cascade,
    chosen_layer,
    effective_field,
    grad_cam,
    is_sound,
    placed,
    probe_at,
    rank_correlation,
    sanity,
)
from striate.explain.fields import held_square, sight
from striate.networks import network

LINEAR = "input(3, 12, 12) -> conv(5) -> relu -> gap -> fc(4)"


def probe_of(text: str, name: str | None = None) -> tuple[Probe, nn.Module]:
    net = network(text)
    torch.manual_seed(0)
    module = net.module().eval()
    return probe_at(net.graph, chosen_layer(net.graph, name), module), module


def image_of(*sizes: int, seed: int = 1) -> Tensor:
    return torch.randn(1, *sizes, generator=torch.Generator().manual_seed(seed))


def test_before_global_pooling_the_map_is_that_of_the_last_weights() -> None:
    """There the gradient is the weight over the positions: Zhou et al., CAM, 2016."""
    probe, module = probe_of(LINEAR)
    image = image_of(3, 12, 12)
    weights = next(part for part in module.modules() if isinstance(part, nn.Linear)).weight
    with torch.no_grad():
        seen = probe.seen(image)[0]
        for target in range(4):
            expected = torch.einsum("k,khw->hw", weights[target] / 144, seen).relu()
            found = grad_cam(probe, image, target)
            assert found == pytest.approx(expected.double().numpy(), abs=1e-6)


def test_in_the_middle_of_a_network_it_is_the_formula_of_the_paper() -> None:
    probe, _ = probe_of(
        "input(3, 16, 16) -> conv(6) -> relu -> conv(8, 3, 2) -> relu -> flatten -> fc(3)", "1"
    )
    image = image_of(3, 16, 16)
    seen, outputs = probe.inner(image)
    (gradient,) = torch.autograd.grad(outputs[0, 2], seen)
    weights = gradient[0].mean(dim=(1, 2))
    expected = sum(w * plane for w, plane in zip(weights, seen[0].detach(), strict=True))
    assert grad_cam(probe, image, 2) == pytest.approx(np.maximum(np.asarray(expected), 0), abs=1e-6)


def test_the_network_looked_at_answers_as_the_one_it_was_made_of() -> None:
    probe, module = probe_of(LINEAR)
    image = image_of(3, 12, 12)
    assert torch.equal(probe(image), module(image))


def test_without_captum_the_command_that_installs_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe, _ = probe_of(LINEAR)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(UsageError, match=r"pip install 'striate\[explain\]'"):
        grad_cam(probe, image_of(3, 12, 12), 0)


def test_the_weight_of_two_convolutions_of_ones_is_a_pyramid() -> None:
    probe, module = probe_of("input(1, 11, 11) -> conv(1, b=0) -> conv(1, b=0) -> gap -> fc(2)")
    for place in (probe, module):
        for part in place.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.ones_(part.weight)
    found = effective_field(probe, image_of(1, 11, 11), (5, 5))
    pyramid = np.array([1, 2, 3, 2, 1])
    expected = np.zeros((11, 11))
    expected[3:8, 3:8] = np.outer(pyramid, pyramid) / 81
    assert found == pytest.approx(expected)
    assert held_square(found, held=0.6) == Square(4, 4, 6, 6)  # 49 of 81
    assert held_square(found, held=1) == Square(3, 3, 7, 7)


def test_what_a_position_could_see_holds_all_that_has_weight() -> None:
    net = network(
        "input(3, 32, 32) -> conv(4) -> relu -> maxpool -> conv(4, 5) -> relu -> gap -> fc(2)"
    )
    layer = chosen_layer(net.graph)
    torch.manual_seed(0)
    probe = probe_at(net.graph, layer, net.module())
    found = sight(net.graph, layer, probe, image_of(3, 32, 32))
    assert found.position == (8, 8)
    # By hand: positions 6..10 of the pooled plane, pixels 12..21 before it, one more on each side.
    assert found.could == Square(11, 11, 22, 22)
    rows, columns = np.nonzero(found.weight)
    assert (rows.min(), rows.max()) >= (11, 11)
    assert max(rows.max(), columns.max()) <= 22
    assert found.weight.sum() == pytest.approx(1)


def test_a_map_is_spread_over_the_image_as_torch_resizes() -> None:
    heat = np.random.default_rng(0).random((7, 5))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(heat)[None, None], (56, 33), mode="bilinear", align_corners=False
    )
    assert placed(heat, (56, 33)) == pytest.approx(expected[0, 0].numpy())


def test_ranks_are_those_of_spearman() -> None:
    one = np.array([[1.0, 5.0], [3.0, 3.0]])
    assert rank_correlation(one, one**3) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    # Ranks 1 4 2.5 2.5 and 1 2 3 4: covariance 1.5 over the root of 4.5 times 5.
    other = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert rank_correlation(one, other) == pytest.approx(1.5 / np.sqrt(4.5 * 5))
    assert rank_correlation(one, np.zeros((2, 2))) == 0


def test_layers_are_made_random_from_the_top_and_the_network_is_left_as_it_is() -> None:
    probe, _ = probe_of(
        "input(3, 12, 12) -> conv(5) -> bn -> relu -> conv(6) -> relu -> gap -> fc(4)"
    )
    before = {name: one.clone() for name, one in probe.state_dict().items()}
    looks = cascade(probe, image_of(3, 12, 12), 1)
    assert [look.layers for look in looks] == [1, 2, 3, 4]
    assert looks == cascade(probe, image_of(3, 12, 12), 1)
    assert [look.last for look in looks][-1] == "0"
    assert all(torch.equal(one, before[name]) for name, one in probe.state_dict().items())


def test_a_map_of_edges_alone_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def edges(_: Probe, image: Tensor, __: int) -> np.ndarray:
        return np.abs(np.diff(image[0].sum(dim=0).numpy(), axis=0))

    monkeypatch.setattr(sanity, "grad_cam", edges)
    looks = cascade(probe_of(LINEAR)[0], image_of(3, 12, 12), 0)
    assert [look.likeness for look in looks] == pytest.approx([1, 1])
    assert not is_sound(looks)
    assert is_sound([Look(1, "a", 0.9), Look(2, "b", -0.1)])
