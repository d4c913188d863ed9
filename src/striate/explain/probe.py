"""A network whose inner layer can be looked at while it answers."""

from __future__ import annotations

from torch import Tensor, nn

from striate.backends.torch_module import module
from striate.explain.layer import Layer
from striate.ir import Graph
from striate.ir.edit import without_unneeded


class Probe(nn.Module):
    """A classifier, N×C×H×W to N×K, in which one layer's values pass by `place`.

    place: does nothing; what it is given are the values of the layer, N×C×h×w.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.place = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """The outputs, before softmax."""
        seen, outputs = self.inner(images)
        self.place(seen)
        return outputs  # type: ignore[no-any-return]

    def seen(self, images: Tensor) -> Tensor:
        """The values of the layer."""
        return self.inner(images)[0]  # type: ignore[no-any-return]


def probe_at(graph: Graph, layer: Layer, like: nn.Module) -> Probe:
    """The network of a graph with the weights of `like`, to be looked at; in eval mode."""
    made = module(without_unneeded(graph, (layer.value, graph.outputs[0])))
    first = next(like.parameters(), None)
    if first is not None:
        made = made.to(first.device)
    known = made.state_dict()
    made.load_state_dict({k: v for k, v in like.state_dict().items() if k in known})
    return Probe(made).eval()
