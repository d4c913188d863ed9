"""How the weights start, where it takes a few lines to say."""

from __future__ import annotations

from striate.ir import Graph, Initialisation, TorchLayer

_SUBCLASSES = {
    "ChannelwiseLinear": "nn.Linear",
    "SameConv": "nn.Conv",
    "WeightStandardizedConv": "nn.Conv",
}


class Start:
    """The function that fills the weights, and its call; nothing where torch's own start holds."""

    def __init__(self, graph: Graph) -> None:
        self.definition: list[str] = []
        self.call: list[str] = []
        kinds: dict[str, None] = {}
        schemes: dict[Initialisation, None] = {}
        for node in graph.nodes:
            layer = node.torch
            if isinstance(layer, TorchLayer) and any(w.role == "kernel" for w in node.weights):
                kinds.setdefault(layer.name)
                schemes.setdefault(node.init)
        names = list(dict.fromkeys(map(_short, kinds)))
        known = all(name.startswith("nn.") for name in names)
        if len({(one.scheme, one.std) for one in schemes}) != 1 or not known:
            return
        (first, *_) = schemes
        if first.scheme != "torch":
            self._write(first, sorted(names))

    def _write(self, init: Initialisation, names: list[str]) -> None:
        turned = [one for one in names if "Transpose" in one and init.scheme.startswith("he")]
        # Where he_fan_out says nothing of linear layers, torch's own start is what the text asks.
        linear = [one for one in names if one == "nn.Linear" and init.scheme == "he_fan_out"]
        drawn = [one for one in names if one not in (*turned, *linear)]
        lines = ["def init_weights(module: nn.Module) -> None:"]
        lines.append('    """Fills the weights of a layer, as they are before training."""')
        if drawn:
            lines += [f"    if {_is_any(drawn)}:", f"        {_fill(init)}"]
        if turned:
            lines += [f"    if {_is_any(turned)}:", f"        {_fill(init, is_turned=True)}"]
        lines += [
            f"    if {_is_any(names)} and module.bias is not None:",
            "        nn.init.zeros_(module.bias)",
        ]
        self.definition = ["\n".join(lines)]
        self.call = ["self.apply(init_weights)"]


def _fill(init: Initialisation, *, is_turned: bool = False) -> str:
    """The statement that draws a kernel; torch takes the fans of transposed ones the other way."""
    if init.scheme == "trunc_normal":
        return f"nn.init.trunc_normal_(module.weight, std={init.std})"
    if init.scheme == "xavier":
        return "nn.init.xavier_uniform_(module.weight)"
    is_out = (init.scheme == "he_fan_out") != is_turned
    mode = ', mode="fan_out"' if is_out else ""
    return f"nn.init.kaiming_normal_(module.weight{mode})"


def _short(name: str) -> str:
    """The class of torch that a layer is, or is a subclass of."""
    found = name.replace("torch.nn.", "nn.")
    for own, torchs in _SUBCLASSES.items():
        if found.startswith(f"striate.nn.{own}"):
            return torchs + found.removeprefix(f"striate.nn.{own}")
    return found


def _is_any(names: list[str]) -> str:
    listed = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"isinstance(module, {listed})"
