"""All odd files together."""

from __future__ import annotations

from functools import cache

from tests.data.faults.broken_files import broken_files
from tests.data.faults.case import Case
from tests.data.faults.legal_files import legal_files


@cache
def corpus() -> dict[str, Case]:
    """The cases by the names of their files; made once for all tests."""
    cases = [*legal_files(), *broken_files()]
    named = {case.name: case for case in cases}
    assert len(named) == len(cases)
    return named
