"""One argument of a class of the file: its name, its values, its default and its type."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from striate.backends.torch_source._layers_of_torch import CHANNEL_KINDS
from striate.backends.torch_source._terms import MISSING, Plain, Word

USUALLY_ONE = ("stride", "groups", "dilation")
"""Kinds of arguments whose default is 1 where any instance has it."""


@dataclass
class Parameter:
    """One argument of a class; `values` has one entry for each instance."""

    name: str
    kind: str
    values: tuple[Plain, ...]

    @property
    def known(self) -> list[Plain]:
        """Values of the instances that use it."""
        return [value for value in self.values if value is not MISSING]

    @property
    def default(self) -> Plain:
        """What it is where nothing is said; MISSING where that has to be said."""
        known = Counter(self.known)
        value, times = known.most_common(1)[0]
        if len(self.known) < len(self.values):
            return 1 if self.kind in USUALLY_ONE and 1 in known else None
        if self.kind in USUALLY_ONE and 1 in known:
            return 1
        if self.kind == "padding" and 0 in known:
            return 0
        if self.kind == "kernel_size" and known.get(3, 0) * 4 >= len(self.values):
            return 3
        if isinstance(value, bool) or (self.kind in ("callee", "kernel_size", "padding")):
            return value if 2 * times >= len(self.values) else MISSING
        return MISSING

    @property
    def kind_outside(self) -> str:
        """The kind of its values where the class is used."""
        return self.name if is_channels(self.kind) else self.kind

    def row(self, at: int) -> Plain:
        """The value that an instance is given."""
        value = self.values[at]
        return self.default if value is MISSING else value

    @property
    def annotation(self) -> str:
        """Its type."""
        found = list(dict.fromkeys(_type_name(value) for value in self.known))
        if found == ["float", "int"] or found == ["int", "float"]:
            found = ["float"]
        if self.default is None and "None" not in found:
            found.append("None")
        return " | ".join(found)


def _type_name(value: Plain) -> str:
    match value:
        case Word():
            return "type[nn.Module]"
        case tuple():
            return f"tuple[{', '.join(_type_name(one) for one in value)}]"
        case None:
            return "None"
        case _:
            return type(value).__name__


def is_channels(kind: str) -> bool:
    """A number of channels."""
    return (
        kind in CHANNEL_KINDS
        or kind.endswith(("_channels", "_width", "_features"))
        or (re.fullmatch(r"(channels|width)\d*", kind) is not None)
    )
