"""Values of arguments as Python writes them."""

from __future__ import annotations

import math
import re

from striate.backends.torch_source._terms import Plain, Word

_LONGEST_FLOAT = 8
_LARGEST_DENOMINATOR = 200


def literal(value: Plain) -> str:
    """The words for a value."""
    match value:
        case Word():
            return str(value)
        case bool() | None:
            return repr(value)
        case float():
            return _float(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case tuple():
            comma = "," if len(value) == 1 else ""
            return f"({', '.join(map(literal, value))}{comma})"
        case _:
            return repr(value)


def _float(value: float) -> str:
    """As short as it can be: a share such as 0.2 * 2 / 23 is written `0.4 / 23`."""
    if math.isinf(value) or math.isnan(value):
        return f'float("{value}")'
    text = re.sub(r"e([-+])0*", r"e\1", repr(value)).replace("e+", "e")
    if len(text) <= _LONGEST_FLOAT:
        return text
    near = repr(round(value, 6))
    if len(near) <= _LONGEST_FLOAT and math.isclose(float(near), value, rel_tol=1e-12):
        return near
    for below in range(2, _LARGEST_DENOMINATOR):
        above = repr(round(value * below, 6))
        if len(above) <= 5 and math.isclose(float(above) / below, value, rel_tol=1e-12):
            return f"{above} / {below}"
    return text
