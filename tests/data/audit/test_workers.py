"""Child processes: one bad image ends its process, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.data import UnreadableImageError
from striate.data.audit.workers import Answer, Job, fate, in_children
from striate.errors import DataError
from tests.data.audit import tasks


def answers(
    contents: list[bytes], *, workers: int = 1, seconds: float = 30, **more: object
) -> dict[int, Answer]:
    job = Job(tasks.act, contents.__getitem__, seconds=seconds, **more)  # type: ignore[arg-type]
    names = [f"{place}.png" for place in range(len(contents))]
    with in_children(range(len(contents)), names, job, workers=workers) as found:
        return {answer.place: answer for answer in found}


def test_every_image_is_answered_by_name_and_with_the_options() -> None:
    found = answers([b"a", b"b"], options={"option": 7})
    assert found[1].said == {"said": "b", "name": "1.png", "option": 7}
    assert sorted(found) == [0, 1]


def test_an_image_that_ends_its_process_is_told_and_the_others_are_answered() -> None:
    found = answers([b"a", b"crash", b"b", b"write", b"c"])
    assert [found[place].status for place in range(5)] == ["ok", "crashed", "ok", "ok", "ok"]
    assert found[1].reason == "the decoder crashed (SIGSEGV)"
    assert found[3].said == {"said": "write", "name": "3.png", "option": None}
    assert found[4].said == {"said": "c", "name": "4.png", "option": None}


def test_how_a_process_ended_is_said_in_words() -> None:
    assert fate(-9) == "the decoder crashed (SIGKILL, perhaps for want of memory)"
    assert fate(3) == "the decoder ended its process (code 3)"
    assert fate(-99) == "the decoder crashed (signal 99)"


def test_an_image_that_takes_too_long_is_given_up() -> None:
    found = answers([b"a", b"hang", b"b"], seconds=3)
    assert found[1].status == "too-slow"
    assert found[1].reason == "decoding took more than 3 s"
    assert found[0].said
    assert found[2].said


def test_an_image_that_wants_too_much_memory_is_told() -> None:
    found = answers([b"eat", b"a"], memory_bytes=2 * 2**30)
    assert found[0].status == "crashed"
    assert found[1].said


def test_a_process_that_was_killed_once_is_forgiven(tmp_path: Path) -> None:
    contents = [b"once", b"a"]
    job = Job(tasks.crash_once, contents.__getitem__, {"folder": str(tmp_path)})
    with in_children([0, 1], ["0", "1"], job, workers=1) as found:
        said = {answer.place: answer.said for answer in found}
    assert said[0] == {"said": "once", "has_torch": False}
    assert said[1] == {"said": "a", "has_torch": False}  # a child has no use for torch


def test_an_image_that_cannot_be_read_is_told_without_a_child(tmp_path: Path) -> None:
    def read(place: int) -> bytes:
        raise UnreadableImageError("x.png", "there is no such file", "missing")

    with in_children([5], ["x.png"], Job(tasks.act, read), workers=1) as found:
        assert list(found) == [Answer(5, None, "missing", "there is no such file")]


def test_a_child_that_cannot_start_is_an_error_not_a_thousand_bad_images() -> None:
    def gone(content: bytes, name: str, options: object) -> dict[str, object]:
        raise NotImplementedError

    job = Job(gone, [b"a"].__getitem__)  # type: ignore[arg-type]
    with (
        pytest.raises(DataError, match=r"did not start: .*gone.*\[no-child-process\]"),
        in_children([0], [""], job, workers=1) as found,
    ):
        list(found)


@pytest.mark.parametrize("after", [0, 1])
def test_leaving_early_leaves_no_process_and_no_thread(after: int) -> None:
    before = threading.active_count()
    contents = [b"a", b"hang"]
    read: Callable[[int], bytes] = contents.__getitem__
    with in_children([0, 1], ["", ""], Job(tasks.act, read), workers=2) as found:
        for _ in range(after):
            next(found)
    assert threading.active_count() == before
