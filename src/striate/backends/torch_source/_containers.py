"""From a graph to classes: which container becomes a class, which stands inside another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from striate.backends._calls import Call, calls, inputs_of, outputs_of
from striate.ir import Graph, Node, TorchFunction, TorchLayer, Weight

_MOST_INLINE = 12
_POINTWISE = ("torch.nn.Dropout", "torch.nn.ReLU", "torch.nn.Hardswish", "torch.nn.SiLU")

Fate = Literal["class", "sequence", "inline"]


class Containers:
    """The containers of a graph, each with what becomes of it.

    fates: `class`; `sequence`, written as `nn.Sequential` where it stands; or `inline`, where its
        steps are those of the container around it.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.root = calls(graph)
        self.by_path: dict[str, list[Call]] = defaultdict(list)
        for call in self.root.walk():
            self.by_path[call.path].append(call)
        self.layers: list[TorchLayer | TorchFunction] = [node.torch for node in graph.nodes]
        self.weights: list[tuple[Weight, ...]] = [node.weights for node in graph.nodes]
        self.children = self._children()
        self.places = self._titles()
        self.troubled = self._troubled()
        self.fates: dict[str, Fate] = {}
        for path in sorted(self.by_path, key=_depth, reverse=True):  # a fate hangs on those below
            self.fates[path] = self._fate(path)

    def call(self, path: str) -> Call:
        """The first call of a container."""
        return self.by_path[path][0]

    def is_leaf(self, item: int | Call) -> bool:
        """A layer, not a function, wire or container."""
        return isinstance(item, int) and isinstance(self.layers[item], TorchLayer)

    def is_bare(self, item: int) -> bool:
        """A learned tensor that is in no layer."""
        return any(not weight.name for weight in self.weights[item])

    def has_state(self, item: int) -> bool:
        """Its name is seen in keys."""
        return bool(self.weights[item]) or self.graph.nodes[item].op.__module__.endswith("foreign")

    def path_of(self, item: int | Call) -> str:
        """Where the module of a step lives."""
        return item.path if isinstance(item, Call) else self.graph.nodes[item].path

    def steps(self, call: Call) -> Iterator[int | Call]:
        """Steps of a container, with those of inlined ones in their place."""
        for item in call.items:
            if isinstance(item, Call) and self.fates[item.path] == "inline":
                yield from self.steps(item)
            else:
                yield item

    def prepared(self, item: int | Call) -> TorchFunction | None:
        """What is done to the first input of a step before its module sees it."""
        if isinstance(item, Call):
            if self.fates[item.path] != "sequence":
                return None
            behind = (one for one in item.items if not self._is_pointwise(one))
            return self.prepared(next(behind, item.items[0]))
        layer = self.layers[item]
        return layer.prepare if isinstance(layer, TorchLayer) else None

    def _is_pointwise(self, item: int | Call) -> bool:
        """What flattens may as well stand before it."""
        return isinstance(item, int) and getattr(self.layers[item], "name", "") in _POINTWISE

    def is_led(self, items: Sequence[int | Call], at: int) -> bool:
        """Only point-by-point layers stand before a part of a row."""
        return all(map(self._is_pointwise, items[:at]))

    def title(self, path: str) -> str:
        """The name its class should have: that of the definition, or the label without numbers."""
        title = self.call(path).title
        return re.sub(r"[\d_]+$", "", title) if self._is_label(path) else title

    def _titles(self) -> Mapping[str, int]:
        """For each title, at how many places it stands."""
        found: dict[str, int] = defaultdict(int)
        for path, (call, *_) in self.by_path.items():
            found[call.title] += bool(path)
        return found

    def _is_label(self, path: str) -> bool:
        return self.call(path).title == path.rpartition(".")[2]

    def _fate(self, path: str) -> Fate:
        call = self.call(path)
        if not path:
            return "class"
        if path in self.troubled:
            return "inline"
        is_word = bool(re.search(r"[A-Za-z]", self.title(path)))
        is_reused = is_word and not self._is_label(path) and self.places[call.title] > 1
        if self.chain(call) is not None:
            is_plain = all(self.prepared(item) is None for item in call.items)
            is_plain = is_plain and not _has_gaps(self.children[path])
            is_steady = is_reused and self._is_steady(call)
            return "class" if is_steady and is_plain else "sequence"
        if is_word and not self._is_label(path):
            return "class"
        names = self.children.get(path, [])
        is_small = len(call.items) <= _MOST_INLINE or len(call.inputs) + len(call.outputs) > 2
        is_numbered = all(name.isdecimal() for name in names)
        return "inline" if not is_word or (is_numbered and is_small) or not names else "class"

    def _is_steady(self, call: Call) -> bool:
        """Rows of that title are alike: of layers alone, or of as many blocks each."""
        alike = [one for (one, *_) in self.by_path.values() if one.title == call.title]
        has_blocks = any(isinstance(item, Call) for one in alike for item in one.items)
        if not has_blocks or not self.is_always_row(call):
            return True
        return len({len(one.items) for one in alike}) == 1

    def is_always_row(self, call: Call) -> bool:
        """All containers of its title run their parts one after another."""
        alike = (one for (one, *_) in self.by_path.values() if one.title == call.title)
        return all(map(self._is_row, alike))

    def _is_row(self, call: Call) -> bool:
        """It runs its parts one after another."""
        stream = call.inputs
        for item in call.items:
            if inputs_of(self.graph, item) != stream:
                return False
            stream = outputs_of(self.graph, item)
        return stream == call.outputs

    def chain(self, call: Call) -> list[int | Call] | None:
        """Its parts, where it runs all it holds one after another and does nothing else."""
        stream = call.inputs
        names: list[str] = []
        before: int | Call | None = None
        for item in call.items:
            if len(stream) != 1 or inputs_of(self.graph, item) != stream:
                return None
            stream = outputs_of(self.graph, item)
            owner, _, name = self.path_of(item).rpartition(".")
            is_first = self.is_led(call.items, len(names)) and bool(call.path)
            if owner != call.path or not self._links(item, before, is_first=is_first):
                return None
            names.append(name)
            before = item
        if stream != call.outputs or len(set(names)) < len(names):
            return None
        is_row = names == self.children.get(call.path) and _is_row_of_names(names)
        return list(call.items) if is_row else None

    def _links(self, item: int | Call, before: int | Call | None, *, is_first: bool) -> bool:
        """Whether a step can stand in a chain behind another one."""
        if isinstance(item, Call):
            if self.fates[item.path] == "inline":
                return False
        elif not self.is_leaf(item) or self.is_bare(item):
            return False
        prepare = self.prepared(item)
        if prepare is None:
            return True
        if is_first or before is None:
            return is_first
        return self.is_leaf(before) and isinstance(before, int) and not self.has_state(before)

    def _children(self) -> dict[str, list[str]]:
        """For each container the names of what it holds, in order of first use."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for path in self._paths(self.root):
            while path:
                owner, _, name = path.rpartition(".")
                found[owner].setdefault(name)
                path = owner
        return {path: list(names) for path, names in found.items()}

    def _paths(self, call: Call) -> Iterator[str]:
        yield call.path
        for item in call.items:
            if isinstance(item, Call):
                yield from self._paths(item)
            elif self.is_leaf(item):
                yield self.graph.nodes[item].path

    def _troubled(self) -> set[str]:
        """Containers called in several ways, or out of which parts of others are called."""
        found = {path for path, several in self.by_path.items() if self._differ(several)}
        for call in self.root.walk():
            for item in call.items:
                if isinstance(item, Call) or self.is_leaf(item):
                    target = self.path_of(item)
                    found |= {path for path in _above(call.path) if not _holds(path, target)}
        for node in self.graph.nodes:
            if node.shared and node.op.is_element:
                found |= self._reached_from_elsewhere(node)
        return found - {""}

    def _reached_from_elsewhere(self, node: Node) -> set[str]:
        """Containers that hold a shared layer but not all its uses."""
        users = [
            call
            for call in self.root.walk()
            for item in call.items
            if isinstance(item, int) and self.graph.nodes[item].path == node.path
        ]
        around = set(_above(node.path)) - {node.path}
        return {path for path in around if any(not _holds(path, f"{user.path}.") for user in users)}

    def _differ(self, several: list[Call]) -> bool:
        return len({self._signature(call) for call in several}) > 1 if several[1:] else False

    def _signature(self, call: Call) -> object:
        """What a call does, in numbers of its own values."""
        places = {value: at for at, value in enumerate(call.inputs)}
        steps = []
        for item in call.items:
            inputs = tuple(places[value] for value in inputs_of(self.graph, item))
            inner = self._signature(item) if isinstance(item, Call) else self._spelling(item)
            steps.append((self.path_of(item), inner, inputs))
            for value in outputs_of(self.graph, item):
                places[value] = len(places)
        return tuple(steps), tuple(places[value] for value in call.outputs)

    def _spelling(self, item: int) -> str:
        return str(self.layers[item])


def _has_gaps(names: Sequence[str]) -> bool:
    return all(map(str.isdecimal, names)) and list(map(int, names)) != list(range(len(names)))


def _is_row_of_names(names: Sequence[str]) -> bool:
    """Labels, or numbers in order with few left out."""
    if not all(map(str.isdecimal, names)):
        return True
    numbers = list(map(int, names))
    return numbers == sorted(numbers) and bool(numbers) and numbers[-1] <= 2 * len(numbers)


@cache
def _above(path: str) -> tuple[str, ...]:
    """The path and all paths around it."""
    parts = path.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))


def _depth(path: str) -> int:
    return len(path.split(".")) if path else 0


def _holds(path: str, target: str) -> bool:
    return not path or target.startswith(f"{path}.")
