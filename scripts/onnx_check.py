"""Networks of the zoo in ONNX: does onnxruntime give what the torch module gives?

    python scripts/onnx_check.py [NAME ...] [--size 64] [--batches 1,3,17] [--file] [--record]

Every network gets random weights, batch statistics included; it is written as ONNX, checked by
`onnx.checker` with its shapes, and run at several batch sizes. One line for each network; exit
code 1 when one differs by more than 1e-4 of the largest output. Random statistics make some deep
networks so steep that torch's float32 is as far from its own float64; these are tried once more,
settled: statistics near those of their activations, and soft residual branches. `--file` goes
through a file, as networks of more than 2 GB do in any case. `--record` keeps what is found in
bench/results.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import onnx
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts import results
from striate.analysis.shapes import legal_sizes
from striate.backends.onnx_model import MOST_BYTES, onnx_model
from striate.backends.onnx_model.run import Session
from striate.deploy.export import largest_difference
from striate.errors import StriateError
from striate.networks import Network, network
from striate.zoo import cards

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Found:
    """How far onnxruntime is from torch; is_settled: at the second try."""

    nodes: int
    difference: float
    is_settled: bool = False

    @property
    def is_right(self) -> bool:
        """They agree."""
        return self.difference <= TOLERANCE


def main() -> int:
    """Prints one line for each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="networks of the zoo, or texts; all by default")
    parser.add_argument("--size", type=int, help="of the plane, where the card's is larger")
    parser.add_argument("--batches", default="1,3,17", help="batch sizes, by commas")
    parser.add_argument("--file", action="store_true", help="go through a file")
    parser.add_argument("--record", action="store_true", help="keep what is found")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    batches = [int(one) for one in asked.batches.split(",")]
    wrong = 0
    for name in asked.names or cards():
        torch.manual_seed(0)
        start = perf_counter()
        entry = checked(name, asked.size, batches, through_file=asked.file)
        wrong += bool(entry["problem"])
        print(f"{said(entry)}, {perf_counter() - start:.1f} s", flush=True)
        if asked.record:
            results.record("onnx", [entry])
    return 1 if wrong else 0


def checked(
    name: str, size: int | None, batches: list[int], *, through_file: bool = False
) -> results.Entry:
    """What is found about a network; `problem` is empty where all is well."""
    entry: results.Entry = {"name": name, "batches": batches}
    try:
        net = made(name, size)
        entry["input"] = [one or 0 for one in net.input]
        found = compare(net, batches, through_file=through_file)
    except StriateError as error:
        return entry | {"problem": f"refused: {error.diagnostics[0].reason}  [{error.code}]"}
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        return entry | {"problem": f"not valid: {' '.join(str(error).split())[:300]}"}
    return entry | {
        "nodes": found.nodes,
        "difference": float(f"{found.difference:.1e}"),
        "is_settled": found.is_settled,
        "problem": "" if found.is_right else "differs",
    }


def said(entry: results.Entry) -> str:
    """A line about a network."""
    words = f"{'WRONG' if entry['problem'] else 'ok':5} {entry['name']:32}"
    if "nodes" not in entry:
        return f"{words} {entry['problem']}"
    note = ", settled" if entry["is_settled"] else ""
    return f"{words} {entry['nodes']:5} nodes, relative difference {entry['difference']}{note}"


def made(name: str, size: int | None) -> Network:
    """The network of the zoo, or that of a text; with planes of that size, if theirs are larger.

    Where it takes no such planes, the next larger ones that it takes.
    """
    card = cards().get(name)
    if card is None or size is None or max(card.input[1:], default=0) <= size:
        return network(name)
    legal = legal_sizes(network(name).graph)
    if legal is not None:
        size = legal.from_on(size)
    return network(name, input=(card.input[0], *(min(size, one) for one in card.input[1:])))


@torch.no_grad()
def randomise(module: nn.Module) -> None:
    """Gives every tensor that starts as one number, such as gamma and statistics, many."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not (tensor.numel() > 1 and tensor.std() > 0):
            noise = torch.rand_like(tensor)
            is_around_zero = name.endswith(("bias", "running_mean"))
            tensor.copy_((noise - 0.5) / 5 if is_around_zero else noise + 0.5)


@torch.no_grad()
def settle(net: Network, module: nn.Module) -> None:
    """Sets running statistics to those of random images, but for a random factor.

    Norms give little more than nothing, so that rounding does not grow from branch to branch.
    """
    norms = [one for one in module.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
        if norm.affine:
            norm.weight.mul_(0.02)
    module.train()(*_images(net, 8))
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean *= torch.rand_like(norm.running_mean) / 5 + 0.9
        norm.running_var *= torch.rand_like(norm.running_var) / 5 + 0.9


def compare(net: Network, batches: list[int], *, through_file: bool = False) -> Found:
    """Writes the network with random weights, checks it, and runs it beside torch."""
    module = net.module()
    randomise(module)
    found = _compared(net, module, batches, through_file)
    if found.is_right:
        return found
    settle(net, module)
    return replace(_compared(net, module, batches, through_file), is_settled=True)


def _compared(net: Network, module: nn.Module, batches: list[int], through_file: bool) -> Found:
    with TemporaryDirectory() as folder:
        if through_file or 4 * net.params > MOST_BYTES:
            path = net.onnx(Path(folder) / "model.onnx", module)[0]
            onnx.checker.check_model(str(path), full_check=True)
            nodes = len(onnx.load(path, load_external_data=False).graph.node)
            session = Session(path, threads=1)
        else:
            state = {key: tensor.numpy() for key, tensor in module.state_dict().items()}
            model = onnx_model(net.graph, state, name=net.name)
            onnx.checker.check_model(model, full_check=True)
            nodes, session = len(model.graph.node), Session(model, threads=1)
        return Found(nodes, largest_difference(net, module, session, batches))


def _images(net: Network, batch: int) -> list[Tensor]:
    return [
        torch.randn(batch, *(size or 64 for size in one.sizes)) for one in net.graph.input_types
    ]


if __name__ == "__main__":
    sys.exit(main())
