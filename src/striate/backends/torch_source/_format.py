"""Python source laid out the way common formatters do, so that none needs to be run on it.

Lines have 88 columns, and are laid out so that a formatter set to 100 leaves them alone too: what
would fit into 100 is opened with one entry on each line and a comma behind the last, which keeps it
open. Comments are not kept.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from striate.backends.torch_source._expressions import flat

WIDTH = 88
"""Columns; the most common default."""

_WIDER = 12
"""What is longer than 88 columns by no more would be one line for those who allow 100."""

_SHORT = 16

_TUPLES = ("return ",)
"""Behind these a tuple needs no parentheses."""

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef)


def formatted(code: str) -> str:
    """The same statements, laid out."""
    return "\n".join([*_body(ast.parse(code).body, 0), ""])


def _body(statements: Sequence[ast.stmt], indent: int, *, is_class: bool = False) -> Iterator[str]:
    """Statements of one block; `indent` in columns."""
    before: ast.stmt | None = None
    for one in statements:
        if before is not None:
            is_open = _is_text(before) and (is_class or indent == 0)
            yield from [""] * max(_blanks(before, one, indent), int(is_open))
        yield from (" " * indent + line if line else "" for line in _statement(one, indent))
        before = one


def _blanks(before: ast.stmt, after: ast.stmt, indent: int) -> int:
    """Empty lines between two statements."""
    if isinstance(before, _DEFINITIONS) or isinstance(after, _DEFINITIONS):
        return 1 if indent else 2
    if isinstance(before, ast.Import | ast.ImportFrom):
        is_import = isinstance(after, ast.Import | ast.ImportFrom)
        return int(not is_import or _is_standard(before) != _is_standard(after))
    return 0


def _is_standard(node: ast.stmt) -> bool:
    """An import from the standard library, which stands above the others."""
    name = node.module if isinstance(node, ast.ImportFrom) else ""
    name = name or (node.names[0].name if isinstance(node, ast.Import) else "")
    return name.partition(".")[0] in sys.stdlib_module_names


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _statement(node: ast.stmt, indent: int) -> list[str]:
    room = WIDTH - indent
    match node:
        case ast.Expr(ast.Constant(str(text))):
            return _docstring(text)
        case ast.Expr(value):
            return _laid(value, room)
        case ast.Return(None):
            return ["return"]
        case ast.Return(ast.expr() as value):
            return _laid(value, room, "return ")
        case ast.Raise(exc=error) if error is not None:
            return _laid(error, room, "raise ")
        case ast.Assign(targets, value):
            names = "".join(f"{_bare(target)} = " for target in targets)
            line = f"{names}{_bare(value)}"
            return [line] if len(line) <= room else _laid(value, room, names)
        case ast.AugAssign():
            sign = flat(ast.BinOp(ast.Name("a"), node.op, ast.Name("b")))[2:-2]
            return _laid(node.value, room, f"{flat(node.target)} {sign}= ")
        case ast.AnnAssign(target, annotation, None):
            return [f"{flat(target)}: {flat(annotation)}"]
        case ast.AnnAssign(target, annotation, ast.expr() as value):
            return _laid(value, room, f"{flat(target)}: {flat(annotation)} = ")
        case ast.ClassDef() | ast.FunctionDef() | ast.If() | ast.For() | ast.While() | ast.With():
            return _compound(node, room)
        case _:
            return [ast.unparse(node)]


def _compound(node: ast.stmt, room: int) -> list[str]:
    """Statements with a block of their own."""
    match node:
        case ast.ClassDef(name, bases):
            marks = [f"@{flat(one)}" for one in node.decorator_list]
            inherited = f"({', '.join(map(flat, bases))})" if bases else ""
            return [*marks, f"class {name}{inherited}:", *_block(node.body, room, is_class=True)]
        case ast.FunctionDef():
            marks = [f"@{flat(one)}" for one in node.decorator_list]
            return [*marks, *_signature(node, room), *_block(node.body, room)]
        case ast.For(target, source):
            opening = _laid(source, room, f"for {_bare(target)} in ", ":")
            return [*opening, *_block(node.body, room)]
        case ast.While(test, body):
            return [*_laid(test, room, "while ", ":"), *_block(body, room)]
        case ast.With(items):
            head_text = ", ".join(flat(one.context_expr) for one in items)
            return [f"with {head_text}:", *_block(node.body, room)]
        case ast.If(test, body, rest):
            lines = [*_laid(test, room, "if ", ":"), *_block(body, room)]
            if len(rest) == 1 and isinstance(rest[0], ast.If):
                head, *more = _statement(rest[0], WIDTH - room)
                return [*lines, f"el{head}", *more]
            return [*lines, "else:", *_block(rest, room)] if rest else lines
        case other:
            raise AssertionError(f"no layout for {other}")


def _block(statements: Sequence[ast.stmt], room: int, *, is_class: bool = False) -> list[str]:
    lines = _body(statements, WIDTH - room + 4, is_class=is_class)
    cut = WIDTH - room
    return [line[cut:] for line in lines]


def _bare(target: ast.expr) -> str:
    """A target; of several names without parentheses."""
    if isinstance(target, ast.Tuple):
        comma = "," if len(target.elts) == 1 else ""
        return ", ".join(map(flat, target.elts)) + comma
    return flat(target)


def _docstring(text: str) -> list[str]:
    lines = text.rstrip().split("\n")
    quoted = [f'"""{lines[0]}', *(line.strip() and line for line in lines[1:])]
    if len(lines) == 1:
        return [f'{quoted[0]}"""']
    cut = min((len(one) - len(one.lstrip()) for one in quoted[1:] if one), default=0)
    return [quoted[0], *(line[cut:] for line in quoted[1:]), '"""']


