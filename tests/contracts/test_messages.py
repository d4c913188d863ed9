"""Every message of the language is told word for word, and every code means one thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from striate.errors import StriateError
from striate.ir import TensorType
from striate.notation.parser import parse_expression
from striate.notation.program import program
from striate.source import Source

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "tests/messages"
SCANNED = ("ir", "ops", "notation")


# The files


@dataclass(frozen=True)
class Case:
    code: str
    number: int
    orders: tuple[tuple[str, str], ...]
    text: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}-{self.number}" if self.number else self.code


def cases() -> Iterator[Case]:
    for file in sorted(MESSAGES.glob("*.txt")):
        for number, case in enumerate(file.read_text(encoding="utf-8").split("\n===\n")):
            text, _, message = case.partition("\n---\n")
            lines = text.split("\n")
            orders = []
            while lines[0].startswith("%"):
                order, _, rest = lines.pop(0)[1:].strip().partition(" ")
                orders.append((order, rest))
            text = "\n".join(lines)
            yield Case(file.stem, number, tuple(orders), text, message.strip("\n"))


def provoked(case: Case, folder: Path) -> StriateError:
    """The error that the case is about."""
    text, action, inputs = case.text, "graph", list[TensorType]()
    for order, rest in case.orders:
        match order:
            case "times":
                text *= int(rest)
            case "escapes":
                text = text.encode().decode("unicode_escape")
            case "input":
                inputs.append(TensorType.of(*map(int, rest.split("x"))))
            case "beside":
                name, _, content = rest.partition(": ")
                (folder / name).write_text(content, encoding="utf-8")
            case "expression" | "count" | "sample" | "member":
                action = f"{order} {rest}".strip()
            case _:
                raise AssertionError(f"{case.code}: no order is called '{order}'")
    # A file of its own, since another may use it in turn.
    (folder / "net.cnn").write_text(text, encoding="utf-8", errors="replace")
    source = Source(str(folder / "net.cnn"), text)
    with pytest.raises(StriateError) as caught:
        provoke(action, source, inputs)
    return caught.value


def provoke(action: str, source: Source, inputs: list[TensorType]) -> None:
    match action:
        case "expression":
            parse_expression(source)
        case "count":
            program(source).pattern(inputs).count()
        case "sample":
            program(source).pattern(inputs).sample(0)
        case _ if action.startswith("member"):
            vector = tuple(map(int, action.split()[1:]))
            program(source).pattern(inputs).member(vector)
        case _:
            program(source).graph(inputs)


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_the_message_is_told_word_for_word(case: Case, tmp_path: Path) -> None:
    error = provoked(case, tmp_path)
    assert str(error).replace(f"{tmp_path}/", "") == case.message
    assert case.code in {one.code for one in error.diagnostics}


# The codes


@dataclass(frozen=True)
class Use:
    """One place that raises a code; `reason` holds the words that stand in its message for sure."""

    code: str
    place: str
    reason: frozenset[str]


def uses() -> Iterator[Use]:
    for package in SCANNED:
        for file in sorted((ROOT / "src/striate" / package).rglob("*.py")):
            yield from uses_in(ast.parse(file.read_text(encoding="utf-8")), file.name)


def uses_in(tree: ast.Module, name: str) -> Iterator[Use]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        assigned = defaultdict[str, list[ast.expr]](list)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assigned[node.targets[0].id].append(node.value)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and makes_diagnostic(node) and not is_passed_on(node):
                code, reason = node.args[0], node.args[1]
                place = f"{name}:{node.lineno}"
                assert isinstance(code, ast.Constant), f"{place}: the code must be a literal"
                yield Use(str(code.value), place, frozenset(words_of(reason, assigned)))


def makes_diagnostic(call: ast.Call) -> bool:
    """True for `Diagnostic(...)` and `SomeError.of(...)`."""
    match call.func:
        case ast.Name(id="Diagnostic"):
            return True
        case ast.Attribute(attr="of", value=ast.Name(id=name)):
            return name.endswith("Error") or name == "LimitExceeded"
    return False


def is_passed_on(call: ast.Call) -> bool:
    """True where a diagnostic is built again from another one."""
    return isinstance(call.args[0], ast.Attribute) and call.args[0].attr == "code"


def words_of(reason: ast.expr, assigned: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The first four letters of each longer word in the constant parts of a message."""
    if isinstance(reason, ast.Name):
        for value in assigned.get(reason.id, []):
            yield from words_of(value, {})
    for node in ast.walk(reason):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"\b[a-z]{4}", node.value.lower())


def test_every_code_has_its_full_text() -> None:
    told = {file.stem for file in MESSAGES.glob("*.txt")}
    for test in (ROOT / "tests").rglob("test_*.py"):
        told.update(re.findall(r"\[([a-z]+(?:-[a-z]+)*)\]", test.read_text(encoding="utf-8")))
    raised = {use.code: use.place for use in uses()}
    missing = {place: code for code, place in sorted(raised.items()) if code not in told}
    assert not missing, f"write tests/messages/<code>.txt for {missing}"


def test_no_file_is_left_of_a_code_that_is_gone() -> None:
    raised = {use.code for use in uses()}
    assert not {file.stem for file in MESSAGES.glob("*.txt")} - raised


def test_codes_are_kebab_case() -> None:
    assert [use for use in uses() if not re.fullmatch(r"[a-z]+(-[a-z]+)*", use.code)] == []


def unlike(all_uses: list[Use]) -> list[tuple[str, str, str]]:
    """Pairs of places that raise one code with no word in common."""
    by_code = defaultdict[str, list[Use]](list)
    for use in all_uses:
        by_code[use.code].append(use)
    pairs = []
    for code, places in by_code.items():
        first = next((one for one in places if one.reason), places[0])
        pairs += [
            (code, first.place, one.place)
            for one in places
            if one.reason and not one.reason & first.reason
        ]
    return pairs


def test_one_code_means_one_thing() -> None:
    assert unlike(list(uses())) == []


def test_the_scan_sees_codes_and_tells_two_meanings_apart() -> None:
    module = ast.parse(
        "def f(x):\n"
        "    raise TextError.of('a-code', f'the {x} is missing')\n"
        "def g(x):\n"
        "    reason = f'no place for {x}'\n"
        "    return Diagnostic('a-code', reason)\n"
        "def h(x):\n"
        "    return Diagnostic(x.code, x.reason)\n"
    )
    found = list(uses_in(module, "m.py"))
    assert [(use.code, use.place) for use in found] == [("a-code", "m.py:2"), ("a-code", "m.py:5")]
    assert unlike(found) == [("a-code", "m.py:2", "m.py:5")]
