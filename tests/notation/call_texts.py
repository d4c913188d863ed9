"""Random texts whose calls are written in every way that the language allows."""

from __future__ import annotations

import re
from random import Random

from striate.ir import Op, op_named

NEEDED = {
    "f": "f(w, k=3, s=1) := conv(w, k, s) -> relu",
    "g": "g(x, n=2) = x -> relu -> conv(4*n)",
    "h": "h(a, b=2) = a*b",
    "n": "n() = 2",
    "n2": "n2(x=2) = 2*x",
    "q": "q = {3, 5}",
    "act": "act = leakyrelu(0.01)",
    "p3": "p3 = conv(k=3)",
    "p16": "p16 = convolution(16, stride=1)",
    "block": "block(t, w) = t(w)",
    "two": "two(t) = t(8, 5)",
    "key": "key(t) = t(8, k=5)",
    "xs": "xs = [conv(k=3), DW(kernel=3)]",
    "pick": "pick(i) = xs[i]",
    "pick2": "pick2(i) = pick(i=i)",
    "part": "part(k=3, w) = ys[w]",
    "ys": "ys = [conv(8, k=3), DepthWise(kernel=3), conv(k=3)]",
    "through": "through(k) = part(k=k)",
    "many": "many(t, n=1, w=4) = (t(w))*n",
}
"""Definitions that other words ask for."""
STATEMENTS = (
    *("set conv(k=5)", "set conv(bias=0), bn(eps=0.01)", "set dw(5), maxpool(stride=1)"),
    *("set fc(w=7)", "set CONV(4)", "set conv(k=h(1, b=3))", "set conv(pm=reflect, kernel=1)"),
    *("fc(w, b=1) := conv(w, 1, b=b) -> relu", "relu(x=0) = id", "bn = id", "max(x) = conv(x)"),
    *("same = 1", "conv(w, k=1) := dw(k)", "batchnorm = relu", "use std.se", "se(r=4) := id"),
    *("dw(k=3) := conv(c, k)", "id = relu", "lrelu = relu", "reflect = 1", "linear = 0"),
)
"""What changes the meaning of words that need no definition."""
ITEMS = (
    *("two(conv(k=3))", "two(conv(16, k=3))", "two(conv)", "key(conv(s=1))", "key(conv(s=2, p=1))"),
    *("p3(16)", "p3(16, 5)", "p16(1)", "p16(k=1)", "block(conv(k=5), 8)", "block(w=8, t=CONV)"),
    *("conv(k=3)(16, 5)", "conv(8)(3, s=1)", "pick(0)(8)", "pick2(0)(8, s=2)", "xs[0](8, 1)"),
    *("[conv(k=3), dw][0](8, 5)", "(if 1 == 1 then conv(k=3) else dw)(16, 5)", "max(8)"),
    *("(-> conv(8, kernel=k) for k in [3, 5])", "(-> b(8, 5) for b in [conv(k=3), conv(s=1)])"),
    *(
        "(-> conv(8, k=3, s=1) for conv in [dw, dw])",
        "through(3)(0)",
        "through(3)(2)(8, 5)",
        "act",
        "act()",
        "relu()",
    ),
    *("CONV", "CONV(k=3)", "CONV(16, 3)", "RELU", "BatchNorm()", "bn(eps=1e-5)", "POOL(2)", "ID()"),
    *("conv(n())", "conv(n2(x=2))", "conv(n2() + h(2, b=2))", "conv(h(b=2, a=4), k=q)"),
    *(
        "conv({4, 8}, k={3, 5})",
        "conv(k={3, 5}, 8)",
        "conv({4, 8}, s=1, k=q)",
        "conv(w=8, q, {1, 2})",
    ),
    *("conv(8, k={1, 3}, p=same, s={1, 2})", "(id & param([_, 1, 1], init=0))"),
    *(
        "(id & param(sizes=[c, 1, 1]))",
        "(id & param(init=0.5, _, 1, 1))",
        "(id & param([4, 1, 1]))",
    ),
    *("se(r=16)", "SE(16)", "cbr(8, k=3, s=1, act=BatchNorm)", "cbr(8, 5, act=relu)", "CBR(w=8)"),
    *("stage(cbr(k=3), 8, n=2, s=1)", "stage(cbr, 8, 2)", "residual((conv(4*1, k=3) -> bn), 0)"),
    *("many(conv(k=3), n=2)", "many(t=dw(k=3), 1)", "g(n=2, conv(8, k=3))", "g((conv(8, 3)), 2)"),
    *(
        "(conv(8, k=3) + conv(8, kernel=1))",
        "m: conv(8, k=3)",
        "conv(8, k=3) as x",
        "up(mode=linear)",
    ),
    *("up(2, mode=bilinear)", "up(scale=2, mode=nearest)", "maxpool(k=2, s=2)", "maxpool(2, p=0)"),
    *(
        "(if c == 4 then conv(8, k=3) else conv(4, k=3))",
        "conv(8, k=3)?",
        "{conv(8, k=3), dw(k=3)}",
    ),
    *("fc(8, b=1)", "Dense(8, bias=1)", "FC", "FC(b=0)", "lrn(n=5, k=1)", "reshape([_, 4, 16])"),
)
WHERES = ("", "", "", " where conv = dw", " where k = conv(k=3)", " where m: conv(8, k=3)")
VALUES = {
    "w": ("4", "8", "12", "h(2)", "c", "_", "{4, 8}"),
    "k": ("1", "3", "5", "2", "3x3", "q", "{3, 5}", "n() + 1"),
    "s": ("1", "2", "1x1", "{1, 2}"),
    "p": ("same", "valid", "0", "1", "tf"),
    "d": ("1", "2"),
    "g": ("1", "4", "2"),
    "b": ("0", "1"),
    "pm": ("zeros", "reflect"),
    "m": ("1", "0.1", "2"),
    "eps": ("1e-5", "0.00001", "0.01"),
    "affine": ("0", "1"),
    "a": ("0.01", "0.2"),
    "x": ("0", "3"),
}
LAYERS = (
    *("conv", "CONV", "Conv", "convolution", "dw", "depthwise", "bn", "BatchNorm", "maxpool"),
    *("avgpool", "lrelu", "leakyrelu"),
)
OWN = {"f": ("w", "k", "s")}


