"""Whatever is written over a file of images or their list, what comes of it is a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.data import contents, index
from striate.errors import StriateError
from tests.data.pictures import noise, png, table, write
from tests.data.shards import samples, shard

LINES = b'path,label,split,group\n0.png,a|b,train,x\n1.png,b,val,\n"2.png",c,test,y\n'
OBJECTS = (
    b'{"path": "0.png", "label": ["a"], "split": "train", "group": "x"}\n'
    b'{"path": "1.png", "label": 3, "split": "val"}\n'
)


def _manifest(root: Path) -> Path:
    index(table(root / "images.parquet", [0, 1, 1])).save(root / "saved.parquet")
    return root / "saved.parquet"


KINDS: dict[str, Callable[[Path], Path]] = {
    "list": lambda root: write(root / "list.csv", LINES),
    "objects": lambda root: write(root / "list.jsonl", OBJECTS),
    "shard": lambda root: shard(root / "s.tar", **samples(0, "x", "y", "x")),
    "table": lambda root: table(root / "images.parquet", [0, 1, 1]),
    "manifest": _manifest,
}


def damaged(content: bytes, chance: np.random.Generator) -> bytes:
    """The content with a few bytes changed, cut out, put in, or cut off."""
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place, length = int(chance.integers(len(content) + 1)), int(chance.integers(1, 40))
        between = chance.bytes(int(chance.integers(8)))
        match chance.integers(4):
            case 0:
                content = content[:place] + chance.bytes(1) + content[place + 1 :]
            case 1:
                content = content[:place] + content[place + length :]
            case 2:
                content = content[:place] + between + content[place:]
            case _:
                content = content[: max(place, len(content) // 2)]
    return content


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused_with_a_message(tmp_path: Path, kind: str) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.png", png(noise(number)))
    file = KINDS[kind](tmp_path)
    whole = file.read_bytes()
    chance = np.random.default_rng(0)
    longest = 0
    for _ in range(150):
        file.write_bytes(damaged(whole, chance))
        try:
            found = index(file)
            found.fingerprint()
            read = contents(found)
        except StriateError as refusal:
            longest = max(longest, len(str(refusal).encode()))
            continue
        for place in range(len(found)):
            found.name(place).encode()
            try:
                read(place)
            except StriateError as refusal:
                str(refusal).encode()
    assert longest < 2000
