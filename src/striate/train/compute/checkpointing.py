"""Blocks whose activations are computed again for the backward pass instead of being kept."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from striate.analysis.memory import saved_bytes
from striate.backends.torch_module import Container
from striate.ir import Graph, Region
from striate.train.compute.depthwise import FastGradients


def checkpoint_blocks(module: nn.Module, graph: Graph) -> list[str]:
    """Make blocks of a network forget their activations while it trains; the blocks' paths.

    Blocks are stages of the network or parts of them, chosen so that what is kept between them and
    what one of them keeps are together least. The weights, what is drawn (dropout) and the running
    statistics end as without; a step takes up to a third longer.

    module: of the graph.

    Source: T. Chen et al., "Training deep nets with sublinear memory cost", 2016, section 3.
    """
    found = dict(module.named_modules())
    blocks = [
        path
        for path in chosen_blocks(graph).paths
        if isinstance(found.get(path), Container | nn.Sequential)
    ]
    for path in blocks:
        # An attribute of the block, so that a copy of the network gets one for its own block.
        found[path].forward = _Again(found[path])
    return blocks


class Blocks(NamedTuple):
    """Paths of blocks that forget, and bytes of one image that are kept at most then."""

    paths: tuple[str, ...]
    kept_bytes: int


def chosen_blocks(graph: Graph) -> Blocks:
    """The blocks of a network that leave least to be kept."""
    saved = saved_bytes(graph)
    sizes = {sum(saved[index] for index in region.nodes()) for region in graph.root.walk()}
    divisions = [list(_division(graph.root, saved, limit)) for limit in sizes]
    found = (_blocks(graph, saved, division) for division in divisions)
    return min(found, key=lambda blocks: (blocks.kept_bytes, len(blocks.paths)))


def _division(region: Region, saved: Sequence[int], limit: int) -> Iterator[Region]:
    """The outermost regions that keep no more than `limit` bytes."""
    for item in region.items:
        if not isinstance(item, Region):
            continue
        size = sum(saved[index] for index in item.nodes())
        if size > limit:
            yield from _division(item, saved, limit)
        elif size:
            yield item


def _blocks(graph: Graph, saved: Sequence[int], division: Sequence[Region]) -> Blocks:
    """What is kept with these blocks: what they read, what is outside of them, and one of them."""
    inside = [set(region.nodes()) for region in division]
    sizes = [sum(saved[index] for index in nodes) for nodes in inside]
    read = {
        value
        for nodes in inside
        for index in nodes
        for value in graph.nodes[index].inputs
        if value.node not in nodes
    }
    bytes_read = sum(4 * (graph.type_of(value).elements or 0) for value in read)
    outside = sum(saved) - sum(sizes)
    paths = tuple(dict.fromkeys(region.path for region in division))
    return Blocks(paths, outside + bytes_read + max(sizes, default=0))


class _Again:
    """The `forward` of a block, run a second time for the backward pass."""

    def __init__(self, block: nn.Module) -> None:
        self.block = block

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        if not torch.is_grad_enabled():
            return _forward(self.block, *inputs, **named)
        return checkpoint(
            partial(_forward, self.block),
            *inputs,
            use_reentrant=False,
            context_fn=partial(_contexts, self.block),
            **named,
        )


def _forward(block: nn.Module, *inputs: Any, **named: Any) -> Any:
    # Inside, so that both runs do the same.
    with FastGradients():
        return type(block).forward(block, *inputs, **named)


def _contexts(
    block: nn.Module,
) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _buffers_kept(block)


@contextmanager
def _buffers_kept(block: nn.Module) -> Generator[None]:
    """A block in which running statistics change in copies, since they count each batch once."""
    kept = [
        (part, name, buffer)
        for part in block.modules()
        for name, buffer in part._buffers.items()
        if buffer is not None
    ]
    for part, name, buffer in kept:
        part._buffers[name] = buffer.clone()
    try:
        yield
    finally:
        for part, name, buffer in kept:
            part._buffers[name] = buffer
