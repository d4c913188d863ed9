"""Which argument of a call fills which parameter of a definition or layer."""

from __future__ import annotations

from collections.abc import Callable

from striate.errors import Diagnostic, GraphError, TextError, did_you_mean
from striate.ir import Op
from striate.notation import syntax
from striate.notation.arithmetic import brief
from striate.notation.values import Applied, Bound, Defined


def signature(definition: syntax.Definition) -> str:
    """`block(w, s=1)` as the text has it."""
    words = [
        one.name if one.default is None else f"{one.name}={_brief(one.default)}"
        for one in definition.parameters or ()
    ]
    return brief(f"{definition.name}({', '.join(words)})", 200)


def _brief(default: syntax.Expr) -> str:
    return brief(" ".join(default.span.text.split()), 30)


def match_arguments(applied: Applied) -> dict[str, Bound]:
    """Arguments by parameter: positional ones fill, in order, what no key names.

    Raises:
        TextError: an unknown key, an argument too many, or one given twice; at the argument.
    """
    target = applied.target
    assert not isinstance(target, type), "layers match theirs in match_op_arguments"
    assert isinstance(target, Defined)
    definition = target.definition
    names = [one.name for one in definition.parameters or ()]
    keyed = {one.name: one for one in applied.arguments if one.name is not None}
    for bound in keyed.values():
        if bound.name not in names:
            raise TextError.of(
                "unknown-argument",
                f"{brief(definition.name)} has no argument '{brief(str(bound.name))}'"
                f"{did_you_mean(str(bound.name), names)}",
                signature(definition),
                span=bound.span,
            )
    return _filled(definition.name, lambda: signature(definition), names, applied.arguments)


def missing_arguments(applied: Applied) -> list[str]:
    """Parameters without default that the call leaves open."""
    assert isinstance(applied.target, Defined)
    given = match_arguments(applied)
    parameters = applied.target.definition.parameters or ()
    return [one.name for one in parameters if one.default is None and one.name not in given]


def match_op_arguments(cls: type[Op], arguments: tuple[Bound, ...]) -> dict[str, Bound]:
    """Arguments by the layer's short keys.

    Raises:
        TextError: an unknown key, an argument too many, or one given twice; at the argument.
    """
    short = tuple([one if one.name is None else _by_key(cls, one) for one in arguments])
    return _filled(cls.name, cls.signature, list(cls.parameters), short)


def _by_key(cls: type[Op], bound: Bound) -> Bound:
    """The argument by its short key."""
    assert bound.name is not None
    try:
        key = cls.key(brief(bound.name))
    except GraphError as error:
        first = error.diagnostics[0]
        raise TextError(Diagnostic(first.code, first.reason, bound.span, first.help)) from None
    return bound if key == bound.name else Bound(key, bound.value, bound.env, bound.span)


def _filled(
    called: str, how: Callable[[], str], names: list[str], arguments: tuple[Bound, ...]
) -> dict[str, Bound]:
    found: dict[str, Bound] = {}
    for bound in arguments:
        if bound.name is None:
            continue
        if bound.name in found:
            raise TextError.of(
                "argument-given-twice",
                f"{called}: '{brief(bound.name)}' is given twice",
                how(),
                span=bound.span,
            )
        found[bound.name] = bound
    open_names = [name for name in names if name not in found]
    positional = [one for one in arguments if one.name is None]
    for bound in positional[len(open_names) :]:
        raise TextError.of(
            "too-many-arguments",
            f"{called} takes {_at_most(len(names))}, got {len(arguments)}",
            how(),
            span=bound.span,
        )
    found.update(zip(open_names, positional, strict=False))
    return found


def _at_most(count: int) -> str:
    if count == 0:
        return "no arguments"
    return f"at most {count} argument{'' if count == 1 else 's'}"
