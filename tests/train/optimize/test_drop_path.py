"""Tests of residual branches that are left out by chance."""

from __future__ import annotations

import pytest
import torch

from striate.backends.torch_module import module
from striate.errors import UsageError
from striate.ir.verify import verify
from striate.networks import network
from striate.train.optimize.drop_path import with_drop_path

BLOCK = "((conv(8) -> bn -> relu -> conv(8) -> bn) + id -> relu)"
NET = f"input(3, 8, 8) -> conv(8) -> {BLOCK}*4 -> gap -> fc(2)"


def chances(text: str, share: float) -> list[float]:
    graph = with_drop_path(network(text).graph, share)
    verify(graph)
    return [float(str(n.op.settings["p"])) for n in graph.nodes if n.op.name == "droppath"]


def test_branches_are_left_out_more_often_the_deeper_they_lie() -> None:
    assert chances(NET, 0.4) == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_each_block_of_resnet_18_has_one_branch() -> None:
    # Two blocks in each of four stages; projections carry the signal and stay.
    assert chances("resnet18", 0.2) == pytest.approx([0.025 * n for n in range(1, 9)])


def test_chances_that_the_text_states_are_replaced() -> None:
    text = "input(3, 8, 8) -> ((conv(3) -> bn -> droppath(0.9)) + id)*2 -> gap -> fc(2)"
    assert chances(text, 0.1) == pytest.approx([0.05, 0.1])


def test_a_shared_block_keeps_one_chance() -> None:
    text = "input(3, 8, 8) -> m -> m -> gap -> fc(2) where m: ((conv(3) -> bn) + id)"
    shared = network(text)
    graph = with_drop_path(shared.graph, 0.4)
    verify(graph)
    module(graph)(torch.zeros(2, 3, 8, 8))


@pytest.mark.parametrize(
    "text",
    [
        "input(3, 8, 8) -> conv(8) -> relu -> gap -> fc(2)",
        # Branches of the same length: nobody can say which carries the signal.
        "input(3, 8, 8) -> ((conv(8) -> bn) + (conv(8) -> bn)) -> gap -> fc(2)",
    ],
)
def test_a_network_without_residual_branches_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_drop_path(network(text).graph, 0.1)
    assert caught.value.code == "no-residual-branches"


def test_weights_and_their_names_are_the_same() -> None:
    plain = network(NET)
    torch.manual_seed(0)
    one = plain.module().eval()
    torch.manual_seed(0)
    two = module(with_drop_path(plain.graph, 0.5)).eval()
    assert list(one.state_dict()) == list(two.state_dict())
    images = torch.randn(2, 3, 8, 8)
    assert torch.equal(one(images), two(images))


def test_an_image_keeps_all_of_a_branch_or_nothing_of_it() -> None:
    net = network("input(4, 4, 4) -> ((norm: conv(4, 1, b=0)) + id)")
    made = module(with_drop_path(net.graph, 0.5))
    torch.manual_seed(0)
    images = torch.randn(64, 4, 4, 4)
    with torch.no_grad():
        branch = dict(made.named_parameters())["norm.weight"].flatten(1)
        added = made(images) - images
        whole = 2 * torch.einsum("oc,nchw->nohw", branch, images)
    is_kept = added.flatten(1).abs().sum(1) > 1e-5
    assert 16 < int(is_kept.sum()) < 48
    torch.testing.assert_close(added[is_kept], whole[is_kept], rtol=1e-4, atol=1e-5)
