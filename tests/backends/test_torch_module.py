"""The module of a graph: names, containers, taps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from striate.backends.torch_module import Container, module
from striate.errors import GraphError, UsageError
from tests.backends.texts import RESNET, Block, HandWritten, graph_of

SHARED = """
attention(r) := (id & (gap -> mlp + gmp -> mlp) -> sigmoid)
  where mlp: (conv(c/r, 1) -> relu -> conv(c, 1))
input(8, 6, 6) -> conv(8) -> ca: attention(2)
"""
REACHED = """
pair := (left: (conv(4) -> m -> relu) | right: (conv(4, 1) -> m)) where m: conv(4, 3)
input(3, 6, 6) -> body: pair
"""


@pytest.fixture
def images() -> Tensor:
    return torch.randn(2, 3, 16, 16)


def test_its_keys_load_strictly_in_the_network_written_by_hand() -> None:
    theirs = HandWritten()
    theirs.load_state_dict(module(graph_of(RESNET)).state_dict(), strict=True)
    assert list(theirs.state_dict()) == list(module(graph_of(RESNET)).state_dict())


@pytest.mark.parametrize("is_training", [False, True])
def test_outputs_and_gradients_are_those_of_the_network_written_by_hand(
    images: Tensor, is_training: bool
) -> None:
    theirs, ours = HandWritten().double(), module(graph_of(RESNET), dtype=torch.float64)
    ours.load_state_dict(theirs.state_dict())
    results = []
    for network in (theirs.train(is_training), ours.train(is_training)):
        output = network(images.double())
        output.square().sum().backward()
        results.append((output, {name: one.grad for name, one in network.named_parameters()}))
    torch.testing.assert_close(results[0][0], results[1][0])
    torch.testing.assert_close(results[0][1], results[1][1])
    torch.testing.assert_close(theirs.state_dict(), ours.state_dict())


def test_hooks_on_containers_see_what_enters_and_leaves(images: Tensor) -> None:
    network = module(graph_of(RESNET)).eval()
    seen: list[tuple[torch.Size, torch.Size]] = []
    network.get_submodule("layer2.0").register_forward_hook(
        lambda _, inputs, output: seen.append((inputs[0].shape, output.shape))
    )
    network(images)
    assert seen == [((2, 8, 16, 16), (2, 16, 8, 8))]


def test_a_container_can_be_replaced_and_wrapped(images: Tensor) -> None:
    class Doubled(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.inner(x)
            return 2 * y

    network: Any = module(graph_of(RESNET)).eval()
    before = network.layer1(network.bn1(network.conv1(images)).relu())
    network.layer1[1] = Doubled(network.layer1[1])
    after = network.layer1(network.bn1(network.conv1(images)).relu())
    torch.testing.assert_close(after, 2 * before)
    network.fc = nn.Identity()
    assert network(images).shape == (2, 16, 1, 1) or network(images).shape == (2, 16)


def test_containers_of_numbers_are_sequences() -> None:
    network: Any = module(graph_of(RESNET))
    assert len(network.layer1) == 2
    assert network.layer1[-1] is network.get_submodule("layer1.1")
    assert [type(block).__name__ for block in network.layer1] == ["Block", "Block"]


def test_containers_of_numbers_that_are_no_chains_are_sequences_too() -> None:
    network: Any = module(
        graph_of("input(3, 8, 8) -> a: (conv(4) | conv(4, 1) -> relu) -> b: relu")
    )
    assert isinstance(network.a[0], nn.Conv2d)
    assert len(network.a) == 3
    assert network.a[-1] is list(network.a)[2]
    network.a[2] = nn.Tanh()
    assert isinstance(network.get_submodule("a.2"), nn.Tanh)
    with pytest.raises(IndexError, match="the children here are 0, 1, 2; there is no 3"):
        network.a[3]


def test_a_chain_is_a_plain_sequential() -> None:
    network: Any = module(
        graph_of("input(3, 8, 8) -> features: (conv(4) -> relu -> conv(5)) -> gap")
    )
    assert type(network.features) is nn.Sequential
    assert network.features[:2](torch.zeros(1, 3, 8, 8)).shape == (1, 4, 8, 8)


def test_equal_blocks_share_one_class_and_its_name_is_that_of_the_definition() -> None:
    network: Any = module(graph_of(RESNET))
    assert type(network.layer1[0]) is type(network.layer1[1])
    assert type(network.layer1[0]).__name__ == "Block"
    assert type(network.layer2[0]) is not type(network.layer1[0])


def test_the_source_of_a_container_can_be_read() -> None:
    network: Any = module(graph_of(RESNET))
    assert network.layer1[0].code == (
        "def forward(self, x):\n"
        "    y = self.conv1(x)\n"
        "    y = self.bn1(y)\n"
        "    y = getattr(self, '2')(y)\n"
        "    y = self.conv2(y)\n"
        "    y = self.bn2(y)\n"
        "    y = y + x\n"
        "    del x\n"
        "    y = getattr(self, '5')(y)\n"
        "    return y\n"
    )


def test_a_shared_layer_has_one_key_and_is_called_for_every_mention() -> None:
    network = module(graph_of(SHARED))
    calls: list[str] = []
    network.get_submodule("ca.mlp").register_forward_hook(lambda *_: calls.append("mlp"))
    network(torch.randn(1, 8, 6, 6))
    assert calls == ["mlp", "mlp"]
    assert [key for key in network.state_dict() if key.startswith("ca")] == [
        f"ca.mlp.{layer}.{name}" for layer in (0, 2) for name in ("weight", "bias")
    ]


def test_a_layer_shared_from_outside_of_a_container_is_found_where_it_was_replaced() -> None:
    network: Any = module(graph_of(REACHED))
    image = torch.randn(1, 3, 6, 6)
    assert isinstance(network.body.left, Container)
    assert network.body.left.above == (network.body,)
    left = list(network.body.left.children())
    assert sum(key.startswith("body.m") for key in network.state_dict()) == 2
    network.body.m = nn.Identity()
    expected = torch.cat([left[0](image).relu(), network.body.right[0](image)], 1)
    torch.testing.assert_close(network(image), expected)


def test_a_shared_container_wanted_in_two_ways_gives_both() -> None:
    text = """
    input(3, 6, 6) -> (id | id) -> (m, conv(6) -> m) -> (.0 | .1) where m: (conv(6) -> relu)
    """
    graph = graph_of(text)
    network = module(graph, outputs=["m.0", "m"])
    assert len(network(torch.randn(1, 3, 6, 6))) == 2


@pytest.mark.parametrize(
    "label", ["half", "train", "code", "graph", "above", "forward", "class", "bn-1"]
)
def test_any_label_can_be_a_name(label: str) -> None:
    network = module(
        graph_of(f'input(3, 6, 6) -> "{label}": (conv(4) -> bn) -> "{label}2": conv(2)')
    )
    assert f"{label}.0.weight" in network.state_dict()
    assert network.eval()(torch.zeros(1, 3, 6, 6)).shape == (1, 2, 6, 6)


def test_a_label_that_torch_needs_for_itself_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        module(graph_of("input(3, 6, 6) -> training: conv(4)"))
    assert str(caught.value) == (
        "error: torch keeps something of its own under the name 'training'  [reserved-name]\n"
        "   = help: give 'training' another label"
    )


def test_a_bare_parameter_has_its_path_as_key() -> None:
    text = "input(4, 6, 6) -> block: (0: conv(4) -> (id & scale: param(4, 1, 1, init=0.5)))"
    network: Any = module(graph_of(text))
    assert list(network.state_dict()) == ["block.scale", "block.0.weight", "block.0.bias"]
    image = torch.randn(2, 4, 6, 6)
    torch.testing.assert_close(network(image), 0.5 * network.block[0](image))


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("input(4, 6, 6) -> (id | param(2, 6, 6, init=0.5))", 6),
        ("input(4, 6, 6) -> (id | a: param(2, 6, 6) -> (id + b: param(2, 1, 1, init=0.5)))", 6),
        ("input(4, 6, 6) -> block: (id, param(2, 6, 6, init=0.5)) -> cat", 6),
        ("input(4, 6, 6) -> param(2, 6, 6, init=0.5)", 2),
    ],
)
def test_a_bare_parameter_is_there_for_each_image(text: str, channels: int) -> None:
    output = module(graph_of(text))(torch.randn(3, 4, 6, 6))
    assert output.shape == (3, channels, 6, 6)
    torch.testing.assert_close(output[:, -2:], torch.full((3, 2, 6, 6), 0.5))


def test_several_inputs_come_in_the_order_of_the_text_and_outputs_as_a_tuple() -> None:
    network = module(graph_of("(a: input(3, 6, 6), b: input(2, 6, 6)) -> ((.0 | .1), .1 -> gap)"))
    first, second = torch.randn(1, 3, 6, 6), torch.randn(1, 2, 6, 6)
    both, mean = network(first, second)
    torch.testing.assert_close(both, torch.cat([first, second], 1))
    torch.testing.assert_close(mean, second.mean((2, 3), keepdim=True))


def test_taps_give_a_tuple_in_the_order_asked_and_leave_the_rest_out(images: Tensor) -> None:
    graph = graph_of(RESNET)
    whole, tapped = module(graph).eval(), module(graph, outputs=["layer2.0", "layer1"]).eval()
    state = whole.state_dict()
    tapped.load_state_dict({key: state[key] for key in tapped.state_dict()})
    seen: dict[str, Tensor] = {}
    for path in ("layer1", "layer2.0"):
        whole.get_submodule(path).register_forward_hook(
            lambda *given, path=path: seen.update({path: given[2]})
        )
    whole(images)
    deep, shallow = tapped(images)
    assert torch.equal(deep, seen["layer2.0"])
    assert torch.equal(shallow, seen["layer1"])
    assert not any(key.startswith(("fc", "layer2.1")) for key in tapped.state_dict())


def test_one_tap_gives_a_tensor(images: Tensor) -> None:
    assert module(graph_of(RESNET), outputs=["layer1.0.bn1"])(images).shape == (2, 8, 16, 16)


def test_an_unknown_tap_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        module(graph_of(RESNET), outputs=["layer1", "layre2"])
    assert str(caught.value).splitlines()[0] == (
        "error: the network has no value 'layre2'; did you mean 'layer2'?  [unknown-output]"
    )


@pytest.mark.parametrize("outputs", ["layer1", []])
def test_outputs_that_are_no_list_of_names_are_refused(outputs: Any) -> None:
    with pytest.raises(UsageError, match="outputs must be a list of names"):
        module(graph_of(RESNET), outputs=outputs)


def test_it_prints_as_a_tree_of_its_definitions() -> None:
    lines = repr(module(graph_of(RESNET))).splitlines()
    assert "  (layer1): Sequential(" in lines
    assert "    (0): Block(" in lines
    assert sum("Conv2d" in line for line in lines) == 10
    assert isinstance(Block(3, 4), nn.Module)
