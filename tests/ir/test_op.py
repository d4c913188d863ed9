"""The table of layers, and what every class in it must say."""

from __future__ import annotations

import pytest

from striate import ops
from striate.errors import GraphError
from striate.ir import Op, TensorType, TorchLayer, Types, count, op_named, op_names


def test_names_are_found_in_any_case_and_by_other_names() -> None:
    assert op_named("conv") is op_named("CONV") is op_named("Convolution") is ops.Convolution
    assert op_named("dense") is ops.Dense
    assert op_named("BatchNorm") is ops.BatchNorm
    assert op_named("no such layer") is None


def test_names_are_listed_once() -> None:
    names = op_names()
    assert len(names) == len(set(names))
    assert "conv" in names
    assert "convolution" not in names


def test_two_layers_of_one_name_are_refused() -> None:
    with pytest.raises(GraphError) as caught:

        class Second(Op):
            name = "conv"

            def infer(self, inputs: Types) -> Types:
                return inputs

            def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
                return TorchLayer("torch.nn.Identity")

    assert str(caught.value) == (
        "error: two layers are called 'conv': striate.ops.convolution.Convolution and "
        f"{__name__}.Second  [layer-defined-twice]\n   = help: rename one of them"
    )


def test_parameters_are_inherited_in_order() -> None:
    class Base(Op):
        n: int = count(1)

        def infer(self, inputs: Types) -> Types:
            return (TensorType(self.n),)

        def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
            return TorchLayer("torch.nn.Identity")

    class Final(Base):
        m: int = count(2)

    assert list(Final.parameters) == ["n", "m"]
    assert Final(5).infer(()) == (TensorType(5),)


def test_loading_again_changes_nothing() -> None:
    before = op_names()
    ops.load()
    assert op_names() == before
