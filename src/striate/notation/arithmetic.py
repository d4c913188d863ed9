"""Numbers, lists and their functions: everything the language computes without a network."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from striate.errors import TextError
from striate.notation.values import Datum, Table

LONGEST_LIST = 10_000
LARGEST_NUMBER = 10**15


def checked(value: Datum) -> Datum:
    """The value, if it is of a size that a network can need.

    Raises:
        TextError: a number past 10^15, or a list of more than 10,000 items.
    """
    if isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:
        raise TextError.of("number-too-large", "a number grows past 10^15 here")
    if isinstance(value, tuple) and len(value) > LONGEST_LIST:
        raise TextError.of(
            "list-too-long", f"a list of {len(value):,} items; the most is {LONGEST_LIST:,}"
        )
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
        return (left == right) == (sign == "==")
    if sign == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        return checked(left + right)
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        wrong = left if not isinstance(left, int | float) else right
        raise TextError.of("not-arithmetic", f"{sign} needs numbers, not {describe(wrong)}")
    if sign in "+-":
        return checked(left + right if sign == "+" else left - right)
    try:
        result = _OPERATIONS[sign](left, right)
    except ZeroDivisionError:
        raise TextError.of("division-by-zero", f"{show(left)} {sign} 0 has no value") from None
    if isinstance(result, complex):
        raise TextError.of("not-arithmetic", f"{show(left)} {sign} {show(right)} is not real")
    return checked(result)


def describe(value: Datum) -> str:
    """The kind of a value in the user's words: `a list`, `the number 3`."""
    match value:
        case bool() | int() | float():
            return f"the number {show(value)}"
        case str():
            return f"the word '{value}'"
        case tuple():
            return "a list"
        case Table():
            return "a table"
        case _:
            return "a network"


def show(value: Datum) -> str:
    """A value as one would write it."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(show, value))}]"
    return str(value)


def div8(value: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, at least one, never more than a tenth below the value.

    Source: the `_make_divisible` of Sandler et al., "MobileNetV2", 2018 (official TensorFlow code).
    """
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


def _round(value: float) -> int:
    return round(value)


def _sum(values: tuple[float, ...]) -> float:
    return sum(values)


def _zip(*lists: tuple[Datum, ...]) -> tuple[Datum, ...]:
    return tuple(zip(*lists, strict=True))


def _enumerate(rows: tuple[Datum, ...]) -> tuple[Datum, ...]:
    """(index, row); a row that is a list is spread, so that `for i, a, b in enum(rows)` works."""
    return tuple(
        (index, *row) if isinstance(row, tuple) else (index, row) for index, row in enumerate(rows)
    )


# Name, what it does, arguments for the message.
FUNCTIONS: dict[str, tuple[Callable[..., Datum], str]] = {
    "min": (min, "min(a, b, ...)"),
    "max": (max, "max(a, b, ...)"),
    "abs": (abs, "abs(x)"),
    "floor": (math.floor, "floor(x)"),
    "ceil": (math.ceil, "ceil(x)"),
    "round": (_round, "round(x)"),
    "sqrt": (math.sqrt, "sqrt(x)"),
    "log2": (math.log2, "log2(x)"),
    "len": (len, "len(list)"),
    "sum": (_sum, "sum(list)"),
    "zip": (_zip, "zip(list, list, ...) of equal lengths"),
    "enum": (_enumerate, "enum(list)"),
    "div8": (div8, "div8(v, divisor=8)"),
}


def apply_function(name: str, arguments: list[Datum]) -> Datum:
    """The value of a built-in function.

    Raises:
        TextError: wrong number or kind of arguments, or no such value (the root of a negative).
    """
    function, signature = FUNCTIONS[name]
    try:
        return checked(function(*arguments))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        found = ", ".join(map(show, arguments))
        raise TextError.of(
            "wrong-function-arguments",
            f"{name} has no value for ({found[:80]})",
            f"it is written {signature}",
        ) from None
