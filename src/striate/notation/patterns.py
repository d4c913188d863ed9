"""Texts that leave choices open: how many networks they are, which, and each of them by number.

A member is named by its decision vector: the index taken at each choice site, in the order in which
elaboration meets the sites. The notes' free N, M, K come first. What is chosen once: a parameter,
per call; a `where` value. A repetition chooses anew in each round.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from striate.errors import TextError
from striate.ir import Graph, Node, TensorType
from striate.notation import syntax
from striate.notation.counting import Tape, count
from striate.notation.elaborate import Elaborator
from striate.notation.limits import MOST_STEPS
from striate.notation.values import FileScope

STEPS_OF_A_TRY = 100
"""Least work of drawing a member; so at most a thousand are drawn."""
DRAWS = 16


class _Mismatch(Exception):
    """The network made so far is not the beginning of the one looked for."""


class Pattern:
    """The networks that a text with choices stands for."""

    def __init__(
        self, network: syntax.Network, scope: FileScope, *, inputs: Sequence[TensorType] = ()
    ) -> None:
        self._network = network
        self._scope = scope
        self._inputs = tuple(inputs)

    def count(self) -> int:
        """The number of decision vectors, by formula: chains multiply, choices add.

        Raises:
            TextError: no formula gives it: a choice hangs on shapes, or the number is too large.
        """
        return count(self._network, self._scope)

    def member(self, vector: Sequence[int]) -> Graph:
        """The network of a decision vector.

        Raises:
            TextError: the member is no legal network, or the vector does not fit.
        """
        tape = Tape(vector)
        graph = self._elaborate(tape)
        if len(vector) != len(tape.options):
            raise TextError.of(
                "decision-count",
                f"the vector has {len(vector)} decisions, this member has {len(tape.options)}",
            )
        return graph

    def vectors(self) -> Iterator[tuple[int, ...]]:
        """The decision vectors of all legal members, in order."""
        return (graph.decisions for graph in self.members())

    def members(self) -> Iterator[Graph]:
        """All legal members; those that are no legal networks are passed over."""
        prefix: list[int] | None = []
        while prefix is not None:
            tape = Tape(prefix)
            try:
                yield self._elaborate(tape)
            except TextError as error:
                if not tape.options:
                    raise error
            prefix = tape.next()

    def sample(self, seed: int) -> Graph:
        """A legal member, each choice taken with equal chance; the same for the same seed.

        Raises:
            TextError: up to a thousand draws were no legal networks; the last one's mistakes.
        """
        source = random.Random(seed)
        spent = 0
        while True:
            elaborator = self._elaborator(lambda expr, options: source.randrange(options))
            try:
                return elaborator.graph(self._network, self._scope)
            except TextError:
                spent += STEPS_OF_A_TRY + elaborator.steps
                if spent > MOST_STEPS:
                    raise

    def sites(self, *, seed: int = 0) -> list[tuple[str, int]]:
        """Words of each choice of the text with the number of its options, in order.

        Found by drawing members, since a choice may stand behind another one.
        """
        met: dict[tuple[int, int], tuple[str, int]] = {}
        source = random.Random(seed)

        def decide(expr: syntax.Expr, options: int) -> int:
            met[expr.span.start, expr.span.end] = " ".join(expr.span.text.split()), options
            return source.randrange(options)

        for _ in range(DRAWS):
            try:
                self._elaborate(decide)
            except TextError:
                continue  # no legal network, but its choices were met
        return [met[place] for place in sorted(met)]

    def find(self, graph: Graph) -> tuple[int, ...] | None:
        """The decision vector of a network, or None where it is no member.

        Layers, wiring and sizes are compared, names are not.
        """
        prefix: list[int] | None = []
        while prefix is not None:
            tape = Tape(prefix)
            try:
                found = self._elaborate(tape, _follower(graph))
                if len(found.nodes) == len(graph.nodes) and found.outputs == graph.outputs:
                    return found.decisions
            except (TextError, _Mismatch):
                pass
            prefix = tape.next()
        return None

    def _elaborate(
        self,
        decide: Callable[[syntax.Expr, int], int],
        watch: Callable[[int, Node], None] | None = None,
    ) -> Graph:
        return self._elaborator(decide, watch).graph(self._network, self._scope)

    def _elaborator(
        self,
        decide: Callable[[syntax.Expr, int], int],
        watch: Callable[[int, Node], None] | None = None,
    ) -> Elaborator:
        return Elaborator(inputs=self._inputs, decide=decide, watch=watch)


def _follower(target: Graph) -> Callable[[int, Node], None]:
    def watch(index: int, node: Node) -> None:
        if index >= len(target.nodes):
            raise _Mismatch
        wanted = target.nodes[index]
        if (node.op, node.inputs, node.outputs) != (wanted.op, wanted.inputs, wanted.outputs):
            raise _Mismatch

    return watch
