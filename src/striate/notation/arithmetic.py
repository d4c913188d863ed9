"""Numbers, lists and their functions: everything the language computes without a network."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from striate.errors import TextError
from striate.notation.values import Applied, Datum, Defined, Shared, Table

LARGEST_NUMBER = 10**15


def checked(value: float) -> float:
    """The number, if it is of a size that a network can need.

    Raises:
        TextError: it is past 10^15.
    """
    if not abs(value) <= LARGEST_NUMBER:
        raise TextError.of("number-too-large", "a number grows past 10^15 here")
    return value


def _divide(left: float, right: float) -> float:
    """Exact division: a whole result of whole numbers stays whole."""
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _power(left: float, right: float) -> float:
    if abs(right) > 1000 or (abs(left) > 1 and right * math.log2(abs(left)) > 60):
        raise TextError.of("number-too-large", "a number grows past 10^15 here")
    result: float = left**right
    return result


Operation = Callable[[float, float], float | bool]
_OPERATIONS: dict[str, Operation] = {
    "*": operator.mul,
    "/": _divide,
    "//": operator.floordiv,
    "%": operator.mod,
    "^": _power,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def combine(sign: str, left: Datum, right: Datum) -> Datum:
    """`left sign right` for two numbers, two lists (`+`), or any two values (`==`, `!=`).

    Raises:
        TextError: the operation does not exist for these, or divides by zero.
    """
    if sign in ("==", "!="):
        return _equal(left, right) == (sign == "==")
    if sign == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        wrong = left if not isinstance(left, int | float) else right
        raise TextError.of("not-arithmetic", f"{sign} needs numbers, not {describe(wrong)}")
    if sign in "+-":
        return checked(left + right if sign == "+" else left - right)
    try:
        result = _OPERATIONS[sign](left, right)
    except ZeroDivisionError:
        found = f"{show(left)} {sign} {show(right)}"
        raise TextError.of("division-by-zero", f"{found} has no value") from None
    except OverflowError:
        raise TextError.of("number-too-large", "a number grows past 10^15 here") from None
    if isinstance(result, complex):
        raise TextError.of("not-real", f"{show(left)} {sign} {show(right)} is not a real number")
    return checked(result)


def _equal(left: Datum, right: Datum) -> bool:
    """Equal numbers, words or lists; layers and definitions that are named without arguments.

    Raises:
        TextError: networks, which nothing compares.
    """
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(
            _equal(one, other) for one, other in zip(left, right, strict=True)
        )
    for one in (left, right):
        if one is None or (isinstance(one, Applied) and not one.arguments):
            continue
        if not isinstance(one, int | float | str | tuple):
            raise TextError.of(
                "not-comparable",
                f"== and != compare numbers, words, lists and bare names, not {describe(one)}",
            )
    if isinstance(left, Applied) and isinstance(right, Applied):
        return _named(left) == _named(right)
    return type(left) is not Applied and type(right) is not Applied and left == right


def _named(applied: Applied) -> object:
    target = applied.target
    return id(target.definition) if isinstance(target, Defined) else target


def describe(value: Datum) -> str:
    """The kind of a value in the user's words: `a list`, `the number 3`."""
    match value:
        case bool() | int() | float():
            return f"the number {show(value)}"
        case str():
            return f"the word '{brief(value)}'"
        case tuple():
            return "a list"
        case Table():
            return "a table"
        case Applied() | Shared():
            return f"the network '{show(value)}'"
        case _:
            return "a network"


def show(value: Datum) -> str:
    """A value as one would write it."""
    match value:
        case bool():
            return str(int(value))
        case float():
            return f"{value:g}"
        case tuple():
            return f"[{', '.join([show(one) for one in value])}]"
        case Table():
            return f"[{', '.join([f'{key}: ...' for key in value.entries])}]"
        case Applied(target=Defined(definition=definition)):
            return definition.name
        case Applied(target=target):
            return str(getattr(target, "name"))  # noqa: B009  (a layer or a wire)
        case Shared():
            return value.name
        case int() | str():
            return str(value)
        case None:
            return "?"
        case _:
            return "a network"


def brief(words: str, most: int = 60) -> str:
    """Words for a message, cut where they would fill the screen."""
    return words if len(words) <= most else f"{words[: most - 3]}..."


def div8(value: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, at least one, never more than a tenth below the value.

    Source: the `_make_divisible` of Sandler et al., "MobileNetV2", 2018 (official TensorFlow code).
    """
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


def _divisible(value: float, divisor: float = 8) -> Datum:
    if divisor < 1 or not float(divisor).is_integer():
        raise ValueError
    return div8(value, int(divisor))


def _least(*values: float) -> Datum:
    return min(_one_list(values))


def _most(*values: float) -> Datum:
    return max(_one_list(values))


def _one_list(values: tuple[Any, ...]) -> tuple[float, ...]:
    """`max(xs)` is `max(x, y, ...)`."""
    spread = values[0] if len(values) == 1 and isinstance(values[0], tuple) else values
    if not all(isinstance(one, int | float) for one in spread):
        raise ValueError
    return spread


def _round(value: float) -> Datum:
    return round(value)


def _length(values: tuple[Datum, ...] | Table) -> Datum:
    return len(values.entries if isinstance(values, Table) else values)


def _sum(values: tuple[float, ...]) -> Datum:
    return sum(values)


def _zip(*lists: tuple[Datum, ...]) -> Datum:
    if not lists:
        raise ValueError
    return tuple(zip(*lists, strict=True))


def _enumerate(rows: tuple[Datum, ...]) -> Datum:
    """(index, row); a row that is a list is spread, so that `for i, a, b in enum(rows)` works."""
    return tuple(
        (index, *row) if isinstance(row, tuple) else (index, row) for index, row in enumerate(rows)
    )


NUMBER, LIST, ANY = (int, float), (tuple,), (tuple, Table, int, float)

# Name, what it does, kinds of its arguments, how it is written.
FUNCTIONS: dict[str, tuple[Callable[..., Datum], tuple[type, ...], str]] = {
    "min": (_least, ANY, "min(a, b, ...) or min(list)"),
    "max": (_most, ANY, "max(a, b, ...) or max(list)"),
    "abs": (abs, NUMBER, "abs(x)"),
    "floor": (math.floor, NUMBER, "floor(x)"),
    "ceil": (math.ceil, NUMBER, "ceil(x)"),
    "round": (_round, NUMBER, "round(x)"),
    "sqrt": (math.sqrt, NUMBER, "sqrt(x)"),
    "log2": (math.log2, NUMBER, "log2(x)"),
    "len": (_length, (tuple, Table), "len(list)"),
    "sum": (_sum, LIST, "sum(list of numbers)"),
    "zip": (_zip, LIST, "zip(list, list, ...), lists of equal lengths"),
    "enum": (_enumerate, LIST, "enum(list)"),
    "div8": (_divisible, NUMBER, "div8(x, divisor=8)"),
}


def apply_function(name: str, arguments: list[Datum]) -> Datum:
    """The value of a built-in function.

    Raises:
        TextError: wrong number or kind of arguments, or no such value (the root of a negative).
    """
    function, kinds, written = FUNCTIONS[name]
    try:
        if not all(isinstance(one, kinds) for one in arguments):
            raise TypeError
        value = function(*arguments)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        found = brief(", ".join([show(one) for one in arguments]), 80)
        raise TextError.of(
            "wrong-function-arguments",
            f"{name} has no value for ({found})",
            f"it is written {written}",
        ) from None
    return checked(value) if isinstance(value, int | float) else value
