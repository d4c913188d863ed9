"""Trains for many epochs, and tells how much memory the process has after each tenth of them.

    python scripts/steady_memory.py [EPOCHS]

Exit code 1 if it grew by more than 2 % from the end of the second tenth to the last.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from striate.train import Silent, fit

NET = "input(1, 8, 8) -> conv(16) -> bn -> relu -> conv(32, s=2) -> bn -> relu -> gap -> fc(10)"


class Weighing(Silent):
    """Notes the resident memory at the end of every epoch."""

    def __init__(self) -> None:
        self.resident_bytes: list[int] = []

    def line(self, text: str) -> None:
        if text.startswith("epoch"):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.resident_bytes.append(pages * os.sysconf("SC_PAGE_SIZE"))


def main(epochs: int) -> int:
    """Exit code: 0 if memory stays as it is."""
    weighing = Weighing()
    with tempfile.TemporaryDirectory() as place:
        fit(NET, "digits", out=Path(place) / "run", reporter=weighing, epochs=epochs, batch=128,
            ema=0.99, mixup=0.2, rotate=10.0, compile=False)  # fmt: skip
    tenths = weighing.resident_bytes[epochs // 10 - 1 :: epochs // 10]
    print("MiB:", ", ".join(f"{one / 2**20:.1f}" for one in tenths))
    return int(tenths[-1] > 1.02 * tenths[1])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
