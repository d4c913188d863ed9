"""The outermost container: checks what comes in, and says what was wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from striate.backends.torch_module._container import Container, Numbered
from striate.backends.torch_module._door import diagnosis, refusal
from striate.ir import Graph

if TYPE_CHECKING:
    from striate.weights import Loaded


class _Kept:
    """Holds what the copies of a module share."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __deepcopy__(self, memo: dict[int, Any]) -> _Kept:
        return self


class Network(Container):
    """A whole network; takes a batch `N×C×H×W` (or of another rank) for each input of its graph.

    loaded: how it took weights from elsewhere; None where it has those it was made with.
    """

    loaded: Loaded | None = None
    _kept: _Kept | None = None
    _doors: tuple[tuple[int, int], ...] = ()

    def keep(self, graph: Graph) -> None:
        """Sets what it was built from."""
        self._kept = _Kept(graph)
        self._doors = tuple((one.rank + 2, one.channels) for one in graph.input_types)

    @property
    def graph(self) -> Graph:
        """What it was built from; its copies share it."""
        assert self._kept, "a network without its graph"
        return self._kept.graph

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """The output for a batch, or a tuple where the network has several.

        Sizes of the plane are free unless a layer needs them; they are looked at when one fails.

        Raises:
            UsageError: the inputs do not fit; the message gives what was expected and what found.
        """
        given = (*inputs, *named.values())
        if not self._fits(given):
            raise refusal(self.graph, given)
        try:
            return super().__call__(*inputs, **named)
        except (RuntimeError, ValueError) as error:
            mistake = diagnosis(self.graph, given, self)
            if mistake is None:
                raise
            raise mistake from error

    def _fits(self, given: tuple[Any, ...]) -> bool:
        if torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            return True  # sizes are tensors there, and looking at them would be recorded
        if len(given) != len(self._doors):
            return False
        for one, (axes, channels) in zip(given, self._doors, strict=True):
            if not isinstance(one, Tensor) or one.dim() != axes or one.shape[1] != channels:
                return False
        return True


class NumberedNetwork(Numbered, Network):
    """A network whose children are numbered."""
