"""Child processes for work on images that may crash, hang or eat all memory."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from striate.data.audit import _child
from striate.data.audit._child import READY, Task
from striate.data.audit.facts import CRASHED, TOO_SLOW
from striate.data.contents import Contents
from striate.data.decode import UnreadableImageError
from striate.errors import DataError
from striate.files import Json

# So many images, or so many bytes, are sent to a child at a time.
CHUNK_IMAGES, CHUNK_BYTES = 32, 4 * 2**20
START_SECONDS = 120  # for a child to import what it needs, on a busy machine
LOOK_SECONDS = 0.2  # between two looks at the clocks of the children

_START = f"import sys; from {_child.__name__} import main; main(*sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one image: what the task said of it, or why it could not."""

    place: int
    said: Mapping[str, Json] | None = None
    status: str = "ok"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with images, and within which bounds.

    task: a public function of a module; imported by the children, in a fresh interpreter.
    options: what the task is given beside each image.
    seconds: an image that takes longer is given up.
    """

    task: Task
    read: Contents
    options: Mapping[str, Json] = field(default_factory=dict)
    seconds: float = 60
    memory_bytes: int = 0

    def command(self) -> list[str]:
        """How a child is started."""
        name = f"{self.task.__module__}:{self.task.__qualname__}"
        options = {**self.options, "seconds": self.seconds, "memory_bytes": self.memory_bytes}
        # -P: a folder of images is no place to import modules from.
        return [sys.executable, "-P", "-c", _START, name, json.dumps(options)]


@contextmanager
def in_children(
    places: Sequence[int], names: Sequence[str], job: Job, *, workers: int
) -> Iterator[Iterator[Answer]]:
    """Gives an answer for every place, in any order, as they come.

    A child that dies takes no image with it but the one it was busy with, and that one is tried
    once more, alone. The children end with the block.

    Raises:
        DataError: a child cannot even start.
    """
    todo = iter(zip(places, names, strict=True))
    answers: queue.Queue[Answer | BaseException] = queue.Queue()
    lock = threading.Lock()
    crew = [_Worker(job, todo, lock, answers) for _ in range(max(1, min(workers, len(places))))]
    threads = [threading.Thread(target=worker.run, daemon=True) for worker in crew]
    for thread in threads:
        thread.start()
    try:
        yield _collected(len(places), answers, crew)
    finally:
        for worker in crew:
            worker.stop()
        for thread in threads:
            thread.join()


def _collected(
    missing: int, answers: queue.Queue[Answer | BaseException], crew: Sequence[_Worker]
) -> Iterator[Answer]:
    """So many answers; now and then a look at the clocks."""
    looked = time.monotonic()
    while missing:
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            for worker in crew:
                worker.end_if_late()
        try:
            answer = answers.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(answer, BaseException):
            raise answer
        missing -= 1
        yield answer


class _Dead(Exception):
    """The child is gone before it had answered."""


class _Child:
    """One child process, and the clock of what it is busy with."""

    def __init__(self, job: Job) -> None:
        self.seconds = job.seconds
        self.deadline = time.monotonic() + START_SECONDS
        self.is_late = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment.setdefault("OMP_NUM_THREADS", "1")
        self._process = subprocess.Popen(
            job.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
        )

    def wait_until_ready(self) -> None:
        """Return once it waits for work.

        Raises:
            DataError: it ended instead.
        """
        assert self._process.stdout
        if self._process.stdout.readline() == READY:
            self.deadline = float("inf")
            return
        self.end()
        self._errors.seek(0)
        told = self._errors.read().decode(errors="replace").strip().splitlines()
        raise DataError.of(
            "no-child-process",
            f"a process that decodes images did not start: {told[-1] if told else 'it was ended'}",
            "images are decoded in processes of their own, so that a damaged one ends only those",
        )

    def send(self, names: Sequence[str], contents: Sequence[bytes]) -> None:
        """Hand over some images."""
        self.deadline = time.monotonic() + self.seconds
        head = json.dumps({"names": list(names), "lengths": [len(part) for part in contents]})
        assert self._process.stdin
        try:
            self._process.stdin.write(head.encode() + b"\n" + b"".join(contents))
            self._process.stdin.flush()
        except OSError as gone:
            raise _Dead from gone

    def receive(self) -> Mapping[str, Json]:
        """The next answer."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise _Dead
        self.deadline = time.monotonic() + self.seconds
        said: Mapping[str, Json] = json.loads(line)
        return said

    def rest(self) -> None:
        """Nothing is asked for now, so nothing can be late."""
        self.deadline = float("inf")

    def kill(self) -> None:
        """End it now; who waits for its answer finds it gone."""
        self._process.kill()

    def end(self) -> int:
        """Kill it if need be, tidy up; its exit code."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            try:
                pipe.close()
            except OSError:  # what was not yet sent cannot be sent any more
                pass
        return self._process.wait()

    def close(self) -> None:
        """Give back what it held."""
        self.end()
        self._errors.close()


class _Worker:
    """One thread and its child: feeds it, collects the answers, replaces it when it dies."""

    def __init__(
        self,
        job: Job,
        todo: Iterator[tuple[int, str]],
        lock: threading.Lock,
        answers: queue.Queue[Answer | BaseException],
    ) -> None:
        self._job = job
        self._todo = todo
        self._lock = lock
        self._answers = answers
        self._child: _Child | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Work until nothing is left to do."""
        try:
            chunk = self._load()
            while chunk and not self._stopped.is_set():
                chunk = self._work(chunk)
        except BaseException as error:  # noqa: BLE001 - the thread that waits must learn of it
            self._answers.put(error)
        finally:
            if self._child:
                self._child.close()

    def end_if_late(self) -> None:
        """Kill the child if it is busy with one image for too long."""
        child = self._child
        if child and time.monotonic() > child.deadline:
            child.is_late = True
            child.kill()

    def stop(self) -> None:
        """Leave the rest undone."""
        self._stopped.set()
        if child := self._child:
            child.kill()

    def _work(self, chunk: list[_Loaded]) -> list[_Loaded]:
        """Have a chunk answered; the next one, read meanwhile."""
        following: list[_Loaded] | None = None
        while chunk and not self._stopped.is_set():
            # One that has ended a child already is tried alone.
            now = chunk[:1] if chunk[0].has_crashed else chunk
            answered = 0
            try:
                child = self._living()
                child.send([image.name for image in now], [image.content for image in now])
                if following is None:
                    following = self._load()
                for image in now:
                    self._answers.put(Answer(image.place, child.receive()))
                    answered += 1
                child.rest()
                chunk = chunk[answered:]
            except _Dead:
                if self._stopped.is_set():
                    break
                chunk = self._after_death(chunk[answered:])
        return self._load() if following is None else following

    def _after_death(self, chunk: list[_Loaded]) -> list[_Loaded]:
        """What is still to be done, when the child died of the first image of a chunk."""
        assert self._child
        is_late = self._child.is_late
        code = self._child.end()
        self._child.close()
        self._child = None
        guilty, rest = chunk[0], chunk[1:]
        if not is_late and not guilty.has_crashed:
            return [_Loaded(guilty.place, guilty.name, guilty.content, True), *rest]
        status, reason = CRASHED, fate(code)
        if is_late:
            status, reason = TOO_SLOW, f"decoding took more than {self._job.seconds:g} s"
        self._answers.put(Answer(guilty.place, None, status, reason))
        return rest

    def _living(self) -> _Child:
        if self._child is None:
            self._child = _Child(self._job)
            if self._stopped.is_set():
                raise _Dead
            self._child.wait_until_ready()
        return self._child

    def _load(self) -> list[_Loaded]:
        """The contents of the next images; those that cannot be read are answered at once."""
        loaded: list[_Loaded] = []
        size = 0
        while len(loaded) < CHUNK_IMAGES and size < CHUNK_BYTES and not self._stopped.is_set():
            with self._lock:
                following = next(self._todo, None)
            if following is None:
                break
            place, name = following
            try:
                content = self._job.read(place)
            except UnreadableImageError as bad:
                self._answers.put(Answer(place, None, bad.kind, bad.reason))
                continue
            loaded.append(_Loaded(place, name, content))
            size += len(content)
        return loaded


@dataclass(frozen=True, slots=True)
class _Loaded:
    """An image that was read, and whether a child has died of it already."""

    place: int
    name: str
    content: bytes
    has_crashed: bool = False


def fate(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"the decoder ended its process (code {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"the decoder crashed ({name}{hint})"
