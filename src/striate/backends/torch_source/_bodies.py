"""One container as a class with one instance: its parts, and what its forward pass does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from striate.backends._calls import Call, input_name, inputs_of, outputs_of
from striate.backends._python import SIGNS
from striate.backends.torch_source._containers import Containers
from striate.backends.torch_source._layers_of_torch import names_and_defaults
from striate.backends.torch_source._terms import (
    GAP,
    MARK,
    Atom,
    Bare,
    Body,
    Entry,
    Group,
    Make,
    Plain,
    Step,
    Term,
    Word,
    is_mark,
    single,
)
from striate.ir import TorchFunction, TorchLayer, Value

ClassOf = Callable[[str], Make]
"""The call that makes the class of the container at a path."""


def body_of(read: Containers, path: str, class_of: ClassOf, zeroed: set[int]) -> Body:
    """The class of a container, as if it were made for it alone."""
    return _Builder(read, path, class_of, zeroed).body()


def layer_of(read: Containers, index: int, zeroed: set[int]) -> Make:
    """The call that makes the layer of a node."""
    layer = read.layers[index]
    assert isinstance(layer, TorchLayer)
    place, _, name = layer.name.rpartition(".")
    short = {"torch.nn": f"nn.{name}", "striate.nn": name}.get(place, layer.name)
    known, defaults = names_and_defaults(layer.name)
    names = tuple(known[: len(layer.arguments)])
    names += tuple(f"argument_{at}" for at in range(len(names), len(layer.arguments)))
    given = dict(zip(names, layer.arguments, strict=True)) | dict(layer.keywords)
    leading = [name for name in (known or names) if name in given]
    positional = len(leading) if leading[: len(names)] == list(names) else len(names)
    given = {name: given[name] for name in leading[:positional]} | given
    return Make(
        single(Word(short), "callee"),
        tuple((name, single(value, name)) for name, value in given.items()),
        max(positional, len(names)),
        read.graph.nodes[index].op.glyph,
        read.has_state(index),
        index in zeroed,
        tuple((name, value) for name, value in defaults.items()),
    )


@dataclass
class _Holder:
    """A level of names under construction.

    children: for each path the names of what it holds, in the order that keys have.
    """

    path: str
    children: Mapping[str, Sequence[str]]
    parts: dict[str, _Holder | Term] = field(default_factory=dict)

    def put(self, path: str, part: Term) -> None:
        """Keeps a part unless one is there."""
        owner, _, name = path.rpartition(".")
        self.at(owner).parts.setdefault(name, part)

    def at(self, path: str) -> _Holder:
        """The level of a path, made on first use."""
        level = self
        for name in path.split(".") if path else ():
            inner = f"{level.path}.{name}" if level.path else name
            below = level.parts.setdefault(name, _Holder(inner, self.children))
            assert isinstance(below, _Holder), f"{path} is a layer"
            level = below
        return level

    def entries(self) -> tuple[Entry, ...]:
        """What it holds, in the order of keys; that of first use for parts without a name.

        A container comes before what its calls reach outside of it, so where one is written inline
        the first use of a part does not tell its place.
        """
        found = []
        keyed = (name for name in self.children.get(self.path, ()) if name in self.parts)
        for name in self.parts:
            key = name if is_mark(name) else next(keyed)
            part = self.parts[key]
            found.append(Entry(key, part.group() if isinstance(part, _Holder) else part))
        return tuple(found)

    def group(self) -> Group:
        """As a module that only holds."""
        entries = self.entries()
        names = [entry.name for entry in entries]
        if any(isinstance(part, Bare) for part in self.parts.values()):
            return Group("Module", entries)
        if names and all(name.isdecimal() for name in names):
            numbers = list(map(int, names))
            if numbers == sorted(numbers) and numbers[-1] < 2 * len(names) + 1:
                return Group("ModuleList", _filled(entries, numbers[-1] + 1))
        return Group("ModuleDict", entries)


def _filled(entries: tuple[Entry, ...], total: int) -> tuple[Entry, ...]:
    known = {entry.name: entry for entry in entries}
    return tuple(known.get(str(at), Entry(str(at), GAP)) for at in range(total))


class _Builder:
    def __init__(self, read: Containers, path: str, class_of: ClassOf, zeroed: set[int]) -> None:
        self.read = read
        self.graph = read.graph
        self.path = path
        self.call = read.call(path)
        self.class_of = class_of
        self.zeroed = zeroed
        self.holder = _Holder(path, read.children)
        self.steps: list[Step] = []
        self.places: dict[Value, int] = {}
        self.total = 0
        self.plain: dict[tuple[object, ...], str] = {}

    def body(self) -> Body:
        chain = self.read.chain(self.call)
        entries: tuple[Entry, ...]
        is_row = chain is not None and self._is_counted(chain)
        if chain is not None and is_row and self.read.is_always_row(self.call):
            return self._finished("Sequential", self._sequence(chain), ())
        self.is_numbered = self._has_numbers()
        for value in self.call.inputs:
            self._fresh(value)
        for item in self.read.steps(self.call):
            self._step(item)
        entries = self.holder.entries()
        base = "Sequential" if self.is_numbered else "Module"
        outputs = tuple(self.places[value] for value in self.call.outputs)
        return replace(
            self._finished(base, entries, outputs),
            steps=tuple(self.steps),
            is_numbered=self.is_numbered,
        )

    def _finished(self, base: str, entries: tuple[Entry, ...], outputs: tuple[int, ...]) -> Body:
        graph, call = self.graph, self.call
        names = tuple(input_name(graph, value) for value in call.inputs) if not self.path else ()
        ends = tuple(
            single(graph.type_of(values[0]).channels if values else 0, "channels")
            for values in (call.inputs, call.outputs)
        )
        inputs = names or tuple("" for _ in call.inputs)
        title = self.read.title(self.path)
        return Body(title, base, entries, inputs, (), outputs, (ends[0], ends[1]))

    def _is_counted(self, items: list[int | Call]) -> bool:
        """Its parts are called 0, 1, 2, ..."""
        names = [self.read.path_of(item).rpartition(".")[2] for item in items]
        return names == [str(at) for at in range(len(names))]

    def _has_numbers(self) -> bool:
        """It has a forward pass of its own, and nothing but numbered parts, without gaps."""
        names = self.read.children.get(self.path, [])
        if not names or names != [str(at) for at in range(len(names))]:
            return False
        own = [item for item in self.read.steps(self.call) if not self._is_function(item)]
        levels = self.path.count(".") + (2 if self.path else 1)
        paths = [self.read.path_of(item) for item in own]
        is_bare = any(isinstance(item, int) and self.read.is_bare(item) for item in own)
        return not is_bare and all(len(path.split(".")) == levels for path in paths)

    def _is_function(self, item: int | Call) -> bool:
        return isinstance(item, int) and not self.read.is_leaf(item)

    def _fresh(self, value: Value | None = None) -> int:
        self.total += 1
        if value is not None:
            self.places[value] = self.total - 1
        return self.total - 1

    def _sequence(self, items: Sequence[int | Call]) -> tuple[Entry, ...]:
        """Parts of a chain; what flattens stands with the layer before it, which has no name."""
        entries: list[Entry] = []
        for item in items:
            name = self.read.path_of(item).rpartition(".")[2]
            term = self._part(item)
            if self.read.prepared(item) and not self.read.is_led(items, len(entries)):
                flatten = Make(single(Word("nn.Flatten"), "callee"), has_state=False)
                pair = (replace(entries[-1], name="0"), Entry("1", flatten))
                entries[-1] = replace(entries[-1], term=Group("Sequential", pair))
            entries.append(Entry(name, term))
        if entries and all(entry.name.isdecimal() for entry in entries):
            return _filled(tuple(entries), int(entries[-1].name) + 1)
        return tuple(entries)

    def _is_between(self, name: str) -> bool:
        """A number of a list of modules, with others behind it."""
        owner, _, last = name.rpartition(".")
        path = f"{self.path}.{owner}" if self.path else owner
        names = self.read.children.get(path, [])
        return bool(owner) and last.isdecimal() and last in names[:-1]

    def _part(self, item: int | Call) -> Term:
        """What makes the module of a step."""
        if isinstance(item, int):
            return layer_of(self.read, item, self.zeroed)
        if self.read.fates[item.path] == "class":
            return self.class_of(item.path)
        chain = self.read.chain(item)
        assert chain is not None
        return Group("Sequential", self._sequence(chain))

    def _step(self, item: int | Call) -> None:
        inputs = [self.places[value] for value in inputs_of(self.graph, item)]
        if isinstance(item, int) and not self.read.is_leaf(item):
            self._function(self.read.layers[item], inputs, item)
            return
        if isinstance(item, int) and self.read.is_bare(item):
            self._bare(item, inputs)
            return
        if self._is_flatten(item):
            self._add("flatten", tuple(inputs), (), outputs_of(self.graph, item)[0])
            return
        prepare = self.read.prepared(item)
        if prepare:
            inputs[0] = self._apply(prepare, inputs[:1])
        target = self._target(item)
        outputs = tuple(self._fresh(value) for value in outputs_of(self.graph, item))
        glyph = self.graph.nodes[item].op.glyph if isinstance(item, int) else "block"
        self.steps.append(Step("call", target, tuple(inputs), outputs, glyph=glyph))

    def _is_flatten(self, item: int | Call) -> bool:
        """A layer that is written as a function, its number being of no use to anyone."""
        name = self.read.graph.nodes[item].op.name if isinstance(item, int) else ""
        return name == "flatten" and not self.is_numbered

    def _target(self, item: int | Call) -> str:
        """Name of the part that a step calls; those without tensors are there once for all."""
        path = self.read.path_of(item)
        name = path[len(self.path) :].lstrip(".")
        part = self._part(item)
        is_plain = isinstance(part, Make) and not part.has_state
        is_plain = is_plain and not self.is_numbered and not self._is_between(name)
        if isinstance(part, Make) and is_plain and isinstance(item, int):
            key = (part.callee, part.arguments)
            if key not in self.plain:
                stem = f"{MARK}{part.glyph}"
                same_glyph = sum(mark.startswith(stem) for mark in self.plain.values())
                self.plain[key] = f"{stem}{same_glyph}"
            name = self.plain[key]
            self.holder.parts.setdefault(name, part)
            return name
        self.holder.put(name, part)
        return name

    def _bare(self, item: int, inputs: list[int]) -> None:
        """Reads a learned tensor, with the batch of its input; without one, with a batch of 1.

        What its readers stretch anyway stays as it is.
        """
        (weight,) = self.read.weights[item]
        path = self.graph.nodes[item].path
        name = path[len(self.path) :].lstrip(".")
        kinds = ("channels", *("size" for _ in weight.shape[1:]))
        sizes = tuple(map(single, weight.shape, kinds))
        self.holder.put(name, Bare(sizes, single(float(weight.value), "init_value")))
        read = self._fresh()
        self.steps.append(Step("read", name, (), (read,)))
        rank = len(self.graph.nodes[item].outputs[0].sizes)
        if inputs:
            self._add("expand", (read, inputs[0]), (single(rank),), Value(item))
        elif self._is_stretched(item, rank):
            self.places[Value(item)] = read
        else:
            self._add("[None]", (read,), (), Value(item))

    def _is_stretched(self, item: int, rank: int) -> bool:
        """All that reads a tensor of so many axes repeats it over the batch, without being told."""
        if Value(item) in self.graph.outputs:
            return False
        readers = [self.graph.nodes[user] for user in self.graph.users[item]]
        return all(node.op.stretches and self._has_batch(node.inputs, rank) for node in readers)

    def _has_batch(self, inputs: tuple[Value, ...], rank: int) -> bool:
        """Some input of as many axes has a batch axis of its own, so that others follow it."""
        return any(
            not (self.read.is_leaf(value.node) and self.read.is_bare(value.node))
            for value in inputs
        ) and all(len(self.graph.type_of(value).sizes) == rank for value in inputs)

    def _add(
        self,
        verb: str,
        inputs: tuple[int, ...],
        atoms: tuple[Atom, ...] = (),
        value: Value | None = None,
        wraps: tuple[str, ...] = (),
    ) -> int:
        output = self._fresh(value)
        self.steps.append(Step(verb, "", inputs, (output,), atoms, wraps=wraps))
        return output

    def _function(self, function: TorchLayer | TorchFunction, inputs: list[int], item: int) -> None:
        assert isinstance(function, TorchFunction)
        values = outputs_of(self.graph, item)
        if function.many:
            verb, atoms, words = _spelled(function)
            outputs = tuple(self._fresh(value) for value in values)
            self.steps.append(Step(verb, "", tuple(inputs), outputs, atoms, wraps=words))
            return
        self.places[values[0]] = self._apply(function, inputs)

    def _apply(self, function: TorchFunction, inputs: list[int]) -> int:
        ready = [
            self._apply(before, [value]) if before else value
            for before, value in zip(function.prepare or (None,) * len(inputs), inputs, strict=True)
        ]
        verb, atoms, words = _spelled(function)
        made = self._add(verb, tuple(ready), atoms, None, words)
        return self._apply(function.then, [made]) if function.then else made


def _spelled(function: TorchFunction) -> tuple[str, tuple[Atom, ...], tuple[str, ...]]:
    """The verb of a function, its numbers, and the names they have."""
    if function.name in SIGNS:
        return SIGNS[function.name], (), ()
    keywords: dict[str, Plain] = dict(function.keywords)
    sizes = keywords.get("sizes", keywords.get("shape"))
    if function.name == "torch.unflatten" and isinstance(sizes, tuple) and set(sizes[1:]) == {1}:
        return "stretch", (single(len(sizes) - 1),), ()
    if function.name == "torch.reshape" and isinstance(sizes, tuple):
        kinds = ("batch", "channels", "depth", "height", "width")
        return "reshape", tuple(map(single, sizes, kinds)), ()
    if function.name == "torch.flatten":
        return "flatten", (), ()
    if function.name == "torch.div":
        return "/", (single(keywords["other"], "parts"),), ()
    kind = "packed" if function.packed else "folded" if function.folded else "plain"
    atoms = tuple(single(value, name) for name, value in keywords.items())
    return f"{kind} {function.name}", atoms, tuple(keywords)
