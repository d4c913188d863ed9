"""Networks of the zoo beside torchvision's and timm's: same weights, same outputs?

    python scripts/parity.py [NAME ...]            all networks of up to 150 million parameters
    python scripts/parity.py --families --dtype float64
    python scripts/parity.py --families --train    gradients and batch statistics of one step
    python scripts/parity.py --large               the others too; needs memory for one of them
    python scripts/parity.py --write-golden        numbers of the libraries for tests/zoo

Needs torchvision and timm (the extra `bench`); downloads nothing. Equal keys prove nothing: weights
and batch statistics are made from the names of ours (tests/recipe.py) and given to the networks of
that name in both libraries, by key where the keys are the same and else by order. The outputs for
two images decide. What is found goes into bench/results. Exit code 1 when one differs.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts import results
from scripts.references import libraries_of, library_version, reference, share_weights
from striate.backends.torch_module import Network
from striate.errors import StriateError
from striate.networks import network
from striate.zoo import Card, cards
from tests.recipe import dependence, fill, images, in_rows, unfilled
from tests.strategies import sizes_of

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}
"""Of the largest output."""
TRAINING = 1e-6
"""Of the largest gradient of a tensor, in float64; norms over few values magnify rounding."""
SEEN = 1e-3
"""Two images whose outputs differ by less would hide what differs between two networks."""
SIZES = (72, 64, 96, 128)
"""Tried in this order, then that on the card; 72 gives odd planes further down."""
LARGE = 150_000_000
GAINS = (1.0, 1.4, 1.7, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0, 2.2, 2.5, 0.25)
TAME = 1e4
"""Larger outputs would mean that gates inside are all open or shut."""
STEEPEST = 30.0
"""Steeper networks magnify rounding, and then numbers of one machine are not those of another."""
ENOUGH = 0.1
GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "zoo" / "golden.json"
POSITIONS = 6


@dataclass
class Pair:
    """One of ours and one of a library, with the same weights, and a batch for both."""

    name: str
    library: str
    ours: Network
    theirs: nn.Module
    keys: dict[str, str]
    batch: list[Tensor]


def main() -> int:
    """Prints a line for each network and library."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    names = list(chosen(asked))
    found: list[results.Entry] = []
    for name in names:
        for entry in entries_of(name, asked):
            found.append(entry)
            print(said(entry), flush=True)
            if not asked.size:
                results.record("parity", [entry], ("name", "library", "dtype", "mode"))
        gc.collect()
    wrong = [entry for entry in found if entry["problem"]]
    print(f"{len(found)} comparisons of {len(names)} networks, {len(wrong)} differ")
    return 1 if wrong else 0