def _signature(node: ast.FunctionDef, room: int) -> list[str]:
    result = f" -> {flat(node.returns)}" if node.returns else ""
    words = list(_arguments(node.args))
    line = f"def {node.name}({', '.join(words)}){result}:"
    if len(line) <= room:
        return [line]
    row = ", ".join(words)
    if len(line) > room + _WIDER and len(row) <= room - 4:
        return [f"def {node.name}(", f"    {row}", f"){result}:"]
    return [f"def {node.name}(", *(f"    {word}," for word in words), f"){result}:"]


def _arguments(given: ast.arguments) -> Iterator[str]:
    first = len(given.args) - len(given.defaults)
    for at, one in enumerate(given.args):
        yield _argument(one, given.defaults[at - first] if at >= first else None)
    if given.vararg:
        yield f"*{_argument(given.vararg, None)}"
    elif given.kwonlyargs:
        yield "*"
    for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _argument(one, default)
    if given.kwarg:
        yield f"**{_argument(given.kwarg, None)}"


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {flat(one.annotation)}" if one.annotation else ""
    sign = " = " if kind else "="
    return f"{one.arg}{kind}{sign}{flat(default)}" if default else f"{one.arg}{kind}"


def _laid(node: ast.expr, room: int, before: str = "", after: str = "") -> list[str]:
    """An expression on one line where it fits, else opened."""
    line = f"{before}{_bare(node) if before in _TUPLES else flat(node)}{after}"
    return [line] if len(line) <= room else _opened(node, room, before, after)


def _opened(node: ast.expr, room: int, before: str, after: str) -> list[str]:
    """An expression with one entry on each line; as it is where it has none."""
    match node:
        case ast.Starred(value):
            return _opened(value, room, f"{before}*", after)
        case ast.Call(ast.Attribute(ast.Call(args=[_, *_]) as inner)) if _is_short(node):
            end = flat(node)[len(flat(inner)) :]
            return _opened(inner, room, before, f"{end}{after}")
        case ast.Call(func, args, keywords) if args or keywords:
            entries = [*(("", one) for one in args), *_named(keywords)]
            return _listed(entries, room, f"{before}{flat(func)}(", f"){after}")
        case ast.List(entries_) if entries_:
            return _listed([("", one) for one in entries_], room, f"{before}[", f"]{after}")
        case ast.Tuple(entries_) if entries_:
            return _listed([("", one) for one in entries_], room, f"{before}(", f"){after}")
        case ast.Dict(keys, values):
            pairs = [(f"{flat(k)}: ", v) for k, v in zip(keys, values, strict=True) if k]
            return _listed(pairs, room, f"{before}{{", f"}}{after}")
        case ast.ListComp(element, generators):
            is_call = isinstance(element, ast.Call)
            entry = _opened(element, room - 4, "", "") if is_call else _laid(element, room - 4)
            loops = [_loop(one) for one in generators]
            return [f"{before}[", *(f"    {line}" for line in (*entry, *loops)), f"]{after}"]
        case ast.GeneratorExp(element, generators):
            loops = [_loop(one) for one in generators]
            lines = [*_laid(element, room - 4), *loops]
            return [f"{before}(", *(f"    {line}" for line in lines), f"){after}"]
        case ast.BinOp(left, operation, right):
            sign = flat(ast.BinOp(ast.Name("a"), operation, ast.Name("b")))[2:-2]
            return [f"{before}(", f"    {flat(left)}", f"    {sign} {flat(right)}", f"){after}"]
        case ast.BoolOp(operation, values):
            word = "and" if isinstance(operation, ast.And) else "or"
            first, *others = map(flat, values)
            return [f"{before}(", f"    {first}", *(f"    {word} {o}" for o in others), f"){after}"]
        case ast.IfExp(test, body, other):
            entry = _laid(body, room - 4)
            rest = [f"if {flat(test)}", f"else {flat(other)}"]
            return [f"{before}(", *(f"    {line}" for line in (*entry, *rest)), f"){after}"]
        case _:
            return [f"{before}{flat(node)}{after}"]


def _is_short(call: ast.Call) -> bool:
    """Its own arguments take little room."""
    return sum(len(flat(one)) for one in call.args) < _SHORT and not call.keywords


def _named(keywords: Sequence[ast.keyword]) -> Iterator[tuple[str, ast.expr]]:
    for one in keywords:
        yield (f"{one.arg}=" if one.arg else "**"), one.value


def _listed(
    entries: Sequence[tuple[str, ast.expr]], room: int, before: str, after: str
) -> list[str]:
    """What stands in brackets; of a call, in one row where that is too long for any line."""
    row = ", ".join(f"{name}{flat(value)}" for name, value in entries)
    is_call = before.endswith("(") and not before.endswith((" (", "(("))
    if is_call and len(before + row + after) > room + _WIDER and len(row) <= room - 4:
        return [before, f"    {row}", after]
    lines = [before]
    for name, value in entries:
        laid = _laid(value, room - 5, name)
        is_lone = len(entries) == 1 and (len(laid) > 1 or isinstance(value, ast.GeneratorExp))
        laid[-1] += "" if is_lone else ","
        lines += [f"    {line}" for line in laid]
    return [*lines, after]


def _loop(one: ast.comprehension) -> str:
    tests = "".join(f" if {flat(test)}" for test in one.ifs)
    return f"for {_bare(one.target)} in {flat(one.iter)}{tests}"
