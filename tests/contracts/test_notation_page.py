"""The page of the notation does what it says: every block marked `cnn` is run.

The first line of a block may say how it is meant:
`# error: CODE`       the text has this mistake; a block `text` right behind it is its message
`# each, behind 3x8x8`    every line is a network on an input of that size
`# as in: NETWORK`    definitions alone, usable in that network
Any block may also tell what comes out, in lines `# paths: ...` and `# members: ...`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from striate import network, pattern
from striate.errors import TextError
from striate.notation import lexer, limits, lists, program, scopes
from striate.notation.library import std_file, std_names
from striate.notation.syntax import Definition
from striate.source import Source

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notation.md").read_text(encoding="utf-8")
FENCE = re.compile(r"(?ms)^```(?P<kind>\w*)\n(?P<text>.*?)^```\n")
BLOCKS = [
    pytest.param(block["text"], id=f"{name}:{text[: block.start()].count(chr(10)) + 1}")
    for name in ("docs/notation.md", "docs/tour.md", "README.md")
    for text in [(ROOT / name).read_text(encoding="utf-8")]
    for block in FENCE.finditer(text)
    if block["kind"] == "cnn"
]


def _said(key: str, text: str) -> str | None:
    """What a line `# key: ...` of a block says."""
    found = re.search(rf"(?m)^# {key}(?::|,) *(.*)$", text)
    return found[1].strip() if found else None


@pytest.mark.parametrize("text", BLOCKS)
def test_the_block_is_a_network_or_the_mistake_it_says(text: str) -> None:
    if code := _said("error", text):
        with pytest.raises(TextError) as caught:
            network(text)
        assert [one.code for one in caught.value.diagnostics] == [code]
    elif behind := _said("each", text):
        sizes = tuple(int(size) for size in behind.removeprefix("behind ").split("x"))
        for line in text.splitlines()[1:]:
            network(line, input=sizes)
    elif members := _said("members", text):
        assert pattern(text).count() == int(members.replace(",", ""))
        assert pattern(text).sample(0).params > 0
    else:
        graph = network(f"{text}{_said('as in', text) or ''}").graph
        paths = [node.path for node in graph.nodes if node.op.is_element]
        assert _said("paths", text) in (None, ", ".join(dict.fromkeys(paths)))


def test_the_page_has_blocks_of_all_kinds() -> None:
    texts = [block["text"] for block in FENCE.finditer(PAGE) if block["kind"] == "cnn"]
    assert len(texts) > 20
    assert all(
        any(_said(key, one) for one in texts)
        for key in ("error", "each", "members", "paths", "as in")
    )


def test_the_message_is_printed_as_it_is() -> None:
    blocks = list(FENCE.finditer(PAGE))
    told = 0
    for text, message in pairwise(blocks):
        if message["kind"] == "text" and message["text"].startswith("net.cnn:"):
            with pytest.raises(TextError) as caught:
                program(Source("net.cnn", text["text"])).graph()
            assert f"{caught.value}\n" == message["text"]
            told += 1
    assert told


def test_the_table_of_blocks_is_the_folder() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)(\(.*?\))?` \| \S", PAGE.partition("| shipped blocks |")[2])
    assert [name for name, _ in rows] == std_names()
    for name, signature in rows:
        file = std_file(name)
        assert file
        (head,) = [
            "".join(one.span.text.split()).partition("=" if one.parameters is None else ")")[0]
            for one in file.statements
            if isinstance(one, Definition) and one.name == name
        ]
        assert f"{name}{signature}".replace(" ", "").rstrip(")") == head.rstrip(":")


def test_the_limits_are_those_of_the_program() -> None:
    told = " ".join(PAGE.partition("## Limits")[2].split())
    for limit in (
        *(limits.MOST_NODES, limits.MOST_STREAMS, limits.MOST_CALLS, limits.MOST_MISTAKES),
        *(lexer.MOST_CHARACTERS, lexer.MOST_TOKENS, lists.LONGEST_LIST, scopes.MOST_FILES),
    ):
        assert f" {limit:,} " in told


def test_the_python_on_the_page_runs() -> None:
    text = "\n".join(block["text"] for block in FENCE.finditer(PAGE) if block["kind"] == "python")
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
