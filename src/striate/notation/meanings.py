"""What names mean in one file, as far as its text shows: nothing is run and no file is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from striate.ir import Op, Setting, op_named
from striate.ir.parameter import Parameter
from striate.notation import syntax
from striate.notation.arithmetic import FUNCTIONS
from striate.notation.kinds import NETWORK_FORMS, WIRES
from striate.notation.library import std_file
from striate.notation.written import (
    COMPUTED,
    Computed,
    called,
    checked,
    filled,
    set_arguments,
    short,
)

Names = frozenset[str]
Known = type[Op] | syntax.Definition | str
"""What a name stands for: a layer, a definition that can be seen, or a wire by its name."""
WIDTH_RULE: Final = ("CONV", "FC")
"""Words whose capitals mean something: without a width they take that of the notes' pattern."""


class Meanings:
    """The names of one file and the defaults that its `set` changes."""

    def __init__(self, file: syntax.File) -> None:
        self._file = file
        self._own = {one.name: one for one in reversed(_definitions(file))}
        self._used: dict[str, syntax.Definition] = {}
        self._uses_unseen = False
        for one in file.statements:
            if isinstance(one, syntax.Use):
                self._use(one)
        self._has_choices = any(map(_chooses, file.statements))
        self._defaults = dict(self._set_defaults())
        self._keeps_capitals = any(
            _leaves_width_open(one) for one in file.statements if not isinstance(one, syntax.Set)
        )

    def _use(self, statement: syntax.Use) -> None:
        file = std_file(statement.path.removeprefix("std.")) if statement.is_library else None
        self._uses_unseen |= file is None
        self._used.update({one.name: one for one in _definitions(file)} if file else {})

    # What names mean

    def known(self, name: str, bound: Names) -> Known | None:
        """What a name stands for, where the bound names hide others; None where that is open."""
        if name in bound or name in ("c", "size"):
            return None
        if name in self._own:
            return self._own[name]
        if self._uses_unseen:
            return None
        if name in self._used:
            return self._used[name]
        wire = WIRES.get(name.lower())
        return wire.name if wire else op_named(name) or _shipped(name)

    def is_network(self, known: Known | None) -> bool:
        """True for a layer, a wire, and a definition that surely gives a network."""
        if not isinstance(known, syntax.Definition):
            return known is not None
        if known.is_module or isinstance(known.body, NETWORK_FORMS) or _is_shipped(known):
            return True
        name = called(known.body)
        bound = names_of((*(known.parameters or ()), *known.where))
        return name is not None and isinstance(self.known(name, bound), type)

    def is_function(self, name: str, bound: Names) -> bool:
        """True if a call of the name is one of `max` and its like."""
        is_hidden = name in bound or name in self._own or name in self._used or self._uses_unseen
        return name in FUNCTIONS and not is_hidden

    def may_choose(self, tree: syntax.Tree, bound: Names) -> bool:
        """True where this file, or one that gives it an argument, may have put a choice."""
        match tree:
            case syntax.Choice() | syntax.Optional():
                return True
            case syntax.Name(name=name) if name not in bound:
                is_defined = isinstance(self.known(name, bound), syntax.Definition)
                return self._uses_unseen or (self._has_choices and is_defined)
            case syntax.Call():
                return self._may_run_others(tree, bound)
        return False

    def _may_run_others(self, call: syntax.Call, bound: Names) -> bool:
        """True if a call may run what came in as an argument."""
        name = called(call)
        if name is not None and self.is_function(name, bound):
            return False
        is_open = name is None or self.known(name, bound) is None
        return is_open or any(one in bound for one in _mentioned(call))

    def spelled(self, name: str, bound: Names) -> str:
        """The canonical spelling of a name; that name must not have another meaning here."""
        known = self.known(name, bound)
        if known is None or (self._keeps_capitals and name.isupper()):
            return name
        if isinstance(known, syntax.Definition) and not _is_shipped(known):
            return name
        short = known if isinstance(known, str) else known.name
        return short if self.known(short, bound) == known else name

    # What `set` says

    def _set_defaults(self) -> Iterator[tuple[tuple[str, str], Setting | Computed]]:
        for statement in self._file.statements:
            for call in statement.calls if isinstance(statement, syntax.Set) else ():
                kind, given = set_arguments(call)
                for key, one in given.items():
                    assert kind is not None
                    yield (kind.name, key), self._constant(one.value, kind.parameters[key])

    def _constant(self, value: syntax.Expr, parameter: Parameter) -> Setting | Computed:
        """What `set` gives, where that is plain to see; there, names win over words."""
        match value:
            case syntax.Name(name=name) if self._uses_unseen or self.known(name, frozenset()):
                return COMPUTED
        return checked(value, parameter)

    def is_default(self, kind: type[Op], key: str, value: syntax.Expr) -> bool:
        """True if the layer has this value anyway."""
        parameter = kind.parameters[key]
        default: object = None if parameter.is_required else parameter.default
        default = self._defaults.get((kind.follows, key), default)
        default = self._defaults.get((kind.name, key), default)
        found = checked(value, parameter)
        if found is None or isinstance(found, Computed) or found != default:
            return False
        return type(found) is type(default) or isinstance(default, float)


def _definitions(file: syntax.File) -> list[syntax.Definition]:
    return [one for one in file.statements if isinstance(one, syntax.Definition)]


def _shipped(name: str) -> syntax.Definition | None:
    """The definition of a shipped block, by its name in any letter case."""
    file = std_file(name.lower())
    found = [one for one in _definitions(file) if one.name == name.lower()] if file else []
    return found[0] if found else None


def _is_shipped(definition: syntax.Definition) -> bool:
    return definition is _shipped(definition.name)


def names_of(binding: Iterable[syntax.Parameter | syntax.Where]) -> Names:
    """The names that parameters and `where` bind."""
    return frozenset(one.name for one in binding)


def _leaves_width_open(tree: syntax.Tree) -> bool:
    """True for a text in the notes' capitals that leaves a width to their rule."""
    if isinstance(tree, syntax.Name):
        return tree.name in WIDTH_RULE
    inner: Iterable[syntax.Tree] = syntax.children(tree)
    if isinstance(tree, syntax.Call) and _gives_width(tree):
        inner = tree.arguments
    return any(map(_leaves_width_open, inner))


def _gives_width(call: syntax.Call) -> bool:
    kind = op_named(called(call) or "")
    given = filled(kind.parameters, short(kind, call.arguments) or ()) if kind else None
    return bool(given and "w" in given)


def _chooses(tree: syntax.Tree) -> bool:
    is_choice = isinstance(tree, syntax.Choice | syntax.Optional)
    return is_choice or any(map(_chooses, syntax.children(tree)))


def _mentioned(tree: syntax.Tree) -> Iterator[str]:
    if isinstance(tree, syntax.Name):
        yield tree.name
    for child in syntax.children(tree):
        yield from _mentioned(child)
