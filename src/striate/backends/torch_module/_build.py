"""Makes the tree of modules: every layer once, at the path that its keys have."""

from __future__ import annotations

from importlib import import_module

from torch import nn

from striate.backends._calls import Call, calls
from striate.backends.torch_module._code import is_bare, write
from striate.backends.torch_module._container import (
    Container,
    Holder,
    NumberedContainer,
    NumberedHolder,
    container_class,
)
from striate.backends.torch_module._initialise import Start, bare_parameter, starts
from striate.backends.torch_module._network import Network, NumberedNetwork
from striate.errors import GraphError
from striate.ir import Graph, Node, TorchLayer


def tree(graph: Graph) -> Network:
    """The network with its weights as the graph says they start."""
    return _Tree(graph).root()


class _Tree:
    """Children are put where torch keeps them: its own method refuses names such as `half`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.call = calls(graph)
        self.codes = write(graph, self.call)
        self.starts = starts(graph)
        self.children = _children(graph, self.call)
        self.modules: dict[str, nn.Module] = {}

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
                self._place(self.graph.nodes[item], self.starts[item])

    def _place(self, node: Node, start: Start) -> None:
        spelled = node.torch
        if node.shared or not isinstance(spelled, TorchLayer):
            return
        if is_bare(node):
            self._put(node.path, bare_parameter(node))
        else:
            self.modules[node.path] = layer = start.made(layer_class(spelled), spelled)
            self._put(node.path, layer)

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

    def _holder(self, path: str) -> Holder:
        return NumberedHolder() if _numbered(self.children[path]) else Holder()


def layer_class(layer: TorchLayer) -> type[nn.Module]:
    """The class of a layer.

    Raises:
        GraphError: there is no such class in this installation.
    """
    place, _, name = layer.name.rpartition(".")
    try:
        found: type[nn.Module] = getattr(import_module(place), name)
    except (ImportError, AttributeError) as error:
        raise GraphError.of(
            "no-torch-layer", f"{layer.name} is not there: {error}", "is its package installed?"
        ) from error
    return found


def _children(graph: Graph, root: Call) -> dict[str, list[str]]:
    """For each container and holder the names of what it holds, in order of first use."""
    found: dict[str, dict[str, None]] = {}
    for call in root.walk():
        found.setdefault(call.path, {})
    for path in _paths(graph, root):
        while path:
            owner, _, name = path.rpartition(".")
            found.setdefault(owner, {}).setdefault(name)
            path = owner
    return {path: list(names) for path, names in found.items()}


def _paths(graph: Graph, call: Call) -> list[str]:
    paths = [call.path]
    for item in call.items:
        if isinstance(item, Call):
            paths += _paths(graph, item)
        elif isinstance(graph.nodes[item].torch, TorchLayer):
            node = graph.nodes[item]
            paths.append(node.path.rpartition(".")[0] if is_bare(node) else node.path)
    return paths


def _numbered(names: list[str]) -> bool:
    return bool(names) and all(name.isdecimal() for name in names)
