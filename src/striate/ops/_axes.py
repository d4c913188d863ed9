"""Arithmetic of windows that slide along axes, for convolutions, pools and their relatives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from striate.errors import GraphError
from striate.ir import Reach, Setting, Size, TensorType, Window, brief_setting
from striate.quantities import dimensions

N = TypeVar("N", int, float)


class Slide(NamedTuple):
    """A window that slides along one axis.

    before, after: padding at the two ends, in pixels.
    ceil: a last window that hangs over the end counts, if it starts in the input or before it.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    ceil: bool = False

    @property
    def span(self) -> int:
        """Length of the stretched kernel, in pixels."""
        return self.dilation * (self.kernel - 1) + 1

    def steps(self, size: Size) -> Size:
        """Positions of the window on an axis of that length; none at all is 0.

        Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016,
        relationship 6, with the kernel stretched; rounding up as torch's `ceil_mode` does.
        """
        if size is None:
            return None
        room = size + self.before + self.after - self.span
        if not self.ceil:
            return max(room // self.stride + 1, 0)
        steps = -(-room // self.stride) + 1
        hangs_free = (steps - 1) * self.stride >= size + self.before
        return max(steps - hangs_free, 0)

    @property
    def reach(self) -> Reach:
        """What one position of the window depends on."""
        low = Fraction(-self.before)
        return Reach(Fraction(self.stride), low, low + self.span - 1)

    def explain(self, size: Size) -> str:
        """`floor((56+2*1-3)/2)+1 = 28`."""
        padding = f"2*{self.before}" if self.before == self.after else f"{self.before}+{self.after}"
        kernel = f"{self.dilation}*({self.kernel}-1)-1" if self.dilation > 1 else str(self.kernel)
        rounding = "ceil" if self.ceil else "floor"
        return f"{rounding}(({size}+{padding}-{kernel})/{self.stride})+1 = {self.steps(size)}"


def per_axis(op: str, what: str, value: N | tuple[N, ...], rank: int) -> tuple[N, ...]:
    """One number for each axis of the plane.

    Raises:
        GraphError: the value has numbers for another number of axes.
    """
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        raise GraphError.of(
            "wrong-axis-count",
            f"{op}: the {what} {brief_setting(value)} is for {len(value)} axes, "
            f"and the plane here has {rank}",
            "give one number for all axes, or one for each",
        )
    return value


def known_elements(op: str, given: TensorType) -> int:
    """Numbers in the tensor.

    Raises:
        GraphError: a size is left open.
    """
    elements = given.elements
    if elements is None:
        raise GraphError.of(
            "needs-size",
            f"{op}: the plane here is of unknown size ({given}), and so is the number of features",
            f"give the input its sizes, or bring the plane to a known size: gap -> {op}",
        )
    return elements


def check_alike(op: str, given: TensorType, like: TensorType) -> None:
    """Passes when the plane can be brought to the size of the other.

    Raises:
        GraphError: they differ in rank.
    """
    if given.rank != like.rank:
        raise GraphError.of(
            "unlike-ranks",
            f"{op}: {given} cannot become as large as {like}",
            "the second stream needs a plane of the same rank",
        )


def plane_after(op: str, slides: Sequence[Slide], given: TensorType) -> tuple[Size, ...]:
    """The plane that the windows make.

    Raises:
        GraphError: a window is longer than its padded axis.
    """
    steps = tuple(slide.steps(size) for slide, size in zip(slides, given.plane, strict=True))
    for slide, size, count in zip(slides, given.plane, steps, strict=True):
        if count == 0 and size is not None:
            padded = size + slide.before + slide.after
            raise GraphError.of(
                "kernel-too-large",
                f"{op}: the kernel does not fit: {slide.span} of {padded}",
                f"the input here is {dimensions(given.plane)}; use a smaller kernel, "
                "more padding or fewer poolings before it",
            )
    return steps


def explain(slides: Sequence[Slide], plane: Sequence[Size]) -> str:
    """The formula of each axis, once where all axes are alike."""
    lines = [one.explain(size) for one, size in zip(slides, plane, strict=True) if size is not None]
    return ", ".join(dict.fromkeys(lines))


def window(slides: Sequence[Slide]) -> Window:
    """What one output position depends on."""
    return Window(tuple(slide.reach for slide in slides))


def shortest(values: Sequence[int]) -> int | tuple[int, ...]:
    """One number where all axes agree."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def only_changed(keyword: str, values: Sequence[int], default: int) -> dict[str, Setting]:
    """The keyword, unless it has torch's own default on all axes."""
    return {} if set(values) == {default} else {keyword: shortest(values)}
