"""Where streams meet or begin: joins of branches, inputs, and what their errors say."""

from __future__ import annotations

from collections.abc import Callable

from striate.errors import Diagnostic, GraphError, TextError
from striate.ir import GraphBuilder, Op, TensorType, Value, op_named
from striate.notation import syntax
from striate.notation.values import Bound, Datum, Streams
from striate.quantities import dimensions
from striate.source import Span

Branch = tuple[str, syntax.Expr, tuple[Value, ...]]
"""The sign before a branch, its words, and the streams it gives."""


def join(
    builder: GraphBuilder, branches: list[Branch], span: Span, path: Callable[[str], str]
) -> Value:
    """The value where branches meet; a lone branch is its own.

    Raises:
        TextError: a branch gives several streams, or the shapes do not fit; with a line for each.
    """
    for _, expr, values in branches:
        if len(values) != 1:
            raise TextError.of(
                "branch-of-streams",
                f"a branch of a join must give one stream, and this one gives {len(values)}",
                "pick one with .0, or join them first with add, cat, mean",
                span=expr.span,
            )
    total, *rest = branches
    value = total[2][0]
    while rest:
        sign = rest[0][0]
        group = rest[: _run_length(rest, sign)] if sign != "-" else rest[:1]
        cls = op_named(sign)
        assert cls is not None
        joined = [value, *(one[2][0] for one in group)]
        try:
            value = builder.add(cls(), joined, path=path(sign), span=span)[0]
        except GraphError as error:
            raise _with_branches(error, builder, branches, span) from None
        rest = rest[len(group) :]
    return value


def _run_length(branches: list[Branch], sign: str) -> int:
    for index, branch in enumerate(branches):
        if branch[0] != sign:
            return index
    return len(branches)


def _with_branches(
    error: GraphError, builder: GraphBuilder, branches: list[Branch], span: Span
) -> TextError:
    first = error.diagnostics[0]
    lines = []
    for index, (_, expr, values) in enumerate(branches, start=1):
        formula = _last_formula(builder, values[0])
        words = " ".join(expr.span.text.split())
        words = words if len(words) <= 60 else words[:57] + "..."
        shape = str(builder.type_of(values[0]))
        lines.append(f"branch {index}: {shape}    {words}" + (f"   [{formula}]" if formula else ""))
    if len(lines) > 8:
        lines[6:-1] = [f"... {len(lines) - 7} more branches ..."]
    return TextError(
        Diagnostic(first.code, first.reason, span, (*lines, *first.help, *_fix(builder, branches)))
    )


def _last_formula(builder: GraphBuilder, value: Value) -> str:
    """The latest formula on the way to a value: what gave it its size."""
    for _ in range(1000):
        node = builder.nodes[value.node]
        if node.formula or not node.inputs:
            return node.formula
        value = node.inputs[0]
    return ""


def _fix(builder: GraphBuilder, branches: list[Branch]) -> list[str]:
    """How a bare shortcut of a sum would be projected to the shape of the other branch."""
    shortcuts = [one for one in branches if isinstance(one[1], syntax.Name) and one[1].name == "id"]
    bodies = [one for one in branches if one not in shortcuts]
    if branches[-1][0] not in "+-" or len(shortcuts) != 1 or not bodies:
        return []
    wanted, found = (builder.type_of(one[0][2][0]) for one in (bodies, shortcuts))
    if wanted.rank != found.rank or not wanted.rank or None in wanted.plane + found.plane:
        return []
    strides = {
        round(have / want)
        for have, want in zip(found.plane, wanted.plane, strict=True)
        if have and want
    }
    if len(strides) != 1 or not (stride := strides.pop()):
        return []
    step = f", {stride}" if stride > 1 else ""
    return [f"project the shortcut, e.g.  conv({wanted.channels}, 1{step})"]


def no_input(op: Op, span: Span) -> TextError:
    """The first layer of a network that says no input."""
    return TextError.of(
        "no-input",
        f"nothing enters {op.name}: the network does not say its input",
        "begin with  input(3, 224, 224) ->  or give the input beside the text (--input 3x224x224)",
        span=span,
    )


def input_size(value: Datum, bound: Bound) -> int:
    """One size of an `input(...)`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 1_000_000:
        raise TextError.of(
            "input-size",
            "a size of the input must be a whole number from 1 to 1,000,000, or ?",
            "input(3, 224, 224): channels first; input(3x?x?) leaves the plane open",
            span=bound.span,
        )
    return value


def input_type(sizes: list[int | None], span: Span) -> TensorType:
    """The type that `input(...)` states."""
    if sizes[0] is None or len(sizes) > 4:
        raise TextError.of(
            "input-shape",
            f"an input has known channels and up to three spatial axes, not "
            f"{dimensions(tuple(sizes))}",
            "input(3, 224, 224): channels first; input(3x?x?) leaves the plane open",
            span=span,
        )
    return TensorType.of(*sizes)


def check_arriving(
    builder: GraphBuilder, flow: Streams, sizes: list[int | None], span: Span
) -> Streams:
    """What arrives at an `input(...)` that does not begin the network, if it is what it states.

    Raises:
        TextError: it is another.
    """
    if len(flow.values) != 1:
        raise TextError.of(
            "input-differs",
            f"input stands for one stream, and {len(flow.values)} arrive here",
            "state the inputs where the network begins: (input(3, 64, 64), input(10)) -> ...",
            span=span,
        )
    check_input(builder.type_of(flow.values[0]), sizes, span)
    return flow


def check_input(given: TensorType, sizes: list[int | None], span: Span) -> None:
    """Passes when the input given from outside is what the text states.

    Raises:
        TextError: it is another.
    """
    stated = tuple(sizes)
    agree = not stated or (
        len(stated) == len(given.sizes)
        and all(
            said is None or found is None or said == found
            for said, found in zip(stated, given.sizes, strict=True)
        )
    )
    if not agree:
        raise TextError.of(
            "input-differs",
            f"the text says input {dimensions(stated)}, but {given} enters",
            "leave out one of the two, or open the sizes in the text: input(3x?x?)",
            span=span,
        )


def behind_double_colon(expr: syntax.Assert) -> Span:
    """The words of the shape in an assertion."""
    start = expr.item.span.end
    words = expr.span.source.text[start : expr.span.end]
    skipped = len(words) - len(words.lstrip(": \t\r\n)"))
    return Span(expr.span.source, start + skipped, expr.span.end)
