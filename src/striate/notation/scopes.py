"""What a file offers its text: definitions, those of the files it uses, and `set` defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from striate.errors import Diagnostic, GraphError, TextError, did_you_mean
from striate.ir import Initialisation, Op, Setting, TensorType, Value, op_named, op_names
from striate.ir.facts import DEFAULT_INITIALISATION
from striate.notation import syntax
from striate.notation.arguments import match_op_arguments
from striate.notation.arithmetic import brief, describe
from striate.notation.evaluate import Evaluator
from striate.notation.library import Beside, read_file, std_file, used_file
from striate.notation.limits import MOST_MISTAKES, deep_recursion
from striate.notation.mistakes import located
from striate.notation.values import Applied, Bound, Datum, Defined, Env, FileScope, Flow, Streams

SCHEMES = ("he_fan_out", "he_fan_in", "xavier", "trunc_normal", "torch")
MOST_FILES = 50
"""Files that use one another in a row."""
NOTHING = Streams(())
PATTERN_DEFAULTS = {"width": 32, "hidden": 256, "classes": 10}
"""The width rule of the notes' pattern: first CONV, hidden FC, last FC."""


@cache
def op_words() -> frozenset[str]:
    """Words that some layer takes as an argument: `same`, `bilinear`, ..."""
    words: set[str] = set()
    for name in op_names():
        cls = op_named(name)
        assert cls is not None
        for parameter in cls.parameters.values():
            words.update(parameter.words)
    return frozenset(words)


def scope_of(file: syntax.File, beside: Beside = read_file) -> FileScope:
    """The scope of a file, with those of the files it uses.

    beside: reads these files.

    Raises:
        TextError: doubled definitions, files that cannot be used, wrong `set`; at most 20 told.
    """
    with deep_recursion():
        return _Files(beside).scope_of(file, ())


