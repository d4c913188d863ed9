"""Kinds of layers: what every layer must say about itself, and the table of their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from striate.errors import GraphError, did_you_mean
from striate.ir.facts import (
    Cost,
    Linear,
    OnnxTerm,
    RunningNorm,
    Setting,
    TorchFunction,
    TorchLayer,
    Weight,
    Window,
)
from striate.ir.parameter import Parameter, show_setting
from striate.ir.tensor_type import TensorType

Types = tuple[TensorType, ...]

_BY_NAME: dict[str, type[Op]] = {}


class Op(ABC):
    """A layer with its arguments; not yet placed in a network, so it knows no input.

    A subclass that sets `name` is a layer of the notation. It declares its arguments as class
    attributes in the order of the call, and says what it does in the methods below. Equal layers
    with equal arguments are equal.
    """

    name: ClassVar[str] = ""
    also: ClassVar[tuple[str, ...]] = ()
    """Other common names of the layer, in lower case."""
    follows: ClassVar[str] = ""
    """Name of the layer whose `set` defaults hold here too (`dw` follows `conv`)."""
    glyph: ClassVar[str] = "other"
    """Colour in pictures: conv, pool, norm, act, fc, join, drop, shape, source, other."""
    formula: ClassVar[str] = ""
    """What it computes, in one line."""
    source: ClassVar[str] = ""
    """Authors, title, year of the paper that brought it."""
    examples: ClassVar[tuple[str, ...]] = ()
    """Whole networks with their output asserted: `input(3, 32, 32) -> conv(8, 3, 2) :: 8x16x16`."""
    streams: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most inputs."""
    ranks: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)
    """Ranks of the first input's plane that are legal."""
    is_element: ClassVar[bool] = True
    """Takes a place (and so a number) among the elements of a scope; wires and joins do not."""
    acts_only_in_training: ClassVar[bool] = False
    stretches: ClassVar[bool] = False
    """An input with a batch of one is repeated to fit the others."""
    gathers: ClassVar[bool] = False
    """Arguments without a key are one list: `input(3, 32, 32)` is `input([3, 32, 32])`."""

    parameters: ClassVar[dict[str, Parameter]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = {
            name: replace(value, name=name)
            for name, value in vars(cls).items()
            if isinstance(value, Parameter)
        }
        cls.parameters = {**cls.parameters, **own}
        for name, parameter in own.items():
            if parameter.is_required:
                delattr(cls, name)
            else:
                setattr(cls, name, parameter.default)
        if "name" in vars(cls):
            _enrol(cls)

    def __init__(self, *arguments: Setting, **keywords: Setting) -> None:
        if self.gathers and len(arguments) > 1:
            arguments = (arguments,)
        given = dict(zip(self.parameters, arguments, strict=False))
        if len(arguments) > len(self.parameters):
            raise GraphError.of(
                "too-many-arguments",
                f"{self.name} takes at most {len(self.parameters)} arguments, got {len(arguments)}",
                self.signature(),
            )
        for name, value in keywords.items():
            key = self.key(name)
            if key in given:
                raise GraphError.of(
                    "argument-given-twice",
                    f"{self.name}: '{name}' is given twice",
                    self.signature(),
                )
            given[key] = value
        self._keep(given)

    def _keep(self, given: Mapping[str, Setting]) -> None:
        kept = self.__dict__
        for name, parameter in self.parameters.items():
            if name in given:
                kept[name] = parameter.check(self.name, given[name])
            elif parameter.is_required:
                raise GraphError.of(
                    "missing-argument",
                    f"{self.name} needs its {parameter.long or name}",
                    self.signature(),
                )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.name} cannot be changed; make a new one")

    @classmethod
    def key(cls, name: str) -> str:
        """The short key of an argument given by either of its names.

        Raises:
            GraphError: the layer has no such argument.
        """
        if name in cls.parameters:
            return name
        for parameter in cls.parameters.values():
            if parameter.long == name:
                return parameter.name
        spellings = [*cls.parameters, *(one.long for one in cls.parameters.values() if one.long)]
        raise GraphError.of(
            "unknown-argument",
            f"{cls.name} has no argument '{name}'{did_you_mean(name, spellings)}",
            cls.signature(),
        )

    @classmethod
    def signature(cls) -> str:
        """`conv(w, k=3, s=1, ...)`, for messages and the documentation."""
        words = [
            name if one.is_required else f"{name}={one.default_text}"
            for name, one in cls.parameters.items()
        ]
        return f"{cls.name}({', '.join(words)})"

    @property
    def settings(self) -> dict[str, Setting]:
        """All arguments by short key, defaults included."""
        return {name: getattr(self, name) for name in self.parameters}

    def __str__(self) -> str:
        """Canonical call: positional up to the first gap, then by key, defaults dropped."""
        words: list[str] = []
        gap = False
        for name, parameter in self.parameters.items():
            value = getattr(self, name)
            if not parameter.is_required and value == parameter.default:
                gap = True
            elif self.gathers and not words and isinstance(value, tuple) and None not in value:
                words.extend(map(show_setting, value))
                gap = True
            else:
                words.append(f"{name}={show_setting(value)}" if gap else show_setting(value))
        return f"{self.name}({', '.join(words)})" if words else self.name

    def __repr__(self) -> str:
        return str(self)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Op) and type(self) is type(other) and self.settings == other.settings
        )

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.settings.values())))

    # What each layer says about itself. `inputs` have been checked against `streams` and `ranks`.

    @abstractmethod
    def infer(self, inputs: Types) -> Types:
        """Types of the outputs.

        Raises:
            GraphError: the layer does not fit these inputs; the message gives the sizes.
        """

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        """The tensors the layer owns, in torch's order."""
        return ()

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        """Work for one image."""
        return Cost()

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        """For each input: the part that one output position depends on."""
        return tuple(Window.point(outputs[0].rank) for _ in inputs)

    def explain(self, inputs: Types) -> str:
        """The formula of the output's size with its numbers; empty where nothing is worked out."""
        return ""

    def linear(self, inputs: Types) -> Linear | None:
        """How it is linear, for layers with a tensor `weight` and an argument `b` for the bias."""
        return None

    def running_norm(self) -> RunningNorm | None:
        """How it normalizes by running statistics, for layers that do."""
        return None

    @abstractmethod
    def torch(self, inputs: Types, outputs: Types) -> TorchLayer | TorchFunction:
        """How torch spells it."""

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        """How ONNX spells it in use, opset 21.

        Raises:
            GraphError: it cannot; the message says what to do instead.
        """
        raise GraphError.of(
            "no-onnx",
            f"{self.name} says nothing about ONNX",
            "a layer of your own, written as a class, states it in a method `onnx`",
        )


def _enrol(cls: type[Op]) -> None:
    for name in (cls.name, *cls.also):
        taken = _BY_NAME.get(name)
        same = taken and (taken.__module__, taken.__name__) == (cls.__module__, cls.__name__)
        if taken and not same:
            raise GraphError.of(
                "layer-defined-twice",
                f"two layers are called '{name}': {taken.__module__}.{taken.__name__} "
                f"and {cls.__module__}.{cls.__name__}",
                "rename one of them",
            )
        _BY_NAME[name] = cls


def op_named(name: str) -> type[Op] | None:
    """The layer of that name, of one of its other names, or in other letter case."""
    return _BY_NAME.get(name) or _BY_NAME.get(name.lower())


def op_names() -> list[str]:
    """The canonical names of all layers that are loaded, sorted."""
    return sorted({cls.name for cls in _BY_NAME.values()})
