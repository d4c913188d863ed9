"""Activations computed twice: the same gradients and statistics, and less memory."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from striate.networks import Network, network
from striate.train.compute.checkpointing import checkpoint_blocks, chosen_blocks
from striate.train.compute.ways import Way, arrange, forward

TEXT = """
block(w, s=1) :=
  ( conv(w, 3, s) -> bn -> relu -> dropout(0.2) -> conv(w) -> bn
  + if s == 1 and c == w then id else (conv(w, 1, s) -> bn)
  ) -> relu
input(3, 8, 8) -> conv(8) -> bn -> relu
  -> stage1: block(8)*2 -> stage2: (block(16, 2) -> block(16)) -> gap -> dropout(0.5) -> fc(5)
"""


@pytest.fixture(scope="module")
def small() -> Network:
    return network(TEXT)


def modules(net: Network) -> tuple[nn.Module, nn.Module, list[str]]:
    """Twice the same network, the second with blocks that forget."""
    torch.manual_seed(0)
    kept = net.module().double()
    forgetting = deepcopy(kept)
    paths = checkpoint_blocks(forgetting, net.graph)
    return kept, forgetting, paths


def images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(4, 3, 8, 8, generator=generator, dtype=torch.float64)


def after_steps(module: nn.Module) -> dict[str, Tensor]:
    """Gradients and statistics after two backward passes, with dropout drawn from one seed."""
    torch.manual_seed(7)
    module.train()
    for _ in range(2):
        module(images()).square().sum().backward()
    gradients = {name: one.grad for name, one in module.named_parameters() if one.grad is not None}
    return {**dict(module.named_buffers()), **gradients}


def saved(module: nn.Module) -> int:
    """Bytes that a forward pass keeps."""
    found: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            found[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        said = module.train()(images())
    del said
    return sum(found.values())


def test_gradients_and_statistics_are_the_same_to_the_last_bit(small: Network) -> None:
    kept, forgetting, paths = modules(small)
    assert paths
    wanted, found = after_steps(kept), after_steps(forgetting)
    assert wanted.keys() == found.keys()
    for name, tensor in wanted.items():
        assert torch.equal(tensor, found[name]), name
    counts = [int(tensor) for name, tensor in found.items() if name.endswith("batches_tracked")]
    assert set(counts) == {2}


def test_what_is_drawn_afterwards_is_the_same(small: Network) -> None:
    kept, forgetting, _ = modules(small)
    drawn = []
    for module in (kept, forgetting):
        after_steps(module)
        drawn.append(torch.rand(3))
    assert torch.equal(*drawn)


def test_less_is_kept(small: Network) -> None:
    kept, forgetting, _ = modules(small)
    assert saved(forgetting) < saved(kept) / 2


def test_keys_and_answers_stay(small: Network) -> None:
    kept, forgetting, _ = modules(small)
    assert kept.state_dict().keys() == forgetting.state_dict().keys()
    with torch.no_grad():
        assert torch.equal(kept.eval()(images()), forgetting.eval()(images()))


def test_a_copy_has_weights_of_its_own(small: Network) -> None:
    _, forgetting, _ = modules(small)
    copy = deepcopy(forgetting).eval()
    with torch.no_grad():
        before = copy(images())
        for parameter in forgetting.parameters():
            parameter.zero_()
        assert torch.equal(copy(images()), before)


def test_frozen_statistics_stay_frozen(small: Network) -> None:
    _, forgetting, _ = modules(small)
    forgetting.train()
    norms = [one for one in forgetting.modules() if isinstance(one, nn.BatchNorm2d)]
    for norm in norms:
        norm.eval()
    forgetting(images()).sum().backward()
    assert all(int(norm.num_batches_tracked or 0) == 0 for norm in norms)
    assert all(bool((norm.get_buffer("running_var") == 1).all()) for norm in norms)


def test_it_goes_with_bfloat16_and_fast_depthwise_gradients() -> None:
    net = network(
        "block := conv(8, 1) -> dw(5, 2) -> bn -> relu\ninput(3, 8, 8) -> block*2 -> gap -> fc(2)"
    )
    torch.manual_seed(0)
    kept = arrange(net.module(), way := Way("bfloat16", channels_last=True))
    forgetting = deepcopy(kept)
    assert checkpoint_blocks(forgetting, net.graph)
    for module in (kept, forgetting):
        loss = forward(module.train(), images().float(), way).sum()
        loss.backward()  # type: ignore[no-untyped-call]
    for one, other in zip(kept.parameters(), forgetting.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)


def test_blocks_are_those_that_leave_least() -> None:
    """Three alike: of 8x16x16 numbers, 8 KiB, conv keeps what it reads, bn and relu one more each.

    Kept are what each block reads, what one block keeps besides, and little behind them: with one
    block for all it would be what all of them keep.
    """
    net = network(
        "block := conv(8) -> bn -> relu\ninput(8, 16, 16) -> body: block*3 -> gap -> fc(2)"
    )
    found = chosen_blocks(net.graph)
    assert len(found.paths) == 3
    size = 4 * 8 * 16 * 16
    assert 3 * size + 2 * size <= found.kept_bytes <= 3 * size + 3 * size + 4 * 10
