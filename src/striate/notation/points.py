"""What a text can ask about a point of the network: `c`, `_`, `size`, and values by reference."""

from __future__ import annotations

from collections.abc import Callable

from striate.errors import TextError, did_you_mean
from striate.ir import TensorType, Value
from striate.notation import syntax
from striate.notation.values import Datum, Env, Flow, Names, Poisoned, Streams

TypeOf = Callable[[Value], TensorType]


def channels(flow: Flow, name: str, type_of: TypeOf) -> Datum:
    """The channels of what enters; a list where several streams enter.

    name: `c` or `_`, for the message.

    Raises:
        TextError: nothing enters.
        Poisoned: what enters was lost to a mistake.
    """
    if flow is None:
        raise Poisoned
    if not flow.values:
        where = "the enclosing definition" if name == "c" else "this layer"
        advice = ["for what enters this very layer write _"] if name == "c" else []
        raise TextError.of(
            "no-stream-here",
            f"{name} is the number of channels that enter {where}, and nothing enters",
            *advice,
        )
    found = tuple([type_of(value).channels for value in flow.values])
    return found[0] if len(found) == 1 else found


def plane(flow: Flow, type_of: TypeOf) -> Datum:
    """The spatial sizes of the (first) stream here.

    Raises:
        TextError: nothing is here, or a size is left open.
        Poisoned: what flows here was lost to a mistake.
    """
    if flow is None:
        raise Poisoned
    if not flow.values:
        raise TextError.of(
            "no-stream-here", "size is that of the stream at this point, and nothing flows here"
        )
    sizes = type_of(flow.values[0]).plane
    if None in sizes:
        raise TextError.of(
            "size-unknown",
            "size is not known here, since the input leaves it open",
            "give the input its sizes: input(3, 224, 224)",
        )
    return tuple([size for size in sizes if size is not None])


def referred(expr: syntax.Reference, env: Env) -> Streams:
    """The streams that `@x` or `@in` stands for.

    Raises:
        TextError: no value of this name was made before.
        Poisoned: it was lost to a mistake.
    """
    if expr.parts == ("in",):
        return _entry(env)
    scope = _scope_of(expr, env)
    flow: Flow | bool = scope.flows.get(expr.parts[-1], False) if scope else False
    if isinstance(flow, bool):
        flow = env.names.flow(".".join(expr.parts))
    if flow is None:
        raise Poisoned
    if isinstance(flow, bool):
        raise _unknown(expr, env, scope)
    return flow


def _entry(env: Env) -> Streams:
    if env.entry is None:
        raise Poisoned
    if not env.entry.values:
        raise TextError.of(
            "no-stream-here", "@in is what enters the enclosing definition, and nothing enters"
        )
    return env.entry


def _scope_of(expr: syntax.Reference, env: Env) -> Names | None:
    scope = env.names.find(expr.parts)
    for part in expr.parts[:-1]:
        scope = scope.inner.get(part) if scope else None
    return scope


def _unknown(expr: syntax.Reference, env: Env, scope: Names | None) -> TextError:
    known = scope.known() if scope else env.names.known()
    listed = [one for one in dict.fromkeys(known) if not one.isdigit()]
    return TextError.of(
        "unknown-reference",
        f"no earlier value of this definition is called '{'.'.join(expr.parts)}'"
        f"{did_you_mean(expr.parts[-1], listed)}",
        "name a value before it is used: (a: conv(16)) or conv(16) as a",
        span=expr.span,
    )
