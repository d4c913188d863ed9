"""Networks of the zoo beside torchvision's and timm's: same weights, same outputs?

    python scripts/parity.py [NAME ...] [--size 64]

Needs torchvision and timm (the extra `bench`); downloads nothing. A network is compared with the
one of its name in torchvision, or else in timm. The reference gets random weights, batch statistics
included, and its `state_dict` is loaded by name. Equal keys prove nothing, so the outputs for one
random batch decide. The order of the keys is told, because unlabelled texts are loaded by it. Exit
code 1 when one differs.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from striate.backends.torch_module import Network, module
from striate.errors import StriateError
from striate.networks import network
from striate.zoo import Card, cards

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
from torchvision_on_cpu import import_torchvision

TOLERANCE = 1e-5
"""Of the largest output; another order of a sum in float32 stays below it."""
SETTINGS: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"aux_logits": False, "init_weights": False},
    # As published by TensorFlow; timm's networks of this very name are for weights of its own.
    **{f"efficientnet_lite{i}": {"pad_type": "same", "bn_eps": 0.001} for i in range(5)},
}
"""What builds the reference as the text has it."""


def main() -> int:
    """Prints one line for each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="networks of the zoo; all by default")
    parser.add_argument("--size", type=int, help="of the plane, instead of that on each card")
    asked = parser.parse_args()
    import_torchvision()
    torch.set_num_threads(2)
    torch.manual_seed(0)
    wrong = 0
    for name in asked.names or cards():
        library = library_of(name)
        if library is None:
            print(f"{name:22} no network of this name to compare with", flush=True)
            continue
        try:
            made = ours(cards()[name], asked.size)
        except StriateError as error:
            print(f"{name:22} not built: {error.diagnostics[0].reason}", flush=True)
            continue
        verdict, is_equal = compare(made, reference(library, name))
        wrong += not is_equal
        print(f"{name:22} {library:12} {verdict}", flush=True)
    return 1 if wrong else 0


def ours(card: Card, size: int | None) -> Network:
    """The network of the zoo."""
    channels, *plane = card.input
    sizes = (channels, *(size or one for one in plane))
    return module(network(card.name, input=sizes).graph)


def library_of(name: str) -> str | None:
    """Where there is a network of that name."""
    import timm
    import torchvision

    if name in torchvision.models.list_models():
        return "torchvision"
    return "timm" if name in timm.list_models() else None


def reference(library: str, name: str) -> nn.Module:
    """The network of torchvision or timm, with random weights."""
    import timm
    import torchvision

    settings = SETTINGS.get(name, {})
    make: Callable[..., nn.Module] = timm.create_model
    if library == "torchvision":
        make = torchvision.models.get_model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = make(name, **settings)
    randomise(made)
    return made


@torch.no_grad()
def randomise(network: nn.Module) -> None:
    """Gives every tensor that starts as one number, such as gamma and statistics, many."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and tensor.numel() > 1 and not tensor.std() > 0:
            tensor.copy_(_like(name, tensor))


def _like(name: str, tensor: Tensor) -> Tensor:
    is_around_zero = name.endswith(("bias", "running_mean"))
    noise = torch.rand_like(tensor)
    return (noise - 0.5) / 5 if is_around_zero else noise + 0.5


@torch.no_grad()
def compare(made: Network, theirs: nn.Module) -> tuple[str, bool]:
    """What to say about a network, and whether it is the same as its reference."""
    state = theirs.state_dict()
    result = made.load_state_dict(state, strict=False)
    if result.missing_keys or result.unexpected_keys:
        return (
            f"keys differ: {len(result.missing_keys)} missing {result.missing_keys[:2]}, "
            f"{len(result.unexpected_keys)} unexpected {result.unexpected_keys[:2]}",
            False,
        )
    (given,) = made.graph.input_types
    image = torch.randn(2, given.channels, *(size or 64 for size in given.plane))
    expected, found = theirs.eval()(image), made.eval()(image)
    difference = ((expected - found).abs().max() / expected.abs().max()).item()
    order = "" if list(state) == list(made.state_dict()) else ", keys in another order"
    said = f"{len(state)} tensors, relative difference {difference:.1e}{order}"
    return said, difference < TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
