"""Puts a file together: imports, layers that torch lacks, classes, the network."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from striate.backends._residual import residual_ends
from striate.backends.torch_source._bodies import body_of
from striate.backends.torch_source._borrowed import Borrowed
from striate.backends.torch_source._classes import Class, Classes
from striate.backends.torch_source._construct import Constructor
from striate.backends.torch_source._containers import Containers
from striate.backends.torch_source._format import formatted
from striate.backends.torch_source._forward import Forward
from striate.backends.torch_source._head import with_class_count
from striate.backends.torch_source._literals import literal
from striate.backends.torch_source._loops import rolled
from striate.backends.torch_source._start import Start
from striate.backends.torch_source._terms import MISSING
from striate.errors import UsageError
from striate.ir import Graph, TorchLayer


def file_of(graph: Graph, name: str, about: Sequence[str]) -> str:
    """The whole file; `about` are lines of its docstring."""
    read = Containers(graph)
    layers = {one.name for one in read.layers if isinstance(one, TorchLayer)}
    _check_importable(read)
    borrowed = Borrowed(sorted(_without_package(layers, "striate.nn.")))
    classes = Classes(read, residual_ends(graph), borrowed.names)
    top = rolled(body_of(read, "", classes.make, classes.zeroed))
    top, count = with_class_count(read, replace(top, title=name))
    classes.finish(top, [[""]])
    start = Start(graph)
    writer = _Writer(classes, count, start)
    code = [*borrowed.code, *start.definition, *map(writer.text, classes.all)]
    docstring = _docstring(about, classes.all[-1].name)
    whole = "\n".join(code)
    return formatted("\n".join([docstring, *_imports(borrowed, writer.uses, whole), whole]))


def _without_package(names: set[str], package: str) -> Iterator[str]:
    return (one.removeprefix(package) for one in names if one.startswith(package))


def _check_importable(read: Containers) -> None:
    for layer in read.layers:
        if isinstance(layer, TorchLayer) and "<" in layer.name:
            raise UsageError.of(
                "layer-without-name",
                f"the layer {layer.name} cannot be imported by the file",
                "define its class at the top of a module and register it by its dotted name",
            )


def _docstring(about: Sequence[str], top: str) -> str:
    text = "\n".join([*about, "", f"    model = {top}()"]).replace("\\", "\\\\")
    return '"""' + text.replace('"""', "'''") + '\n"""'


def _imports(borrowed: Borrowed, uses: set[str], code: str) -> Iterator[str]:
    foreign = {one.rpartition(".")[0] for one in uses if "." in one and not one.startswith("nn.")}
    wanted = borrowed.imports | {f"import {one}" for one in foreign}
    if "OrderedDict" in uses:
        wanted.add("from collections import OrderedDict")
    names = {one.id for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Name)}
    if "torch" in names:
        wanted.add("import torch")
    from_torch = {"nn", "Tensor"} & names
    wanted = {one for one in wanted if not one.startswith("from torch import ")}
    wanted.add(f"from torch import {', '.join(sorted(from_torch))}")
    yield from sorted(wanted, key=_import_order)


def _import_order(line: str) -> tuple[bool, bool, str]:
    """As isort has it: the standard library, then torch; plain imports before `from`."""
    module = line.split()[1]
    is_standard = module in ("math", "dataclasses", "collections", "collections.abc", "typing")
    return (not is_standard, line.startswith("from"), line)


class _Writer:
    """Writes the classes.

    uses: names that classes make parts of.
    """

    def __init__(self, classes: Classes, class_count: int | None, start: Start) -> None:
        self.classes = classes
        self.class_count = class_count
        self.start = start
        self.uses: set[str] = set()

    def text(self, one: Class) -> str:
        """The source of a class."""
        body, parameters = one.body, one.parameters
        made = Constructor(body, parameters, self.classes.arguments, self.uses).lines()
        forward = []
        if body.base == "Module" or body.is_numbered:
            forward = Forward(body, parameters).function()
        kept = [f"self.{name} = {text}" for name, text in parameters.kept.items()]
        words = ["self", *self._arguments(one)]
        if one is self.classes.all[-1]:
            kept += self.start.call
        own = [*made, *kept]
        if own == ["super().__init__()"]:
            own = []
        head = [f"def __init__({', '.join(words)}) -> None:"] if own else []
        lines = [*head, *(f"    {line}" for line in own), *forward]
        inside = (f"    {line}" for line in lines or ["pass"])
        return "\n".join([f"class {one.name}(nn.{body.base}):", *inside])

    def _arguments(self, one: Class) -> Iterator[str]:
        for parameter in one.parameters.all:
            default = parameter.default
            end = "" if default is MISSING else f" = {literal(default)}"
            yield f"{parameter.name}: {parameter.annotation}{end}"
        if one is self.classes.all[-1] and self.class_count is not None:
            yield f"num_classes: int = {self.class_count}"
