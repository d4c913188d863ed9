"""Fine-tuning: which part of a network is its head, what is frozen, and how fast layers learn."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from striate.ir import Graph
from striate.train.settings import Settings

# Fewer images than this in a step say less about a new problem than the statistics that published
# weights come with. Cats and dogs, 240 photos, steps of 16, four epochs: 76.6 % right with these,
# 71.6 % with those of the steps.
FEWEST_FOR_STATISTICS = 64
# Layers whose rate is a smaller share of the highest do not learn at all: they would hardly change,
# and a step costs a third less without them (see docs/finetuning.md).
LEAST_RATE = 0.05


def keeps_statistics(settings: Settings) -> bool:
    """Whether batch norms of trained weights keep their statistics: where steps are small.

    Source: Y. Wu and J. Johnson, "Rethinking 'batch' in batch norm", 2021, sections 3 and 5.
    """
    return bool(settings.pretrained) and settings.batch < FEWEST_FOR_STATISTICS


@dataclass(frozen=True, slots=True)
class Parts:
    """A network in two: the head, which turns features into outputs, and the body before it.

    head, body: names of parameters. before: paths of the layers that the body's weights lie in or
    that run before them. still, before_still: the same of those in the body that never learn.
    keeps_statistics: whether the body's batch norms go on with the running statistics they have,
    also where their weights learn.
    """

    head: frozenset[str]
    body: frozenset[str]
    before: frozenset[str]
    still: frozenset[str] = frozenset()
    before_still: frozenset[str] = frozenset()
    keeps_statistics: bool = False

    def freeze(self, module: nn.Module) -> None:
        """Let only the head learn; `train` must be used in place of `module.train()`."""
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(name not in self.body)

    def thaw(self, module: nn.Module) -> None:
        """Let everything learn again but what never does."""
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(name not in self.still)

    def train(self, module: nn.Module) -> None:
        """Put the network into training mode, but not what is frozen.

        So the running statistics of its norms stay as they are, and its features are those that the
        weights were published with: without dropout, without left out branches.
        """
        module.train()
        is_frozen = all(not module.get_parameter(name).requires_grad for name in self.body)
        for path, part in module.named_modules():
            stays = is_frozen or (self.keeps_statistics and isinstance(part, _BatchNorm))
            if path in self.before_still or (stays and path in self.before):
                part.eval()


def parts(
    graph: Graph,
    fresh: Collection[str] = (),
    *,
    keeps_statistics: bool = False,
    depth_decay: float = 1.0,
) -> Parts:
    """Head and body of a network.

    fresh: keys that weights from elsewhere did not fill (`Loaded.fresh`); they learn with the head.
    keeps_statistics: see `Parts`. depth_decay: see `lr_scales`; layers of the body with less than
    `LEAST_RATE` of the highest rate never learn.
    """
    heads = head_nodes(graph)
    names = {
        index: [key for key in node_keys(graph, index) if key not in fresh]
        for index in range(len(graph.nodes))
        if index not in heads and is_trained(graph, index)
    }
    body = frozenset(key for keys in names.values() for key in keys)
    every = {key for index in range(len(graph.nodes)) for key in node_keys(graph, index)}
    scales = lr_scales(graph, depth_decay)
    still = frozenset(key for key in body if scales[key] < LEAST_RATE)

    def before(wanted: frozenset[str]) -> frozenset[str]:
        needed = graph.ancestors(index for index, keys in names.items() if wanted & {*keys})
        return frozenset(graph.nodes[index].path for index in needed)

    return Parts(
        head=frozenset(every) - body,
        body=body,
        before=before(body),
        still=still,
        before_still=before(still),
        keeps_statistics=keeps_statistics,
    )


def head_nodes(graph: Graph) -> frozenset[int]:
    """The layers with trained weights that no other such layer follows on the way to an output."""
    found, seen = set[int](), set[int]()
    todo = [value.node for value in graph.outputs]
    while todo:
        index = todo.pop()
        if index in seen:
            continue
        seen.add(index)
        if is_trained(graph, index):
            found.add(index)
        else:
            todo.extend(value.node for value in graph.nodes[index].inputs)
    return frozenset(found)


def depths(graph: Graph) -> dict[str, float]:
    """How deep the layer of each parameter lies: 0 for the first, 1 for the last.

    Depth is the number of layers with trained weights other than norms, on the longest way from
    the input to the layer, itself included; a norm lies as deep as what it follows. What is shared
    counts where it is used first.
    """
    levels = list[int]()
    found = dict[str, int]()
    for index, node in enumerate(graph.nodes):
        below = max((levels[value.node] for value in node.inputs), default=0)
        levels.append(below + (is_trained(graph, index) and node.op.glyph != "norm"))
        for key in node_keys(graph, index):
            found.setdefault(key, max(levels[-1], 1))
    deepest = max(found.values(), default=1)
    return {key: (level - 1) / max(deepest - 1, 1) for key, level in found.items()}


def lr_scales(graph: Graph, depth_decay: float, *, bias_rate: float = 1.0) -> dict[str, float]:
    """Learning rate of each parameter as a share of the last layer's.

    The first layer has `depth_decay`, those between lie between, in equal ratios: what a first
    layer sees, edges and colours, is of use for all images as it is. Biases of norms have
    `bias_rate` times that of their layer.

    Source: J. Howard and S. Ruder, "Universal language model fine-tuning for text classification",
    2018, section 3.2, discriminative fine-tuning, here with one ratio from end to end; K. Jordan,
    "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.4, for fast biases.
    """
    # A set: what is shared is several nodes of one path.
    biases = {f"{node.path}.bias" for node in graph.nodes if node.op.glyph == "norm"}
    return {
        key: depth_decay ** (1 - depth) * (bias_rate if key in biases else 1)
        for key, depth in depths(graph).items()
    }


def is_trained(graph: Graph, index: int) -> bool:
    """Whether a layer has weights that learn."""
    return any(weight.trained for weight in graph.nodes[index].weights)


def node_keys(graph: Graph, index: int) -> Iterator[str]:
    """Names of the parameters of a layer, in the module of the network."""
    node = graph.nodes[index]
    for weight in node.weights:
        if weight.trained:
            yield f"{node.path}.{weight.name}" if weight.name else node.path
