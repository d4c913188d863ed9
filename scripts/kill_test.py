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
LONGEST_S = 1.5
FILES = ("best.safetensors", "last.safetensors", "best.json", "last.json", "log.csv")


def main(kills: int) -> int:
    """Exit code: 0 if the killed run ends like the other."""
    with tempfile.TemporaryDirectory() as place:
        peaceful, killed = Path(place) / "peaceful", Path(place) / "killed"
        began = time.perf_counter()
        done = subprocess.run(_fit(peaceful), capture_output=True, text=True, check=False)
        print(
            f"left in peace: exit code {done.returncode}, {time.perf_counter() - began:.1f} s",
            flush=True,
        )
        chance = random.Random(0)
        command, count, code = _fit(killed), 0, -9
        while code == -9:
            wait_s = chance.uniform(0, LONGEST_S) if count < kills else None
            code, first = _run(command, killed, wait_s)
            count += code == -9
            print(f"  {first}: {'killed' if code == -9 else f'exit code {code}'}", flush=True)
            command = [*_striate(), "fit", "--resume", str(killed)]
        print(f"killed {count} times")
        differing = [name for name in FILES if _digest(peaceful / name) != _digest(killed / name)]
        print(f"differ: {', '.join(differing)}" if differing else f"the same: {', '.join(FILES)}")
        return 1 if differing or code or count < kills else 0


def _striate() -> list[str]:
    return [sys.executable, "-m", "striate"]


def _fit(out: Path) -> list[str]:
    net = f"{NET} -> gap -> fc(10)"
    return [*_striate(), "fit", "digits", "--net", net, *OPTIONS, "--out", str(out)]


def _run(command: list[str], out: Path, kill_after_s: float | None) -> tuple[int, str]:
    """Exit code of a process that is perhaps killed some time after its first saved step, and the
    line with which it began to train.
    """
    with tempfile.TemporaryFile("w+") as errors:
        before = _newest(out)
        process = subprocess.Popen(command, stderr=errors, stdout=subprocess.DEVNULL)
        while kill_after_s is not None and process.poll() is None and _newest(out) <= before:
            time.sleep(0.02)
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        errors.seek(0)
        lines = errors.read().splitlines()
    if process.returncode not in (0, -9):
        print("\n".join(lines))
    began = [line for line in lines if line.startswith("goes on")]
    return process.returncode, began[0] if began else "begins"


def _newest(out: Path) -> int:
    """The number of the last saved state; the first, 1, is that of the start."""
    numbers = [int(path.stem) for path in (out / "state").glob("[0-9]*.safetensors")]
    return max(numbers, default=1)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
