"""Kills a training again and again, and compares how it ends with one that was left in peace.

    python scripts/kill_test.py [KILLS]

Each process gets SIGKILL, which nothing can catch, at a random moment after its first step: in the
middle of an epoch, while a state is written, during an evaluation. The next one goes on with
`striate fit --resume`. In the end the weights `best` and `last`, and the log, must be the same, bit
for bit. Dropout, augmentation, mixing, an average of the weights and parts of batches are all on.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NET = "input(1, 8, 8) -> (conv(24) -> bn -> relu)*2 -> conv(48, s=2) -> bn -> relu -> dropout"
OPTIONS = """--epochs 25 --batch 64 --ema 0.99 --accumulate 2 --clip 1 --mixup 0.2 --cutmix 1
    --rotate 10 --erase 0.3 --save-every 0.4s --precision float32 --no-channels-last --workers 1
    --optimizer adamw --lr 0.002""".split()
# Seconds after the first step within which the kill comes.
LONGEST_S = 3.0
FILES = ("best.safetensors", "last.safetensors", "best.json", "last.json", "log.csv")


def main(kills: int) -> int:
    """Exit code: 0 if the killed run ends like the other."""
    with tempfile.TemporaryDirectory() as place:
        peaceful, killed = Path(place) / "peaceful", Path(place) / "killed"
        began = time.perf_counter()
        done = subprocess.run(_fit(peaceful), capture_output=True, text=True, check=False)
        print(f"left in peace: exit code {done.returncode}, {time.perf_counter() - began:.1f} s")
        chance = random.Random(0)
        command, count, where = _fit(killed), 0, list[str]()
        while True:
            is_killed, seen = _run(command, chance.uniform(0, LONGEST_S) if count < kills else None)
            if not is_killed:
                break
            count += 1
            where.append(seen)
            command = [*_striate(), "fit", "--resume", str(killed)]
        print(f"killed {count} times; what the next process said:")
        for line in where:
            print(f"  {line}")
        differing = [name for name in FILES if _digest(peaceful / name) != _digest(killed / name)]
        print(f"differ: {', '.join(differing)}" if differing else f"the same: {', '.join(FILES)}")
        return 1 if differing or count < kills else 0


def _striate() -> list[str]:
    return [sys.executable, "-m", "striate"]


def _fit(out: Path) -> list[str]:
    net = f"{NET} -> gap -> fc(10)"
    return [*_striate(), "fit", "digits", "--net", net, *OPTIONS, "--out", str(out)]


def _run(command: list[str], kill_after_s: float | None) -> tuple[bool, str]:
    """Whether the process was killed, and the line with which it began to train."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = ""
    for line in process.stderr:
        if line.startswith(("epoch", "goes on")):
            first = line.strip()
            break
    if kill_after_s is not None:
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.communicate()
    return process.returncode == -9, first


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
