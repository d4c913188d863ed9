"""The `forward` of a class."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from striate.backends._python import SIGNS, argument_names, spare_name
from striate.backends.torch_source._construct import (
    is_attribute,
    numbered,
    plain_names,
    word_for,
)
from striate.backends.torch_source._layers_of_torch import RESERVED
from striate.backends.torch_source._literals import literal
from striate.backends.torch_source._parameters import Parameters
from striate.backends.torch_source._terms import Body, Entry, Group, Step

_SIGNS = tuple(SIGNS.values())
_TAKEN = {"self", "torch", "nn", "i", "input", "layer"}
_LONGEST_LINE = 72
_LONGEST_OPERAND = 44
_HEAVY = ("conv", "fc", "block")
_MOST_UNPACKED = 16


class Forward:
    """Writes the statements of a forward pass, several steps on a line where that reads well."""

    def __init__(self, body: Body, parameters: Parameters) -> None:
        self.body = body
        self.parameters = parameters
        self.plain = plain_names(body)
        self.unpacked = _unpacked(body)
        self.made = {value: step for step in body.steps for value in step.outputs}
        self.readers = Counter(value for step in body.steps for value in step.inputs) + Counter(
            body.outputs
        )
        self.inlined: set[int] = set()
        self.weight: dict[int, int] = {}
        self._choose()

    def arguments(self) -> list[str]:
        """Names of the inputs; a single one is `x`, whatever its label."""
        found = argument_names(self.body.inputs, _TAKEN)
        return ["x"] if len(found) == 1 else found

    def function(self) -> list[str]:
        """The whole method."""
        number = len(self.body.outputs)
        given = "Tensor" if number == 1 else f"tuple[{', '.join(['Tensor'] * number)}]"
        head = ", ".join(["self", *(f"{name}: Tensor" for name in self.arguments())])
        return [f"def forward({head}) -> {given}:", *(f"    {line}" for line in self.lines())]

    def lines(self) -> list[str]:
        """All statements, the last one a return."""
        names = dict(enumerate(self.arguments()))
        found = [f"{', '.join(self.unpacked)}, = self"] if self.unpacked else []
        steps = [step for step in self.body.steps if not self._is_inlined(step)]
        last = self._last_uses(steps)
        returned = set(self.body.outputs)
        for at, step in enumerate(steps):
            dying = [
                value for value in self._used(step) if last.get(value) == at and value in names
            ]
            lone = len(step.outputs) == 1 and self.body.outputs == step.outputs
            is_long = step.verb in _SIGNS and len(self._expression(step, names)) > _LONGEST_LINE
            if lone and at == len(steps) - 1 and not step.body and not is_long:
                return [*found, f"return {self._expression(step, names)}"]
            text = self._expression(step, names) if not step.body else ""
            before = dict(names)
            free = [names.pop(value) for value in dict.fromkeys(dying)]
            targets = []
            for value in step.outputs:
                if value not in last and value not in returned:
                    targets.append("_")
                    continue
                names[value] = free.pop(0) if free else spare_name(names.values())
                targets.append(names[value])
            if is_long:
                before[step.outputs[0]] = names[step.outputs[0]] = spare_name(before.values())
                found += self._long_sum(step, before)
            elif step.body:
                found += self._loop(step, before[step.inputs[0]], targets[0])
            else:
                found.append(f"{', '.join(targets)} = {text}")
        given = ", ".join(self._value(value, names) for value in self.body.outputs)
        return [*found, f"return {given}"]

    def _long_sum(self, step: Step, names: dict[int, str]) -> list[str]:
        """A sum of many, a few on each line."""
        target = names[step.outputs[0]]
        lines: list[str] = []
        for value in step.inputs:
            text = self._value(value, names)
            if lines and len(lines[-1]) + len(text) < _LONGEST_LINE:
                lines[-1] += f" {step.verb} {text}"
            else:
                lines.append(f"{target} = {f'{target} {step.verb} ' if lines else ''}{text}")
        return lines

    def _is_inlined(self, step: Step) -> bool:
        return len(step.outputs) == 1 and step.outputs[0] in self.inlined

    def _last_uses(self, steps: Sequence[Step]) -> dict[int, int]:
        last = {value: at for at, step in enumerate(steps) for value in self._used(step)}
        for value in self.body.outputs:
            for used in self._through(value):
                last[used] = len(steps)
        return last

    def _used(self, step: Step) -> list[int]:
        """Values with names that a statement reads."""
        return [used for value in step.inputs for used in self._through(value)]

    def _through(self, value: int) -> list[int]:
        return self._used(self.made[value]) if value in self.inlined else [value]

    def _choose(self) -> None:
        """Picks the steps that are written inside the one that reads them."""
        dummy = _Anything()
        for step in self.body.steps:
            self._weigh(step)
            for value in step.inputs:
                if self._may_join(value, step):
                    self.inlined.add(value)
                    is_long = len(self._expression(step, dummy)) > _LONGEST_LINE
                    if self._is_crowded(step) or (is_long and not self._opens(step)):
                        self.inlined.discard(value)
            self._weigh(step)
        for value in self.body.outputs:
            maker = self.made.get(value)
            is_small = maker and self.weight.get(value, 9) <= 1 and len(self.body.outputs) > 1
            if maker and is_small and self.readers[value] == 1 and self._is_short(maker):
                self.inlined.add(value)

    def _is_short(self, step: Step) -> bool:
        simple = not step.body and len(step.outputs) == 1
        return simple and len(self._expression(step, _Anything())) <= _LONGEST_OPERAND // 2

    def _may_join(self, value: int, step: Step) -> bool:
        maker = self.made.get(value)
        if maker is None or step.body or maker.body or len(maker.outputs) > 1:
            return False
        if not all(step.present) and not step.target:
            return False
        if not all(maker.present) and not maker.target:
            return False
        if maker.verb == "read":
            return True
        if self.readers[value] > 1 or (step.verb == "expand" and value == step.inputs[1]):
            return False
        text = self._expression(maker, _Anything())
        if step.verb in _SIGNS or step.verb.startswith("folded"):
            return len(text) <= _LONGEST_OPERAND
        if step.verb.startswith("packed"):
            return len(text) <= _LONGEST_LINE
        return not self._opens(maker) or len(text) <= _LONGEST_LINE - 14

    def _opens(self, step: Step) -> bool:
        """It may be as long as it likes: a list with one entry on each line."""
        return step.verb.startswith("packed")

    def _is_crowded(self, step: Step) -> bool:
        """More on a line than the eye takes in at once."""
        own = self._own_weight(step)
        parts = [self.weight.get(value, 0) for value in step.inputs if value in self.inlined]
        if step.verb in _SIGNS:
            return max(parts, default=0) > 2 or sum(parts) > 3
        if self._opens(step):
            return max(parts, default=0) > 3
        return own > 0 and own + sum(parts) > (2 if step.glyph == "block" else 1)

    def _own_weight(self, step: Step) -> int:
        return int(step.verb == "call" and step.glyph in _HEAVY)

    def _weigh(self, step: Step) -> None:
        parts = sum(self.weight.get(value, 0) for value in step.inputs if value in self.inlined)
        for value in step.outputs:
            self.weight[value] = self._own_weight(step) + parts

    def _value(self, value: int, names: dict[int, str]) -> str:
        if value in self.inlined:
            return f"({self._expression(self.made[value], names)})"
        return names[value]

    def _expression(self, step: Step, names: dict[int, str]) -> str:
        inputs = [self._value(value, names) for value in step.inputs]
        text = self._text(step, inputs)
        if step.target or all(step.present):
            return text
        flag = self.parameters.flag(step.present)
        word = "has_shortcut" if step.verb == "+" else "is_gated"
        kept = self.parameters.keep(flag if flag.isidentifier() else word, flag)
        return f"({text}) if {kept} else {inputs[step.bypass]}"

    def _text(self, step: Step, inputs: list[str]) -> str:
        atoms = [self.parameters.kept_text(atom) for atom in step.atoms]
        match step.verb:
            case "call":
                return f"{self.access(step.target)}({', '.join(inputs)})"
            case "read":
                is_plain = all(map(is_attribute, step.target.split(".")))
                text = f"self.get_parameter({literal(step.target)})"
                return self.access(step.target) if is_plain else text
            case "+" | "-" | "*" as sign:
                return f" {sign} ".join(inputs)
            case "/":
                return f"({inputs[0]}) / {atoms[0]}"
            case "flatten":
                return f"torch.flatten({inputs[0]}, 1)"
            case "stretch":
                return f"{inputs[0]}[:, :{', None' * int(atoms[0])}]"
            case "[None]":
                return f"{inputs[0]}[None]"
            case "expand":
                return f"{inputs[0]}.expand(len({inputs[1]}){', -1' * int(atoms[0])})"
            case "reshape":
                return f"{inputs[0]}.reshape({', '.join(atoms)})"
            case verb:
                return self._called(verb, inputs, list(zip(step.wraps, atoms, strict=True)))

    def _called(self, verb: str, inputs: list[str], words: list[tuple[str, str]]) -> str:
        kind, _, name = verb.partition(" ")
        rest = "".join(f", {key}={value}" for key, value in words)
        if kind == "packed":
            return f"{name}([{', '.join(inputs)}]{rest})"
        if kind == "folded":
            text = inputs[0]
            for more in inputs[1:]:
                text = f"{name}({text}, {more}{rest})"
            return text
        return f"{name}({', '.join(inputs)}{rest})"

    def _loop(self, step: Step, start: str, target: str) -> list[str]:
        """Rounds of the same layers under numbered names."""
        entry = next(one for one in self.body.entries if one.name == step.target)
        assert entry.pattern
        if all(one.name == entry.name for one in self.body.entries):
            head, first = "for layer in self.children():", []
        else:
            head = f"for i in range({self.parameters.kept_text(entry.count)}):"
            first = [f"layer = self.get_submodule(f{numbered(*entry.pattern)})"]
        names = {0: target}
        lines: list[str] = []
        for at, inner in enumerate(step.body):
            inputs = [names[value] for value in inner.inputs]
            if inner.target == step.target:
                text = f"layer({', '.join(inputs)})"
            else:
                text = self._text(inner, inputs)
            later = {value for one in step.body[at + 1 :] for value in one.inputs}
            is_last = at == len(step.body) - 1
            is_chained = len(later) == 1 and step.body[at].outputs[0] in later
            keeps = 0 in later
            name = target if is_last or (is_chained and not keeps) else spare_name([target])
            names[inner.outputs[0]] = name
            lines.append(f"{name} = {text}")
        copied = [f"{target} = {start}"] if start != target else []
        return [*copied, head, *(f"    {line}" for line in (*first, *_joined(lines)))]

    def access(self, target: str) -> str:
        """The expression that reaches a part."""
        if self.body.is_numbered:
            return self.unpacked[int(target)] if self.unpacked else f"self[{target}]"
        if target in self.plain:
            return f"self.{self.plain[target]}"
        first, *rest = target.split(".")
        entries = self.body.entries
        text = f"self.{first}" if is_attribute(first) else _looked_up("self", first)
        entry = _entry(entries, first)
        for name in rest:
            group = entry.term if entry else None
            kind = group.kind if isinstance(group, Group) else "Module"
            text = _part(text, name, kind, group)
            entry = _entry(group.entries, name) if isinstance(group, Group) else None
        return text


class _Anything(dict[int, str]):
    def __missing__(self, key: int) -> str:
        return "x"


def _entry(entries: Iterable[Entry], name: str) -> Entry | None:
    return next((entry for entry in entries if entry.name == name), None)


def _part(owner: str, name: str, kind: str, group: object) -> str:
    if kind in ("ModuleList", "Sequential") and name.isdecimal():
        return f"{owner}[{name}]"
    names = [entry.name for entry in group.entries] if isinstance(group, Group) else []
    if kind == "ModuleDict" and not any(one in RESERVED for one in names):
        return f"{owner}[{literal(name)}]"
    return f"{owner}.{name}" if is_attribute(name) else _looked_up(owner, name)


def _looked_up(owner: str, name: str) -> str:
    if name in RESERVED:
        return f"{owner}._modules[{literal(name)}]"
    return f"{owner}.get_submodule({literal(name)})"


def _joined(lines: list[str]) -> list[str]:
    """Two lines as one where the first only feeds the second."""
    if len(lines) == 2:
        name, _, text = lines[0].partition(" = ")
        target, _, rest = lines[1].partition(" = ")
        uses = re.findall(rf"\b{name}\b", rest)
        whole = re.sub(rf"\b{name}\b", lambda _: f"({text})", rest)
        if len(uses) == 1 and name != target and len(whole) <= _LONGEST_LINE:
            return [f"{target} = {whole}"]
    return lines


def _unpacked(body: Body) -> list[str]:
    """Names for the numbered parts of a class, in order; none where they are too many."""
    if not body.is_numbered or len(body.entries) > _MOST_UNPACKED:
        return []
    words = [word_for(entry.term) for entry in body.entries]
    found: list[str] = []
    for word in words:
        found.append(word if words.count(word) == 1 else _next(word, found))
    return found if len(found) > 1 and len(", ".join(found)) < _LONGEST_LINE else []


def _next(word: str, taken: list[str]) -> str:
    stem = f"{word}_" if word[-1].isdigit() else word
    return next(f"{stem}{at}" for at in range(1, 1000) if f"{stem}{at}" not in taken)
