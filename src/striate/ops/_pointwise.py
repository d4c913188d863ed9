"""What layers share that work on each number, or each position, alone."""

from __future__ import annotations

from collections.abc import Mapping

from striate.ir import Cost, Op, Setting, TensorType, Types


class Pointwise(Op):
    """A layer whose output has the shape of its input; position `o` sees position `o` alone."""

    def infer(self, inputs: Types) -> Types:
        return (inputs[0],)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0])


def work(given: TensorType, each: int = 1) -> Cost:
    """So many operations for each number of the tensor."""
    elements = given.elements
    return Cost(known=False) if elements is None else Cost(other=each * elements)


def changed(op: Op, **keywords: str) -> Mapping[str, Setting]:
    """The keyword of torch for each argument that differs from its default, which is torch's."""
    settings = {torch_name: getattr(op, key) for key, torch_name in keywords.items()}
    defaults = {torch_name: op.parameters[key].default for key, torch_name in keywords.items()}
    return {name: value for name, value in settings.items() if value != defaults[name]}
