"""`set` changes defaults of one file's text; `use` brings definitions of another file."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import TextError
from striate.ir import Graph
from striate.notation import program
from striate.source import Source
from tests.notation.networks import build, mistake, mistakes, ops, words

IMAGE = "input(3, 8, 8) -> "


def files(folder: Path, **texts: str) -> Graph:
    """The graph of `net.cnn` beside the other files."""
    for name, text in texts.items():
        folder.joinpath(f"{name}.cnn").parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(f"{name}.cnn").write_text(text, "utf-8")
    return program(Source(str(folder / "net.cnn"), texts["net"])).graph()


def wrong(folder: Path, **texts: str) -> TextError:
    with pytest.raises(TextError) as caught:
        files(folder, **texts)
    return caught.value


# set


def test_set_changes_defaults() -> None:
    assert ops(build(f"set conv(b=0, k=5), bn(eps=0.001)\n{IMAGE}conv(4) -> bn")) == [
        "conv(4, 5, b=0)",
        "bn(0.001)",
    ]


def test_an_argument_wins_over_set() -> None:
    assert ops(build(f"set conv(b=0)\n{IMAGE}conv(4, b=1)")) == ["conv(4)"]


def test_set_holds_for_the_whole_file_wherever_it_stands() -> None:
    assert ops(build(f"{IMAGE}conv(4)\nset conv(b=0)")) == ["conv(4, b=0)"]


def test_dw_follows_conv_unless_it_is_set_itself() -> None:
    assert ops(build(f"set conv(b=0)\n{IMAGE}dw")) == ["dw(b=0)"]
    assert ops(build(f"set conv(b=0), dw(b=1, k=5)\n{IMAGE}dw")) == ["dw(5)"]


def test_set_may_use_constants_of_the_file() -> None:
    assert ops(build(f"set conv(k=size_of_kernels)\nsize_of_kernels = 5\n{IMAGE}conv(4)")) == [
        "conv(4, 5)"
    ]


def test_set_takes_long_names() -> None:
    assert ops(build(f"set batchnorm(momentum=0.01)\n{IMAGE}bn")) == ["bn(m=0.01)"]


def test_set_names_the_initialisation() -> None:
    graph = build(f"set init(trunc_normal, std=0.01, zero_gamma=1)\n{IMAGE}conv(4)")
    init = graph.nodes[1].init
    assert (init.scheme, init.std, init.zero_gamma) == ("trunc_normal", 0.01, True)
    assert build(f"{IMAGE}conv(4)").nodes[1].init.scheme == "he_fan_out"


@pytest.mark.parametrize(
    ("statement", "code", "guilty"),
    [
        ("conf(b=0)", "unknown-name", "conf(b=0)"),
        ("conv(bais=0)", "unknown-argument", "bais=0"),
        ("conv(b=relu)", "network-as-argument", "b=relu"),
        ("conv(b={0, 1})", "choice-in-set", "{0, 1}"),
        ("conv(w=c)", "no-stream-here", "c"),
        ("conv(k=_)", "no-stream-here", "_"),
        ("conv(b=2)", "not-a-flag", "conv(b=2)"),
        ("init(random)", "wrong-init", "random"),
        ("pattern(depth=3)", "wrong-pattern-setting", "depth=3"),
    ],
)
def test_a_wrong_set_is_told(statement: str, code: str, guilty: str) -> None:
    found = mistake(f"set {statement}\n{IMAGE}conv(4)")
    assert (found.code, words(found)) == (code, guilty)


# use


def test_use_brings_definitions(tmp_path: Path) -> None:
    graph = files(tmp_path, net=f'use "lib.cnn"\n{IMAGE}block(4)', lib="block(w) = conv(w) -> relu")
    assert ops(graph) == ["conv(4)", "relu"]


def test_set_is_lexical(tmp_path: Path) -> None:
    lib = "set conv(b=0)\nblock(w) = conv(w)"
    graph = files(
        tmp_path, net=f'use "lib.cnn"\nset conv(k=5)\n{IMAGE}block(4) -> conv(4)', lib=lib
    )
    assert ops(graph) == ["conv(4, b=0)", "conv(4, 5)"]


def test_a_layer_passed_into_another_file_keeps_the_defaults_of_its_text(tmp_path: Path) -> None:
    lib = "set conv(b=0)\ntwice(body) = body -> body"
    graph = files(tmp_path, net=f'use "lib.cnn"\n{IMAGE}twice(conv(4))', lib=lib)
    assert ops(graph) == ["conv(4)", "conv(4)"]


def test_used_constants_and_functions_are_numbers(tmp_path: Path) -> None:
    lib = "width = 8\nwider(n) = n*width"
    graph = files(
        tmp_path, net=f'use "lib.cnn"\n{IMAGE}conv(width + 1) -> conv(wider(2) + 1)', lib=lib
    )
    assert ops(graph) == ["conv(9)", "conv(17)"]


def test_a_used_file_may_use_others_below_it(tmp_path: Path) -> None:
    texts = {
        "net": f'use "parts/a.cnn"\n{IMAGE}outer(4)',
        "parts/a": 'use "b.cnn"\nouter(w) := inner(w)',
        "parts/b": "inner(w) := conv(w)",
    }
    assert [node.path for node in files(tmp_path, **texts).nodes[1:]] == ["0.0"]


def test_the_network_of_a_used_file_is_not_built(tmp_path: Path) -> None:
    lib = f"block = relu\n{IMAGE}nothing_of_this_name"
    assert ops(files(tmp_path, net=f'use "lib.cnn"\n{IMAGE}block', lib=lib)) == ["relu"]


def test_own_definitions_win_over_used_ones_and_later_uses_over_earlier(tmp_path: Path) -> None:
    texts = {"a": "f = relu; g = relu", "b": "f = gelu; g = gelu"}
    net = f'use "a.cnn"\nuse "b.cnn"\ng = tanh\n{IMAGE}f -> g'
    assert ops(files(tmp_path, net=net, **texts)) == ["gelu", "tanh"]


def test_the_library_needs_no_use_but_takes_it() -> None:
    assert ops(build(f"{IMAGE}fire(2, 4)")) == ops(build(f"use std.fire\n{IMAGE}fire(2, 4)"))


def test_a_circle_of_files_is_told(tmp_path: Path) -> None:
    texts = {"net": f'use "a.cnn"\n{IMAGE}relu', "a": 'use "b.cnn"', "b": 'use "a.cnn"'}
    assert wrong(tmp_path, **texts).code == "use-circle"
    assert wrong(tmp_path, net=f'use "net.cnn"\n{IMAGE}relu').code == "use-circle"


def test_many_files_in_a_row_are_told(tmp_path: Path) -> None:
    texts = {f"f{index}": f'use "f{index + 1}.cnn"' for index in range(80)}
    assert wrong(tmp_path, net=f'use "f0.cnn"\n{IMAGE}relu', **texts).code == "use-too-deep"


def test_files_that_use_others_twice_are_read_once(tmp_path: Path) -> None:
    twice = {f"f{n}": f'use "f{n + 1}.cnn"\nuse "f{n + 1}.cnn"' for n in range(30)}
    assert ops(files(tmp_path, net=f'use "f0.cnn"\n{IMAGE}relu', f30="f = relu", **twice)) == [
        "relu"
    ]


@pytest.mark.parametrize(
    "path",
    ["/etc/hosts.cnn", "../lib.cnn", "a/../../lib.cnn", "C:/lib.cnn", "a\\\\lib.cnn", "lib.txt"],
)
def test_files_outside_the_folder_are_refused(path: str) -> None:
    assert mistake(f'use "{path}"\n{IMAGE}relu').code == "use-outside"


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    found = wrong(tmp_path, net=f'use "lib.cnn"\n{IMAGE}relu')
    assert found.diagnostics[0].reason == "cannot read 'lib.cnn': No such file or directory"
    (tmp_path / "lib.cnn").write_bytes(b"\xff\xfe\x00")
    found = wrong(tmp_path, net=f'use "lib.cnn"\n{IMAGE}relu')
    assert found.diagnostics[0].reason == "cannot read 'lib.cnn': it is not UTF-8 text"


def test_a_mistake_in_a_used_file_is_told_in_that_file(tmp_path: Path) -> None:
    found = wrong(tmp_path, net=f'use "lib.cnn"\n{IMAGE}block', lib="block = conv(4) -> con(5)")
    (diagnostic,) = found.diagnostics
    assert str(diagnostic.span).endswith("lib.cnn:1:20")
    assert diagnostic.trail == (f"block, called at {tmp_path / 'net.cnn'}:2 with input 3x8x8",)


def test_an_unknown_block_of_the_library_is_told() -> None:
    found = mistake(f"use std.bottlenek\n{IMAGE}relu")
    assert found.reason == "the library has no 'bottlenek'; did you mean 'bottleneck'?"


def test_all_wrong_statements_are_told_together() -> None:
    found = mistakes(f'use "a.cnn"\nset conf(b=0)\nf = relu\nf = gelu\n{IMAGE}f')
    assert {one.code for one in found} == {"use-unreadable", "unknown-name", "defined-twice"}


def test_a_block_that_says_no_init_starts_as_the_text_that_uses_it() -> None:
    graph = build("set init(xavier)\ninput(3, 8, 8) -> cbr(8) -> convnextblock")
    assert {node.init.scheme for node in graph.nodes if node.weights} == {"xavier"}
