"""Networks of a folder of texts beside torchvision's and timm's: same weights, same outputs?

    python scripts/parity.py [FOLDER] [--only resnet50 ...]

Needs torchvision and timm (the extra `bench`); downloads nothing. Each reference is built with
random weights, its batch statistics too, and its `state_dict` is loaded strictly into the module of
the text. Equal keys prove nothing, so the outputs on one random batch decide. The order of the keys
is told too, because weights of unlabelled texts are loaded by it. Exit code 1 when one differs.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from striate.backends.torch_module import module
from striate.ir import TensorType
from striate.notation import program
from striate.source import Source

TOLERANCE = 1e-5
"""Of the largest output; another order of a sum in float32 stays far below it."""


@dataclass(frozen=True)
class Pair:
    """One network: file and expression of the text, and what it must equal.

    reference: `tv:` or `timm:` and the name there; after a `?` its arguments.
    """

    file: str
    expression: str
    reference: str
    size: int = 64


PAIRS = (
    Pair("alexnet", "alexnet", "tv:alexnet", 96),
    Pair("vgg", "vgg16", "tv:vgg16"),
    Pair("vgg", "vgg16bn", "tv:vgg16_bn"),
    Pair("googlenet", "googlenet", "tv:googlenet?aux_logits=0"),
    Pair("googlenet", "googlenet(heads=1)", "tv:googlenet"),
    Pair("inception3", "inception3", "tv:inception_v3?aux_logits=0", 299),
    Pair("resnet", "resnet18", "tv:resnet18"),
    Pair("resnet", "resnet50", "tv:resnet50"),
    Pair("resnet", "resnext50", "tv:resnext50_32x4d"),
    Pair("resnet", "wide50", "tv:wide_resnet50_2"),
    Pair("densenet", "densenet121", "tv:densenet121"),
    Pair("densenet", "densenet169", "tv:densenet169"),
    Pair("squeezenet", "squeezenet", "tv:squeezenet1_0"),
    Pair("mobilenet", "mobilenet2", "tv:mobilenet_v2"),
    Pair("mobilenet3", "mobilenet3_large", "tv:mobilenet_v3_large"),
    Pair("mobilenet3", "mobilenet3_small", "tv:mobilenet_v3_small"),
    Pair("shufflenet", "shufflenet2", "tv:shufflenet_v2_x1_0"),
    Pair("efficientnet", "efficientnet_b0", "tv:efficientnet_b0"),
    Pair("efficientnet", "efficientnet_b1", "tv:efficientnet_b1"),
    Pair("regnet", "regnetx400", "tv:regnet_x_400mf"),
    Pair("regnet", "regnety400", "tv:regnet_y_400mf"),
    Pair("convnext", "convnext_tiny", "tv:convnext_tiny"),
    Pair("convnext", "convnext_small", "tv:convnext_small"),
    Pair("preact", "preact50", "timm:resnetv2_50"),
    Pair("xception", "xception", "timm:legacy_xception", 96),
    Pair("seresnet", "seresnet50", "timm:seresnet50"),
    Pair("dpn", "dpn68", "timm:dpn68"),
    Pair("ghostnet", "ghostnet", "timm:ghostnet_100"),
    Pair("hrnet", "hrnet(18)", "timm:hrnet_w18"),
    Pair("cspdarknet", "cspdarknet53", "timm:cspdarknet53"),
    Pair("resnest", "resnest14d", "timm:resnest14d"),
    Pair("sknet", "skresnet18", "timm:skresnet18"),
)


def main() -> int:
    """Prints one line for each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("src/striate/zoo/models"))
    parser.add_argument("--only", nargs="*", default=[], help="expressions to compare")
    asked = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(0)
    wrong = 0
    for pair in PAIRS:
        if asked.only and pair.expression not in asked.only:
            continue
        verdict, is_equal = compare(asked.folder, pair)
        wrong += not is_equal
        print(f"{pair.expression:18} {pair.reference:32} {verdict}", flush=True)
    return 1 if wrong else 0


@torch.no_grad()
def compare(folder: Path, pair: Pair) -> tuple[str, bool]:
    """What to say about a network, and whether it is the same as its reference."""
    file = folder / f"{pair.file}.cnn"
    text = f"{file.read_text(encoding='utf-8')}\n{pair.expression}\n"
    graph = program(Source(str(file), text)).graph([TensorType(3, (pair.size, pair.size))])
    ours = module(graph).eval()
    theirs = reference(pair.reference).eval()
    randomise(theirs)
    state = theirs.state_dict()
    result = ours.load_state_dict(state, strict=False)
    if result.missing_keys or result.unexpected_keys:
        return (
            f"keys differ: {len(result.missing_keys)} missing {result.missing_keys[:2]}, "
            f"{len(result.unexpected_keys)} unexpected {result.unexpected_keys[:2]}",
            False,
        )
    image = torch.randn(2, 3, pair.size, pair.size)
    expected, found = theirs(image), ours(image)
    if isinstance(found, tuple):  # heads that the reference has in training only
        found = found[0]
    difference = ((expected - found).abs().max() / expected.abs().max()).item()
    order = "" if list(state) == list(ours.state_dict()) else ", keys in another order"
    return (
        f"{len(state)} tensors, relative difference {difference:.1e}{order}",
        difference < TOLERANCE,
    )


def reference(name: str) -> nn.Module:
    """The network of torchvision or timm, with random weights."""
    library, _, call = name.partition(":")
    call, _, arguments = call.partition("?")
    settings = {
        key: int(value)
        for key, _, value in (one.partition("=") for one in arguments.split("&") if one)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if library == "tv":
            import torchvision

            return builder(torchvision.models.get_model)(call, weights=None, **settings)
        import timm

        return builder(timm.create_model)(call, pretrained=False, **settings)


def builder(function: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """The function with a type."""
    return function


def randomise(network: nn.Module) -> None:
    """Gives every tensor that starts as one number, such as gamma and statistics, many."""
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point() or tensor.numel() < 2 or tensor.std() > 0:
            continue
        tensor.copy_(_like(name, tensor))


def _like(name: str, tensor: Tensor) -> Tensor:
    is_around_zero = name.endswith(("bias", "running_mean"))
    noise = torch.rand_like(tensor)
    return (noise - 0.5) / 5 if is_around_zero else noise + 0.5


if __name__ == "__main__":
    sys.exit(main())
