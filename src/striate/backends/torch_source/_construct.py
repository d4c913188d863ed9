"""The `__init__` of a class."""

from __future__ import annotations

import keyword
from collections.abc import Sequence

from striate.backends.torch_source._argument import Parameter
from striate.backends.torch_source._layers_of_torch import RESERVED
from striate.backends.torch_source._literals import literal
from striate.backends.torch_source._parameters import Parameters
from striate.backends.torch_source._runs import runs
from striate.backends.torch_source._terms import (
    MISSING,
    Atom,
    Bare,
    Body,
    Entry,
    Group,
    Make,
    Term,
    is_mark,
    same,
)

_LONGEST_CHOICE = 64
_LONGEST_TRIPLE = 24


class Constructor:
    """Writes the statements that make the parts of a class.

    names: what parts without tensors are called, by their mark.
    taken: arguments of each class of the file, by its name.
    uses: names that the file must import or define.
    """

    def __init__(
        self, body: Body, parameters: Parameters, taken: dict[str, list[Parameter]], uses: set[str]
    ) -> None:
        self.body = body
        self.parameters = parameters
        self.taken = taken
        self.uses = uses
        self.names = plain_names(body)
        self.before: list[str] = []
        self.lists = 0

    def lines(self) -> list[str]:
        """The statements after `super().__init__()`, or with it for a row of parts."""
        body = self.body
        if body.base == "Sequential":
            inner = self._sequence(Group("Sequential", body.entries), ())
            return [*self._flushed(), f"super().__init__({inner})"]
        found = ["super().__init__()"]
        for entry in body.entries:
            found += self._assigned(entry)
        return found

    def _flushed(self) -> list[str]:
        found, self.before = self.before, []
        return found

    def _assigned(self, entry: Entry) -> list[str]:
        if entry.pattern:
            return self._looped(entry)
        if isinstance(entry.term, Bare):
            return [_registered("self", entry.name, self._bare(entry.term))]
        name = self.names.get(entry.name, entry.name)
        flag = self.parameters.flag(entry.present)
        made = self._term(entry.term, entry.present)
        before = self._flushed()
        if not flag:
            return [*before, self._kept(name, made), *self._zeroed(name, entry.term)]
        choice = f"{made} if {flag} else nn.Identity()"
        if not before and len(choice) + len(name) < _LONGEST_CHOICE:
            return [self._kept(name, choice), *self._zeroed(name, entry.term)]
        inner = [*before, self._kept(name, made), *self._zeroed(name, entry.term)]
        return [
            self._kept(name, "nn.Identity()"),
            f"if {flag}:",
            *(f"    {line}" for line in inner),
        ]

    def _kept(self, name: str, made: str) -> str:
        return f"self.{name} = {made}" if is_attribute(name) else _added("self", name, made)

    def _zeroed(self, name: str, term: Term) -> list[str]:
        is_zeroed = isinstance(term, Make) and term.zeroed and is_attribute(name)
        return [f"nn.init.zeros_(self.{name}.weight)"] if is_zeroed else []

    def _looped(self, entry: Entry) -> list[str]:
        assert entry.pattern
        name = numbered(*entry.pattern)
        made = self._term(entry.term, entry.present)
        return [
            f"for i in range({self.parameters.text(entry.count)}):",
            *(f"    {line}" for line in self._flushed()),
            f"    self.add_module(f{name}, {made})",
        ]

    def _term(self, term: Term, within: tuple[bool, ...]) -> str:
        match term:
            case Make():
                return self._make(term)
            case Group(kind="Sequential"):
                return f"nn.Sequential({self._sequence(term, within)})"
            case Group(kind="ModuleList"):
                row = self._row(term.entries, within)
                is_loop = row.startswith("*[") and len(list(runs(term.entries))) == 1
                return f"nn.ModuleList({row[1:] if is_loop else f'[{row}]'})"
            case Group(kind="ModuleDict") if self._is_plain_dict(term):
                pairs = (f"{literal(e.name)}: {self._term(e.term, within)}" for e in term.entries)
                return f"nn.ModuleDict({{{', '.join(pairs)}}})"
            case Group():
                return self._holder(term, within)
            case _:
                raise AssertionError(f"{term} has no name")

    def _is_plain_dict(self, group: Group) -> bool:
        return all(entry.name not in RESERVED for entry in group.entries)

    def _holder(self, group: Group, within: tuple[bool, ...]) -> str:
        """A module that only holds, for names that a dictionary of modules refuses."""
        name = self._list_name("holder")
        lines = [f"{name} = nn.Module()"]
        for entry in group.entries:
            if isinstance(entry.term, Bare):
                lines.append(_registered(name, entry.name, self._bare(entry.term)))
            else:
                made = self._term(entry.term, within)
                lines += [*self._flushed(), _added(name, entry.name, made)]
        self.before += lines
        return name

    def _list_name(self, word: str) -> str:
        self.lists += 1
        return word if self.lists == 1 else f"{word}{self.lists}"

    def _make(self, make: Make) -> str:
        callee = self.parameters.text(make.callee)
        for name in make.callee.known:
            self.uses.add(str(name))
        if make.glyph == "block":
            return f"{callee}({', '.join(self._block_words(make, callee))})"
        defaults = dict(make.defaults)
        words = []
        given = dict(make.arguments)
        for name, atom in make.arguments[: make.positional]:
            text = self.parameters.text(given.pop(name))
            if not (name in defaults and atom.is_constant and same(atom.known[0], defaults[name])):
                words.append(text)
        for name in (*(one for one in defaults if one in given), *(given.keys() - defaults.keys())):
            atom = given[name]
            is_usual = name in defaults and atom.is_constant and same(atom.known[0], defaults[name])
            if not is_usual:
                words.append(f"{name}={self.parameters.text(atom)}")
        return f"{callee}({', '.join(words)})"

    def _block_words(self, make: Make, callee: str) -> list[str]:
        words, arguments = [], dict(make.arguments)
        in_order = True
        for parameter in self.taken[callee]:
            atom = arguments[parameter.name]
            text, default = self.parameters.text(atom), parameter.default
            if default is not MISSING and atom.is_constant and same(atom.known[0], default):
                in_order = False
                continue
            self._use_words(atom)
            in_order = in_order and (default is MISSING or parameter.kind == "kernel_size")
            words.append(text if in_order else f"{parameter.name}={text}")
        return words

    def _use_words(self, atom: Atom) -> None:
        for value in atom.known:
            if isinstance(value, str):
                self.uses.add(str(value))

    def _bare(self, bare: Bare) -> str:
        sizes = ", ".join(self.parameters.text(atom) for atom in bare.sizes)
        if bare.value.is_constant and bare.value.known[0] in (0.0, 1.0):
            word = "ones" if bare.value.known[0] else "zeros"
            return f"nn.Parameter(torch.{word}({sizes}))"
        comma = "," if len(bare.sizes) == 1 else ""
        return f"nn.Parameter(torch.full(({sizes}{comma}), {self.parameters.text(bare.value)}))"

    def _sequence(self, group: Group, within: tuple[bool, ...]) -> str:
        """What stands in the parentheses of `nn.Sequential`."""
        if not all(entry.name.isdecimal() for entry in group.entries):
            return self._ordered(group, within)
        flags = (self._list_flag(entry, within) for entry in group.entries)
        if not any(flags):
            return self._row(group.entries, within)
        name = self._list_name("layers")
        lines: list[str] = []
        row: list[Entry] = []
        for entry in group.entries:
            flag = self._list_flag(entry, within)
            if not flag and not lines:
                row.append(entry)
                continue
            if not lines:
                kind = ": list[nn.Module]"
                lines = [f"{name}{kind} = [{self._row(row, within)}]"]
            inner = self._row([entry], entry.present if flag else within)
            added = (
                f"{name} += [{inner[2:-1]}]"
                if inner.startswith("*[")
                else f"{name}.append({inner})"
            )
            lines += [f"if {flag}:", f"    {added}"] if flag else [added]
        self.before += lines
        return f"*{name}"

    def _list_flag(self, entry: Entry, within: tuple[bool, ...]) -> str:
        """The condition under which a part stands in a row; nothing may take its place."""
        return "" if entry.is_filled else self.parameters.flag(entry.present, within)

    def _row(self, entries: Sequence[Entry], within: tuple[bool, ...]) -> str:
        """Parts one behind the other; equal ones in a row by a loop."""
        words: list[str] = []
        for first, number, is_growing in runs(entries):
            made = self._term(first.term, within)
            if first.is_filled:
                flag = self.parameters.flag(first.present, within)
                made = f"{made} if {flag} else nn.Identity()" if flag else made
            if is_growing:
                words.append(f"*[{made} for i in range({number})]")
            elif number > 3 or (number > 2 and len(made) > _LONGEST_TRIPLE):
                words.append(f"*[{made} for _ in range({number})]")
            else:
                words += [made] * number
        return ", ".join(words)

    def _ordered(self, group: Group, within: tuple[bool, ...]) -> str:
        self.uses.add("OrderedDict")
        names = _titled(group.entries)
        made = [self._term(entry.term, within) for entry in group.entries]
        if all(name.isidentifier() and not keyword.iskeyword(name) for name in names):
            return f"OrderedDict({', '.join(map('{}={}'.format, names, made))})"
        pairs = (f"({literal(name)}, {one})" for name, one in zip(names, made, strict=True))
        return f"OrderedDict([{', '.join(pairs)}])"


