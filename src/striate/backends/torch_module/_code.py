"""The `forward` of each container as plain Python source."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import zip_longest

from torch import nn

from striate.backends._calls import Call, input_name, inputs_of, outputs_of
from striate.backends._python import SIGNS, argument_names, spare_name
from striate.backends.torch_module._network import NumberedNetwork
from striate.ir import Graph, Node, TorchFunction, TorchLayer, Value, Weight

_RESERVED = frozenset(dir(NumberedNetwork)) | vars(nn.Module()).keys()
_TAKEN = ("getattr", "input", "operator", "self", "striate", "torch", "use")


@dataclass
class Code:
    """The source of one container.

    bodies: one for each kind of call, with its arguments; more than one only where a shared
        container is called with different values read or wanted.
    above: paths of the containers around this one out of which it calls shared layers.
    chain: names of its layers, where a call runs them one after another and does nothing else.
    """

    title: str
    bodies: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    chain: list[str] | None = None

    def is_chain(self, children: list[str]) -> bool:
        """True where it runs these, all it holds, one after another and does nothing else."""
        return len(self.bodies) == 1 and self.chain == children

    def use(self, arguments: tuple[str, ...], body: tuple[str, ...]) -> int:
        """Number of a body; a new one is kept."""
        if (arguments, body) not in self.bodies:
            self.bodies.append((arguments, body))
        return self.bodies.index((arguments, body))

    @property
    def text(self) -> str:
        """The whole function, and what it imports."""
        if len(self.bodies) == 1:
            arguments, body = self.bodies[0]
            head, lines = ", ".join(("self", *arguments)), list(body)
        else:
            head, lines = "self, *inputs, use=0", []
            for use, (arguments, body) in enumerate(self.bodies):
                taken = [f"{', '.join(arguments)}, = inputs"] if arguments else []
                lines += [f"if use == {use}:", *(f"    {line}" for line in (*taken, *body))]
        imports = [f"import {name}" for name in sorted(self.imports)]
        function = [f"def forward({head}):", *(f"    {line}" for line in lines)]
        return "\n".join([*imports, *([""] if imports else []), *function, ""])


@dataclass(frozen=True, slots=True)
class Layer:
    """What a node says for torch, asked once.

    is_bare: a tensor that is not inside a layer; its path is its key.
    """

    torch: TorchLayer | TorchFunction
    weights: tuple[Weight, ...]
    is_bare: bool

    @classmethod
    def of(cls, node: Node) -> Layer:
        """The layer of a node."""
        weights = node.weights
        return cls(node.torch, weights, any(not weight.name for weight in weights))


def write(graph: Graph, layers: Sequence[Layer], root: Call) -> dict[str, Code]:
    """The source of every container, by path."""
    writer = _Writer(graph, layers)
    for call in root.walk():
        writer.codes.setdefault(call.path, Code(call.title))
    writer.write(root)
    return writer.codes


def call_text(function: TorchFunction, inputs: Sequence[str]) -> str:
    """A call of a function on expressions."""
    ready = [
        call_text(before, [one]) if before else one
        for before, one in zip_longest(function.prepare, inputs)
    ]
    if function.folded:
        text = reduce(lambda left, right: _plain(function, [left, right]), ready)
    else:
        text = _plain(function, [f"[{', '.join(ready)}]"] if function.packed else ready)
    return call_text(function.then, [text]) if function.then else text


def _plain(function: TorchFunction, inputs: Sequence[str]) -> str:
    if function.name in SIGNS and not function.keywords:
        return f"({f' {SIGNS[function.name]} '.join(inputs)})"
    words = [f"{name}={value!r}" for name, value in function.keywords.items()]
    return f"{function.name}({', '.join([*inputs, *words])})"


def _imports(function: TorchFunction) -> set[str]:
    """Modules that a call names."""
    found = set[str]()
    for one in (*function.prepare, function.then):
        found |= _imports(one) if one else set()
    if function.name.startswith("torch."):
        return found | {"torch"}
    return found | ({function.name.rpartition(".")[0]} if function.name not in SIGNS else set())


def member(owner: str, path: str, table: str = "_modules") -> str:
    """The expression that reaches a module, or a parameter, by its path below the owner."""
    *above, last = path.strip(".").split(".")
    for name in above:
        owner = _part(owner, name, "_modules")
    return _part(owner, last, table) if last else owner


def _part(owner: str, name: str, table: str) -> str:
    if name in _RESERVED:
        return f"{owner}.{table}[{name!r}]"
    if name.isidentifier() and not keyword.iskeyword(name):
        return f"{owner}.{name}"
    return f"getattr({owner}, {name!r})"


class _Writer:
    def __init__(self, graph: Graph, layers: Sequence[Layer]) -> None:
        self.graph = graph
        self.layers = layers
        self.codes: dict[str, Code] = {}
        self.reused: set[str] = set()

    def write(self, call: Call) -> int:
        """Which body of its container a call is."""
        names = _Names(self.graph, call)
        arguments = tuple(names.arguments)
        body = []
        for item in call.items:
            inputs = [names[value] for value in inputs_of(self.graph, item)]
            body.append((item, self._expression(call.path, item, inputs), names.after(item)))
        lines = [
            line for _, text, (target, freed) in body for line in _statement(target, text, freed)
        ]
        given = ", ".join(names[value] for value in call.outputs)
        code = self.codes[call.path]
        use = code.use(arguments, (*lines, f"return {given}"))
        code.chain = None if use else self._chain(call)
        return use

    def _chain(self, call: Call) -> list[str] | None:
        """Names of the layers of a call that runs them one after another and does nothing else."""
        names, stream = [], call.inputs
        for item in call.items:
            if len(stream) != 1 or inputs_of(self.graph, item) != stream:
                return None
            stream = outputs_of(self.graph, item)
            if isinstance(item, Call):
                path, is_layer = item.path, item.path not in self.reused
            else:
                path, layer = self.graph.nodes[item].path, self.layers[item]
                is_layer = isinstance(layer.torch, TorchLayer) and not layer.torch.prepare
                is_layer = is_layer and not layer.is_bare
            owner, _, name = path.rpartition(".")
            if owner != call.path or not is_layer:
                return None
            names.append(name)
        return names if stream == call.outputs and len(set(names)) == len(names) else None

    def _expression(self, path: str, item: int | Call, inputs: list[str]) -> str:
        if isinstance(item, Call):
            use = self.write(item)
            words = [f"use={use}"] if use else []
            if use:
                self.reused.add(item.path)
            return f"{self._member(path, item.path)}({', '.join([*inputs, *words])})"
        place, layer = self.graph.nodes[item].path, self.layers[item]
        if layer.is_bare:
            tensor = self._member(path, place, "_parameters")
            return f"{tensor}{self._batch_axis(item, inputs)}"
        spelled = layer.torch
        imports = self.codes[path].imports
        if isinstance(spelled, TorchFunction):
            imports |= _imports(spelled)
            return call_text(spelled, inputs)
        if spelled.prepare:
            imports |= _imports(spelled.prepare)
            inputs = [call_text(spelled.prepare, inputs[:1]), *inputs[1:]]
        return f"{self._member(path, place)}({', '.join(inputs)})"

    def _batch_axis(self, index: int, inputs: list[str]) -> str:
        """Gives a bare tensor the batch of what it reads; one of 1 where it reads nothing."""
        if not inputs:
            return "[None]"
        rest = ", -1" * len(self.graph.nodes[index].outputs[0].sizes)
        return f".expand(len({inputs[0]}){rest})"

    def _member(self, path: str, target: str, table: str = "_modules") -> str:
        if not path or target.startswith(f"{path}."):
            return member("self", target[len(path) :], table)
        above = self.codes[path].above
        common = _common(path, target)
        if common not in above:
            above.append(common)
        return member(f"self.above[{above.index(common)}]", target[len(common) :], table)


def _common(path: str, target: str) -> str:
    """The deepest container that holds both and is neither."""
    parts = []
    for one, other in zip(path.split("."), target.split(".")[:-1], strict=False):
        if one != other:
            break
        parts.append(one)
    return ".".join(parts)


def _statement(targets: list[str], text: str, freed: list[str]) -> list[str]:
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    lines = [f"{', '.join(targets)} = {text}"]
    return [*lines, f"del {', '.join(freed)}"] if freed else lines


class _Names:
    """Names of values; one that is not read again leaves its name to the next.

    So a tensor lives no longer than it is needed, as in code written by hand.
    """

    def __init__(self, graph: Graph, call: Call) -> None:
        self.graph = graph
        self.call = call
        self.names: dict[Value, str] = {}
        self.last = {
            value: at for at, item in enumerate(call.items) for value in inputs_of(graph, item)
        } | dict.fromkeys(call.outputs, len(call.items))
        self.step = 0
        self.arguments = self._label_inputs() if not call.path else []
        for value in call.inputs if call.path else ():
            self.arguments.append(self._fresh(value))

    def __getitem__(self, value: Value) -> str:
        return self.names[value]

    def after(self, item: int | Call) -> tuple[list[str], list[str]]:
        """Names that the results of the next step take, and those freed by it."""
        dying = [v for v in dict.fromkeys(inputs_of(self.graph, item)) if self.last[v] == self.step]
        free = [self.names.pop(value) for value in dying]
        targets = []
        for value in outputs_of(self.graph, item):
            if value not in self.last:
                targets.append("_")
            elif free:
                self.names[value] = free.pop(0)
                targets.append(self.names[value])
            else:
                targets.append(self._fresh(value))
        self.step += 1
        is_last = self.step == len(self.call.items)
        return targets, [] if is_last else free

    def _fresh(self, value: Value) -> str:
        self.names[value] = spare_name(self.names.values())
        return self.names[value]

    def _label_inputs(self) -> list[str]:
        labels = [input_name(self.graph, value) for value in self.call.inputs]
        found = argument_names(labels, _TAKEN)
        self.names.update(zip(self.call.inputs, found, strict=True))
        return found
