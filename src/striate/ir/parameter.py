"""The arguments a layer takes: one declaration says name, kind, default and legal range.

A layer declares them as class attributes (`w: int = width()`); `Op` collects them in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from striate.errors import GraphError
from striate.ir.facts import Setting

Sizes = int | tuple[int, ...]
"""One number for all axes, or one per axis."""

LARGEST_SIZE: Final = 1_000_000
"""No published layer is near it; it keeps hostile texts from asking for all memory there is."""

_MOST_SHOWN = 8
_LONGEST_SHOWN = 60


class Required:
    """Marks a parameter without a default."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = Required()
Convert = Callable[[str, "Parameter", Setting], Setting]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a layer.

    name: the short key; long: its spelled-out synonym, or empty.
    words: names that are legal values (`same`, `bilinear`).
    said: how a signature writes a default that follows from other arguments (`s=k`).
    """

    convert: Convert
    default: Setting | Required
    long: str = ""
    doc: str = ""
    words: tuple[str, ...] = ()
    least: float = 0
    most: float = LARGEST_SIZE
    name: str = ""
    said: str = "..."

    @property
    def is_required(self) -> bool:
        """True when a call must give it."""
        return isinstance(self.default, Required)

    @property
    def is_word(self) -> bool:
        """True when nothing but one of its words is legal."""
        return self.convert is _word

    @property
    def default_text(self) -> str:
        """The default as a signature writes it."""
        assert not isinstance(self.default, Required)
        return self.said if self.default is None else show_setting(self.default)

    def check(self, op: str, value: Setting) -> Setting:
        """The value in the form the layer keeps.

        Raises:
            GraphError: the value is not of this parameter's kind or out of its range.
        """
        if value is None and self.default is None:
            return None
        return self.convert(op, self, value)


def _said(op: str, parameter: Parameter) -> str:
    return f"{op}: the {parameter.long or parameter.name}"


def show_setting(value: Setting) -> str:
    """A value as the notation writes it: 3, 0.5, 1x7, 3x?x?, same, [0, 1]."""
    match value:
        case None:
            return "?"
        case bool():
            return str(int(value))
        case float():
            return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case tuple():
            return _listed(value, [show_setting(item) for item in value])
        case _:
            return str(value)


def brief_setting(value: Setting) -> str:
    """A value for a message: of a thousand digits or numbers only the beginning, or how many."""
    if isinstance(value, int) and abs(value) >= 10**18:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, tuple):
        shown = [brief_setting(item) for item in value[:_MOST_SHOWN]]
        cut = [f"... ({len(value)} in all)"] if len(value) > _MOST_SHOWN else []
        return _listed(value, shown + cut)
    text = show_setting(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _listed(value: tuple[Setting, ...], shown: list[str]) -> str:
    """`1x7` where the items are sizes of a plane, else `[0, 1]`."""
    are_sizes = all(item is None or (isinstance(item, int) and item >= 0) for item in value)
    is_plane = None in value or len(value) in (2, 3)
    return "x".join(shown) if are_sizes and is_plane else f"[{', '.join(shown)}]"


def _whole(op: str, parameter: Parameter, value: Setting) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        advice = "use floor(...), ceil(...), round(...) or div8(...)"
        raise GraphError.of(
            "not-whole",
            f"{_said(op, parameter)} must be a whole number, not {brief_setting(value)}",
            *([advice] if isinstance(value, float) else []),
        )
    if value < parameter.least:
        raise GraphError.of(
            "too-small",
            f"{_said(op, parameter)} must be at least {show_setting(parameter.least)}, "
            f"not {brief_setting(value)}",
        )
    if value > parameter.most:
        raise GraphError.of(
            "too-large",
            f"{_said(op, parameter)} is at most {show_setting(parameter.most)}, "
            f"not {brief_setting(value)}",
        )
    return value


def _shape(op: str, parameter: Parameter, value: Setting) -> Setting:
    listed = value if isinstance(value, tuple) else (value,)
    return tuple(None if item is None else _whole(op, parameter, item) for item in listed)


def _number(op: str, parameter: Parameter, value: Setting) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GraphError.of(
            "not-a-number", f"{_said(op, parameter)} must be a number, not {brief_setting(value)}"
        )
    if not parameter.least <= value <= parameter.most:
        low, high = show_setting(parameter.least), show_setting(parameter.most)
        found = brief_setting(value)
        raise GraphError.of(
            "out-of-range",
            f"{_said(op, parameter)} must lie between {low} and {high}, not {found}",
        )
    return value


def _flag(op: str, parameter: Parameter, value: Setting) -> bool:
    if value in (0, 1):
        return bool(value)
    raise GraphError.of(
        "not-a-flag", f"{_said(op, parameter)} is 0 (no) or 1 (yes), not {brief_setting(value)}"
    )


def _sizes(op: str, parameter: Parameter, value: Setting) -> Setting:
    if isinstance(value, str) and value in parameter.words:
        return value
    if isinstance(value, tuple):
        return tuple(_whole(op, parameter, item) for item in value)
    if isinstance(value, str):
        expected = " or ".join([*parameter.words, "a number", "sizes such as 1x7"])
        raise GraphError.of(
            "not-a-size", f"{_said(op, parameter)} must be {expected}, not '{brief_setting(value)}'"
        )
    return _whole(op, parameter, value)


def _factors(op: str, parameter: Parameter, value: Setting) -> Setting:
    if isinstance(value, tuple):
        return tuple(_number(op, parameter, item) for item in value)
    return _number(op, parameter, value)


def _word(op: str, parameter: Parameter, value: Setting) -> Setting:
    if isinstance(value, str) and value in parameter.words:
        return value
    raise GraphError.of(
        "not-a-word",
        f"{_said(op, parameter)} is one of {', '.join(parameter.words)}, "
        f"not {brief_setting(value)}",
    )


# The declarations below return Any so that `w: int = width()` type-checks, as dataclasses do.


def width(default: Setting | Required = REQUIRED, *, long: str = "width", doc: str = "") -> Any:
    """A number of channels or features."""
    return Parameter(_whole, default, long, doc, least=1)


def count(
    default: Setting | Required = REQUIRED,
    *,
    long: str = "",
    doc: str = "",
    least: int = 1,
    most: int = LARGEST_SIZE,
) -> Any:
    """A whole number."""
    return Parameter(_whole, default, long, doc, least=least, most=most)


def number(
    default: Setting | Required = REQUIRED,
    *,
    long: str = "",
    doc: str = "",
    least: float = -1e30,
    most: float = 1e30,
) -> Any:
    """A real number."""
    return Parameter(_number, default, long, doc, least=least, most=most)


def flag(default: bool, *, long: str = "", doc: str = "") -> Any:
    """Yes or no, written 1 or 0."""
    return Parameter(_flag, default, long, doc)


def sizes(
    default: Setting | Required = REQUIRED,
    *,
    long: str = "",
    doc: str = "",
    words: tuple[str, ...] = (),
    least: int = 1,
    said: str = "...",
) -> Any:
    """One number for all axes or one per axis; `words` are legal besides."""
    return Parameter(_sizes, default, long, doc, words, least=least, said=said)


def shape(*, long: str = "", doc: str = "") -> Any:
    """A list of sizes, `?` (None) for those left open."""
    return Parameter(_shape, REQUIRED, long, doc, least=1)


def factors(default: Setting, *, long: str = "", doc: str = "") -> Any:
    """A positive real number for all axes, or one per axis."""
    return Parameter(_factors, default, long, doc, least=1e-6, most=LARGEST_SIZE)


def anything(default: Setting | Required = REQUIRED, *, doc: str = "") -> Any:
    """Whatever the text says; for layers whose own code checks it."""
    return Parameter(lambda op, parameter, value: value, default, doc=doc)


def word(
    default: Setting | Required, words: tuple[str, ...], *, long: str = "", doc: str = ""
) -> Any:
    """One of a few names."""
    return Parameter(_word, default, long, doc, words)
