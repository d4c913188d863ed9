"""Capsules: vectors of neighbouring channels, shortened, measured, chosen and routed."""

from __future__ import annotations

from striate.errors import GraphError
from striate.ir import (
    WHOLE,
    Cost,
    OnnxInput,
    OnnxTerm,
    Op,
    TensorType,
    TorchLayer,
    Types,
    Weight,
    Window,
    count,
)
from striate.ops._axes import known_elements
from striate.ops._groups import check_groups
from striate.ops._onnx import X, node, scalar, weight, whole, with_channels_as, with_shape_of
from striate.ops._pointwise import Pointwise, work


class Squash(Pointwise):
    """Vectors of n neighbouring channels, shortened to a length below 1 that tells how long.

    Long ones become nearly 1 long, short ones nearly 0; directions stay.
    """

    name = "squash"
    glyph = "act"
    formula = "v = |s|^2 / (1 + |s|^2) * s / |s|, s each n channels of a position"
    source = "Sabour, Frosst and Hinton, Dynamic routing between capsules, 2017 (equation 1)"
    examples = (
        "input(32, 6, 6) -> squash(8) :: 32x6x6",
        "input(160) -> squash(16) :: 160",
        "input(6, 20) -> squash(3) :: 6x20",
    )

    n: int = count(long="dims", doc="channels of one vector")

    def infer(self, inputs: Types) -> Types:
        _check_vectors(self.name, self.n, inputs[0])
        return (inputs[0],)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 3)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.Squash", (self.n,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given = inputs[0]
        vectors = with_channels_as(X, given, given.channels // self.n, self.n)
        return with_shape_of(_squashed(vectors, 2), given, X)


class VectorLength(Op):
    """The length of each vector of n neighbouring channels: what a capsule says of its presence."""

    name = "length"
    glyph = "pool"
    formula = "y[c] = sqrt(sum over j < n of x[n*c + j]^2)"
    source = "Sabour, Frosst and Hinton, Dynamic routing between capsules, 2017 (section 3)"
    examples = (
        "input(160) -> length(16) :: 10",
        "input(6, 5, 5) -> length(3) :: 2x5x5",
        "input(4, 20) -> length(2) :: 2x20",
    )

    n: int = count(long="dims", doc="channels of one vector")

    def infer(self, inputs: Types) -> Types:
        _check_vectors(self.name, self.n, inputs[0])
        return (inputs[0].with_channels(inputs[0].channels // self.n),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0], 2)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.VectorLength", (self.n,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        vectors = with_channels_as(X, inputs[0], outputs[0].channels, self.n)
        return node("ReduceL2", vectors, whole(2), keepdims=0)


class LongestVector(Op):
    """Of all vectors of n numbers the longest stays, the others become 0.

    `(x, scores) -> longest(n)` keeps that of the highest score; while a decoder is trained, the
    scores are 1 for the true class and 0 for the others.
    """

    name = "longest"
    glyph = "shape"
    ranks = (0,)
    streams = (1, 2)
    formula = "y = x where the vector is the longest, else 0"
    source = "Sabour, Frosst and Hinton, Dynamic routing between capsules, 2017 (section 4.1)"
    examples = (
        "input(160) -> longest(16) :: 160",
        "input(160) -> (id, fc(10)) -> longest(16) :: 160",
    )

    n: int = count(long="dims", doc="numbers of one vector")

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        _check_vectors(self.name, self.n, given)
        vectors = TensorType(given.channels // self.n)
        if len(inputs) == 2 and inputs[1] != vectors:
            raise GraphError.of(
                "wrong-scores",
                f"longest: {given} is {vectors.channels} vectors of {self.n}, and the scores are "
                f"{inputs[1]}",
                "one score for each vector, without a plane",
            )
        return (given,)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0], 2)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.LongestVector", (self.n,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given = inputs[0]
        vectors = with_channels_as(X, given, given.channels // self.n, self.n)
        lengths = node("ReduceL2", vectors, whole(2), keepdims=0)
        scores = OnnxInput(1) if len(inputs) == 2 else lengths
        chosen = node("ArgMax", scores, axis=1, keepdims=1)
        places = whole(*range(given.channels // self.n))
        kept = node("Where", node("Equal", chosen, places), scalar(1.0), scalar(0.0))
        return with_shape_of(node("Mul", vectors, node("Unsqueeze", kept, whole(2))), given, X)


class CapsuleRouting(Op):
    """A layer of n capsules of d numbers, each of which listens to those below that agree with it.

    What arrives are capsules of i neighbouring channels, one for each such group and position;
    every pair has a matrix of its own. The output is flat: capsule after capsule. Routing starts
    with equal shares and corrects them r - 1 times. Its products count as multiply-accumulates,
    the loop as other work.
    """

    name = "routing"
    glyph = "fc"
    formula = "v[n] = squash(sum over j of share[j, n] * u[j, n]), u[j, n] = weight[j, n] * x[j],"
    formula += " share = softmax over n of the sum of u[j, n] . v[n] of the rounds before"
    source = "Sabour, Frosst and Hinton, Dynamic routing between capsules, 2017 (procedure 1)"
    examples = (
        "input(256, 6, 6) -> squash(8) -> routing(10) :: 160",
        "input(24, 5) -> routing(3, 4, 6, r=2) :: 12",
        "input(32) -> routing(2, 6, 8, 1) :: 12",
    )

    n: int = count(long="capsules", doc="capsules out")
    d: int = count(16, long="dims", doc="numbers of each")
    i: int = count(8, long="given", doc="channels of each capsule that arrives")
    r: int = count(3, long="rounds", doc="rounds of routing")

    def _given(self, inputs: Types) -> int:
        """Capsules that arrive, at all positions."""
        return known_elements(self.name, inputs[0]) // self.i

    def infer(self, inputs: Types) -> Types:
        _check_vectors(self.name, self.i, inputs[0])
        self._given(inputs)
        return (TensorType(self.n * self.d),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shape = (self._given(inputs), self.n, self.d, self.i)
        return (Weight("weight", shape, fan=(self.i, self.d)),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        pairs = self._given(inputs) * self.n
        agreements = (self.r - 1) * pairs * (2 * self.d + 3)
        sums = self.r * (2 * pairs * self.d + 3 * self.n * self.d)
        return Cost(macs=pairs * self.d * self.i, other=agreements + sums)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        arguments = (self._given(inputs), self.i, self.n, self.d)
        return TorchLayer(
            "striate.nn.CapsuleRouting", arguments, {} if self.r == 3 else {"rounds": self.r}
        )

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, known = inputs[0], self._given(inputs)
        positions = known * self.i // given.channels
        grouped = node("Reshape", X, whole(0, given.channels // self.i, self.i, positions))
        below = node("Transpose", grouped, perm=(0, 1, 3, 2))
        below = node("Reshape", below, whole(0, known, self.i))
        votes = node("Einsum", weight("weight"), below, equation="jndi,bji->bjnd")
        shares: OnnxTerm = scalar(1 / self.n)
        agreement: OnnxTerm | None = None
        for left in reversed(range(self.r)):
            vectors = _squashed(node("ReduceSum", node("Mul", votes, shares), whole(1)), 3)
            if left:
                agreed = node("ReduceSum", node("Mul", votes, vectors), whole(3))
                agreement = agreed if agreement is None else node("Add", agreement, agreed)
                shares = node("Softmax", agreement, axis=2)
        return node("Reshape", vectors, whole(0, self.n * self.d))


def _check_vectors(op: str, dims: int, given: TensorType) -> None:
    check_groups(op, dims, given.channels, parts=f"vectors of {dims}")


def _squashed(vectors: OnnxTerm, axis: int) -> OnnxTerm:
    length = node("ReduceL2", vectors, whole(axis))
    factor = node("Div", length, node("Add", scalar(1.0), node("Mul", length, length)))
    return node("Mul", vectors, factor)
