"""Layers that torch lacks, out of the source of `striate.nn`: what is used, without its checks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from striate.backends.torch_source._terms import Plain
from striate.backends.torch_source._unchecked import HELPERS, unchecked

_PACKAGE = "striate.nn"


class Borrowed:
    """Definitions in order of use, and what they import.

    names: all top-level names, which no class of the file may have.
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self.code: list[str] = []
        self.imports: set[str] = set()
        self.names: set[str] = set()
        self.seen: set[tuple[str, str]] = set()
        homes = _homes()
        for layer in layers:
            self._take(homes[layer], layer)

    def _take(self, module: str, name: str) -> None:
        """Adds a definition of a module of `striate.nn`, behind what it needs."""
        if (module, name) in self.seen or name in self.names:
            return
        self.seen.add((module, name))
        if name in HELPERS:
            self.names.add(name)
            for used in _names_in(ast.parse(HELPERS[name])):
                if used == "Sizes" or (used in HELPERS and used != name):
                    self._take("_checks", used)
            self.code.append(HELPERS[name])
            return
        found = _definitions(module)[name]
        for used in _names_in(found):
            self._need(module, used)
        self.names.add(name)
        self.code.append(ast.unparse(found))

    def _need(self, module: str, name: str) -> None:
        origin = _imports(module).get(name)
        if name in HELPERS:
            self._take(module, name)
        elif origin is None:
            if name in _definitions(module):
                self._take(module, name)
        elif origin.startswith(f"from {_PACKAGE}."):
            self._take(origin.split()[1].removeprefix(f"{_PACKAGE}."), name)
        else:
            self.imports.add(origin)


def _names_in(node: ast.AST) -> Iterator[str]:
    found = (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
    yield from dict.fromkeys(found)


@cache
def _tree(module: str) -> ast.Module:
    path = files("striate") / "nn" / f"{module}.py"
    return ast.parse(path.read_text("utf-8"))


@cache
def _homes() -> dict[str, str]:
    """For each layer, the module that has it."""
    found: dict[str, str] = {}
    for node in _tree("__init__").body:
        if isinstance(node, ast.ImportFrom) and node.module:
            home = node.module.removeprefix(f"{_PACKAGE}.")
            found |= {one.name: home for one in node.names}
    return found


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    """Top-level statements of a module by the name they define, without checks."""
    found: dict[str, ast.stmt] = {}
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = unchecked(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node
    return found


@cache
def _imports(module: str) -> dict[str, str]:
    """For each imported name, the statement that brings it."""
    found: dict[str, str] = {}
    for node in _tree(module).body:
        if isinstance(node, ast.Import):
            lines = {one: ast.unparse(ast.Import([one])) for one in node.names}
            found |= {(one.asname or one.name): line for one, line in lines.items()}
        elif isinstance(node, ast.ImportFrom):
            found |= {
                one.name: f"from {node.module} import {one.name}" for one in _known(node.names)
            }
    return found


@cache
def signature(layer: str) -> tuple[tuple[str, ...], dict[str, Plain]]:
    """Names of what a layer must be given, and what its other arguments are by default."""
    home = _homes().get(layer, "")
    node = _definitions(home).get(layer) if home else None
    while isinstance(node, ast.ClassDef):
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                return _arguments(inner.args)
        base = node.bases[0]
        node = _definitions(home).get(base.id) if isinstance(base, ast.Name) else None
    return (), {}


def _arguments(given: ast.arguments) -> tuple[tuple[str, ...], dict[str, Plain]]:
    names = [one.arg for one in given.args[1:]]
    first = len(names) - len(given.defaults)
    pairs = zip(names[first:], given.defaults, strict=True)
    return tuple(names[:first]), {name: ast.literal_eval(default) for name, default in pairs}


def _known(names: Sequence[ast.alias]) -> Iterator[ast.alias]:
    yield from (one for one in names if one.name != "annotations")