def arguments() -> argparse.Namespace:
    """What is asked on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="networks of the zoo; all by default")
    parser.add_argument("--size", type=int, help="of the plane; nothing is recorded then")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--train", action="store_true", help="one step in float64 instead")
    parser.add_argument("--families", action="store_true", help="the smallest of each family")
    parser.add_argument(
        "--large", action="store_true", help="those over 150 million parameters too"
    )
    parser.add_argument("--part", help="2/4 is the second quarter of the networks")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write-golden", action="store_true")
    return parser.parse_args()


def chosen(asked: argparse.Namespace) -> Iterator[str]:
    """Names of the networks to compare."""
    if asked.names:
        yield from asked.names
        return
    known = [card for card in cards().values() if libraries_of(card.name)]
    found = [card for card in known if asked.large or (card.params or 0) <= LARGE]
    if asked.families:
        by_size = sorted(found, key=lambda card: -(card.params or 0))
        found = list({card.family: card for card in by_size}.values())
    part, parts = map(int, (asked.part or "1/1").split("/"))
    yield from (card.name for card in found[part - 1 :: parts])


def entries_of(name: str, asked: argparse.Namespace) -> Iterator[results.Entry]:
    """What is found for a network, for each library that has it."""
    dtype = torch.float64 if asked.train else getattr(torch, asked.dtype)
    for library in libraries_of(name):
        entry: results.Entry = {"name": name, "library": library}
        entry |= {"version": library_version(library), "dtype": str(dtype).removeprefix("torch.")}
        entry |= {"mode": "train" if asked.train else "eval", "problem": ""}
        try:
            pair = prepared(name, library, dtype, asked.size)
            entry |= {"input": [int(one) for one in pair.batch[0].shape[1:]]}
            entry |= trained(pair) if asked.train else evaluated(pair, asked)
        except (StriateError, ValueError, RuntimeError) as error:
            entry |= {"problem": f"{type(error).__name__}: {error}"[:400]}
        yield entry


def prepared(name: str, library: str, dtype: torch.dtype, size: int | None) -> Pair:
    """Both networks, at the first size that is legal for both.

    Raises:
        ValueError: the weights of one do not fit the other.
        RuntimeError: no size is legal.
    """
    refused: Exception | None = None
    card = cards()[name]
    for one in (size,) if size else (*SIZES, None):
        try:
            ours = unfilled(network(name, input=plane(card, one)).graph).to(dtype).eval()
        except StriateError as error:
            refused = error
            continue
        theirs = reference(library, name).to(dtype).eval()
        keys = share_weights(ours, theirs)
        fill(ours)
        batch = images([sizes_of(given) for given in ours.graph.input_types], dtype=dtype)
        try:
            output_of(theirs, batch)
        except (RuntimeError, ValueError, AssertionError) as error:
            refused = error
            continue
        return Pair(name, library, ours, theirs, keys, batch)
    raise RuntimeError(f"no size is legal: {refused}")


def plane(card: Card, size: int | None) -> tuple[int, ...]:
    """Sizes of the input."""
    channels, *given = card.input
    return (channels, *(size or one for one in given))


@torch.no_grad()
def output_of(one: nn.Module, batch: list[Tensor]) -> Tensor:
    """The output of a network, or its outputs in one row for each image."""
    return in_rows(one(*batch))


def evaluated(pair: Pair, asked: argparse.Namespace) -> results.Entry:
    """Compares the outputs, and keeps some of theirs where golden ones are asked for."""
    gain = gain_of(pair)
    fill(pair.ours, gain=gain)
    expected = output_of(pair.theirs, pair.batch)
    difference = relative(output_of(pair.ours, pair.batch), expected)
    entry: results.Entry = {"gain": gain, "difference": float(f"{difference:.2e}")}
    entry |= {"dependence": float(f"{dependence(expected):.2e}")}
    entry |= {"keys": "same" if all(a == b for a, b in pair.keys.items()) else "by order"}
    if not difference < TOLERANCE[expected.dtype]:
        entry |= {"problem": "the outputs differ"}
    elif not dependence(expected) > SEEN:
        entry |= {"problem": "the output hardly depends on the image"}
    elif asked.write_golden and pair.library == libraries_of(pair.name)[0]:
        keep_golden(pair, gain, expected)
    return entry


def relative(found: Tensor, expected: Tensor) -> float:
    """The largest difference over the largest number expected; NaN where one is not finite."""
    return float((found - expected).abs().max() / expected.abs().max())


def gain_of(pair: Pair) -> float:
    """Strength of the kernels with which most of the image arrives at the output.

    The one on record, or the best of several by the output of the reference.
    """
    on_record = golden().get(pair.name)
    if on_record is not None:
        return float(on_record["gain"])
    best, most = GAINS[0], 0.0
    for gain in GAINS:
        fill(pair.ours, gain=gain)
        output = output_of(pair.theirs, pair.batch)
        arrived = dependence(output)
        if output.abs().max() < TAME and arrived > most and steepness(pair, output) < STEEPEST:
            best, most = gain, arrived
        if most > ENOUGH:
            break
    return best


def steepness(pair: Pair, output: Tensor) -> float:
    """Relative change of the reference's output over that of the images, which is small."""
    step = 2.0**-13
    nudged = output_of(pair.theirs, [image * (1 + step) for image in pair.batch])
    return relative(nudged, output) / step


