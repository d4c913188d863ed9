"""Plain records that a layer states about itself; back-ends and analyses read them.

They speak of torch in words only: nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Setting = int | float | bool | str | None | tuple["Setting", ...]
"""A plain value of a layer's argument."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Work for one image.

    macs: multiply-accumulates; what papers count.
    other: arithmetic outside of them (normalization, activation, pooling, sums), in operations.
    known: False when a size is unknown, so that neither number can be given.
    """

    macs: int = 0
    other: int = 0
    known: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """What one output position depends on, along one axis.

    Output position `o` depends on the whole-numbered input positions from `step*o + low` to
    `step*o + high`, both included. The ends are chosen so that this holds for every `o` also where
    the step is a fraction (`up`, `tconv`): the first position is the ceiling, the last the floor.
    Positions outside the input are padding; circular padding counts them around. A step of 0 is an
    axis of size 1 that is broadcast.
    """

    step: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Window:
    """What one output position depends on in one input.

    axes: one reach per spatial axis of the output; None where it depends on the whole axis.
    whole: every output position depends on the whole plane, whatever its rank.
    unused: no output depends on this input's numbers, at most on its sizes (`(x, like) -> up`).
    learned: the positions themselves are learned or computed, so `axes` says only where they start.
    """

    axes: tuple[Reach | None, ...] = ()
    whole: bool = False
    learned: bool = False
    unused: bool = False

    @classmethod
    def point(cls, rank: int) -> Window:
        """Position `o` depends on position `o` alone."""
        return cls((Reach(),) * rank)


WHOLE = Window(whole=True)
UNUSED = Window(unused=True)


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor that a layer owns.

    name: the name torch gives it (`weight`, `bias`, `running_mean`); empty for the bare tensor of
        `param`, which is known by the path of its node alone.
    role: what initialisation does with it: `kernel`, `bias`, `scale`, `shift`, `constant`,
        `statistic`, or `own` where it stays as its module made it.
    value: the start value of a `constant` or `statistic`.
    trained: False for a buffer, which is saved but neither trained nor counted as a parameter.
    fan: for a `kernel`: `out` or `in` axis conventions, (fan_in, fan_out) in numbers.
    """

    name: str
    shape: tuple[int, ...]
    role: str = "kernel"
    value: float = 0.0
    trained: bool = True
    fan: tuple[int, int] = (0, 0)

    @property
    def count(self) -> int:
        """Numbers in the tensor."""
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class Linear:
    """The layer's first output is `weight * x + bias`, linear in its first input x.

    out: axis of the tensor `weight` along which the output channels stand (of one group, where the
        other axis holds the channels of all groups).
    into: axis along which the input channels stand; None where positions stand there as well.
    groups: groups of channels that do not see each other.
    pads: zeros stand around the plane, so that a constant added to x is not one added to y.
    """

    out: int = 0
    into: int | None = 1
    groups: int = 1
    pads: bool = False


@dataclass(frozen=True, slots=True)
class RunningNorm:
    """At test time the layer is a factor and a shift for each channel.

    These are `weight / sqrt(running_var + eps)` and `bias - running_mean * factor`.

    affine: it has `weight` and `bias`; else they are 1 and 0.
    """

    eps: float
    affine: bool = True


@dataclass(frozen=True, slots=True)
class TorchFunction:
    """A call of a function on the layer's inputs: `name(*inputs, **keywords)`.

    name: dotted; `operator.add`, `operator.sub` and `operator.mul` are written as signs.
    packed: the inputs go in as one list (`torch.cat([a, b], dim=1)`).
    folded: two go in at a time, from the left (`a + b + c`).
    prepare: for each input what is applied to it before; empty for none at all.
    then: applied to the result.
    many: the result is a tuple, one entry for each output of the layer.
    """

    name: str
    keywords: Mapping[str, Setting] = field(default_factory=dict)
    packed: bool = False
    folded: bool = False
    prepare: tuple[TorchFunction | None, ...] = ()
    then: TorchFunction | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class TorchLayer:
    """A module: `name(*arguments, **keywords)`, called with the layer's inputs.

    name: dotted, as one imports it: `torch.nn.Conv2d`, `striate.nn.BlurPool`.
    prepare: applied to the first input before the module sees it.
    factory: called instead of looking the name up; only foreign layers have one.
    """

    name: str
    arguments: tuple[Setting, ...] = ()
    keywords: Mapping[str, Setting] = field(default_factory=dict)
    prepare: TorchFunction | None = None
    factory: Callable[..., object] | None = None


@dataclass(frozen=True, slots=True)
class Initialisation:
    """How the weights of a layer start; named in the text by `set init(...)`.

    scheme: `he_fan_out`, `he_fan_in`, `xavier`, `trunc_normal`, `torch`.
    std: standard deviation of `trunc_normal`.
    zero_gamma: the last norm of each residual branch starts with gamma 0.
    """

    scheme: str = "he_fan_out"
    std: float = 0.02
    zero_gamma: bool = False


DEFAULT_INITIALISATION = Initialisation()


@dataclass(frozen=True, slots=True, eq=False)
class OnnxInput:
    """What arrives on one of the layer's streams, its batch axis first."""

    index: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class OnnxWeight:
    """One of the layer's tensors, by torch's name for it.

    shape: the same numbers seen in another shape, one size of which may be -1; None as it is.
    """

    name: str
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OnnxConstant:
    """Numbers that no training changes.

    values: in reading order; fewer than the shape has are repeated until it is full.
    shape: () for a single number.
    whole: whole numbers (int64) instead of float32.
    """

    values: tuple[float, ...]
    shape: tuple[int, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class OnnxNode:
    """One ONNX operator applied to terms; a term used twice is computed once.

    inputs: None where an optional one is left out.
    outputs: how many; as the layer's own they are its outputs, in order.
    What depends on weights and constants alone is computed when the file is written.
    """

    op: str
    inputs: tuple[OnnxTerm | None, ...]
    attributes: Mapping[str, Setting] = field(default_factory=dict)
    outputs: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class OnnxPort:
    """One output of an operator that has several."""

    node: OnnxNode
    port: int


OnnxTerm = OnnxInput | OnnxWeight | OnnxConstant | OnnxNode | OnnxPort
"""A value in the ONNX spelling of a layer."""
