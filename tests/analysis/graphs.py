"""Networks of known figures, built by hand so that no text needs to be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from striate.ir import Graph, GraphBuilder, Setting, Value, op_named
from striate.ops import load

load()


class Sketch:
    """A builder that numbers its paths: `value = sketch("conv", 64, 3, to=value)`."""

    def __init__(self, *sizes: int | None) -> None:
        self.builder = GraphBuilder()
        self.prefix = ""
        self.count = 0
        self.input = self("input", sizes)

    def __call__(
        self, name: str, *arguments: Setting, to: Value | list[Value] | None = None, **keys: Setting
    ) -> Value:
        made = op_named(name)
        assert made is not None, f"no layer {name}"
        inputs = [] if to is None else to if isinstance(to, list) else [to]
        path = f"{self.prefix}{self.count}"
        self.count += 1
        return self.builder.add(made(*arguments, **keys), inputs, path=path)[0]

    def chain(self, value: Value, *layers: tuple[Setting, ...]) -> Value:
        """Layers one after the other, each as (name, arguments...)."""
        for name, *arguments in layers:
            value = self(str(name), *arguments, to=value)
        return value

    @contextmanager
    def inside(self, label: str, title: str = "") -> Iterator[list[Value]]:
        """A container; fill the list with its outputs."""
        outer, count = self.prefix, self.count
        path = f"{outer}{label}"
        self.prefix, self.count = f"{path}.", 0
        with self.builder.region(path, title or label) as outputs:
            yield outputs
        self.prefix, self.count = outer, count

    def graph(self, *outputs: Value, title: str = "net") -> Graph:
        return self.builder.finish([self.input], outputs, title=title)


def chain(sizes: tuple[int | None, ...], *layers: tuple[Setting, ...]) -> Graph:
    """A network without branches."""
    sketch = Sketch(*sizes)
    return sketch.graph(sketch.chain(sketch.input, *layers))


def resnet50(size: int | None = 224, *, strides_last: bool = False) -> Graph:
    """He et al. 2015, table 1, with the stride in the 3x3 (torchvision).

    strides_last: the last block of a stage has the stride, as in the networks of TF-Slim.
    """
    sketch = Sketch(3, size, size)
    value = sketch.chain(sketch.input, *_norm(64, 7, 2), ("relu",), ("maxpool", 3, 2, 1))
    width = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        with sketch.inside(f"layer{stage + 1}") as outputs:
            for block in range(blocks):
                strides = stage > 0 and block == 0
                if strides_last:
                    strides = stage < 3 and block == blocks - 1
                value = _bottleneck(sketch, block, value, width, strides=strides)
            outputs.append(value)
        width *= 2
    return sketch.graph(sketch.chain(value, ("gap",), ("fc", 1000)), title="resnet50")


def _norm(width: int, kernel: int = 3, stride: int = 1) -> tuple[tuple[Setting, ...], ...]:
    return ("conv", width, kernel, stride, "same", 1, 1, False), ("bn",)


def _bottleneck(sketch: Sketch, block: int, value: Value, width: int, *, strides: bool) -> Value:
    stride = 2 if strides else 1
    with sketch.inside(str(block), "bottleneck") as outputs:
        body = sketch.chain(value, *_norm(width, 1), ("relu",))
        body = sketch.chain(body, *_norm(width, 3, stride), ("relu",), *_norm(4 * width, 1))
        short = value
        if block == 0:
            short = sketch.chain(value, *_norm(4 * width, 1, stride))
        elif strides:
            short = sketch("maxpool", 1, 2, to=value)
        outputs.append(sketch("relu", to=sketch("+", to=[body, short])))
    return outputs[0]


def unet(size: int, depth: int = 4, width: int = 64) -> Graph:
    """Ronneberger et al. 2015 with padded convolutions."""
    sketch = Sketch(1, size, size)
    value = _unet_level(sketch, sketch.input, width, depth)
    return sketch.graph(sketch("conv", 2, 1, to=value), title="unet")


def _unet_level(sketch: Sketch, value: Value, width: int, depth: int) -> Value:
    double: tuple[tuple[Setting, ...], ...] = (("conv", width), ("relu",)) * 2
    value = sketch.chain(value, *double)
    if depth == 0:
        return value
    below = _unet_level(sketch, sketch("maxpool", to=value), 2 * width, depth - 1)
    joined = sketch("|", to=[value, sketch("tconv", width, to=below)])
    return sketch.chain(joined, *double)


def gated(size: int = 8) -> Graph:
    """A squeeze-and-excitation block behind one 3x3 convolution."""
    sketch = Sketch(3, size, size)
    value = sketch("conv", 16, to=sketch.input)
    gate = sketch.chain(value, ("gap",), ("conv", 4, 1), ("relu",), ("conv", 16, 1))
    return sketch.graph(sketch("&", to=[value, gate]))
