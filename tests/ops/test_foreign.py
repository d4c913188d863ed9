"""Layers from outside: registered from Python, then used in a text."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from striate.errors import GraphError
from striate.ir import WHOLE, TensorType, TorchLayer, op_named
from striate.notation import program
from striate.ops import register
from striate.source import Source
from tests.ops.torch_side import images, node_of, run


class Doubler(nn.Module):
    """A layer of somebody else: twice the channels."""

    def __init__(self, sizes: tuple[int, ...], times: int, note: str) -> None:
        super().__init__()
        self.mix = nn.Linear(sizes[0], times * sizes[0])

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(x.movedim(1, -1)).movedim(-1, 1)  # type: ignore[no-any-return]


def doubled(x: TensorType, times: int, note: str) -> tuple[int | None, ...]:
    return (times * x.channels, *x.plane)


def mixing(x: TensorType, times: int, note: str) -> dict[str, tuple[int, ...]]:
    return {"mix.weight": (times * x.channels, x.channels), "mix.bias": (times * x.channels,)}


DOUBLER = register("doubler", "(times=2, note=none)", doubled, Doubler, weights=mixing)


def test_the_text_may_use_the_name() -> None:
    graph = program(Source("t", "input(3, 8, 8) -> doubler -> doubler(3) :: 18x8x8")).graph()
    assert [str(node.op) for node in graph.nodes] == ["input(3, 8, 8)", "doubler", "doubler(3)"]
    assert graph.params == (6 * 3 + 6) + (18 * 6 + 18)


def test_the_factory_gets_the_sizes_and_the_arguments() -> None:
    node = node_of(DOUBLER(3), TensorType.of(4, 5, 6))
    fact = node.torch
    assert isinstance(fact, TorchLayer)
    assert fact.factory
    assert (fact.arguments, dict(fact.keywords)) == (((4, 5, 6),), {"times": 3, "note": "none"})
    made = fact.factory(*fact.arguments, **fact.keywords)
    assert isinstance(made, Doubler)
    (y,) = run(node, images(node), made.double())
    assert tuple(y.shape[1:]) == node.outputs[0].sizes
    state = {key: tuple(one.shape) for key, one in made.state_dict().items()}
    assert {one.name: one.shape for one in node.weights} == state


def test_a_factory_by_name_can_be_imported_by_generated_code() -> None:
    op = register("named", "(n)", lambda x, n: (n,), "somewhere.Layer")
    fact = node_of(op(7), TensorType.of(4)).torch
    assert fact == TorchLayer("somewhere.Layer", ((4,),), {"n": 7})


def test_streams_are_the_arguments_that_the_signature_does_not_name() -> None:
    two = register("two", "(n=1)", lambda x, y, n: x, "a.B")
    many = register("many", "()", lambda *xs: xs[0], "a.B")
    assert (two.streams, many.streams) == ((2, 2), (1, 1000))


def test_a_rule_may_give_several_shapes() -> None:
    op = register("fork", "()", lambda x: [x, (5,)], "a.B")
    x = TensorType.of(3, 4)
    assert op().infer((x,)) == (x, TensorType.of(5))


def test_macs_are_those_it_states_and_its_window_is_everything() -> None:
    op = register("busy", "(n)", lambda x, n: x, "a.B", macs=lambda x, n: n * x.channels)
    node = node_of(op(7), TensorType.of(3, 4))
    assert node.cost.macs == 21
    assert node.windows == (WHOLE,)


def test_the_same_name_again_replaces_the_layer() -> None:
    register("again", "()", lambda x: x, "a.B")
    second = register("again", "(n)", lambda x, n: x, "a.C")
    assert op_named("again") is second


def test_a_missing_argument_is_told_with_the_signature() -> None:
    register("needy", "(n, d, iters=3)", lambda x, n, d, iters: x, "a.B")
    with pytest.raises(GraphError, match="needy needs its d") as caught:
        op_named("needy")(1)  # type: ignore[misc]
    assert "needy(n, d, iters=3)" in str(caught.value)


@pytest.mark.parametrize("name", ["conv", "batchnorm", "Conv", "2d", "a-b", ""])
def test_a_name_must_be_free_and_a_word(name: str) -> None:
    with pytest.raises(GraphError) as caught:
        register(name, "()", lambda x: x, "a.B")
    assert str(caught.value) == (
        f"error: a layer of your own cannot be called '{name}'  [foreign-name]\n"
        "   = help: use letters, digits and _, and no name that striate uses: see docs/layers.md"
    )


@pytest.mark.parametrize("text", ["n, d", "(n n)", "(n, n)", "(1=2)", "(name)", "(n=)"])
def test_a_signature_must_be_one(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        register("layer_of_mine", text, lambda x: x, "a.B")
    assert str(caught.value) == (
        f"error: {text!r} is no signature  [foreign-signature]\n"
        "   = help: write it as in (n, d, iters=3); defaults are numbers or words"
    )
