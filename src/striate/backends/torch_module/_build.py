"""Makes the tree of modules: every layer once, at the path that its keys have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module

from torch import nn

from striate.backends._calls import Call, calls
from striate.backends._residual import residual_ends
from striate.backends.torch_module._code import Layer, write
from striate.backends.torch_module._container import (
    Container,
    Holder,
    NumberedContainer,
    NumberedHolder,
    container_class,
)
from striate.backends.torch_module._initialise import Start, bare_parameter
from striate.backends.torch_module._network import Network, NumberedNetwork
from striate.errors import GraphError
from striate.ir import Graph, Node, TorchLayer


def tree(graph: Graph, *, starts: bool = True) -> Network:
    """The network with its weights as the graph says they start.

    starts: False for a caller who fills them all: they hold whatever stands in memory.
    """
    return _Tree(graph, starts).root()


class _Tree:
    """Children are put where torch keeps them: its own method refuses names such as `half`."""

    def __init__(self, graph: Graph, starts: bool) -> None:
        self.graph = graph
        self.starts = starts
        self.call = calls(graph)
        self.layers = [Layer.of(node) for node in graph.nodes]
        self.codes = write(graph, self.layers, self.call)
        self.zeroed = residual_ends(graph)
        self.children = self._children()
        self.modules: dict[str, nn.Module] = {}
        self.owners: dict[str, TorchLayer] = {}

    def root(self) -> Network:
        network = self._module("")
        assert isinstance(network, Network)
        network.keep(self.graph)
        self._fill(self.call)
        for path, code in self.codes.items():
            if code.above:
                container = self.modules[path]
                assert isinstance(container, Container)
                container.above = tuple(self.modules[above] for above in code.above)
        return network

    def _fill(self, call: Call) -> None:
        self._module(call.path)
        for item in call.items:
            if isinstance(item, Call):
                self._fill(item)
            else:
                self._place(item)

    def _place(self, index: int) -> None:
        node, layer = self.graph.nodes[index], self.layers[index]
        if not isinstance(layer.torch, TorchLayer):
            return
        owner = self.owners.setdefault(node.path, layer.torch)
        if node.shared:
            _check_shared(node, owner, layer.torch)
        elif layer.is_bare:
            (weight,) = layer.weights
            self._put(node.path, bare_parameter(weight))
        else:
            start = Start(layer.weights, node.init, index in self.zeroed, not self.starts)
            self.modules[node.path] = start.made(factory_of(layer.torch), layer.torch)
            self._put(node.path, self.modules[node.path])

    def _module(self, path: str) -> nn.Module:
        """The container or holder of a path, made with all above it on first use."""
        if path in self.modules:
            return self.modules[path]
        made = self._container(path) if path in self.codes else self._holder(path)
        self.modules[path] = made
        if path:
            self._put(path, made)
        return made

    def _put(self, path: str, child: nn.Module | nn.Parameter) -> None:
        owner, _, name = path.rpartition(".")
        above = self._module(owner)
        if name in vars(above):
            raise GraphError.of(
                "reserved-name",
                f"torch keeps something of its own under the name '{name}'",
                f"give '{path}' another label",
            )
        if isinstance(child, nn.Parameter):
            above._parameters[name] = child
        else:
            above._modules[name] = child

    def _container(self, path: str) -> nn.Module:
        code, children = self.codes[path], self.children[path]
        if path and code.is_chain(children):
            return nn.Sequential()
        if path:
            base: type[Container] = NumberedContainer if _numbered(children) else Container
        else:
            base = NumberedNetwork if _numbered(children) else Network
        return container_class(base, code.title, code.text)()

    def _children(self) -> dict[str, list[str]]:
        """For each container and holder the names of what it holds, in order of first use."""
        found: dict[str, dict[str, None]] = {path: {} for path in self.codes}
        for path in self._paths(self.call):
            while path:
                owner, _, name = path.rpartition(".")
                found.setdefault(owner, {}).setdefault(name)
                path = owner
        return {path: list(names) for path, names in found.items()}

    def _paths(self, call: Call) -> Iterator[str]:
        """Paths of containers and layers, in order."""
        yield call.path
        for item in call.items:
            if isinstance(item, Call):
                yield from self._paths(item)
            elif isinstance(self.layers[item].torch, TorchLayer):
                path = self.graph.nodes[item].path
                yield path.rpartition(".")[0] if self.layers[item].is_bare else path

    def _holder(self, path: str) -> Holder:
        return NumberedHolder() if _numbered(self.children[path]) else Holder()


def factory_of(layer: TorchLayer) -> Callable[..., object]:
    """What makes a layer.

    Raises:
        GraphError: there is no class of its name in this installation.
    """
    if layer.factory:
        return layer.factory
    place, _, name = layer.name.rpartition(".")
    try:
        found: Callable[..., object] = getattr(import_module(place), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise GraphError.of(
            "no-torch-layer", f"{layer.name} is not there: {error}", "is its package installed?"
        ) from error
    return found


def _check_shared(node: Node, first: TorchLayer, here: TorchLayer) -> None:
    if replace(first, prepare=None) != replace(here, prepare=None):
        raise GraphError.of(
            "shared-layers-differ",
            f"'{node.path}' is one shared layer, but its uses need different ones in torch",
            f"first use: {first.name}{first.arguments} {dict(first.keywords)}",
            f"this use: {here.name}{here.arguments} {dict(here.keywords)}",
            span=node.span,
        )


def _numbered(names: list[str]) -> bool:
    return bool(names) and all(name.isdecimal() for name in names)
