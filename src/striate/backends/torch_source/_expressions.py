"""Expressions of Python on one line, with the quotes and spaces that formatters give them."""

from __future__ import annotations

import ast
import json
import re

_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.LShift: ("<<", 8),
    ast.RShift: (">>", 8),
    ast.Add: ("+", 9),
    ast.Sub: ("-", 9),
    ast.Mult: ("*", 10),
    ast.Div: ("/", 10),
    ast.FloorDiv: ("//", 10),
    ast.Mod: ("%", 10),
    ast.MatMult: ("@", 10),
    ast.Pow: ("**", 12),
}
_UNARY: dict[type[ast.unaryop], tuple[str, int]] = {
    ast.Not: ("not ", 4),
    ast.USub: ("-", 11),
    ast.UAdd: ("+", 11),
    ast.Invert: ("~", 11),
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_ATOM = 20


def flat(node: ast.expr) -> str:
    """An expression on one line."""
    return _text(node)[0]


def _inside(node: ast.expr, least: int) -> str:
    """In parentheses where it binds looser than what is around it."""
    text, strength = _text(node)
    return text if strength >= least else f"({text})"


def _text(node: ast.expr) -> tuple[str, int]:
    """The words and how tightly they bind."""
    match node:
        case ast.BinOp(left, operation, right):
            return _binary(left, operation, right)
        case ast.UnaryOp(sign, operand):
            word, strength = _UNARY[type(sign)]
            if isinstance(operand, ast.BinOp):
                strength = _ATOM
            return f"{word}{_inside(operand, strength)}", strength
        case ast.BoolOp(joint, values):
            word, strength = ("and", 3) if isinstance(joint, ast.And) else ("or", 2)
            return f" {word} ".join(_inside(one, strength + 1) for one in values), strength
        case ast.Compare(left, signs, others):
            pairs = zip(signs, others, strict=True)
            words = [f"{_COMPARE[type(sign)]} {_inside(one, 6)}" for sign, one in pairs]
            return " ".join([_inside(left, 6), *words]), 5
        case ast.IfExp(test, body, other):
            return f"{_inside(body, 2)} if {_inside(test, 2)} else {_inside(other, 1)}", 1
        case ast.Lambda(given, body):
            names = ", ".join(one.arg for one in given.args)
            return f"lambda {names}: {flat(body)}", 1
        case _:
            return _atom(node), _ATOM


def _binary(left: ast.expr, operation: ast.operator, right: ast.expr) -> tuple[str, int]:
    sign, strength = _BINARY[type(operation)]
    if isinstance(operation, ast.Pow):
        simple = all(isinstance(one, ast.Name | ast.Constant) for one in (left, right))
        space = "" if simple else " "
        return f"{_inside(left, 13)}{space}**{space}{_inside(right, 11)}", strength
    return f"{_inside(left, strength)} {sign} {_inside(right, strength + 1)}", strength


def _atom(node: ast.expr) -> str:
    match node:
        case ast.Name(name):
            return name
        case ast.Constant(value):
            return _constant(value)
        case ast.Attribute(value, name):
            return f"{_inside(value, _ATOM)}.{name}"
        case ast.Call(func, [ast.GeneratorExp() as lone], []):
            return f"{_inside(func, _ATOM)}{flat(lone)}"
        case ast.Call(func, args, keywords):
            words = [*map(flat, args), *map(_keyword, keywords)]
            return f"{_inside(func, _ATOM)}({', '.join(words)})"
        case ast.Starred(value):
            return f"*{_inside(value, 6)}"
        case ast.Subscript(value, index):
            return f"{_inside(value, _ATOM)}[{_index(index)}]"
        case ast.JoinedStr(values):
            return f'f"{"".join(map(_piece, values))}"'
        case _:
            return _collection(node)


def _collection(node: ast.expr) -> str:
    match node:
        case ast.Tuple([one]):
            return f"({flat(one)},)"
        case ast.Tuple(entries):
            return f"({', '.join(map(flat, entries))})"
        case ast.List(entries):
            return f"[{', '.join(map(flat, entries))}]"
        case ast.Set(entries):
            return f"{{{', '.join(map(flat, entries))}}}"
        case ast.Dict(keys, values):
            pairs = [
                f"{flat(key)}: {flat(value)}" if key else f"**{flat(value)}"
                for key, value in zip(keys, values, strict=True)
            ]
            return f"{{{', '.join(pairs)}}}"
        case ast.ListComp(element, loops):
            return f"[{flat(element)}{_loops(loops)}]"
        case ast.GeneratorExp(element, loops):
            return f"({flat(element)}{_loops(loops)})"
        case ast.DictComp(key, value, loops):
            return f"{{{flat(key)}: {flat(value)}{_loops(loops)}}}"
        case _:
            return ast.unparse(node)


def _keyword(one: ast.keyword) -> str:
    return f"{one.arg}={flat(one.value)}" if one.arg else f"**{flat(one.value)}"


def _loops(loops: list[ast.comprehension]) -> str:
    words = ""
    for one in loops:
        target = flat(one.target)
        target = target[1:-1] if isinstance(one.target, ast.Tuple) else target
        words += f" for {target} in {_inside(one.iter, 2)}"
        words += "".join(f" if {_inside(test, 2)}" for test in one.ifs)
    return words


def _index(node: ast.expr) -> str:
    match node:
        case ast.Slice(lower, upper, step):
            simple = all(
                one is None or isinstance(one, ast.Name | ast.Constant | ast.UnaryOp)
                for one in (lower, upper)
            )
            space = "" if simple else " "
            low = f"{flat(lower)}{space}" if lower else ""
            high = f"{space}{flat(upper)}" if upper else ""
            return f"{low}:{high}" + (f":{flat(step)}" if step else "")
        case ast.Tuple([_, _, *_] as entries):
            return ", ".join(map(_index, entries))
        case _:
            return flat(node)


def _constant(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return re.sub(r"e([-+])0*", r"e\1", repr(value)).replace("e+", "e")
    return "..." if value is Ellipsis else repr(value)


def _piece(node: ast.expr) -> str:
    match node:
        case ast.Constant(str(text)):
            return json.dumps(text, ensure_ascii=False)[1:-1].replace("{", "{{").replace("}", "}}")
        case ast.FormattedValue(value, conversion, spec):
            sign = f"!{chr(conversion)}" if conversion > 0 else ""
            form = "".join(map(_piece, spec.values)) if isinstance(spec, ast.JoinedStr) else ""
            return f"{{{flat(value)}{sign}{':' * bool(form)}{form}}}".replace('"', "'")
        case _:
            return ast.unparse(node)
