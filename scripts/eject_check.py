"""Checks what `striate eject` writes: it runs, has the same keys, and gives the same numbers.

    python scripts/eject_check.py resnet50 densenet121
    python scripts/eject_check.py --all --most-params 60000000

One line for each network: lines of the file, those of the hand-written file of torchvision or timm
where one is installed, the largest relative difference of the outputs, and what ruff says.
`--record` keeps what is found in bench/results.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts import results
from striate import network, zoo
from striate.errors import StriateError
from striate.networks import Network

CLOSE = 1e-6


@dataclass
class Parity:
    """How a written file compares with the network it was made from.

    difference: largest, relative to the largest number of the outputs.
    mistakes: what is wrong, in words; empty where all is well.
    """

    name: str
    lines: int
    difference: float
    theirs: int | None = None
    mistakes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        beside = f"of {self.theirs}" if self.theirs else ""
        verdict = "; ".join(self.mistakes) or "ok"
        return f"{self.name:32} {self.lines:5} {beside:8} {self.difference:9.2e}  {verdict}"

    def entry(self) -> results.Entry:
        """What is kept of it."""
        return {
            "name": self.name,
            "lines": self.lines,
            "theirs": self.theirs,
            "difference": float(f"{self.difference:.2e}"),
            "problem": "; ".join(self.mistakes)[:300],
        }


def eject_parity(name: str, *, size: int | None = None, layout: bool = True) -> Parity:
    """Writes a network, runs the file, and compares; `size` makes the images smaller."""
    made = _small(name, size)
    source = made.source()
    found = Parity(name, source.count("\n"), 0.0, hand_written_lines(name))
    if layout:
        found.mistakes += ruff_complaints(source)
    theirs = ejected(source)
    module = made.module()
    _fill(module)
    ours_keys, their_keys = list(module.state_dict()), list(theirs.state_dict())
    if ours_keys != their_keys:
        missing = [key for key in ours_keys if key not in set(their_keys)][:3]
        extra = [key for key in their_keys if key not in set(ours_keys)][:3]
        found.mistakes.append(f"keys differ: missing {missing}, too many {extra}")
        return found
    theirs.load_state_dict(module.state_dict(), strict=True)
    images = [torch.randn(2, *(one or 32 for one in t.sizes)) for t in made.graph.input_types]
    found.difference = _compared(module.eval(), theirs.eval(), images)
    if math.isnan(found.difference):  # float32 may not hold what a thousand layers add up to
        images = [one.double() for one in images]
        found.difference = _compared(module.double(), theirs.double(), images)
    if not found.difference <= CLOSE:
        found.mistakes.append("outputs differ")
    theirs_lines = found.theirs
    if theirs_lines and found.lines > 2 * theirs_lines:
        found.mistakes.append("over twice as long as theirs")
    return found


def ejected(source: str) -> nn.Module:
    """The network of a file, without writing it."""
    space = types.ModuleType("ejected")
    sys.modules["ejected"] = space  # where dataclasses look for their module
    exec(compile(source, "<ejected>", "exec"), space.__dict__)  # noqa: S102 - what is tested here
    classes = [one for one in vars(space).values() if isinstance(one, type)]
    top = [one for one in classes if one.__module__ == "ejected" and issubclass(one, nn.Module)]
    made: nn.Module = top[-1]()
    return made


def ruff_complaints(source: str) -> Iterator[str]:
    """What ruff finds in a file, by its defaults and with lines of 100."""
    for words in (["check"], ["format", "--check"], ["format", "--check", "--line-length", "100"]):
        command = [sys.executable, "-m", "ruff", *words, "--isolated", "-"]
        ran = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
        if ran.returncode:
            yield f"ruff {' '.join(words)}: {ran.stdout.strip()[:300]}"
    if any(len(line) > 100 for line in source.splitlines()):
        yield "a line over 100 columns"


def hand_written_lines(name: str) -> int | None:
    """Lines of the file in which torchvision or timm define a network of that name."""
    for package in ("torchvision", "timm"):
        spec = find_spec(package)
        folder = Path(spec.origin).parent / "models" if spec and spec.origin else None
        for file in sorted(folder.glob("*.py")) if folder else ():
            text = file.read_text("utf-8")
            if f"def {name}(" in text:
                return text.count("\n")
    return None


def _small(name: str, size: int | None) -> Network:
    card = zoo.cards().get(name)
    if size is None or card is None:
        return network(name)
    sizes = tuple(min(one, size) for one in card.input[1:])
    try:
        return network(name, input=(card.input[0], *sizes))
    except StriateError:  # a plane too small for it
        return network(name)


def _fill(module: nn.Module) -> None:
    """Running statistics and scales that show whether each is where it should be."""
    torch.manual_seed(0)
    for key, tensor in module.state_dict().items():
        if tensor.dim() == 1 and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5) if "var" in key or "weight" in key else tensor.normal_(0, 0.1)


def _compared(ours: nn.Module, theirs: nn.Module, images: list[Tensor]) -> float:
    with torch.no_grad():
        return _difference(ours(*images), theirs(*images))


def _difference(ours: Tensor | tuple[Tensor, ...], theirs: Tensor | tuple[Tensor, ...]) -> float:
    pairs = zip(_several(ours), _several(theirs), strict=True)
    worst = 0.0
    for a, b in pairs:
        if a.shape != b.shape or not torch.isfinite(a).all():
            return float("nan")
        worst = max(worst, float((a - b).abs().max() / a.abs().max().clamp(min=1e-12)))
    return worst


def _several(given: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (given,) if isinstance(given, Tensor) else given


def main() -> int:
    """Checks the networks named on the command line; gives 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true", help="every network of the zoo")
    parser.add_argument("--size", type=int, help="longest side of the images")
    parser.add_argument("--most-params", type=int, help="leave larger networks out")
    parser.add_argument("--quick", action="store_true", help="without ruff")
    parser.add_argument("--record", action="store_true", help="keep what is found")
    options = parser.parse_args()
    torch.set_num_threads(1)
    failed = 0
    for name in options.names or (zoo.cards() if options.all else ()):
        card = zoo.cards().get(name)
        if options.most_params and card and (card.params or 0) > options.most_params:
            continue
        try:
            found = eject_parity(name, size=options.size, layout=not options.quick)
        except Exception as error:  # noqa: BLE001 - the next one is still to be checked
            found = Parity(name, 0, float("nan"), None, [f"{type(error).__name__}: {error}"[:300]])
        failed += bool(found.mistakes)
        print(found, flush=True)
        if options.record:
            results.record("eject", [found.entry()])
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
