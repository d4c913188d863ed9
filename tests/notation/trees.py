"""Random trees in the form that the parser gives them, for laws of printing and parsing."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from striate.notation import syntax as s
from striate.notation.syntax import Expr
from striate.notation.tokens import KEYWORDS
from striate.source import Source, Span

SPAN = Span(Source("<made>", ""), 0, 0)
WORDS = ("a", "bn", "conv", "relu", "w", "x3", "_v", "layer1", "CONV", "e1")
PYTHON = ("None", "True", "False", "lambda")


def make(kind: Any, *parts: Any) -> Any:
    """A tree node without a place in a text."""
    return kind(*parts, span=SPAN)


names = st.sampled_from(WORDS) | st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True).filter(
    lambda word: word not in KEYWORDS and word not in PYTHON
)
counts = st.integers(0, 40) | st.integers(0, 10**29)
decimals = st.floats(0, 1e300, allow_nan=False).filter(lambda one: len(repr(one)) < 30)
sizes = st.none() | st.integers(0, 999)
dims = st.builds(
    lambda first, rest: (first, *rest), st.integers(0, 99), st.lists(sizes, min_size=1, max_size=3)
)
shapes = st.lists(sizes, min_size=1, max_size=4).map(tuple)
parts_of_references = st.lists(names, min_size=1, max_size=3).map(tuple) | st.just(
    ("body", "0", "1")
)

atoms: st.SearchStrategy[Expr] = st.one_of(
    counts.map(lambda one: make(s.Number, one)),
    decimals.map(lambda one: make(s.Number, one)),
    names.map(lambda one: make(s.Name, one)),
    st.just(make(s.Hole)),
    dims.map(lambda one: make(s.Dims, one)),
    parts_of_references.map(lambda one: make(s.Reference, one)),
    st.integers(0, 12).map(lambda one: make(s.Projection, one)),
    st.from_regex(r"[a-z .:{}#é]{0,6}", fullmatch=True).map(lambda one: make(s.Text, one)),
)


def grouped(expr: Expr) -> Expr:
    """What parentheses around an expression, which tighter places need, leave behind."""
    if isinstance(expr, s.Chain) and isinstance(expr.items[0], s.Reference):
        return make(s.Group, expr)  # type: ignore[no-any-return]
    return expr


def compounds(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Expressions around others."""
    tight = inner.map(grouped)
    return st.one_of(
        _forks(inner),
        _arithmetic(tight),
        _items(inner, tight),
        _brackets(inner),
    )


def _several(one: st.SearchStrategy[Expr], least: int) -> st.SearchStrategy[tuple[Expr, ...]]:
    return st.lists(one, min_size=least, max_size=3).map(tuple)


def _chain(items: tuple[Expr, ...]) -> Expr:
    """A chain with the chains inside it laid open."""
    flat: list[Expr] = []
    for item in items:
        flat += (
            item.items if isinstance(item, s.Chain) and not _is_grouped(item) else [grouped(item)]
        )
    return make(s.Chain, tuple(flat))  # type: ignore[no-any-return]


def _is_grouped(chain: s.Chain) -> bool:
    return isinstance(chain.items[0], s.Reference)


def _sum(items: tuple[Expr, ...], signs: list[str]) -> Expr:
    return make(s.Sum, items, ("+", *signs[: len(items) - 1]))  # type: ignore[no-any-return]