class _Files:
    """The scopes of the files that one text needs, each made once."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._made: dict[str, FileScope] = {}

    def scope_of(self, file: syntax.File, using: tuple[str, ...]) -> FileScope:
        """using: names of the files on the way here, to find circles."""

        @cache
        def words() -> frozenset[str]:
            return op_words().union(*(_table_keys(statement) for statement in file.statements))

        scope = FileScope({}, words=words, pattern=dict(PATTERN_DEFAULTS))
        mistakes: list[Diagnostic] = []
        # A `set` may use any definition of the file, so it comes last.
        for statement in sorted(file.statements, key=lambda one: isinstance(one, syntax.Set)):
            try:
                self._enter(statement, scope, (*using, file.source.name))
            except TextError as error:
                mistakes.extend(error.diagnostics)
            if len(mistakes) >= MOST_MISTAKES:
                break
        if mistakes:
            raise TextError(*mistakes[:MOST_MISTAKES])
        return scope

    def _enter(self, statement: syntax.Statement, scope: FileScope, using: tuple[str, ...]) -> None:
        match statement:
            case syntax.Definition():
                _define(statement, scope)
            case syntax.Use():
                inner = self._used(statement, using)
                offered = {name: Defined(one, inner) for name, one in inner.definitions.items()}
                scope.used = {**inner.used, **scope.used, **offered}
            case syntax.Set(calls=calls):
                for call in calls:
                    try:
                        _set(call, scope)
                    except (GraphError, TextError) as error:
                        raise located(TextError(error.diagnostics[0]), call.span) from None

    def _used(self, statement: syntax.Use, using: tuple[str, ...]) -> FileScope:
        file = used_file(statement, self._beside)
        name = file.source.name
        if name in using:
            raise TextError.of(
                "use-circle",
                f"'{brief(statement.path)}' uses this file in turn",
                "move what both need to a third file",
                span=statement.span,
            )
        if len(using) > MOST_FILES:
            raise TextError.of(
                "use-too-deep",
                f"more than {MOST_FILES} files use one another here",
                "use the file that holds the definitions directly",
                span=statement.span,
            )
        if name not in self._made:
            self._made[name] = self.scope_of(file, using)
        return self._made[name]


def _define(statement: syntax.Definition, scope: FileScope) -> None:
    first = scope.definitions.setdefault(statement.name, statement)
    if first is not statement:
        raise TextError.of(
            "defined-twice",
            f"'{brief(statement.name)}' is defined twice in this file, "
            f"first at line {first.span.line}",
            "rename one of them",
            span=statement.span,
        )


@cache
def std_definition(name: str) -> Defined | None:
    """The block of the shipped library with this name, in any letter case."""
    file = std_file(name)
    if file is None:
        return None
    scope = scope_of(file)
    return Defined(scope.definitions[name.lower()], scope)


def _set(call: syntax.Call, scope: FileScope) -> None:
    assert isinstance(call.function, syntax.Name)
    name = call.function.name
    env = Env(scope, entry=NOTHING)
    arguments = tuple(Bound(one.name, one.value, env, one.span) for one in call.arguments)
    if name == "init":
        scope.init = _initialisation(arguments, scope)
        return
    if name == "pattern":
        scope.pattern.update(_pattern(arguments))
        return
    cls = op_named(name)
    if cls is None:
        raise TextError.of(
            "unknown-name",
            f"set changes defaults of layers, and none is called '{brief(name)}'"
            f"{did_you_mean(name, [*op_names(), 'init', 'pattern'])}",
            "besides layers: set init(...), set pattern(...)",
        )
    defaults = scope.defaults.setdefault(cls.name, {})
    for key, bound in match_op_arguments(cls, arguments).items():
        defaults[key] = cls.parameters[key].check(cls.name, constant(bound, cls))


def constant(bound: Bound, cls: type[Op]) -> Setting:
    """The value of an argument that may use no shapes and make no choices."""
    value = _fixed().evaluate(bound.value, bound.env, NOTHING)
    return setting(value, cls.name, bound)


def setting(value: Datum, called: str, bound: Bound) -> Setting:
    """A value that a layer can take as an argument.

    Raises:
        TextError: it is a network, table or stream.
    """
    if isinstance(value, tuple):
        return tuple([setting(one, called, bound) for one in value])
    if value is None or isinstance(value, int | float | bool | str):
        return value
    raise TextError.of(
        "network-as-argument",
        f"{called} takes numbers and words, not {describe(value)}",
        span=bound.span,
    )


def make_op(evaluator: Evaluator, applied: Applied, here: Flow, rule_width: int | None) -> Op:
    """The layer with the arguments of its call, else those that `set` gave, else its defaults.

    rule_width: fills the width where the notes' pattern leaves it open.

    Raises:
        TextError, GraphError: an argument is unknown, missing or of the wrong kind.
        Poisoned: an argument depends on a mistake already told.
    """
    cls, file = applied.target, applied.file
    assert isinstance(cls, type)
    if applied.arguments or rule_width is not None or file is None:
        return _make_op(evaluator, applied, here, rule_width)
    if cls not in file.bare:
        file.bare[cls] = _make_op(evaluator, applied, here, None)
    return file.bare[cls]


def _make_op(evaluator: Evaluator, applied: Applied, here: Flow, rule_width: int | None) -> Op:
    cls = applied.target
    assert isinstance(cls, type)
    values: dict[str, Setting] = {}
    if applied.file:
        followed = applied.file.defaults.get(cls.follows, {})
        values = {name: value for name, value in followed.items() if name in cls.parameters}
        values.update(applied.file.defaults.get(cls.name, {}))
    gathered, rest = _gathered(cls, applied.arguments)
    if gathered:
        found = [evaluator.evaluate(one.value, one.env, here) for one in gathered]
        listed = found[0] if len(found) == 1 and isinstance(found[0], tuple) else tuple(found)
        values[next(iter(cls.parameters))] = setting(listed, cls.name, gathered[0])
    for name, bound in match_op_arguments(cls, rest).items():
        words = cls.parameters[name].words
        if isinstance(bound.value, syntax.Name) and bound.value.name in words:
            values[name] = bound.value.name
        else:
            value = evaluator.evaluate(bound.value, bound.env, here)
            values[name] = setting(value, cls.name, bound)
    if rule_width is not None:
        values.setdefault("w", rule_width)
    if applied.file is None:
        return cls(**values)
    # With types, since 1 == True, and a width of True is a mistake.
    key = (cls, tuple([(name, type(value), value) for name, value in values.items()]))
    made = applied.file.made.get(key)
    if made is None:
        made = applied.file.made[key] = cls(**values)
    return made


def _gathered(
    cls: type[Op], arguments: tuple[Bound, ...]
) -> tuple[tuple[Bound, ...], tuple[Bound, ...]]:
    """The positional arguments that a layer takes as one list, and the other ones."""
    if not cls.gathers:
        return (), arguments
    positional = tuple(one for one in arguments if one.name is None)
    return positional, tuple(one for one in arguments if one.name is not None)


def _fixed() -> Evaluator:
    """An evaluator for `set`, where there are neither streams nor choices."""

    def decide(expr: syntax.Expr, options: int) -> int:
        raise TextError.of(
            "choice-in-set",
            "set takes no choices",
            "give the choice to a layer: conv(16, k={3, 5})",
            span=expr.span,
        )

    def type_of(value: Value) -> TensorType:
        raise AssertionError("no stream enters a set statement")

    return Evaluator(
        type_of=type_of,
        decide=decide,
        std=std_definition,
        free=lambda name: None,
    )


def _initialisation(arguments: tuple[Bound, ...], scope: FileScope) -> Initialisation:
    made = scope.init or DEFAULT_INITIALISATION
    for bound in arguments:
        key = bound.name or "scheme"
        if key == "scheme" and isinstance(bound.value, syntax.Name):
            if bound.value.name in SCHEMES:
                made = replace(made, scheme=bound.value.name)
                continue
        elif key in ("std", "zero_gamma"):
            value = _fixed().number(bound.value, bound.env, NOTHING, what=key)
            made = (
                replace(made, std=value) if key == "std" else replace(made, zero_gamma=bool(value))
            )
            continue
        raise TextError.of(
            "wrong-init",
            "this is not a way to start weights",
            f"set init(SCHEME, std=0.02, zero_gamma=0), SCHEME one of {', '.join(SCHEMES)}",
            span=bound.span,
        )
    return made


def _pattern(arguments: tuple[Bound, ...]) -> Iterator[tuple[str, int]]:
    for bound in arguments:
        if bound.name not in PATTERN_DEFAULTS:
            raise TextError.of(
                "wrong-pattern-setting",
                "this is no setting of the notes' pattern",
                "set pattern(width=32, hidden=256, classes=10)",
                span=bound.span,
            )
        yield bound.name, _fixed().whole(bound.value, bound.env, NOTHING, what=bound.name)


def _table_keys(tree: syntax.Tree) -> Iterator[str]:
    """The keys of all tables in a tree; they are words of the file."""
    if isinstance(tree, syntax.Entry):
        yield tree.key
    for child in syntax.children(tree):
        yield from _table_keys(child)
