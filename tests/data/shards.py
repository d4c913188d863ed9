"""WebDataset shards, made for tests."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from tests.data.pictures import noise, png


def shard(path: Path, **members: bytes | str) -> Path:
    """A tar with these members; `_` in a name is its first dot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name.replace("_", ".", 1))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def samples(start: int, *labels: str) -> dict[str, bytes | str]:
    """An image and a .cls for each label."""
    return {
        name: content
        for number, label in enumerate(labels, start)
        for name, content in ((f"{number:03}_png", png(noise(number))), (f"{number:03}_cls", label))
    }
