"""What child processes are asked to do in tests: some of it ends them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from striate.files import Json


def act(content: bytes, name: str, options: Mapping[str, Json]) -> dict[str, Json]:
    """Do what the content says; else answer with it."""
    if content == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if content == b"hang":
        time.sleep(60)
    if content == b"write":
        os.write(1, b"a decoder's own words")
        os.write(2, b"more of them")
    if content == b"eat":
        return {"said": len(bytearray(2**33))}
    return {"said": content.decode(), "name": name, "option": options.get("option")}


def crash_once(content: bytes, name: str, options: Mapping[str, Json]) -> dict[str, Json]:
    """Crash the first time that this image is met, as for want of memory beside others."""
    mark = Path(str(options["folder"])) / name
    if content == b"once" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"said": content.decode(), "has_torch": "torch" in sys.modules}
