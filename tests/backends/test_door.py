"""What a network says to inputs that do not fit."""

from __future__ import annotations

import pytest
import torch

from striate.backends.torch_module import Network, module
from striate.errors import UsageError
from tests.backends.texts import graph_of


@pytest.fixture
def network() -> Network:
    return module(graph_of("input(3, 16, 16) -> conv(8, 3, 2) -> relu -> fc(5)")).eval()


def said(network: Network, *inputs: object) -> str:
    with pytest.raises(UsageError) as caught:
        network(*inputs)
    return str(caught.value)


def test_an_image_without_batch_axis(network: Network) -> None:
    assert said(network, torch.zeros(3, 16, 16)) == (
        "error: the input is 3×16×16, and the network takes N×3×16×16  [wrong-input-shape]\n"
        "   = help: one image needs the batch axis too: x[None]"
    )


def test_channels_last(network: Network) -> None:
    assert said(network, torch.zeros(2, 16, 16, 3)) == (
        "error: the input is 2×16×16×3, and the network takes N×3×16×16  [wrong-input-shape]\n"
        "   = help: channels come first: x.movedim(-1, 1)"
    )


def test_another_number_of_channels(network: Network) -> None:
    assert said(network, torch.zeros(2, 1, 16, 16)) == (
        "error: the input is 2×1×16×16, and the network takes N×3×16×16  [wrong-input-shape]\n"
        "   = help: axis 1 holds the channels: 3 of them, not 1"
    )


def test_no_tensor(network: Network) -> None:
    assert said(network, [0.0]) == (
        "error: the input is a list, and the network takes a tensor N×3×16×16  "
        "[input-not-a-tensor]\n"
        "   = help: torch.as_tensor(...) makes one"
    )


def test_another_number_of_inputs() -> None:
    network = module(graph_of("(a: input(3, 4, 4), b: input(2)) -> (.0 -> gap -> flatten | .1)"))
    assert said(network, torch.zeros(1, 3, 4, 4)) == (
        "error: the network takes 2 inputs, got 1  [wrong-input-count]\n"
        "   = help: expected: N×3×4×4, N×2"
    )


def test_the_wrong_one_of_several_inputs_is_named() -> None:
    network = module(graph_of("(a: input(3, 4, 4), b: input(2)) -> (.0 -> gap -> flatten | .1)"))
    text = said(network, torch.zeros(1, 3, 4, 4), torch.zeros(1, 3))
    assert text.startswith("error: input 2 ('b') is 1×3, and the network takes N×2  ")


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [
        (torch.float64, "give x.to(torch.float32)"),
        (torch.uint8, "give x.to(torch.float32), scaled as the images in training were"),
    ],
)
def test_another_precision(network: Network, dtype: torch.dtype, advice: str) -> None:
    word = str(dtype).removeprefix("torch.")
    assert said(network, torch.zeros(1, 3, 16, 16, dtype=dtype)) == (
        f"error: the input is {word}, and the weights of the network are float32  "
        f"[wrong-input-dtype]\n   = help: {advice}"
    )


def test_another_device(network: Network) -> None:
    assert said(network, torch.zeros(1, 3, 16, 16, device="meta")) == (
        "error: the input is on meta, and the network is on cpu  [wrong-input-device]\n"
        "   = help: move one of them with .to(...)"
    )


def test_a_plane_that_a_dense_layer_cannot_take(network: Network) -> None:
    assert said(network, torch.zeros(1, 3, 32, 16)).splitlines() == [
        "net.cnn:1:46: error: the network was made for 3x16x16 and cannot take 3x32x16  "
        "[wrong-input-size]",
        " 1 | input(3, 16, 16) -> conv(8, 3, 2) -> relu -> fc(5)",
        "   |                                              ^^^^^",
        "   = help: fc(5) at '2' has weights for 8x8x8, and 8x16x8 reaches it",
        "   = help: gap before it would make the network take any size",
    ]


def test_a_plane_too_small_for_a_kernel() -> None:
    network = module(graph_of("input(3, 16, 16) -> conv(8, 5, p=0) -> gap -> fc(5)"))
    lines = said(network, torch.zeros(2, 3, 4, 16)).splitlines()
    assert lines[0].endswith(
        "the network was made for 3x16x16 and cannot take 3x4x16  [wrong-input-size]"
    )
    assert "conv at '0' does not fit: conv: the kernel does not fit: 5 of 4" in lines[3]


@pytest.mark.parametrize("plane", [(16, 16), (15, 16), (64, 8)])
def test_any_plane_is_taken_where_no_layer_minds(plane: tuple[int, int]) -> None:
    network = module(graph_of("input(3, 16, 16) -> conv(8, 3, 2) -> gap -> fc(5)"))
    assert network(torch.zeros(2, 3, *plane)).shape == (2, 5)


def test_open_sizes_are_written_as_letters() -> None:
    network = module(graph_of("input(3x?x?) -> conv(8, 3, 2) -> gap"))
    assert "takes N×3×H×W" in said(network, torch.zeros(3, 8, 8))


def test_a_failure_that_is_not_the_fault_of_the_input_passes_as_it_is(network: Network) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("out of something")

    network.register_forward_pre_hook(fails)
    with pytest.raises(RuntimeError, match="out of something"):
        network(torch.zeros(1, 3, 16, 16))