def _added(owner: str, name: str, made: str) -> str:
    """The statement that keeps a part whose name cannot stand behind a dot."""
    if name in RESERVED:
        return f"{owner}._modules[{literal(name)}] = {made}"
    return f"{owner}.add_module({literal(name)}, {made})"


def _registered(owner: str, name: str, made: str) -> str:
    """The statement that keeps a learned tensor."""
    if is_attribute(name):
        return f"{owner}.{name} = {made}"
    return f"{owner}.register_parameter({literal(name)}, {made})"


def is_attribute(name: str) -> bool:
    """It can be reached by a dot."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in RESERVED


def numbered(pattern: str, first: int) -> str:
    """The text of a name with the number of a round in it."""
    return literal(pattern.replace("{}", "{i}" if not first else f"{{i + {first}}}"))


def _titled(entries: Sequence[Entry]) -> list[str]:
    """Names of parts in a row; those without tensors are called by what they are."""
    names = [entry.name for entry in entries]
    for at, entry in enumerate(entries):
        if entry.name.isdecimal() and _is_plain(entry.term):
            word = word_for(entry.term)
            number = next(n for n in range(1000) if f"{word}{n}" not in names)
            names[at] = f"{word}{number}"
    return names


def _is_plain(term: Term) -> bool:
    if isinstance(term, Group):
        return all(_is_plain(entry.term) for entry in term.entries)
    return isinstance(term, Make) and not term.has_state


def word_for(term: Term) -> str:
    """A short name for a layer: `relu`, `maxpool`."""
    if isinstance(term, Group):
        return word_for(term.entries[0].term)
    if not isinstance(term, Make):
        return "tensor"
    if not term.callee.is_constant:
        return "activation"
    word = str(term.callee.known[0]).rpartition(".")[2].lower()
    word = word[:-2] if word[-2:] in ("1d", "2d", "3d") else word
    word = word.removeprefix("adaptive").removeprefix("same")
    short = {"relu6": "relu", "silu": "act", "hardswish": "act", "gelu": "act", "batchnorm": "bn"}
    return short.get(word, word)


def plain_names(body: Body) -> dict[str, str]:
    """A name for each part without tensors, by its mark."""
    taken = {entry.name for entry in body.entries}
    found: dict[str, str] = {}
    for entry in body.entries:
        if is_mark(entry.name):
            word = word_for(entry.term)
            names = (f"{word}{at}" for at in ("", *range(2, 1000)))
            found[entry.name] = next(n for n in names if n not in taken and is_attribute(n))
            taken.add(found[entry.name])
    return found
