"""The part of a graph that some of its values need."""

from __future__ import annotations

from collections.abc import Sequence

from striate.errors import UsageError, did_you_mean, listing
from striate.ir import Graph
from striate.ir.edit import without_unneeded


def tapped(graph: Graph, outputs: Sequence[str]) -> Graph:
    """The graph whose outputs are the values of these names; what they do not need is left out.

    A name is that of a label or `as` in the text, or the path of a container or layer. What is
    called several times gives its last value; a name of several values gives all of them. Inputs
    stay, needed or not, so that the call is the same.

    Raises:
        UsageError: no value has such a name.
    """
    if isinstance(outputs, str) or not outputs:
        raise UsageError.of(
            "no-outputs",
            f"outputs must be a list of names, not {outputs!r}",
            'for example outputs=["layer2", "layer4"]',
        )
    known = graph.named_values
    for name in outputs:
        if name not in known:
            raise UsageError.of(
                "unknown-output",
                f"the network has no value '{name}'{did_you_mean(name, known)}",
                f"it has: {listing(list(known))}",
            )
    return without_unneeded(graph, [value for name in outputs for value in known[name]])