def text(source: Random) -> str:
    """A text: some definitions and settings, and a chain."""
    items = [_item(source) for _ in range(source.randint(1, 4))]
    start = source.choice(("input(4, 8, 8)", "INPUT(4, 8, 8)", "input(4x8x8)"))
    lines = [" -> ".join([start, *items]) + source.choice(WHERES)]
    lines += source.sample(STATEMENTS, source.choice((0, 0, 1, 3)))
    todo, known = [*lines], set[str]()
    while todo:
        for word in re.findall(r"[a-z]\w*", todo.pop()):
            if word in NEEDED and word not in known:
                known.add(word)
                todo.append(NEEDED[word])
    return "\n".join([*(NEEDED[word] for word in sorted(known)), *reversed(lines)]) + "\n"


def _item(source: Random) -> str:
    if source.random() < 0.5:
        return source.choice(ITEMS)
    name = source.choice((*LAYERS, "f"))
    kind = None if name in OWN else op_named(name)
    keys = list(kind.parameters) if kind else list(OWN[name])
    given = [key for key in keys if key == "w" or source.random() < 0.4]
    source.shuffle(given)
    words = [_argument(source, kind, key) for key in given if key in VALUES]
    return f"{name}({', '.join(words)})"


def _argument(source: Random, kind: type[Op] | None, key: str) -> str:
    value = source.choice(VALUES[key])
    long = kind.parameters[key].long if kind else ""
    return source.choice((value, f"{key}={value}", f"{long or key}={value}"))
