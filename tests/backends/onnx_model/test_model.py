"""What stands in an ONNX model besides its operators: names, sizes, metadata, refusals."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
import torch

import striate
from striate.backends.onnx_model import OPSET, onnx_model
from striate.backends.onnx_model.run import Session
from striate.data import Preprocessing
from striate.errors import StriateError
from striate.ir import TensorType
from striate.networks import network
from striate.ops import register
from tests.backends.onnx_model.comparing import arrays, initialisers, model_of, node_types

BLOCK = "block(w) := conv1: conv(w, b=0) -> bn1: bn -> relu\n"
TEXT = BLOCK + "input(3, 8, 8) -> stem: block(4) -> (body: block(4) + id) -> gap -> fc: fc(5)"


def test_weights_stand_under_their_published_keys() -> None:
    made = network(TEXT)
    found = initialisers(model_of(TEXT))
    expected = {
        key: tuple(one.shape)
        for key, one in made.module().state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    assert found == expected


def test_numbers_are_those_given() -> None:
    made = network("input(3, 8, 8) -> conv: conv(4)")
    state = arrays(made.module())
    model = onnx_model(made.graph, state, name="n")
    for tensor in model.graph.initializer:
        assert np.array_equal(onnx.numpy_helper.to_array(tensor), state[tensor.name])


def test_nodes_are_called_by_paths_and_values_by_labels() -> None:
    model = model_of(TEXT)
    names = [node.name for node in model.graph.node]
    assert names[:3] == ["stem.conv1", "stem.bn1", "stem.2"]
    assert "body.conv1" in names
    assert names[-2:] == ["fc/Flatten", "fc"]
    assert len(set(names)) == len(names)
    assert [one.name for one in model.graph.input] == ["input"]
    assert [one.name for one in model.graph.output] == ["fc"]


def test_the_batch_is_open_and_called_batch() -> None:
    session = Session(model_of(TEXT))
    assert session.inputs == {"input": ("batch", 3, 8, 8)}
    assert session.outputs == {"fc": ("batch", 5)}


def test_open_sizes_have_names() -> None:
    session = Session(model_of("input(3x?x?) -> conv(4) -> gap -> fc(2)"))
    assert session.inputs == {"input": ("batch", 3, "height", "width")}


def test_outputs_that_are_inputs_or_given_twice_have_names_of_their_own() -> None:
    made = network("input(3, 4, 4) -> (id, relu -> (id, dropout))")
    model = model_of("input(3, 4, 4) -> (id, relu, dropout, conv: conv(2))")
    onnx.checker.check_model(model, full_check=True)
    assert len(made.graph.outputs) >= 2
    assert [one.name for one in model.graph.output] == ["output.0", "output.1", "output.2", "conv"]


def test_several_inputs_keep_their_names_and_order() -> None:
    text = "(left: input(3, 4, 4), right: input(3, 4, 4)) -> add -> relu"
    assert list(Session(model_of(text)).inputs) == ["left", "right"]


def test_a_shared_layer_has_its_weights_once() -> None:
    text = "input(3, 8, 8) -> (twin -> relu -> twin) where twin: (conv(3))"
    made = network(text)
    model = model_of(text)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 2
    assert convolutions[0].input[1:] == convolutions[1].input[1:]
    assert len(initialisers(model)) == len(made.module().state_dict())


def test_what_follows_from_weights_alone_is_computed() -> None:
    model = model_of("input(3, 8, 8) -> conv: wsconv(4)")
    assert node_types(model) == ["Conv"]
    (weight, bias) = model.graph.initializer
    filters = onnx.numpy_helper.to_array(weight).reshape(4, -1)
    assert np.abs(filters.mean(1)).max() < 1e-6
    assert np.abs(filters.std(1) - 1).max() < 1e-3
    assert bias.name == "conv.bias"
    assert weight.name != "conv.weight"  # whose numbers are others


def test_a_bare_parameter_is_repeated_over_the_batch_where_nothing_else_does() -> None:
    joined = "input(8, 4, 4) -> (id & param(8, 1, 1, init=0.5))"
    assert node_types(model_of(joined)) == ["Mul"]
    graph = network("input(8, 4, 4) -> (id | tensor: param(2, 4, 4))").graph
    model = onnx_model(graph, {"tensor": np.ones((2, 4, 4))}, name="n")
    (output,) = Session(model)(np.zeros((3, 8, 4, 4), np.float32))
    assert output.shape == (3, 10, 4, 4)
    assert (output[:, 8:] == 1).all()


def test_metadata_hold_classes_and_preprocessing() -> None:
    record = Preprocessing(32, 32, 3, (0.1, 0.2, 0.3), (1.0, 1.0, 1.0))
    model = model_of(
        "input(3, 32, 32) -> gap -> fc(2)",
        classes=["cat", "Käse"],
        preprocessing=record.to_json(),
    )
    found = {one.key: json.loads(one.value) for one in model.metadata_props}
    assert found["classes"] == ["cat", "Käse"]
    assert Preprocessing.from_json(found["preprocessing"]) == record
    assert (model.producer_name, model.producer_version) == ("striate", striate.__version__)
    assert [one.version for one in model.opset_import] == [OPSET]


def test_half_precision_weights_are_written_in_float32() -> None:
    made = network("input(3, 8, 8) -> conv(4)")
    state = {key: one.half().numpy() for key, one in made.module().state_dict().items()}
    model = onnx_model(made.graph, state, name="n")
    assert {one.data_type for one in model.graph.initializer} == {onnx.TensorProto.FLOAT}


def test_sizes_of_inner_values_agree_with_the_shapes_that_onnx_infers() -> None:
    model = model_of(TEXT)
    stated = {one.name: one for one in model.graph.value_info}
    assert {"stem.conv1", "stem.2", "body.bn1"} <= set(stated)
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(bare, strict_mode=True)
    for one in inferred.graph.value_info:
        if one.name in stated:
            assert one.type.tensor_type.shape == stated[one.name].type.tensor_type.shape


def _refusal(text: str, weights: dict[str, np.ndarray] | None = None) -> StriateError:
    made = network(text)
    state = arrays(made.module()) if weights is None else weights
    with pytest.raises(StriateError) as refusal:
        onnx_model(made.graph, state, name="n")
    return refusal.value


def test_missing_weights_are_named() -> None:
    error = _refusal("input(3, 8, 8) -> head: conv(4, b=0)", {"haed.weight": np.zeros(1)})
    assert error.code == "missing-weight"
    assert "'head.weight'; did you mean 'haed.weight'?" in str(error)
    assert "(4, 3, 3, 3)" in str(error)


def test_weights_of_another_shape_are_refused() -> None:
    error = _refusal("input(3, 8, 8) -> head: conv(4, b=0)", {"head.weight": np.zeros((4, 3))})
    assert error.code == "wrong-weight-shape"
    assert "(4, 3)" in str(error)
    assert "(4, 3, 3, 3)" in str(error)


def test_a_layer_that_needs_sizes_says_so_and_where() -> None:
    error = _refusal("input(3x?x?) -> conv(4) -> pool: gap(7) -> fc(2)")
    assert str(error).splitlines() == [
        "<text>:1:34: error: pool: gap: its ONNX form needs the size of the plane, and it is open "
        "here: 4x?x?  [onnx-open-size]",
        " 1 | input(3x?x?) -> conv(4) -> pool: gap(7) -> fc(2)",
        "   |                                  ^^^^^^",
        "   = help: write the model for one size: --input 3x224x224, or input=(3, 224, 224)",
    ]


def test_a_layer_from_outside_is_refused_with_the_way_out() -> None:
    register("unheard", "()", lambda x: TensorType(x.channels, x.plane), lambda _: torch.nn.Tanh())
    error = _refusal("input(3, 8, 8) -> conv(4) -> last: unheard")
    assert str(error).splitlines() == [
        "<text>:1:36: error: last: unheard says nothing about ONNX  [no-onnx]",
        " 1 | input(3, 8, 8) -> conv(4) -> last: unheard",
        "   |                                    ^^^^^^^",
        "   = help: a layer of your own, written as a class, states it in a method `onnx`",
    ]
