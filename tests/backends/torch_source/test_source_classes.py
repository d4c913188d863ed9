"""What becomes of a network's structure in a file: classes, arguments, loops, shared layers."""

from __future__ import annotations

import inspect
import re

import pytest
import torch
from torch import nn

from striate import network
from striate.backends.torch_source import source
from striate.errors import UsageError
from striate.ops.foreign import register
from tests.backends.texts import RESNET, graph_of
from tests.backends.torch_source.running import assert_same, classes_of, network_of


def parameters(text: str, name: str) -> dict[str, object]:
    """The arguments of a class of a file, with their defaults."""
    found = inspect.signature(classes_of(text)[name].__init__).parameters.values()
    return {one.name: one.default for one in found if one.name != "self"}


def test_blocks_that_differ_in_numbers_are_one_class() -> None:
    text = assert_same(graph_of(RESNET))
    assert list(classes_of(text)) == ["Block", "Network"]
    assert list(parameters(text, "Block")) == ["in_channels", "out_channels", "stride"]
    assert parameters(text, "Block")["stride"] == 1


def test_what_only_some_blocks_have_is_made_on_a_condition() -> None:
    text = assert_same(graph_of(RESNET))
    assert "if in_channels != out_channels:" in text
    assert "self.downsample = nn.Identity()" in text


def test_a_width_that_follows_from_another_is_no_argument() -> None:
    wide = "w(v) := (conv(4*v, 1) -> relu -> conv(v) + id)\n"
    text = assert_same(graph_of(wide + "input(8, 6, 6) -> w(8) -> conv(16) -> w(16)"))
    assert list(parameters(text, "BlockW")) == ["channels"]
    assert "4 * channels" in text


def test_a_short_cut_that_only_some_blocks_have_is_decided_once() -> None:
    block = "block(w) := (conv(w) -> bn + if c == w then id)\n"
    text = assert_same(graph_of(block + "input(3, 6, 6) -> block(8) -> block(8) -> block(4)"))
    assert list(classes_of(text)) == ["Block", "Network"]
    assert "self.has_shortcut = in_channels == out_channels" in text


def test_activations_are_arguments() -> None:
    cna = "unit(w, a) := conv(w) -> bn -> a\n"
    graph = graph_of(cna + "input(3, 6, 6) -> unit(4, relu) -> unit(8, silu) -> unit(4, id)")
    text = assert_same(graph)
    assert parameters(text, "Unit")["activation"] is None
    assert "Unit(3, 4, activation=nn.ReLU)" in text


def test_equal_blocks_in_a_row_are_a_loop() -> None:
    text = assert_same(graph_of("unit := conv(_) -> bn\ninput(8, 6, 6) -> unit*5 -> gap -> fc(2)"))
    assert "*[Unit() for _ in range(5)]" in text


def test_blocks_that_grow_by_a_step_are_a_loop() -> None:
    grow = "unit(w, p) := conv(w) -> bn -> droppath(p)\n"
    text = assert_same(
        graph_of(grow + "input(8, 6, 6) -> (-> unit(8 + 3*i, 0.2*i/7) for i in 1..6) -> gap")
    )
    assert "Unit(8 + 3 * i, 11 + 3 * i, 0.2 / 7 * (i + 1)) for i in range(6)" in text


def test_numbered_layers_of_a_dense_block_are_a_loop() -> None:
    dense = "layer := conv: conv(4)\n"
    dense += 'dense(n) := (-> (id | "layer{i}": layer) for i in 1..n)\n'
    text = assert_same(graph_of(dense + "input(3, 6, 6) -> dense(4) -> dense(7)"))
    assert "for i in range(depth):" in text
    assert "for layer in self.children():" in text


def test_a_shared_layer_is_there_once() -> None:
    text = assert_same(graph_of("input(4, 6, 6) -> m -> relu -> m where m: conv(4)"))
    assert text.count("nn.Conv2d(4") == 1


def test_a_layer_shared_between_containers_keeps_its_key() -> None:
    shared = "input(4, 6, 6) -> a: (m -> relu) -> b: (m -> bn) where m: conv(4)"
    assert_same(graph_of(shared))


@pytest.mark.parametrize(
    "body",
    [
        "g: (m -> conv(4)) + conv(4)",
        "bn + g: (m -> unit -> m)",
        "unit -> g: (bn -> h: (m -> unit)) -> m",
        "g: (id + m + p: unit + (m -> unit)) -> m -> unit",
        "g: (bn -> n) -> conv(4) -> h: (n -> bn -> m)",
    ],
)
@pytest.mark.parametrize("shared", ["conv(4)", "unit"])
def test_keys_keep_their_order_where_a_group_uses_what_is_shared_around_it(
    body: str, shared: str
) -> None:
    units = "unit := conv(4) -> bn\n"
    block = f"block := {body} where m: {shared}, n: (unit -> m -> relu)\n"
    assert_same(graph_of(f"{units}{block}input(4, 6, 6) -> bn -> a: block -> (block -> block)"))


