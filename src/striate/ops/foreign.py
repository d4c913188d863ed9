"""Layers from outside: a name, a signature, a shape rule and a torch factory, given in Python.

The text may then use the name; text alone never imports code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from striate.errors import GraphError, StriateError
from striate.ir import (
    REQUIRED,
    WHOLE,
    Cost,
    Op,
    Setting,
    Size,
    TensorType,
    TorchLayer,
    Types,
    Weight,
    Window,
    anything,
    op_named,
)

Shape = TensorType | tuple[Size, ...]
Rule = Callable[..., Shape | list[Shape]]
Weights = Callable[..., Mapping[str, tuple[int, ...]]]
Factory = str | Callable[..., object]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"\s*([A-Za-z]\w*)\s*(?:=\s*(\S+)\s*)?")
_MOST_STREAMS = 1000


class ForeignLayer(Op):
    """A layer that the host program brought along; see `register`."""

    rule: ClassVar[Rule]
    factory: ClassVar[Factory]
    shapes: ClassVar[Weights | None] = None
    work: ClassVar[Callable[..., int] | None] = None

    def infer(self, inputs: Types) -> Types:
        made = type(self).rule(*inputs, **self.settings)
        listed = made if isinstance(made, list) else [made]
        return tuple(one if isinstance(one, TensorType) else TensorType.of(*one) for one in listed)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shapes = type(self).shapes
        found = shapes(*inputs, **self.settings) if shapes else {}
        return tuple(Weight(name, tuple(shape), "own") for name, shape in found.items())

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        work = type(self).work
        return Cost(macs=work(*inputs, **self.settings)) if work else Cost()

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,) * len(inputs)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        sizes = tuple(given.sizes for given in inputs)
        factory = type(self).factory
        if isinstance(factory, str):
            return TorchLayer(factory, sizes, self.settings)
        name = f"{factory.__module__}.{factory.__qualname__}"
        return TorchLayer(name, sizes, self.settings, factory=factory)


def register(
    name: str,
    signature: str,
    infer: Rule,
    factory: Factory,
    *,
    weights: Weights | None = None,
    macs: Callable[..., int] | None = None,
) -> type[Op]:
    """Makes a name of the notation out of code of your own; gives the layer.

    name: a word; not that of a layer striate has. The same name again replaces the layer.
    signature: `(n, d, iters=3)`, as the text is to call it; defaults are numbers or words.
    infer: from types of the streams to the shape that comes out, channels first, or a list of
        shapes for several outputs; takes one argument for each stream, then those of the signature
        by name: `lambda x, n, d, iters: (n, d)`.
    factory: makes the `torch.nn.Module`, called with the sizes of each stream as a tuple, then with
        the signature's arguments by name. A callable, or its dotted name, which generated code can
        import.
    weights: called like `infer`, gives the shape of each tensor the module owns, by name; they
        stay as the module makes them.
    macs: called like `infer`, gives the multiply-accumulates for one image.

    Raises:
        GraphError: the name or the signature is none; the name is taken.

    >>> from striate.ir import TensorType
    >>> length = register("veclen", "()", lambda x: (x.channels,), "mycode.VectorLength")
    >>> length().infer((TensorType(10, (16,)),))
    (TensorType(channels=10, plane=()),)
    """
    taken = op_named(name)
    if not _NAME.fullmatch(name) or (taken and not issubclass(taken, ForeignLayer)):
        raise GraphError.of(
            "foreign-name",
            f"a layer of your own cannot be called '{name}'",
            "use letters, digits and _, and no name that striate uses: see docs/layers.md",
        )
    facts = {
        "name": name,
        "streams": _streams(infer, signature),
        "formula": "see the module",
        "rule": staticmethod(infer),
        "factory": factory if isinstance(factory, str) else staticmethod(factory),
        "shapes": weights and staticmethod(weights),
        "work": macs and staticmethod(macs),
        "__doc__": f"A layer of the host program: {factory}.",
        "__module__": __name__,
    }
    return type(name, (ForeignLayer,), {**_parameters(signature), **facts})


def _parameters(signature: str) -> dict[str, Any]:
    inside = signature.strip()
    if not (inside.startswith("(") and inside.endswith(")")):
        raise _bad_signature(signature)
    found: dict[str, Any] = {}
    for part in filter(str.strip, inside[1:-1].split(",")):
        match = _PARAMETER.fullmatch(part)
        if not match or match[1] in found or hasattr(Op, match[1]):
            raise _bad_signature(signature)
        found[match[1]] = anything(REQUIRED if match[2] is None else _default(match[2]))
    return found


def _default(text: str) -> Setting:
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


def _streams(infer: Rule, signature: str) -> tuple[int, int]:
    """One for each argument that the signature does not name; a starred one takes any number."""
    from inspect import Parameter
    from inspect import signature as arguments_of

    named = set(_parameters(signature))
    own = [one for one in arguments_of(infer).parameters.values() if one.name not in named]
    plain = sum(
        one.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for one in own
    )
    is_starred = any(one.kind is Parameter.VAR_POSITIONAL for one in own)
    return (max(plain, 1), _MOST_STREAMS) if is_starred else (plain, plain)


def _bad_signature(signature: str) -> StriateError:
    return GraphError.of(
        "foreign-signature",
        f"{signature!r} is no signature",
        "write it as in (n, d, iters=3); defaults are numbers or words",
    )
