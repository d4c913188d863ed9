"""How the weights start, where it takes a few lines to say."""

from __future__ import annotations

from striate.ir import Graph, Initialisation, TorchLayer

_FILLS = {
    "he_fan_out": 'nn.init.kaiming_normal_(module.weight, mode="fan_out")',
    "he_fan_in": "nn.init.kaiming_normal_(module.weight)",
    "xavier": "nn.init.xavier_uniform_(module.weight)",
}
_OWN_KERNELS = ("torch.nn.Conv", "torch.nn.Linear", "striate.nn.SameConv", "torch.nn.ConvTranspose")


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
        known = all(name.startswith(_OWN_KERNELS) for name in kinds)
        if len({(one.scheme, one.std) for one in schemes}) != 1 or not known:
            return
        (first, *_) = schemes
        if first.scheme != "torch":
            self._write(first, list(kinds))

    def _write(self, init: Initialisation, kinds: list[str]) -> None:
        names = [_short(name) for name in kinds]
        drawn = names
        if init.scheme == "he_fan_out":
            # A linear layer is drawn by torch as the text says.
            drawn = [one for one in names if one != "nn.Linear"]
        fill = _FILLS.get(init.scheme, f"nn.init.trunc_normal_(module.weight, std={init.std})")
        lines = ["def start(module: nn.Module) -> None:", '    """Fills the weights of a layer."""']
        if drawn:
            lines += [f"    if {_is_any(drawn)}:", f"        {fill}"]
        lines += [
            f"    if {_is_any(names)} and module.bias is not None:",
            "        nn.init.zeros_(module.bias)",
        ]
        self.definition = ["\n".join(lines)]
        self.call = ["self.apply(start)"]


def _short(name: str) -> str:
    return name.replace("torch.nn.", "nn.").replace("striate.nn.", "")


def _is_any(names: list[str]) -> str:
    plain = [one for one in names if not (one.startswith("Same") and f"nn.{one[4:]}" in names)]
    listed = ", ".join(plain)
    return f"isinstance(module, {listed if len(plain) == 1 else f'({listed})'})"