def test_a_definition_that_uses_itself() -> None:
    tree = "tree(n) := (conv(_) -> bn + if n > 0 then tree(n-1) else id)\n"
    text = assert_same(graph_of(tree + "input(4, 6, 6) -> tree(3)"))
    assert list(classes_of(text)) == ["Tree", "Tree2", "Tree3", "Network"]


def test_several_inputs_and_outputs_have_names() -> None:
    net = "(image: input(3, 8, 8), code: input(4)) -> ((.0 -> conv(4) & .1), .0 -> conv(2))"
    text = assert_same(graph_of(net))
    assert "def forward(self, image: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:" in text


def test_names_that_torch_or_python_keep_are_reached_another_way() -> None:
    assert_same(graph_of("input(3, 6, 6) -> half: conv(4) -> bn -> class: conv(2) -> type: bn"))
    assert_same(graph_of('input(3, 6, 6) -> a: ((half: conv(4) | 1: conv(2)) -> "b-c": conv(3))'))


def test_labels_and_definitions_may_have_any_name() -> None:
    odd = "none_(w) := (has_shortcut: conv(w) -> relu: bn + if c == w then id) -> relu\n"
    assert_same(graph_of(odd + "input(3, 6, 6) -> none_(4) -> none_(4) -> none_(5) -> none_(5)"))
    dense = "True_ := conv: conv(4)\n"
    dense += 'dense(n) := depth: bn -> (-> (id | "layer{i}": True_) for i in 1..n)\n'
    assert_same(graph_of(dense + "input(3, 6, 6) -> dense(4) -> dense(7)"))


def test_learned_tensors_start_as_the_text_says() -> None:
    text = assert_same(graph_of("input(8, 4, 4) -> (id & scale: param(8, 1, 1, init=1e-6))"))
    assert "self.scale = nn.Parameter(torch.full((8, 1, 1), 1e-6))" in text


@pytest.mark.parametrize(
    ("scheme", "deviation"),
    [
        ("he_fan_out", (2 / (256 * 9)) ** 0.5),
        ("he_fan_in", (2 / (64 * 9)) ** 0.5),
        ("xavier", (2 / (64 * 9 + 256 * 9)) ** 0.5),
        ("trunc_normal, std=0.1", 0.1),
    ],
)
def test_weights_start_as_the_text_says(scheme: str, deviation: float) -> None:
    head = f"set init({scheme})\ninput(64, 6, 6) -> "
    torch.manual_seed(0)
    straight = network_of(source(graph_of(f"{head}conv(256)"))).state_dict()
    assert straight["0.weight"].std().item() == pytest.approx(deviation, rel=0.02)
    assert not straight["0.bias"].any()
    turned = network_of(source(graph_of(f"{head}tconv(256, 3, 3)"))).state_dict()
    assert turned["0.weight"].std().item() == pytest.approx(deviation, rel=0.02)


def test_the_last_norm_of_a_branch_may_start_at_zero() -> None:
    text = source(graph_of("set init(zero_gamma=1)\n" + RESNET.replace("set conv", "set conv")))
    state = network_of(text).state_dict()
    assert not state["layer1.0.bn2.weight"].any()
    assert state["layer1.0.bn1.weight"].all()


def test_train_and_eval_mode_reach_every_part() -> None:
    net = network_of(source(graph_of("input(3, 6, 6) -> conv(4) -> dropout(0.5) -> droppath(0.5)")))
    image = torch.rand(1, 3, 6, 6)
    net.eval()
    torch.testing.assert_close(net(image), net(image))
    net.train()
    assert (net(image) == 0).any()


def test_a_network_is_called_after_its_name() -> None:
    assert list(classes_of(network("vgg11").source()))[-1] == "VGG11"
    assert (
        list(classes_of(source(graph_of("input(3) -> fc(2)"), name="my-net_v2")))[-1] == "MyNetV2"
    )


def test_a_layer_from_outside_is_imported_where_it_can_be() -> None:
    register("squared", "()", lambda x: x, "torch.nn.modules.activation.Tanhshrink")
    text = source(graph_of("input(3) -> squared -> fc(2)"))
    assert "import torch.nn.modules.activation" in text
    register("local", "()", lambda x: x, lambda *_: nn.Identity())
    with pytest.raises(UsageError, match="cannot be imported"):
        source(graph_of("input(3) -> local -> fc(2)"))


def test_no_line_is_wider_than_a_hundred_columns() -> None:
    long = "a_label_with_a_name_that_is_long_enough_to_be_a_nuisance"
    text = assert_same(
        graph_of(f"input(3, 6, 6) -> {long}: ({long}_too: conv(4) -> {long}_also: bn)")
    )
    assert max(map(len, text.splitlines())) <= 100
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)
