"""Canonical calls by hand: what is rewritten, and what could mean something else and is not."""

from __future__ import annotations

import pytest

from striate.notation.parser import parse
from striate.notation.printer import print_file
from striate.source import Source

CALLS = {
    "a long key": ("conv(16, kernel=5, stride=2)", "conv(16, 5, 2)"),
    "positional after keyed": ("conv(k=5, 16)", "conv(16, 5)"),
    "keys out of order": ("conv(b=0, g=2, w=8)", "conv(8, g=2, b=0)"),
    "a gap": ("conv(16, p=0, s=2)", "conv(16, s=2, p=0)"),
    "defaults": ("conv(16, 3, 1, same, b=1) -> bn(eps=0.00001)", "conv(16) -> bn"),
    "a default in another form": ("maxpool(2.0) -> lrelu(0.01)", "maxpool -> lrelu"),
    "a stride equal to the kernel": ("maxpool(2, 2)", "maxpool(s=2)"),
    "empty parentheses": ("relu() -> id()", "relu -> id"),
    "other names": ("BatchNorm -> swish -> Dense(10)", "bn -> silu -> fc(10)"),
    "capitals": ("CONV(16, 5) -> RELU -> POOL(2)", "conv(16, 5) -> relu -> pool"),
    "expressions": ("conv(k=2 + 1, 16)", "conv(16, 2 + 1)"),
    "choices": ("conv(16, k={3, 5})", "conv(16, {3, 5})"),
    "choices in another order": ("conv({8, 16}, k={3, 5})", "conv({8, 16}, k={3, 5})"),
    "a shipped block": ("SE(r=16) -> cbr(k=3, s=2, 8)", "se -> cbr(8, s=2)"),
    "a list": ("(id & param([8, 1, 1], init=0))", "(id & param(8, 1, 1))"),
    "a list by key": ("reshape(sizes=[4, 8])", "reshape(4, 8)"),
    "a list by name": ("(id & param([xs]))", "(id & param([xs]))"),
    "functions": ("conv(max(8, 16), kernel=3)", "conv(max(8, 16))"),
    "words": ("up(scale=2, mode=linear)", "up(mode=linear)"),
    "mistakes": ("conv(16, kernels=3) -> bn(1, 2, 3, 4)", "conv(16, kernels=3) -> bn(1, 2, 3, 4)"),
    "given twice": ("conv(16, k=3, kernel=3)", "conv(16, k=3, k=3)"),
    "the width rule": ("INPUT -> CONV -> RELU -> FC(b=1)", "INPUT -> CONV -> RELU -> FC"),
    # What is called again with more arguments keeps those it has where they are.
    "a layer as argument": ("residual(conv(k=3, 8))", "residual(conv(8, k=3))"),
    "a chain as argument": ("residual((conv(k=3, 8) -> bn))", "residual(conv(8) -> bn)"),
    "a call of a call": ("conv(kernel=3)(16, 5)", "conv(k=3)(16, 5)"),
    "values of a loop": (
        "(-> f(8, kernel=3, 5) for f in [conv(stride=1), dw])",
        "(-> f(8, kernel=3, 5) for f in [conv(s=1), dw])",
    ),
}


@pytest.mark.parametrize(("written", "wanted"), CALLS.values(), ids=CALLS.keys())
def test_a_call_is_written_as(written: str, wanted: str) -> None:
    assert canonical(written) == f"{wanted}\n"


FILES = {
    "arguments of a definition": (
        "f(w, s=1, p=0.5) := conv(w, s=s) -> dropout(p)\nf(s=1, 8) -> f(8, p=0.1) -> f(8, 1.0)\n",
        "f(w, s=1, p=0.5) := conv(w, s=s) -> dropout(p)\nf(8) -> f(8, p=0.1) -> f(8, 1.0)\n",
    ),
    "a definition of numbers, which is none without parentheses": (
        "n(x=2) = 2*x\nconv(n(x=2), k=n())\n",
        "n(x=2) = 2*x\nconv(n(), n())\n",
    ),
    "a constant, which may be called": (
        "wide = conv(k=3)\nwide(16, 5)\n",
        "wide = conv(k=3)\nwide(16, 5)\n",
    ),
    "a definition that hides a layer": (
        "convolution(k=3) := dw(kernel=k)\nconvolution(k=3) -> CONVOLUTION(8, k=3)\n",
        "convolution(k=3) := dw(k)\nconvolution -> conv(8)\n",
    ),
    "a definition with the canonical name of a layer": (
        "fc(w) := conv(w, 1)\nfc(8) -> dense(width=10)\n",
        "fc(w) := conv(w, 1)\nfc(8) -> dense(10)\n",
    ),
    "variables": (
        "f(conv) = conv(8, kernel=3)\nf(dw) -> (-> bn(eps=1) for bn in [gn]) where m: RELU\n",
        "f(conv) = conv(8, kernel=3)\nf(dw) -> (-> bn(eps=1) for bn in [gn]) where m: relu\n",
    ),
    "defaults that set changes": (
        "set conv(bias=0, 5)\nconv(16, 3) -> conv(16, b=1) -> conv(16, 5, b=0)\n",
        "set conv(w=5, b=0)\nconv(16) -> conv(16, b=1) -> conv(16, 5)\n",
    ),
    "defaults that another layer's set changes": (
        "set conv(k=5), dw(s=2)\ndw(3) -> dw(5, s=1) -> dw(5, 2) -> wsconv(8, 3)\n",
        "set conv(k=5), dw(s=2)\ndw(3) -> dw(s=1) -> dw -> wsconv(8)\n",
    ),
    "defaults that set computes": (
        "k = 3\nset conv(k=k)\nconv(16, 3) -> conv(16, s=1)\n",
        "k = 3\nset conv(k=k)\nconv(16, 3) -> conv(16)\n",
    ),
    "names of another file": (
        'use "mine.cnn"\nf(w, s=1) := conv(w, stride=s)\nRELU -> f(s=1, 8) -> max(w=1)\n',
        'use "mine.cnn"\nf(w, s=1) := conv(w, stride=s)\nRELU -> f(8) -> max(w=1)\n',
    ),
    "names of the shipped library": (
        "use std.se\nse(r=16) -> Se(r=8)\n",
        "use std.se\nse -> se(8)\n",
    ),
}


@pytest.mark.parametrize(("written", "wanted"), FILES.values(), ids=FILES.keys())
def test_a_file_is_written_as(written: str, wanted: str) -> None:
    assert canonical(written) == wanted


def canonical(text: str) -> str:
    return print_file(parse(Source("<text>", text)))