def golden() -> dict[str, dict[str, float]]:
    """What is on record for the tests."""
    return json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}


def keep_golden(pair: Pair, gain: float, output: Tensor) -> None:
    """Writes a few numbers of the reference's output, spread over both images."""
    flat = output.double().flatten()
    places = [(2 * i + 1) * flat.numel() // (2 * POSITIONS) for i in range(POSITIONS)]
    numbers = {
        "library": f"{pair.library} {library_version(pair.library)}",
        "input": list(pair.batch[0].shape[1:]),
        "gain": gain,
        "largest": short(flat.abs().max()),
        "mean": short(flat.abs().mean()),
        "values": [short(flat[place]) for place in places],
    }
    found = {**golden(), pair.name: numbers}
    lines = (f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def short(number: Tensor) -> float:
    """To seven digits, which is what float32 holds."""
    return float(f"{number.item():.7g}")


def trained(pair: Pair) -> results.Entry:
    """Compares gradients and batch statistics after one step in train mode."""
    pair.theirs = copy.deepcopy(pair.theirs)  # Statistics of its own.
    pair.batch = images([tuple(pair.batch[0].shape[1:])], batch=4, dtype=torch.float64)
    for one in (pair.ours, pair.theirs):
        without_dropping(one.train())
        output = in_rows(one(*pair.batch))
        (weights,) = images([output.shape[1:]], batch=4, dtype=torch.float64)
        torch.autograd.backward((output * weights).sum())
    worst, where = 0.0, ""
    for name, found, expected in told_by_training(pair):
        difference = relative(found, expected)
        if not difference <= worst:
            worst, where = difference, name
    entry: results.Entry = {"difference": float(f"{worst:.2e}"), "where": where}
    return entry if worst < TRAINING else entry | {"problem": f"'{where}' differs"}


def told_by_training(pair: Pair) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Name, ours and theirs of all gradients and statistics.

    A gradient that is 0 but for rounding (a bias before batch norm) is measured by the others.
    """
    ours, theirs = dict(pair.ours.named_parameters()), dict(pair.theirs.named_parameters())
    grads = {key: one.grad for key, one in theirs.items() if one.grad is not None}
    floor = 1e-6 * max(float(one.abs().max()) for one in grads.values())
    for key, expected in grads.items():
        found = ours[pair.keys[key]].grad
        assert found is not None
        found = found.view(expected.shape)
        scale = torch.full((1,), max(float(expected.abs().max()), floor), dtype=torch.float64)
        flat = torch.cat((expected.flatten(), scale))
        yield key, torch.cat((found.flatten(), scale)), flat
    statistics = dict(pair.ours.named_buffers())
    for key, expected in pair.theirs.named_buffers():
        if key in pair.keys and expected.is_floating_point():
            yield key, statistics[pair.keys[key]], expected


def without_dropping(one: nn.Module) -> None:
    """Sets all rates of dropout and stochastic depth to 0: the two would draw differently."""
    for layer in one.modules():
        kind = type(layer).__name__.lower()
        drops = "drop" in kind or kind == "stochasticdepth"
        for rate in ("drop_rate", "p", "drop_prob") if drops else ("drop_rate",):
            if hasattr(layer, rate):
                setattr(layer, rate, 0.0)


def said(entry: results.Entry) -> str:
    """One line about a comparison."""
    words = f"{entry['name']:28} {entry['library']:12} {entry['dtype']} {entry['mode']:5}"
    if "difference" in entry:
        words += f" {entry['difference']:.1e}"
    if "dependence" in entry:
        words += f" (images {entry['dependence']:.1e}, gain {entry['gain']}, {entry['keys']})"
    return f"{words} {entry['problem']}"


if __name__ == "__main__":
    sys.exit(main())
