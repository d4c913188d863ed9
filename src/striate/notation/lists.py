"""Lists, ranges and tables: how large they may be, and what `[...]` and `for` take out of them."""

from __future__ import annotations

from striate.errors import TextError, did_you_mean
from striate.notation import syntax
from striate.notation.arithmetic import brief, describe, show
from striate.notation.values import Datum, Table
from striate.source import Span

LONGEST_LIST = 10_000
DEEPEST_LIST = 20


def items_in(value: tuple[Datum, ...]) -> int:
    """Items of a list, those of the lists inside it included.

    Raises:
        TextError: there are more than 10,000, or lists are nested more than 20 deep.
    """
    count, layer = 0, [value]
    for _ in range(DEEPEST_LIST):
        count += sum([len(one) for one in layer])
        if count > LONGEST_LIST:
            raise TextError.of(
                "list-too-long", f"a list of {count:,} items; the most is {LONGEST_LIST:,}"
            )
        layer = [item for one in layer for item in one if isinstance(item, tuple)]
        if not layer:
            return count
    raise TextError.of("list-too-deep", f"lists inside lists, more than {DEEPEST_LIST} deep")


def numbers(low: int, high: int, span: Span) -> range:
    """`low..high`, both ends included.

    Raises:
        TextError: it is too long.
    """
    if high - low >= LONGEST_LIST:
        raise TextError.of(
            "list-too-long",
            f"a range of {high - low + 1:,} numbers; the most is {LONGEST_LIST:,}",
            span=span,
        )
    return range(low, high + 1)


def unpacked(names: tuple[str, ...], values: Datum, span: Span) -> list[dict[str, Datum]]:
    """The variables of each round of `for a, b in values`.

    Raises:
        TextError: the values are no list, or a row has another number of values than names.
    """
    if not isinstance(values, tuple):
        raise TextError.of("list-expected", f"for needs a list, not {describe(values)}", span=span)
    if len(names) == 1:
        return [{names[0]: item} for item in values]
    rows = []
    for item in values:
        if not isinstance(item, tuple) or len(item) != len(names):
            count = describe(item)
            if isinstance(item, tuple):
                count = f"{len(item)} value{'' if len(item) == 1 else 's'}"
            raise TextError.of(
                "row-length",
                f"for {', '.join(names)} needs rows of {len(names)} values, got {count}: "
                f"{brief(show(item))}",
                span=span,
            )
        rows.append(dict(zip(names, item, strict=True)))
    return rows


def table(expr: syntax.Table, values: list[Datum]) -> Table:
    """The table of these values.

    Raises:
        TextError: two entries have one key.
    """
    entries: dict[str, Datum] = {}
    for one, value in zip(expr.entries, values, strict=True):
        if one.key in entries:
            raise TextError.of(
                "entry-given-twice",
                f"the table has two entries '{brief(one.key)}'",
                "keep one of them",
                span=one.span,
            )
        entries[one.key] = value
    return Table(entries)


def indexed(value: Datum, index: Datum, expr: syntax.Index) -> Datum:
    """`xs[i]`, `xs[i..j]`, `table[key]`.

    Raises:
        TextError: there is no such item.
    """
    if isinstance(value, Table):
        return _entry(value, index, expr)
    if not isinstance(value, tuple):
        raise TextError.of(
            "list-expected",
            f"only lists and tables have parts in [], not {describe(value)}",
            span=expr.value.span,
        )
    if isinstance(index, tuple):
        return tuple([_item(value, one, expr) for one in index])
    return _item(value, index, expr)


def _entry(value: Table, index: Datum, expr: syntax.Index) -> Datum:
    key = show(index)
    if key not in value.entries:
        raise TextError.of(
            "no-such-entry",
            f"the table has no entry '{brief(key)}'{did_you_mean(key, value.entries)}",
            f"it has {brief(', '.join(value.entries), 200)}",
            span=expr.index.span,
        )
    return value.entries[key]


def _item(values: tuple[Datum, ...], index: Datum, expr: syntax.Index) -> Datum:
    if not isinstance(index, int) or not -len(values) <= index < len(values):
        raise TextError.of(
            "index-out-of-range",
            f"there is no item [{brief(show(index))}] in a list of {len(values)}",
            "items are counted from 0; -1 is the last",
            span=expr.index.span,
        )
    return values[index]
