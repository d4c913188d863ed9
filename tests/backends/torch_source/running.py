"""Runs the text of an ejected file, and compares it with the module of the same graph."""

from __future__ import annotations

import sys
import types

import torch
from torch import Tensor, nn

from striate.backends.torch_module import module
from striate.backends.torch_source import source
from striate.ir import Graph


def space_of(text: str) -> dict[str, object]:
    """The names that a file defines."""
    made = types.ModuleType("ejected_file")
    sys.modules[made.__name__] = made  # where dataclasses look for their module
    exec(compile(text, "<ejected>", "exec"), made.__dict__)  # noqa: S102 - what is tested
    return vars(made)


def classes_of(text: str) -> dict[str, type[nn.Module]]:
    """The classes of modules that a file defines, in order."""
    return {
        name: one
        for name, one in space_of(text).items()
        if isinstance(one, type) and issubclass(one, nn.Module) and one.__module__ == "ejected_file"
    }


def network_of(text: str, **keywords: int) -> nn.Module:
    """The network of a file: its last class, made."""
    return list(classes_of(text).values())[-1](**keywords)


def assert_same(graph: Graph, text: str | None = None) -> str:
    """The file of a graph has the keys of its module, in order, and gives the same numbers."""
    torch.manual_seed(0)
    text = source(graph) if text is None else text
    expected, found = module(graph).eval(), network_of(text).eval()
    for name, one in expected.named_buffers():
        if one.is_floating_point() and "running" in name:
            one.uniform_(0.5, 1.5)
    for one in expected.parameters():
        if one.dim() == 1:
            one.data.uniform_(-0.5, 1.5)
    state = expected.state_dict()
    assert list(found.state_dict()) == list(state)
    found.load_state_dict(state, strict=True)
    images = [torch.rand(2, *(size or 12 for size in one.sizes)) for one in graph.input_types]
    with torch.no_grad():
        pairs = zip(_several(expected(*images)), _several(found(*images)), strict=True)
    for theirs, ours in pairs:
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
    return text


def _several(given: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (given,) if isinstance(given, Tensor) else given
