"""The child process that decodes what may crash a decoder; `workers` starts it and asks it.

What is asked on stdin: a line of JSON with the lengths and names of some images, then their bytes.
What is answered on stdout: a line of JSON for each, in the same order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import BinaryIO

from striate.files import Json

READY = b"ready\n"
Task = Callable[[bytes, str, Mapping[str, Json]], Mapping[str, Json]]


def main(task: str, options: str) -> None:
    """Answer until stdin ends; `task` is `module:function`, `options` JSON that it is given."""
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    # Decoders write warnings, some of them on stdout: only we may write to the parent.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    module, _, function = task.partition(":")
    work: Task = getattr(import_module(module), function)
    settings: Mapping[str, Json] = json.loads(options)
    _limit_memory(int(str(settings.get("memory_bytes", 0))))
    answers.write(READY)
    answers.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    while request := sys.stdin.buffer.readline():
        _answer(json.loads(request), work, settings, answers)


def _answer(
    request: Mapping[str, list[Json]],
    work: Task,
    settings: Mapping[str, Json],
    answers: BinaryIO,
) -> None:
    # All is read before anything is decoded: else the parent could wait for us to read, forever.
    contents = [sys.stdin.buffer.read(int(str(length))) for length in request["lengths"]]
    for content, name in zip(contents, request["names"], strict=True):
        _alarm(int(str(settings.get("seconds", 0))))
        answer = work(content, str(name), settings)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
    _alarm(0)


def _alarm(seconds: int) -> None:
    """End this process soon after its time, even when the parent is no longer there to do it."""
    if hasattr(signal, "alarm"):
        signal.alarm(2 * seconds)


def _limit_memory(memory_bytes: int) -> None:
    """Let an image that unfolds without end fail here, before the whole machine suffers."""
    if sys.platform == "linux" and memory_bytes:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or memory_bytes <= hard:
            resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, hard))
