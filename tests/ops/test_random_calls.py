"""Laws over random calls: torch runs what a layer accepts; what it refuses has a message."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import GraphError
from striate.ir import GraphBuilder, Node, Op, Setting, TensorType
from striate.ops import Input
from tests.ops.torch_side import NAMES, images, kind, module_of, run

PLAIN: st.SearchStrategy[Setting] = st.sampled_from([1, 2, 3, 4, (2, 3), (3, 2), (1, 2, 2), (2,)])
NASTY: st.SearchStrategy[Setting] = st.sampled_from(
    [
        *(0, -1, 10**6, 10**30, -(10**5000), 0.5, 1e-9, 1e30, float("nan"), float("inf"), True),
        *(None, "zzz", "z" * 9999, "same", "tf", (), (1,), (1,) * 2000, (0.5, 2), ("a",)),
        *(((1, 2), 3), (None, 2), (10**6,) * 3, (-1, 1), (10**5000, 1)),
    ]
)
CHANNELS = st.sampled_from([1, 2, 4, 6, 8, 12])


@st.composite
def calls(draw: st.DrawFn, name: str) -> Op:
    """A call with small arguments of the right kind."""
    keywords: dict[str, Setting] = {}
    for key, parameter in kind(name).parameters.items():
        if not parameter.is_required and draw(st.booleans()):
            continue
        if isinstance(parameter.default, bool):
            keywords[key] = draw(st.booleans())
        elif parameter.words:
            numbers = () if parameter.is_word else (0, 1, 2)
            choices: tuple[Setting, ...] = (*parameter.words, *numbers)
            keywords[key] = draw(st.sampled_from(choices))
        else:
            keywords[key] = draw(st.one_of(PLAIN, st.just(0)))
    try:
        return kind(name)(**keywords)
    except GraphError:
        return kind(name)(*[2 for one in kind(name).parameters.values() if one.is_required])


@st.composite
def types(draw: st.DrawFn, op: Op) -> tuple[TensorType, ...]:
    """As many small streams as the layer takes, of one plane."""
    plane = [draw(st.integers(1, 8)) for _ in range(draw(st.sampled_from(op.ranks)))]
    fewest, most = op.streams
    streams = draw(st.integers(fewest, min(most, fewest + 1)))
    return tuple(TensorType.of(draw(CHANNELS), *plane) for _ in range(streams))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"input", "param", "deform", "warp"}))
@settings(max_examples=10)
@given(data=st.data())
def test_what_a_layer_accepts_torch_runs_with_that_shape(name: str, data: st.DataObject) -> None:
    op = data.draw(calls(name))
    inputs = data.draw(types(op))
    try:
        node = Node(op, (), inputs, op.infer(inputs), "x")
    except GraphError:
        return
    module = module_of(node)
    outputs = run(node, images(node), module)
    assert [tuple(one.shape[1:]) for one in outputs] == [one.sizes for one in node.outputs]
    state = module.state_dict() if module else {}
    said = {one.name: one.shape for one in node.weights}
    assert said == {key: tuple(one.shape) for key, one in state.items()}


@settings(max_examples=250)
@given(data=st.data())
def test_nasty_arguments_are_refused_with_a_message(data: st.DataObject) -> None:
    layer = kind(data.draw(st.sampled_from(NAMES)))
    chosen = data.draw(st.lists(st.sampled_from([*layer.parameters, "zzz"]), unique=True))
    keywords = {key: data.draw(st.one_of(NASTY, PLAIN)) for key in chosen}
    builder = GraphBuilder()
    try:
        op = layer(*data.draw(st.lists(NASTY, max_size=2)), **keywords)
        given_types = data.draw(types(op))
        values = [
            builder.add(Input(one.sizes), [], path=str(number))[0]
            for number, one in enumerate(given_types)
        ]
        builder.add(op, values, path="x")
    except GraphError as error:
        message = str(error)
    else:
        message = ""
        check_facts(builder.nodes[-1])
    assert len(message) < 2000


def check_facts(node: Node) -> None:
    assert str(node.op)
    assert hash(node.op) == hash(node.op)
    assert node.params >= 0
    assert node.cost.macs >= 0
    assert len(node.windows) == len(node.inputs)
    assert node.torch.name
    assert isinstance(node.formula, str)
