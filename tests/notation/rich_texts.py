"""Random texts that parse and mean something, or nearly: definitions, folds, labels, references."""

from __future__ import annotations

from collections.abc import Callable, Sequence

NAMES = ("w", "n", "c", "f", "g", "x")
BLOCKS = ("f", "g", "h", "cbr", "stage", "residual", "bottleneck")
NUMBERS = ("0", "1", "2", "3", "8", "0.5", "10^9", "-1", "_", "size[0]", "1e-300")
LISTS = (
    "[1, 2]",
    "1..3",
    "[[1, 2], [3, 4]]",
    "[]",
    "[x for x in 1..3]",
    "enum([4, 5])",
    "[relu, bn]",
)
LAYERS = (
    *("relu", "id", "none", "bn", "gap", "maxpool", "up", "add", "cat", "flatten", "split(2)"),
    *("dropout(0.1)", "POOL", "CONV", "FC", "take(0)", ".0", ".1", "se(2)", "se", "input(3, 8, 8)"),
    *(
        "param(2, 1, 1)",
        "shuffle(2)",
        "denseblock(2, 3)",
        "crop",
        "deform(4)",
        "softmax",
        "@in",
        "@a",
    ),
)
CONDITIONS = ("{} == {}", "{} < {}", "{} and {}", "not {} == {}", "{} or {} > 1")
JOINS = (" + ", " - ", " | ", " & ", ", ")
SIGNS = (" + ", " - ", "*", "//", "/", " % ", "^")
FUNCTIONS = ("max", "min", "floor", "sum", "len", "div8", "log2", "sqrt", "zip", "round")

Choose = Callable[[Sequence[str]], str]


class Writer:
    """Writes one text; `choose` takes one of several words and is the only source of chance."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose

    def _one_of(self, *ways: Callable[[int], str], depth: int) -> str:
        chosen = self._choose([str(index) for index in range(len(ways))])
        return ways[int(chosen)](depth - 1)

    def text(self) -> str:
        lines = ["w = 4; n = 2; x = 8; h(x) := conv(x) -> relu"]
        lines += [self._definition(name) for name in self._choose(("", "f", "fg", "fg"))]
        lines += [f"{name}(x=2) = conv(x)" for name in "fg" if f"\n{name}" not in "\n".join(lines)]
        if self._choose("01234") == "0":
            lines.append(self._choose(("set conv(b=0)", "set bn(eps=w)", "set pattern(width=4)")))
        body = self.network(4)
        start = self._choose(("input(3, 8, 8) -> ", "input(4x?x?) -> ", "input(6) -> ", ""))
        where = self._choose(("", "", f" where a = {self.number(2)}", f" where a: {self.item(2)}"))
        return "\n".join([*lines, f"{start}{body}{where}"])

    def _definition(self, name: str) -> str:
        sign = self._choose(("=", ":="))
        words = [f"{one}{self._choose(('', '', '=2', '=c', '=relu'))}" for one in ("x", "n")]
        parameters = self._choose(("", "()", f"({words[0]})", f"({words[0]}, {words[1]})"))
        body = self.network(3) if self._choose("01") == "0" else self.number(3)
        return f"{name}{parameters} {sign} {body}"

    # Networks

    def network(self, depth: int) -> str:
        """A chain."""
        return " -> ".join(self.item(depth) for _ in range(int(self._choose("1123"))))

    def item(self, depth: int) -> str:
        """One element of a chain."""
        if depth <= 0:
            return self._choose(LAYERS)
        return self._one_of(
            self._layer,
            self._layer,
            self._convolution,
            self._call,
            self._fork,
            self._repetition,
            self._fold,
            self._conditional,
            self._label,
            self._choice,
            depth=depth,
        )

    def _layer(self, depth: int) -> str:
        return self._choose(LAYERS)

    def _convolution(self, depth: int) -> str:
        key = self._choose(("", "", ", 1", ", s=2", ", k=1x3", ", g=c", ", p=valid", ", b={0, 1}"))
        return f"conv({self.number(depth)}{key})"

    def _call(self, depth: int) -> str:
        name = self._choose(BLOCKS)
        values = [self._argument(depth) for _ in range(int(self._choose("0112")))]
        return f"{name}({', '.join(values)})"

    def _argument(self, depth: int) -> str:
        value = self.number(depth) if self._choose("01") == "0" else f"({self.network(depth)})"
        return self._choose(("", "", "", "", "x=")) + value

    def _fork(self, depth: int) -> str:
        branches = [self.network(depth) for _ in range(int(self._choose("223")))]
        return f"({self._choose(JOINS).join(branches)})"

    def _repetition(self, depth: int) -> str:
        return f"({self.network(depth)})*{self._choose((*NUMBERS, '{0..2}', 'N', 'n', '(n-1)'))}"

    def _fold(self, depth: int) -> str:
        sign = self._choose(("->", "+", "|", "&", ","))
        names = self._choose(("i", "x", "i, x"))
        return f"({sign} {self.network(depth)} for {names} in {self._choose((*LISTS, 'n', 'c'))})"

    def _conditional(self, depth: int) -> str:
        condition = self._choose(CONDITIONS).format(self.number(1), self.number(1))
        otherwise = self._choose(("", f" else {self.item(depth)}"))
        return f"(if {condition} then ({self.network(depth)}){otherwise})"

    def _label(self, depth: int) -> str:
        name = self._choose(("a", "b", "0", "2", "a.b", "a{i}", "b{1 + 1}", '"x-{n}"'))
        return self._choose((f"({name}: {self.item(depth)})", f"{self.item(depth)} as a"))

    def _choice(self, depth: int) -> str:
        return self._choose((f"{{{self.item(depth)}, ({self.network(depth)})}}", "relu?"))

    # Numbers

    def number(self, depth: int) -> str:
        """A number, or nearly."""
        if depth <= 0:
            return self._choose((*NUMBERS, *NAMES, *LISTS[:2], "same"))
        return self._one_of(
            lambda depth: self._choose((*NUMBERS, *NAMES)),
            lambda depth: f"({self.number(depth)}{self._choose(SIGNS)}{self.number(depth)})",
            lambda depth: f"{self._choose(FUNCTIONS)}({self.number(depth)}, {self.number(depth)})",
            lambda depth: f"{self._choose(FUNCTIONS)}({self.number(depth)})",
            lambda depth: f"{self._choose(NAMES)}({self.number(depth)})",
            lambda depth: f"{self._choose(LISTS)}[{self.number(depth)}]",
            lambda depth: f"[a: {self.number(depth)}, n: 2][{self._choose(NAMES)}]",
            lambda depth: f"(if {self.number(depth)} > 1 then {self.number(depth)} else 2)",
            lambda depth: f"{{{self.number(depth)}, 1..2}}",
            lambda depth: f"[{self.number(depth)} for x in {self._choose(LISTS)}]",
            depth=depth,
        )