def _forks(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = _several(inner, 2)
    return st.one_of(
        several.map(_chain),
        st.builds(_sum, several, st.lists(st.sampled_from("+-"), min_size=2, max_size=2)),
        st.builds(lambda sign, items: make(s.Join, sign, items), st.sampled_from("|&"), several),
        several.map(lambda items: make(s.Streams, items)),
        names.map(lambda name: make(s.Group, make(s.Name, name))),
        parts_of_references.map(lambda parts: make(s.Group, make(s.Reference, parts))),
        st.builds(
            lambda sign, body, loop, values: make(s.Fold, sign, body, tuple(loop), values),
            st.sampled_from(["->", "+", "|", "&", ","]),
            inner,
            st.lists(names, min_size=1, max_size=3),
            inner,
        ),
    )


def _arithmetic(tight: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    signs = ["*", "/", "//", "%", "^", "==", "!=", "<", ">", "<=", ">=", "and", "or"]
    return st.one_of(
        st.builds(lambda *all_: make(s.Binary, *all_), st.sampled_from(signs), tight, tight),
        st.builds(lambda *all_: make(s.Unary, *all_), st.sampled_from(["-", "not"]), tight),
        st.builds(lambda *all_: make(s.Range, *all_), tight, tight),
    )


def _items(
    inner: st.SearchStrategy[Expr], tight: st.SearchStrategy[Expr]
) -> st.SearchStrategy[Expr]:
    computed = names.map(lambda name: make(s.Name, name)) | st.builds(
        lambda name, number: make(s.Binary, "*", make(s.Name, name), make(s.Number, number)),
        names,
        counts,
    )
    odd = st.from_regex(r"[a-z .:+-]{1,5}", fullmatch=True)
    plain = names | st.just("0") | st.just("layer1.0.conv1")
    return st.one_of(
        st.builds(lambda word, item: make(s.Label, (word,), item), plain, tight),
        st.builds(lambda *all_: make(s.Label, all_[:2], all_[2]), names, computed, tight),
        st.builds(lambda *all_: make(s.Label, all_[:3], all_[3], True), odd, computed, odd, tight),
        st.builds(lambda *all_: make(s.As, *all_), tight, names),
        st.builds(lambda *all_: make(s.Assert, *all_), tight, shapes),
        st.builds(lambda *all_: make(s.If, *all_), inner, tight, st.none() | tight),
        tight.map(lambda body: make(s.Optional, body)),
        st.builds(lambda *all_: make(s.Index, *all_), tight, inner),
        st.builds(
            lambda function, all_: make(s.Call, function, tuple(all_)),
            tight,
            st.lists(_argument(inner), max_size=3),
        ),
    )


def _argument(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[s.Argument]:
    return st.builds(lambda *all_: make(s.Argument, *all_), st.none() | names, inner)


def _brackets(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    keys = names | st.just("18") | st.just("0.5") | st.just("a-b")
    entry = st.builds(lambda *all_: make(s.Entry, *all_), keys, inner)
    return st.one_of(
        _several(inner, 0).map(lambda items: make(s.List, items)),
        _several(inner, 1).map(lambda items: make(s.Choice, items)),
        st.lists(entry, min_size=1, max_size=3).map(lambda all_: make(s.Table, tuple(all_))),
        st.builds(
            lambda body, loop, values: make(s.Comprehension, body, tuple(loop), values),
            inner,
            st.lists(names, min_size=1, max_size=3),
            inner,
        ),
    )


expressions: st.SearchStrategy[Expr] = st.recursive(atoms, compounds, max_leaves=20)
# A statement may not be a comparison by ==: that is a slip for a definition.
bodies = expressions.filter(lambda one: not (isinstance(one, s.Binary) and one.sign == "=="))

parameters = st.builds(lambda *all_: make(s.Parameter, *all_), names, st.none() | expressions)
shared = names | st.sampled_from(["ca.mlp.0", "a-b", "0", "in"])
locals_: st.SearchStrategy[s.Where] = st.one_of(
    st.builds(lambda *all_: make(s.LocalValue, *all_), names, expressions),
    st.builds(lambda *all_: make(s.SharedModule, *all_), shared, expressions.map(grouped)),
)
comments = st.lists(
    st.from_regex(r"[a-z #]{0,8}[a-z]?", fullmatch=True).map(str.rstrip), max_size=2
)


def _unlike(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=2, unique_by=lambda one: one.name).map(tuple)


def _definition(*parts: Any) -> s.Definition:
    *all_, notes = parts
    return s.Definition(*all_, span=SPAN, comments=tuple(notes))


definitions = st.builds(
    _definition,
    names,
    st.none() | _unlike(parameters),
    expressions,
    st.booleans(),
    _unlike(locals_),
    comments,
)
networks = st.builds(
    lambda body, where, notes: s.Network(body, where, span=SPAN, comments=tuple(notes)),
    bodies,
    _unlike(locals_),
    comments,
)
files = st.builds(
    lambda statements, network, notes: s.File(
        SPAN.source, (*statements, *network), comments=tuple(notes)
    ),
    st.lists(definitions, max_size=3),
    st.lists(networks, max_size=1),
    comments,
)
