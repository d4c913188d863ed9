"""Layers and blocks by name, for networks written in Python: `from striate import layers as L`.

`L.conv(16) >> L.bn >> L.relu`: every layer of the notation, every block of its library and every
name of the zoo is here; see `striate.notation.builder` for the operators and `L.choice`, `L.ref`,
`L.streams`, `L.pick`, `L.text`.

>>> from striate import layers as L
>>> str(L.conv(16, s=2) >> L.bn >> (L.id | L.conv(8)))
'conv(16, s=2) -> bn -> (id | conv(8))'
"""

from __future__ import annotations

from striate.notation.builder import Piece, choice, name, pick, ref, streams, text

__all__ = ["Piece", "choice", "name", "pick", "ref", "streams", "text"]


def __getattr__(word: str) -> Piece:
    if word.startswith("__"):
        raise AttributeError(word)
    return name(word)
