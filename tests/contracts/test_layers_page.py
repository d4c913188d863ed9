"""The page of all layers is what the classes say."""

from __future__ import annotations

from scripts.layers_page import PAGE, page
from striate.ir import op_named
from tests.ops.torch_side import NAMES


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python scripts/layers_page.py"


def test_the_page_has_every_layer_with_its_examples() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in NAMES:
        layer = op_named(name)
        assert layer
        assert f"</a>`{name}`\n" in text
        assert all(example in text for example in layer.examples)


def test_every_link_of_the_index_leads_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    anchors = [part.partition(")")[0] for part in text.split("](#")[1:]]
    assert len(anchors) == len(NAMES)
    assert all(f'<a id="{anchor}"></a>' in text for anchor in anchors)
