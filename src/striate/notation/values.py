"""What names stand for while a tree is made into a graph, and where its modules go."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from striate.errors import TextError
from striate.ir import Initialisation, Op, Setting, Value
from striate.notation import syntax
from striate.source import Span


class Poisoned(Exception):
    """A value that depends on a mistake already told; whoever needs it stays silent."""


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams that meet at one point: what flows along a chain, or what `@x` stands for."""

    values: tuple[Value, ...]


ABSENT = Streams((Value(-1, -1),))
"""What an absent branch gives: `none`, or an `if` without `else` inside a join."""

Flow = Streams | None
"""Streams, or None behind a mistake: the rest is still read, so that other mistakes are found."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An argument as written, with the names it may use; evaluated when the call runs."""

    name: str | None
    value: syntax.Expr
    env: Env
    span: Span


@dataclass(frozen=True, slots=True)
class Wire:
    """A built-in that makes no module: `id`, `none`, `take`, `input`."""

    name: str


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition and the file whose names its body sees."""

    definition: syntax.Definition
    file: FileScope


@dataclass(frozen=True, slots=True)
class Applied:
    """A layer, wire or definition with the arguments given so far; running it gives it the rest."""

    target: type[Op] | Wire | Defined
    arguments: tuple[Bound, ...] = ()
    spelling: str = ""
    """The name as the text writes it; in upper case it is the course notes' word."""
    file: FileScope | None = None
    """The file that mentions the layer, whose `set` holds for it."""


@dataclass(frozen=True, slots=True)
class Closure:
    """A piece of network with the names it may use; each use makes new weights."""

    body: syntax.Expr
    env: Env


@dataclass(slots=True)
class Shared:
    """`where m: body`: one module, however often it is mentioned."""

    name: str
    body: syntax.Expr
    env: Env
    place: Place
    decisions: list[int] = field(default_factory=list)
    """Choices that its first use took; the later ones repeat them."""
    is_named: bool = False
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`[18: a, r50: b]`."""

    entries: Mapping[str, Datum]


@dataclass(frozen=True, slots=True)
class Unchosen:
    """A name with several possible values, while members of a pattern are counted."""

    name: str
    options: tuple[Datum, ...]


Datum = (
    int
    | float
    | bool
    | str
    | tuple["Datum", ...]
    | Table
    | Applied
    | Closure
    | Shared
    | Streams
    | Unchosen
    | None
)
"""Anything a name can stand for; None stands for a value lost to a mistake already told."""


@dataclass(slots=True)
class FileScope:
    """The definitions of one file, and what its `set` statements change for its text.

    used: definitions of the files it uses, the latest `use` first.
    """

    definitions: dict[str, syntax.Definition]
    used: dict[str, Defined] = field(default_factory=dict)
    defaults: dict[str, dict[str, Setting]] = field(default_factory=dict)
    init: Initialisation | None = None
    """How its layers start; None where it says nothing, so that the text using it decides."""
    pattern: dict[str, int] = field(default_factory=dict)
    words: Callable[[], frozenset[str]] = frozenset
    """Arguments of layers and keys of tables, which are legal where nothing has their name."""
    elsewhere: tuple[str, ...] = ()
    """Names that would be known in another place, for suggestions."""
    bare: dict[type[Op], Op] = field(default_factory=dict)
    """Layers mentioned without arguments, each made once: most of a network is `bn` and `relu`."""
    made: dict[Hashable, Op] = field(default_factory=dict)
    """Layers by kind and arguments, each made once: blocks repeat."""


@dataclass(slots=True)
class Names:
    """Labelled values of one scope, and of the scopes inside it."""

    parent: Names | None = None
    flows: dict[str, Flow] = field(default_factory=dict)
    inner: dict[str, Names] = field(default_factory=dict)

    def find(self, parts: tuple[str, ...]) -> Names | None:
        """The innermost scope, from here outwards, that knows the first part."""
        scope: Names | None = self
        while scope and parts[0] not in scope.flows and parts[0] not in scope.inner:
            scope = scope.parent
        return scope

    def flow(self, name: str) -> Flow | bool:
        """What has this very name, here or further out; False where nothing has."""
        scope: Names | None = self
        while scope and name not in scope.flows:
            scope = scope.parent
        return scope.flows[name] if scope else False

    def known(self) -> list[str]:
        """All names that can be referred to from here."""
        return [*self.flows, *(self.parent.known() if self.parent else [])]


@dataclass(slots=True)
class Env:
    """The names a piece of text may use: variables, file, and the definition it stands in.

    entry: the streams that entered the definition, for `c` and `@in`.
    names: labels of the definition, for references.
    """

    file: FileScope
    variables: Mapping[str, Datum] = field(default_factory=dict)
    entry: Flow = None
    names: Names = field(default_factory=Names)

    def bind(self, variables: Mapping[str, Datum]) -> Env:
        """The same with more variables, which hide older ones of their name."""
        return Env(self.file, {**self.variables, **variables}, self.entry, self.names)


@dataclass(slots=True)
class Place:
    """A scope of module paths: its elements are numbered in order, unless labelled."""

    path: str
    names: Names
    position: int = 0
    taken: set[str] = field(default_factory=set)
    dotted: dict[str, Place] = field(default_factory=dict)
    """The scopes that labels with dots speak of (`layer1.0.conv1:`), which no group opened."""

    def join(self, name: str) -> str:
        """The full path of an element of this scope."""
        return f"{self.path}.{name}" if self.path else name

    def enter(self, name: str) -> Place:
        """The scope of one of its elements, which sees no labels outside of its own."""
        inner = Place(self.join(name), Names())
        self.names.inner[name] = inner.names
        return inner

    def name_element(self, label: str | None, span: Span) -> str:
        """The name of the next element; an integer label sets the position.

        Raises:
            TextError: another element of the scope has the name.
        """
        name = str(self.position) if label is None else label
        if "." in name:
            self._name_inside(name, span)
        else:
            self.take(name, span)
        self.position = int(name) + 1 if name.isdigit() and len(name) < 9 else self.position + 1
        return name

    def _name_inside(self, label: str, span: Span) -> None:
        head, _, rest = label.partition(".")
        if head not in self.dotted:
            self.take(head, span)
            self.dotted[head] = Place(self.join(head), self.names)
        self.dotted[head].name_element(rest, span)

    def take(self, name: str, span: Span) -> None:
        """Keeps a name for one element, which takes no position.

        Raises:
            TextError: another element of the scope has it.
        """
        if name in self.taken:
            raise TextError.of(
                "name-taken",
                f"two elements of the network are called '{self.join(name)}'",
                "rename one; inside a repetition use an index: (-> a{i}: ... for i in 1..n)",
                "if this is the body of a definition, write := instead of = "
                "so that each use is its own module",
                span=span,
            )
        self.taken.add(name)
