"""Classes of `striate.nn` as one would write them for oneself: without checks and long docstrings.

A call of a check becomes the value it lets pass, a condition that only raises goes, and what
nothing reads any more goes with it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

HELPERS = {
    "per_axis": '''def per_axis(value, rank: int) -> tuple:
    """One number for each spatial axis."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
''',
    "target_size": '''def target_size(size: Sizes | None, like: Tensor | None, rank: int) -> tuple:
    """The given size for each axis, or that of `like`."""
    return per_axis(size, rank) if like is None else tuple(like.shape[2:])
''',
    "window_count": '''def window_count(sizes: tuple, ceil_mode: bool = False) -> int:
    """Windows along an axis of (length, kernel, stride, padding, dilation)."""
    length, kernel, stride, padding, dilation = sizes
    room = length + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= length + padding else count
''',
}
_KEEPS_VALUE = {"require_whole": 2, "require_sizes": 2, "require_number": 2, "require_choice": 2}
_KEEPS_VALUE |= {"require_share": 1}
_LAYER_FIRST = {"target_size": 1, "window_count": 1, "per_axis": 2}
_ONLY_CHECKS = {"require_one_target"}
_DROPPED_METHODS = {"extra_repr"}


def unchecked(node: ast.ClassDef | ast.FunctionDef) -> ast.stmt:
    """A definition without its checks."""
    made = _Unchecked().visit(copy.deepcopy(node))
    assert isinstance(made, ast.ClassDef | ast.FunctionDef)
    if isinstance(made, ast.ClassDef):
        _drop_empty_methods(made)
    return ast.fix_missing_locations(made)


def _called(node: ast.AST) -> str:
    is_name = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if is_name else ""  # type: ignore[attr-defined]


class _Unchecked(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A check is the value it lets pass."""
        self.generic_visit(node)
        name = _called(node)
        if name in _KEEPS_VALUE:
            return node.args[_KEEPS_VALUE[name]]
        if name == "require_division":
            return ast.BinOp(node.args[1], ast.FloorDiv(), node.args[2])
        if name == "require_channels":
            shape = ast.Attribute(node.args[1], "shape", ast.Load())
            return ast.Subscript(shape, ast.Constant(1), ast.Load())
        if name == "spatial_rank":
            axes = ast.Call(ast.Attribute(node.args[1], "dim", ast.Load()), [], [])
            return ast.BinOp(axes, ast.Sub(), ast.Constant(2))
        if name in _LAYER_FIRST:
            node.args = node.args[_LAYER_FIRST[name] :]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | None:
        """A check that stands alone goes."""
        name = _called(node.value)
        is_check = name in _KEEPS_VALUE or name in _ONLY_CHECKS
        if is_check or name in ("require_division", "require_channels", "spatial_rank"):
            return None
        if name.startswith("_check"):
            return None
        made = self.generic_visit(node)
        assert isinstance(made, ast.stmt)
        return made

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt] | None:
        """A condition that only raises, or only checks, goes."""
        if len(node.body) == 1 and isinstance(node.body[0], ast.Raise):
            rest = [self.visit(one) for one in node.orelse]
            return [one for one in rest if one is not None] or None
        self.generic_visit(node)
        return node if node.body else None

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        """An error of torch's kind."""
        code = node.exc.args[0] if isinstance(node.exc, ast.Call) and node.exc.args else None
        word = str(code.value) if isinstance(code, ast.Constant) else "wrong value"
        text = ast.Constant(word.removeprefix("nn-").replace("-", " "))
        return ast.Raise(ast.Call(ast.Name("ValueError", ast.Load()), [text], []), None)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """`None if a is None else a` is `a`."""
        self.generic_visit(node)
        is_none = isinstance(node.body, ast.Constant) and node.body.value is None
        tested = node.test.left if isinstance(node.test, ast.Compare) else None
        is_same = tested is not None and ast.dump(tested) == ast.dump(node.orelse)
        return node.orelse if is_none and is_same else node

    def visit_Assert(self, node: ast.Assert) -> None:
        """For type checkers."""

    def visit_For(self, node: ast.For) -> ast.For | None:
        """A loop without statements goes."""
        self.generic_visit(node)
        return node if node.body else None

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """With the first line of its docstring."""
        node.body = [
            one
            for one in node.body
            if not (isinstance(one, ast.FunctionDef) and one.name in _DROPPED_METHODS)
        ]
        self.generic_visit(node)
        node.body = _shortened(node.body, 4)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Without docstring in a class; without what nothing reads any more."""
        self.generic_visit(node)
        node.body = _shortened(node.body, 4)
        while (fewer := _without_unread(node)) is not None:
            node.body = fewer
        return node


def _shortened(body: Sequence[ast.stmt], indent: int) -> list[ast.stmt]:
    """With one line of docstring."""
    first = body[0] if body else None
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return list(body)
    line = str(first.value.value).split("\n")[0]
    return [ast.Expr(ast.Constant(line)), *body[1:]]


def _without_unread(node: ast.FunctionDef) -> list[ast.stmt] | None:
    """The body without assignments to names that nothing reads; None where there are none."""
    read = {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }
    kept = [one for one in node.body if not _is_unread(one, read)]
    return kept if len(kept) < len(node.body) else None


def _is_unread(node: ast.stmt, read: set[str]) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(one, ast.Name) and one.id not in read for one in names)


def _drop_empty_methods(node: ast.ClassDef) -> None:
    """Takes out methods that did nothing but check, and their calls."""
    gone = {
        one.name
        for one in node.body
        if isinstance(one, ast.FunctionDef) and not _without_docstring(one.body)
    }
    node.body = [
        one for one in node.body if not (isinstance(one, ast.FunctionDef) and one.name in gone)
    ]
    _Forgetting().visit(node)


def _without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [
        one
        for one in body
        if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
    ]


class _Forgetting(ast.NodeTransformer):
    """Takes out calls of `self._check`, the method of bases that only check."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """A call for its own sake."""
        call = node.value
        is_check = (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr.startswith("_check")
        )
        return None if is_check else node
