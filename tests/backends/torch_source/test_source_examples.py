"""Every layer's own examples as files: keys, outputs."""

from __future__ import annotations

import pytest

from striate import ops
from tests.backends.texts import graph_of
from tests.backends.torch_source.running import assert_same

ops.load()
KINDS = [kind for name in ops.op_names() if (kind := ops.op_named(name))]
EXAMPLES = sorted({text for kind in KINDS for text in kind.examples})


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example(text: str) -> None:
    made = assert_same(graph_of(text))
    assert "striate" not in made.replace("Written by striate eject.", "")
