"""The arguments of a call as they are written: which parameter each fills, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from striate.errors import GraphError
from striate.ir import Op, Setting, op_named
from striate.ir.parameter import Parameter
from striate.notation import syntax

Arguments = tuple[syntax.Argument, ...]
Given = Mapping[str, syntax.Argument]


class Computed:
    """Stands for a value that is not written out in the text."""


COMPUTED: Final = Computed()


def called(tree: syntax.Tree) -> str | None:
    """The name that an expression calls."""
    if isinstance(tree, syntax.Call) and isinstance(tree.function, syntax.Name):
        return tree.function.name
    return None


def short(kind: type[Op], arguments: Arguments) -> Arguments | None:
    """The arguments by their short keys; None where one is unknown."""
    try:
        return tuple(
            [one.changed(name=kind.key(one.name)) if one.name else one for one in arguments]
        )
    except GraphError:
        return None


def filled(names: Collection[str], arguments: Arguments) -> dict[str, syntax.Argument] | None:
    """Arguments by what they fill; None where one is unknown, doubled or too many."""
    found = {one.name: one for one in arguments if one.name is not None}
    left = [name for name in names if name not in found]
    listed = [one for one in arguments if one.name is None]
    is_sound = found.keys() <= set(names) and len(found) + len(listed) == len(arguments)
    if not is_sound or len(listed) > len(left):
        return None
    return {**found, **dict(zip(left, listed, strict=False))}


def set_arguments(call: syntax.Call) -> tuple[type[Op] | None, Given]:
    """The layer whose defaults a call in `set` changes, and how; no layer where it is wrong."""
    kind = op_named(called(call) or "")
    given = filled(kind.parameters, short(kind, call.arguments) or ()) if kind else None
    return (kind, given) if given else (None, {})


def in_order(names: Iterable[str], given: Given) -> list[tuple[str, syntax.Argument]]:
    """What is given, in the order of the signature."""
    return [(name, given[name]) for name in names if name in given]


def sorted_by_key(names: Iterable[str], given: Given) -> Arguments:
    """By position and by key as they were, in the order of the signature."""
    ordered = [one for _, one in in_order(names, given)]
    return tuple(sorted(ordered, key=lambda one: one.name is not None))


def by_position(names: Iterable[str], given: Given) -> Arguments:
    """By position up to the first gap, then by key."""
    made: list[syntax.Argument] = []
    for place, name in enumerate(names):
        if name in given:
            made.append(given[name].changed(name=None if place == len(made) else name))
    return tuple(made)


def in_turn(kind: type[Op], arguments: Arguments) -> Arguments:
    """In the order in which elaboration asks for their values."""
    return tuple(sorted(arguments, key=lambda one: (one.name is None) != kind.gathers))


def spread(listed: list[syntax.Argument]) -> list[syntax.Argument]:
    """`param([8, 1])` as `param(8, 1)`; a list of one name stays, which may be a list itself."""
    first = listed[0].value if len(listed) == 1 else None
    values = first.items if isinstance(first, syntax.List) else ()
    if len(values) > 1 or (values and isinstance(values[0], syntax.Number)):
        return [syntax.Argument(None, one, span=one.span) for one in values]
    return [one.changed(name=None) for one in listed]


# Values


def literal(value: syntax.Expr, words: Collection[str] = ()) -> Setting | Computed:
    """What an expression says without names or arithmetic."""
    match value:
        case syntax.Number(value=number):
            return number
        case syntax.Unary(sign="-", operand=syntax.Number(value=number)):
            return -number
        case syntax.Dims(sizes=sizes):
            return sizes
        case syntax.Name(name=name) if name in words:
            return name
        case syntax.List(items=items):
            found = [literal(one) for one in items]
            plain = tuple([one for one in found if not isinstance(one, Computed)])
            return plain if len(plain) == len(found) else COMPUTED
    return COMPUTED


def checked(value: syntax.Expr, parameter: Parameter) -> Setting | Computed:
    """A literal as the layer keeps it."""
    found = literal(value, parameter.words)
    if isinstance(found, Computed):
        return found
    try:
        return parameter.check("", found)
    except GraphError:
        return COMPUTED


def is_same(one: syntax.Argument, default: syntax.Expr | None) -> bool:
    """True for a literal that is the default of a definition."""
    found = literal(one.value)
    if default is None or isinstance(found, Computed):
        return False
    return repr(found) == repr(literal(default))
