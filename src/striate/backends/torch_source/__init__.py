"""A graph as a stand-alone Python file that needs nothing but torch.

The way from one to the other, by modules; `_file` runs them in this order:

1. `_containers`: which container becomes a class, which is written where it stands.
2. `_bodies`, `_loops`: each container as a class with one instance, made of the terms of `_terms`.
3. `_classes`, `_merge`, `_merge_steps`, `_align`: classes of one title are laid on each other
   (anti-unification), which leaves a row of values wherever instances differ.
4. `_head`: the number of classes as an argument.
5. `_parameters`, `_argument`: those rows as arguments of the class, or as expressions in them.
6. `_construct`, `_runs`, `_forward`: the text of a class. `_start`, `_borrowed`, `_unchecked`: what
   stands above the classes. `_literals`, `_layers_of_torch`: how values and calls are written.
7. `_format`, `_expressions`: the layout.

Why so: `docs/decisions/torch-source.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from striate.backends.torch_source._file import file_of
from striate.backends.torch_source._format import WIDTH
from striate.ir import Graph
from striate.quantities import dimensions, exact

__all__ = ["source"]


def source(graph: Graph, *, name: str = "network", paper: str = "") -> str:
    """The text of a Python file whose last class is the network, with the keys of the graph.

    One class stands for all blocks of a definition that differ only in numbers; blocks in a row are
    made in `nn.Sequential`. Layers that torch lacks are written into the file. It is laid out the
    way `ruff format` and `black` do, and free of what `ruff check` finds by default.

    name: of the network; its class is called after it (`resnet50`: `ResNet50`).
    paper: what its docstring refers to.

    Raises:
        UsageError: a layer from outside that a file cannot import.
    """
    return file_of(graph, name, list(_about(graph, name, paper)))


def _about(graph: Graph, name: str, paper: str) -> Iterator[str]:
    yield f"{name} in PyTorch."
    yield ""
    if paper:
        yield from wrap(f"{paper}.", WIDTH)
        yield ""
    inputs = " and ".join(f"Nx{dimensions(one.sizes)}" for one in graph.input_types)
    yield f"Input: {inputs}. Parameters: {exact(graph.params)}."
    if graph.cost.known:
        yield f"Multiply-accumulates for one image: {exact(graph.cost.macs)}."
    yield "Written by striate eject."
