"""The table of odd files for users is that of the corpus, which other tests check."""

from __future__ import annotations

from scripts.fault_corpus import PAGE, with_table
from striate.data.unreadable import BYTE_LIMIT, PIXEL_LIMIT


def test_the_table_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_table(text) == text, "run python scripts/fault_corpus.py"


def test_the_limits_are_those_of_the_code() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## What happens with odd files")[2]
    for limit in (BYTE_LIMIT, PIXEL_LIMIT):
        assert f"{limit:,}" in section
