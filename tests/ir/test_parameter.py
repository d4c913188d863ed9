"""Arguments of layers: kinds, ranges, names, and the message for each mistake."""

from __future__ import annotations

import pytest

from striate.errors import GraphError
from striate.ir import Op, Setting, op_named, show_setting
from striate.ops import Convolution, Dense, MaxPool


def layer(name: str) -> type[Op]:
    found = op_named(name)
    assert found
    return found


def message(name: str, *arguments: Setting, **keywords: Setting) -> str:
    with pytest.raises(GraphError) as caught:
        layer(name)(*arguments, **keywords)
    return str(caught.value)


def test_long_names_are_the_same_arguments() -> None:
    short = Convolution(16, k=5, s=2, p=0, d=1, g=2, b=0, pm="reflect")
    long = Convolution(
        width=16, kernel=5, stride=2, padding=0, dilation=1, groups=2, bias=False,
        padding_mode="reflect",
    )  # fmt: skip
    assert short == long
    assert hash(short) == hash(long)


def test_a_whole_float_is_a_whole_number() -> None:
    assert Dense(8.0) == Dense(8)


def test_settings_hold_defaults_too() -> None:
    assert MaxPool(3).settings == {"k": 3, "s": None, "p": 0, "ceil": False, "d": 1}


def test_a_layer_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="make a new one"):
        Dense(8).w = 9


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (Convolution(16), "conv(16)"),
        (Convolution(16, 3), "conv(16)"),
        (Convolution(16, 1, 2), "conv(16, 1, 2)"),
        (Convolution(16, 3, 2), "conv(16, s=2)"),
        (Convolution(16, (1, 7), p=(0, 3)), "conv(16, 1x7, p=0x3)"),
        (Convolution(16, b=0), "conv(16, b=0)"),
        (MaxPool(), "maxpool"),
        (layer("split")((1, 2)), "split(1x2)"),
        (layer("split")((1, 2, 3, 4)), "split([1, 2, 3, 4])"),
        (layer("dropout")(0.2), "dropout(0.2)"),
        (layer("reshape")(64, 7, 7), "reshape(64, 7, 7)"),
    ],
)
def test_a_layer_prints_as_it_is_called(op: Op, text: str) -> None:
    assert str(op) == repr(op) == text


def test_signature_shows_defaults() -> None:
    assert Convolution.signature() == "conv(w, k=3, s=1, p=same, d=1, g=1, b=1, pm=zeros)"
    assert MaxPool.signature() == "maxpool(k=2, s=k, p=0, ceil=0, d=1)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"), (0.25, "0.25"), (2.0, "2"), (True, "1"), (1e-6, "1e-06"), ((1, 7), "1x7"),
        ((3, None, None), "3x?x?"), ((1,), "[1]"), ((0.5, 2), "[0.5, 2]"), ("same", "same"),
        ((-1, 2), "[-1, 2]"),
    ],
)  # fmt: skip
def test_settings_print_as_the_notation_writes_them(value: Setting, text: str) -> None:
    assert show_setting(value) == text


CONV = "conv(w, k=3, s=1, p=same, d=1, g=1, b=1, pm=zeros)"


@pytest.mark.parametrize(
    ("arguments", "keywords", "expected"),
    [
        (
            (32,), {"strid": 2},
            "error: conv has no argument 'strid'; did you mean 'stride'?  [unknown-argument]\n"
            f"   = help: {CONV}",
        ),
        (
            (32,), {"w": 32},
            f"error: conv: 'w' is given twice  [argument-given-twice]\n   = help: {CONV}",
        ),
        (
            (32,), {"k": 3, "kernel": 3},
            f"error: conv: 'kernel' is given twice  [argument-given-twice]\n   = help: {CONV}",
        ),
        ((), {}, f"error: conv needs its width  [missing-argument]\n   = help: {CONV}"),
        (
            tuple(range(1, 10)), {},
            "error: conv takes at most 8 arguments, got 9  [too-many-arguments]\n"
            f"   = help: {CONV}",
        ),
        (
            (1.5,), {},
            "error: conv: the width must be a whole number, not 1.5  [not-whole]\n"
            "   = help: use floor(...), ceil(...), round(...) or div8(...)",
        ),
        (("wide",), {}, "error: conv: the width must be a whole number, not wide  [not-whole]"),
        ((True,), {}, "error: conv: the width must be a whole number, not 1  [not-whole]"),
        ((0,), {}, "error: conv: the width must be at least 1, not 0  [too-small]"),
        ((-3,), {}, "error: conv: the width must be at least 1, not -3  [too-small]"),
        (
            (10**9,), {},
            "error: conv: the width is at most 1000000, not 1000000000  [too-large]",
        ),
        (
            (10**30,), {},
            "error: conv: the width is at most 1000000, not a number of 100 bits  [too-large]",
        ),
        ((8, 0), {}, "error: conv: the kernel must be at least 1, not 0  [too-small]"),
        (
            (8,), {"p": "some"},
            "error: conv: the padding must be same or valid or tf or a number or sizes such as "
            "1x7, not 'some'  [not-a-size]",
        ),
        ((8,), {"b": 2}, "error: conv: the bias is 0 (no) or 1 (yes), not 2  [not-a-flag]"),
        (
            (8,), {"pm": "mirror"},
            "error: conv: the padding_mode is one of zeros, reflect, replicate, circular, not "
            "mirror  [not-a-word]",
        ),
    ],
)  # fmt: skip
def test_message_of_a_wrong_call(
    arguments: tuple[Setting, ...], keywords: dict[str, Setting], expected: str
) -> None:
    assert message("conv", *arguments, **keywords) == expected


def test_message_of_a_wrong_number() -> None:
    assert message("bn", "small") == (
        "error: bn: the eps must be a number, not small  [not-a-number]"
    )
    assert message("bn", 0.1, 2) == (
        "error: bn: the momentum must lie between 0 and 1, not 2  [out-of-range]"
    )


def test_not_a_number_is_in_no_range() -> None:
    assert message("bn", float("nan")).endswith("not nan  [out-of-range]")
