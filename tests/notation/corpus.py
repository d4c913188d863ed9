"""The texts of networks that lie beside the project, and those it ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.notation.parser import parse
from striate.notation.syntax import File
from striate.source import Source

PROJECT = Path(__file__).resolve().parents[2]
_SHARED = sorted((PROJECT.parent / "shared/zoo_texts").glob("*.cnn"))
_SHIPPED = sorted((PROJECT / "src/striate").rglob("*.cnn"))
TEXTS = [
    pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in (*_SHARED, *_SHIPPED)
] or [pytest.param(None, marks=pytest.mark.skip(reason="no texts of networks are here"))]


def read(path: Path) -> File:
    """The tree of a file."""
    return parse(Source(path.name, path.read_text(encoding="utf-8")))
